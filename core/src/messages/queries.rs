//! Messages as screens need them.

use poem_openapi::types::ParseFromJSON;
use serde_json::Value;

pub use super::model::Range;
use super::{
    model::{ClientId, Found, Message, Shown, Trace},
    requests::MessageBody,
    store,
};
use crate::{
    actor::Actor,
    bots::model::Ability,
    error::{Error, Result},
    ids::{MemberId, MessageId, RoomId},
    store::Conn,
};

/// Most messages on a page.
pub const MAX_LIMIT: u64 = 200;
/// Messages on a page that does not say how long it is.
pub const DEFAULT_LIMIT: u64 = 100;

/// A page of messages.
#[derive(Debug, Clone)]
pub struct Page {
    /// Objects with commas between them, each a [`MessageBody`].
    pub json: String,
    /// Whether there are more in the direction of reading.
    pub more: bool,
}

impl Page {
    /// The page as the JSON of a [`MessagesAnswer`](super::requests::MessagesAnswer).
    pub fn answer(&self) -> String {
        format!(r#"{{"ok":true,"messages":[{}],"more":{}}}"#, self.json, self.more)
    }

    /// The messages themselves.
    ///
    /// # Errors
    /// None that could happen: the database wrote them.
    pub fn bodies(&self) -> Result<Vec<MessageBody>> {
        let list: Value = serde_json::from_str(&format!("[{}]", self.json)).map_err(Error::internal)?;
        Vec::parse_from_json(Some(list)).map_err(|error| Error::internal(error.into_message()))
    }
}

/// Messages of a room, at most [`MAX_LIMIT`].
///
/// # Errors
/// `not_found` for who is not in the room.
pub async fn page(conn: &impl Conn, actor: &Actor, room: &RoomId, range: Range, limit: u64) -> Result<Page> {
    actor.require(Ability::Read, room)?;
    let run = store::run(conn, room, &actor.member()?, range, limit.min(MAX_LIMIT)).await?;
    if !run.member {
        return Err(Error::not_found("room"));
    }
    Ok(Page { json: run.messages.unwrap_or_default(), more: run.more })
}

/// A message for the event that gave it `rev`, in a process that has only the id: as it is now, under the `rev` of then. Whatever has
/// changed since comes with an event of its own, so nobody may take it for seen before that.
pub async fn told_at(conn: &impl Conn, id: &MessageId, rev: u64) -> Result<Option<Shown>> {
    let found = store::by_id(conn, id).await?;
    found.map(|message| Message { rev, ..message }.shown()).transpose()
}

/// A message as it is now, whoever asks.
pub async fn by_id(conn: &impl Conn, id: &MessageId) -> Result<Option<Shown>> {
    store::by_id(conn, id).await?.map(Message::shown).transpose()
}

/// The same as it is stored, for those who do not show it.
pub async fn stored(conn: &impl Conn, id: &MessageId) -> Result<Option<Message>> {
    store::by_id(conn, id).await
}

/// Several at once, in no order, without those that are gone.
pub async fn all_stored(conn: &impl Conn, ids: &[MessageId]) -> Result<Vec<Message>> {
    store::by_ids(conn, ids).await
}

/// Looks through some messages of all rooms after `after` for what somebody did.
pub async fn search(conn: &impl Conn, who: &MemberId, trace: Trace, after: Option<&MessageId>) -> Result<Found> {
    store::search(conn, who, trace, after).await
}

/// What `author` said in a room under this name of the client's, as it is now, whoever asks.
pub async fn earlier(conn: &impl Conn, room: &RoomId, author: &MemberId, client_id: &ClientId) -> Result<Option<Shown>> {
    store::earlier(conn, room, author, client_id).await?.map(Message::shown).transpose()
}
