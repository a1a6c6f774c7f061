//! Keeping order in rooms of which the bot is a moderator. Permission: `moderation`.
//!
//! Both are queued, and done by the host after the bot's function has returned without an error; an error or a trap discards them.

use crate::{Error, host::moderation};

/// Removes somebody from a room.
///
/// # Errors
/// [`Error::NotFound`] for a room that the bot is not in, [`Error::Limited`].
pub fn remove_member(room_id: &str, member_id: &str) -> Result<(), Error> {
    moderation::remove_member(room_id, member_id)
}

/// Deletes somebody's message.
///
/// # Errors
/// [`Error::Limited`].
pub fn delete_message(message_id: &str) -> Result<(), Error> {
    moderation::delete_message(message_id)
}
