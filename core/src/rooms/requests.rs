//! Rooms as clients see them, over REST and sockets alike.

use poem_openapi::{Enum, Object, types::Example};

use crate::messages::requests::MessageBody;

/// Who may become a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename = "RoomAccess", rename_all = "lowercase")]
pub enum AccessBody {
    /// Whoever is signed in and has the room's id.
    Open,
    /// Whoever was invited.
    Invite,
}

/// What a member may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename = "RoomRole", rename_all = "lowercase")]
pub enum RoleBody {
    /// Everything, also changing and deleting the room.
    Owner,
    /// Also removing members and messages of others.
    Moderator,
    /// Reading and writing.
    Member,
}

/// A room as it stands in a list.
#[derive(Debug, Clone, Object)]
#[oai(rename = "RoomSummary", rename_all = "camelCase", example)]
pub struct RoomBody {
    /// Opaque id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Who may become a member.
    pub access: AccessBody,
    /// What the asking person may do there; `null` for who is not a member.
    pub role: Option<RoleBody>,
    /// When it was made, RFC 3339 UTC.
    pub created_at: String,
    /// The place of its last message; 0 if there is none.
    pub seq: u64,
    /// Its count of changes.
    pub rev: u64,
    /// The place up to which the asking person has read.
    pub read_seq: u64,
    /// How many messages of others came after that.
    pub unread: u64,
}

impl Example for RoomBody {
    fn example() -> Self {
        Self {
            id: "r-01kb3x2v5q8m4n7p9r1s3t5v7w".to_owned(),
            name: "Lobby".to_owned(),
            access: AccessBody::Open,
            role: Some(RoleBody::Owner),
            created_at: "2026-01-31T12:00:00.000Z".to_owned(),
            seq: 17,
            rev: 23,
            read_seq: 15,
            unread: 2,
        }
    }
}

/// Somebody in a room.
#[derive(Debug, Clone, Object)]
#[oai(rename = "RoomMember", rename_all = "camelCase", example)]
pub struct MemberBody {
    /// The id of a user or a bot.
    pub id: String,
    /// The name.
    pub username: String,
    /// What they may do in this room.
    pub role: RoleBody,
    /// Whether this is a program.
    pub is_bot: bool,
    /// Whether they are connected at the moment.
    pub online: bool,
}

impl Example for MemberBody {
    fn example() -> Self {
        Self {
            id: "usr-01kb3x2v5q8m4n7p9r1s3t5v7w".to_owned(),
            username: "Ann".to_owned(),
            role: RoleBody::Owner,
            is_bot: false,
            online: true,
        }
    }
}

/// A room with its members and its newest messages.
#[derive(Debug, Clone, Object)]
#[oai(rename = "Room", rename_all = "camelCase", example)]
pub struct RoomDetailsBody {
    /// Opaque id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Who may become a member.
    pub access: AccessBody,
    /// What the asking person may do there; `null` for who is not a member.
    pub role: Option<RoleBody>,
    /// When it was made, RFC 3339 UTC.
    pub created_at: String,
    /// The place of its last message; 0 if there is none.
    pub seq: u64,
    /// Its count of changes.
    pub rev: u64,
    /// The place up to which the asking person has read.
    pub read_seq: u64,
    /// How many members there are.
    pub member_count: u64,
    /// Up to 200 members, those with the most rights first.
    pub members: Vec<MemberBody>,
    /// The newest messages, oldest first, at most 100.
    pub messages: Vec<MessageBody>,
    /// Whether there are older messages.
    pub more: bool,
}

impl Example for RoomDetailsBody {
    fn example() -> Self {
        let RoomBody { id, name, access, role, created_at, seq, rev, read_seq, .. } = RoomBody::example();
        let (members, messages) = (vec![MemberBody::example()], vec![MessageBody::example()]);
        Self { id, name, access, role, created_at, seq, rev, read_seq, member_count: 1, members, messages, more: true }
    }
}

/// The answer that carries a list of rooms.
#[derive(Debug, Clone, Object)]
#[oai(rename = "RoomsAnswer", example)]
pub struct RoomsAnswer {
    /// Always `true`.
    pub ok: bool,
    /// Rooms, those with the latest messages first.
    pub rooms: Vec<RoomBody>,
}

impl Example for RoomsAnswer {
    fn example() -> Self {
        Self { ok: true, rooms: vec![RoomBody::example()] }
    }
}

/// The answer that carries one room.
#[derive(Debug, Clone, Object)]
#[oai(rename = "RoomAnswer", example)]
pub struct RoomAnswer {
    /// Always `true`.
    pub ok: bool,
    /// The room.
    pub room: RoomDetailsBody,
}

impl RoomAnswer {
    /// An answer with `room`.
    pub fn new(room: RoomDetailsBody) -> Self {
        Self { ok: true, room }
    }
}

impl Example for RoomAnswer {
    fn example() -> Self {
        Self::new(RoomDetailsBody::example())
    }
}
