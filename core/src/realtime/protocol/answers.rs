//! Acknowledgements that REST has no body for.

use poem_openapi::{Object, types::Example};

use super::sample;
use crate::messages::requests::MessageBody;

/// Who of a room is connected.
#[derive(Debug, Clone, Object)]
#[oai(example)]
pub struct PresenceAnswer {
    /// Always `true`.
    pub ok: bool,
    /// The ids of the members who are connected, and of bots that run on the server.
    pub online: Vec<String>,
}

impl Example for PresenceAnswer {
    fn example() -> Self {
        Self { ok: true, online: vec![sample::USER.to_owned()] }
    }
}

/// What was missed.
#[derive(Debug, Clone, Object)]
#[oai(example)]
pub struct ResumeAnswer {
    /// Always `true`.
    pub ok: bool,
    /// One entry for each room that was asked about, in the same order; those one is not a member of (any more) are missing.
    pub rooms: Vec<ResumedRoom>,
}

impl Example for ResumeAnswer {
    fn example() -> Self {
        Self { ok: true, rooms: vec![ResumedRoom::example()] }
    }
}

/// What was missed in one room.
#[derive(Debug, Clone, Object)]
#[oai(rename_all = "camelCase", example)]
pub struct ResumedRoom {
    /// The room.
    pub room_id: String,
    /// Every message that has changed since, as it is now, in the order of `rev`.
    pub messages: Vec<MessageBody>,
    /// Whether there are more: ask again with the `rev` of the last one, or with the same if there is none.
    pub more: bool,
}

impl Example for ResumedRoom {
    fn example() -> Self {
        Self { room_id: sample::ROOM.to_owned(), messages: vec![MessageBody::example()], more: false }
    }
}
