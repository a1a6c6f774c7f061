//! Rooms as clients see them, over REST and sockets alike.

use poem_openapi::{Enum, Object, types::Example};
use serde::Serialize;

use super::model::{Access, Room, RoomRole, Standing};
use crate::messages::requests::MessageBody;

/// Who may become a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Enum)]
#[oai(rename = "RoomAccess", rename_all = "lowercase")]
#[serde(rename_all = "lowercase")]
pub enum AccessBody {
    /// Whoever is signed in and has the room's id.
    Open,
    /// Whoever was invited.
    Invite,
}

impl From<Access> for AccessBody {
    fn from(access: Access) -> Self {
        match access {
            Access::Open => Self::Open,
            Access::Invite => Self::Invite,
        }
    }
}

impl From<AccessBody> for Access {
    fn from(body: AccessBody) -> Self {
        match body {
            AccessBody::Open => Self::Open,
            AccessBody::Invite => Self::Invite,
        }
    }
}

/// What a member may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Enum)]
#[oai(rename = "RoomRole", rename_all = "lowercase")]
#[serde(rename_all = "lowercase")]
pub enum RoleBody {
    /// Everything, also changing and deleting the room.
    Owner,
    /// Also removing members and messages of others.
    Moderator,
    /// Reading and writing.
    Member,
}

impl From<RoomRole> for RoleBody {
    fn from(role: RoomRole) -> Self {
        match role {
            RoomRole::Owner => Self::Owner,
            RoomRole::Moderator => Self::Moderator,
            RoomRole::Member => Self::Member,
        }
    }
}

impl From<RoleBody> for RoomRole {
    fn from(body: RoleBody) -> Self {
        match body {
            RoleBody::Owner => Self::Owner,
            RoleBody::Moderator => Self::Moderator,
            RoleBody::Member => Self::Member,
        }
    }
}

/// A room as it stands in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Object)]
#[oai(rename = "RoomSummary", rename_all = "camelCase", example)]
#[serde(rename_all = "camelCase")]
pub struct RoomBody {
    /// Opaque id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Who may become a member.
    pub access: AccessBody,
    /// The least role that may invite.
    pub invite_role: RoleBody,
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

impl From<Standing> for RoomBody {
    fn from(standing: Standing) -> Self {
        let Room { id, name, access, invite_role, seq, rev, created_at } = standing.room;
        let unread = if standing.role.is_some() { seq.saturating_sub(standing.read_seq) } else { 0 };
        Self {
            id: id.to_string(),
            name,
            access: access.into(),
            invite_role: invite_role.into(),
            role: standing.role.map(Into::into),
            created_at: created_at.to_string(),
            seq,
            rev,
            read_seq: standing.read_seq,
            unread,
        }
    }
}

impl Example for RoomBody {
    fn example() -> Self {
        Self {
            id: "r-01kb3x2v5q8m4n7p9r1s3t5v7w".to_owned(),
            name: "Lobby".to_owned(),
            access: AccessBody::Open,
            invite_role: RoleBody::Member,
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Object)]
#[oai(rename = "RoomMember", rename_all = "camelCase", example)]
#[serde(rename_all = "camelCase")]
pub struct MemberBody {
    /// The id of a user or a bot.
    pub id: String,
    /// The name.
    pub username: String,
    /// What they may do in this room.
    pub role: RoleBody,
    /// Whether this is a program.
    pub is_bot: bool,
    /// Whether they are connected at the moment, or are a bot that runs on the server.
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
    /// The least role that may invite.
    pub invite_role: RoleBody,
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
    /// How many members there are.
    pub member_count: u64,
    /// Up to 200 members, those with the most rights first; `GET /api/rooms/{id}/members` has all.
    pub members: Vec<MemberBody>,
    /// The newest messages, oldest first, at most 100.
    pub messages: Vec<MessageBody>,
    /// Whether there are older messages.
    pub more: bool,
}

impl Example for RoomDetailsBody {
    fn example() -> Self {
        let RoomBody { id, name, access, invite_role, role, created_at, seq, rev, read_seq, unread } = RoomBody::example();
        let (members, messages) = (vec![MemberBody::example()], vec![MessageBody::example()]);
        let member_count = 1;
        Self { id, name, access, invite_role, role, created_at, seq, rev, read_seq, unread, member_count, members, messages, more: true }
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
    /// Rooms to which the asking person is invited, the latest invitation first: `join` accepts it, `leave` declines.
    pub invites: Vec<RoomBody>,
    /// Where the list goes on, to be asked for as `before`; absent if this is its end. Invitations come with its beginning only.
    #[oai(skip_serializing_if_is_none)]
    pub next: Option<String>,
}

impl Example for RoomsAnswer {
    fn example() -> Self {
        Self { ok: true, rooms: vec![RoomBody::example()], invites: Vec::new(), next: None }
    }
}

/// The answer that carries members of a room.
#[derive(Debug, Clone, Object)]
#[oai(rename = "RoomMembersAnswer", example)]
pub struct MembersAnswer {
    /// Always `true`.
    pub ok: bool,
    /// Members, in the order of their ids.
    pub members: Vec<MemberBody>,
    /// Whether there are more.
    pub more: bool,
}

impl Example for MembersAnswer {
    fn example() -> Self {
        Self { ok: true, members: vec![MemberBody::example()], more: false }
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

/// The answer that carries one room as it stands in a list.
#[derive(Debug, Clone, Object)]
#[oai(rename = "RoomSummaryAnswer", example)]
pub struct RoomSummaryAnswer {
    /// Always `true`.
    pub ok: bool,
    /// The room.
    pub room: RoomBody,
}

impl RoomSummaryAnswer {
    /// An answer with `room`.
    pub fn new(room: RoomBody) -> Self {
        Self { ok: true, room }
    }
}

impl Example for RoomSummaryAnswer {
    fn example() -> Self {
        Self::new(RoomBody::example())
    }
}

/// A room to be made.
#[derive(Debug, Object)]
#[oai(rename = "NewRoom", rename_all = "camelCase", example)]
pub struct NewRoomBody {
    /// One line, 1 to 80 characters.
    pub name: String,
    /// Who may become a member; absent: whoever has the id.
    pub access: Option<AccessBody>,
}

impl Example for NewRoomBody {
    fn example() -> Self {
        Self { name: "Lobby".to_owned(), access: Some(AccessBody::Open) }
    }
}

/// What shall change in a room; what is absent stays.
#[derive(Debug, Object)]
#[oai(rename = "RoomChange", rename_all = "camelCase", example)]
pub struct EditRoomBody {
    /// A new name.
    pub name: Option<String>,
    /// Who may become a member.
    pub access: Option<AccessBody>,
    /// The least role that may invite.
    pub invite_role: Option<RoleBody>,
}

impl Example for EditRoomBody {
    fn example() -> Self {
        Self { name: None, access: Some(AccessBody::Invite), invite_role: Some(RoleBody::Moderator) }
    }
}

/// Whom to invite.
#[derive(Debug, Object)]
#[oai(rename = "Invitation", rename_all = "camelCase", example)]
pub struct InviteBody {
    /// A user or bot id, `email_<address>`, `discord_<id>`, `reddit_<id or name>`, 17 to 20 digits (Discord), `t2_…` or a name at Reddit.
    pub user_id: String,
}

impl Example for InviteBody {
    fn example() -> Self {
        Self { user_id: "email_foo@x.com".to_owned() }
    }
}

/// A member's new role.
#[derive(Debug, Object)]
#[oai(rename = "MemberChange", rename_all = "camelCase", example)]
pub struct EditMemberBody {
    /// The role.
    pub role: RoleBody,
}

impl Example for EditMemberBody {
    fn example() -> Self {
        Self { role: RoleBody::Moderator }
    }
}

/// How far one has read.
#[derive(Debug, Object)]
#[oai(rename = "ReadMarker", rename_all = "camelCase", example)]
pub struct ReadBody {
    /// The place of the last message that was read.
    pub seq: u64,
}

impl Example for ReadBody {
    fn example() -> Self {
        Self { seq: 17 }
    }
}
