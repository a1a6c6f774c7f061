//! Reading and taking part in rooms. Permissions: `chat-read` for what is read, `chat-write` for what is said.
//!
//! What is said, changed, deleted or put on a message is queued, and done by the host after the bot's function has returned without
//! an error; an error or a trap discards it. At most 64 such effects a call.

pub use crate::bindings::bot::openclaw::chat::{chat_read::Range, chat_write::Outgoing};
use crate::host::{chat_read, chat_write};
use crate::{Error, Message, Room};

/// Says something in a room: 1 to 4000 characters of Markdown. Answers with the id that the message will have.
///
/// # Errors
/// [`Error::Invalid`] for a text that is too short or too long, [`Error::NotFound`] for a room that the bot is not in,
/// [`Error::Limited`] when the bot, or all bots together, said too much there.
pub fn send(room_id: &str, body: impl Into<String>) -> Result<String, Error> {
    send_message(&Outgoing { room_id: room_id.to_owned(), body: body.into(), reply_to: None, attachments: Vec::new() })
}

/// Answers a message, in its room. Answers with the id that the answer will have.
///
/// # Errors
/// As [`send`].
pub fn reply(message: &Message, body: impl Into<String>) -> Result<String, Error> {
    let reply_to = Some(message.id.clone());
    send_message(&Outgoing { room_id: message.room_id.clone(), body: body.into(), reply_to, attachments: Vec::new() })
}

/// Says something with everything that a message may have. Answers with the id that it will have.
///
/// # Errors
/// As [`send`].
pub fn send_message(message: &Outgoing) -> Result<String, Error> {
    chat_write::send(message)
}

/// Changes the text of a message of the bot's own.
///
/// # Errors
/// [`Error::Invalid`], [`Error::Limited`]. Whether the message is there and the bot's own turns out later.
pub fn edit(message_id: &str, body: &str) -> Result<(), Error> {
    chat_write::edit(message_id, body)
}

/// Deletes a message of the bot's own. Those of others are for [`moderation`](crate::moderation).
///
/// # Errors
/// [`Error::Limited`].
pub fn delete(message_id: &str) -> Result<(), Error> {
    chat_write::delete(message_id)
}

/// Puts an emoji on a message, one that [`send`] has just queued among them.
///
/// # Errors
/// [`Error::Invalid`] for what is not one emoji, [`Error::Limited`].
pub fn react(message_id: &str, emoji: &str) -> Result<(), Error> {
    chat_write::react(message_id, emoji, true)
}

/// Takes the bot's own emoji from a message.
///
/// # Errors
/// As [`react`].
pub fn unreact(message_id: &str, emoji: &str) -> Result<(), Error> {
    chat_write::react(message_id, emoji, false)
}

/// All rooms that the bot is in, oldest first, at most 1000.
///
/// # Errors
/// [`Error::Unavailable`].
pub fn rooms() -> Result<Vec<Room>, Error> {
    chat_read::list_rooms()
}

/// One of them.
///
/// # Errors
/// [`Error::NotFound`].
pub fn room(id: &str) -> Result<Room, Error> {
    chat_read::get_room(id)
}

/// The newest messages of a room in the order in which they were said, at most `limit`, which is at most 200. What this call has queued
/// is not among them yet.
///
/// # Errors
/// [`Error::NotFound`].
pub fn latest(room_id: &str, limit: u32) -> Result<Vec<Message>, Error> {
    messages(room_id, Range::Latest, limit)
}

/// The messages just before another one, in the order in which they were said.
///
/// # Errors
/// [`Error::NotFound`].
pub fn before(message: &Message, limit: u32) -> Result<Vec<Message>, Error> {
    messages(&message.room_id, Range::Before(message.seq), limit)
}

/// The messages just after another one, in the order in which they were said.
///
/// # Errors
/// [`Error::NotFound`].
pub fn after(message: &Message, limit: u32) -> Result<Vec<Message>, Error> {
    messages(&message.room_id, Range::After(message.seq), limit)
}

/// Messages of a room in the order in which they were said, at most `limit`, which is at most 200.
///
/// # Errors
/// [`Error::NotFound`].
pub fn messages(room_id: &str, range: Range, limit: u32) -> Result<Vec<Message>, Error> {
    chat_read::list_messages(room_id, range, limit)
}

/// One message, as it is now.
///
/// # Errors
/// [`Error::NotFound`].
pub fn message(id: &str) -> Result<Message, Error> {
    chat_read::get_message(id)
}
