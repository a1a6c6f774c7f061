//! The events of the socket, as types. What decodes them here is also what the AsyncAPI document is written from.

use poem_openapi::{
    Object,
    types::{ParseFromJSON, ToJSON},
};

use crate::{
    messages::requests::MessageBody,
    rooms::requests::{MemberBody, RoomBody},
};

/// An event that a client sends. It carries one object and is acknowledged with [`Self::Answer`] or an error body.
pub trait ClientEvent: ParseFromJSON + Send + Sync + 'static {
    /// Its name on the wire.
    const NAME: &'static str;
    /// What it does, in a sentence.
    const SUMMARY: &'static str;
    /// The acknowledgement, `ok: true` among it.
    type Answer: ToJSON + Send + 'static;
}

/// An event that the server sends. It carries one object and is not acknowledged.
pub trait ServerEvent: ToJSON + Send + Sync + 'static {
    /// Its name on the wire.
    const NAME: &'static str;
    /// What it tells, in a sentence.
    const SUMMARY: &'static str;
    /// Whether it may be left out for a client that does not keep up: it tells of a passing state.
    const VOLATILE: bool = false;
}

/// There is a new message. Its sender hears of it, too.
#[derive(Debug, Clone, Object)]
#[oai(rename_all = "camelCase")]
pub struct MessageNew {
    /// The message.
    pub message: MessageBody,
}

impl ServerEvent for MessageNew {
    const NAME: &'static str = "message:new";
    const SUMMARY: &'static str = "A message was written.";
}

/// Somebody became a member.
#[derive(Debug, Clone, Object)]
#[oai(rename_all = "camelCase")]
pub struct RoomJoined {
    /// The room.
    pub room_id: String,
    /// Who.
    pub user: MemberBody,
}

impl ServerEvent for RoomJoined {
    const NAME: &'static str = "room:joined";
    const SUMMARY: &'static str = "Somebody became a member of a room.";
}

/// The receiver was invited.
#[derive(Debug, Clone, Object)]
#[oai(rename_all = "camelCase")]
pub struct RoomInvited {
    /// The room.
    pub room: RoomBody,
}

impl ServerEvent for RoomInvited {
    const NAME: &'static str = "room:invited";
    const SUMMARY: &'static str = "Somebody invited the receiver into a room.";
}
