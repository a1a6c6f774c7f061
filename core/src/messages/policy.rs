//! Who may do what to messages.

use super::model::Message;
use crate::{
    actor::Actor,
    error::{Error, Result},
    ids::MemberId,
    rooms::model::RoomRole,
};

/// Only authors change what they said.
///
/// # Errors
/// `forbidden`.
pub fn require_edit(who: &MemberId, message: &Message) -> Result<()> {
    if who == &message.author { Ok(()) } else { Err(Error::forbidden("Only the author may change this message.")) }
}

/// Authors take back what they said, and whoever keeps order in the room, or everywhere.
///
/// # Errors
/// `forbidden`.
pub fn require_deletion(actor: &Actor, role: Option<RoomRole>, message: &Message) -> Result<()> {
    let own = actor.member().is_ok_and(|who| who == message.author);
    let order = actor.is_admin() || role.is_some_and(|role| role >= RoomRole::Moderator);
    if own || order { Ok(()) } else { Err(Error::forbidden("Only the author and those who keep order may delete this message.")) }
}
