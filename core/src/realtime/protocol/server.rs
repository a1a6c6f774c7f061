//! What the server sends.

use poem_openapi::{Enum, Object, types::Example};

use super::{sample, server_event};
use crate::{
    messages::requests::MessageBody,
    posts::requests::PostBody,
    rooms::requests::{AccessBody, MemberBody, RoleBody, RoomBody},
};

/// There is a new message. Its sender hears of it, too.
#[derive(Debug, Clone, Object)]
#[oai(example)]
pub struct MessageNew {
    /// The message.
    pub message: MessageBody,
}

server_event!(MessageNew, "message:new", "A message was written. Its sender hears of it, too.", Self { message: MessageBody::example() });

/// A message has another text.
#[derive(Debug, Clone, Object)]
#[oai(example)]
pub struct MessageEdited {
    /// The message as it is now.
    pub message: MessageBody,
}

server_event!(
    MessageEdited,
    "message:edited",
    "A message has another text.",
    Self {
        message: MessageBody {
            rev: 24,
            body: "Good evening!".to_owned(),
            edited_at: Some("2026-01-31T12:05:00.000Z".to_owned()),
            ..MessageBody::example()
        }
    }
);

/// A message was taken back.
#[derive(Debug, Clone, Object)]
#[oai(example)]
pub struct MessageDeleted {
    /// What remains of it: its place.
    pub message: MessageBody,
}

server_event!(
    MessageDeleted,
    "message:deleted",
    "A message was taken back. Its place remains, its content is gone.",
    Self { message: MessageBody { rev: 25, body: String::new(), reactions: Vec::new(), deleted: true, ..MessageBody::example() } }
);

/// Somebody reacted to a message, or took a reaction away.
#[derive(Debug, Clone, Object)]
#[oai(example)]
pub struct MessageReacted {
    /// The message with all its reactions.
    pub message: MessageBody,
}

server_event!(MessageReacted, "message:reacted", "A message has other reactions.", Self { message: MessageBody::example() });

/// Somebody became a member.
#[derive(Debug, Clone, Object)]
#[oai(rename_all = "camelCase", example)]
pub struct RoomJoined {
    /// The room.
    pub room_id: String,
    /// Who.
    pub user: MemberBody,
}

server_event!(
    RoomJoined,
    "room:joined",
    "Somebody became a member of a room. One's own sockets hear of it, too, and of the room from then on.",
    Self { room_id: sample::ROOM.to_owned(), user: MemberBody::example() }
);

/// Somebody, by id and name.
#[derive(Debug, Clone, Object)]
#[oai(rename = "Person", rename_all = "camelCase", example)]
pub struct PersonBody {
    /// The id of a user or a bot.
    pub id: String,
    /// The name.
    pub username: String,
    /// Whether this is a program.
    pub is_bot: bool,
}

impl Example for PersonBody {
    fn example() -> Self {
        Self { id: sample::USER.to_owned(), username: "Ann".to_owned(), is_bot: false }
    }
}

/// How a membership ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename_all = "lowercase")]
pub enum LeaveReason {
    /// They left.
    Left,
    /// Somebody removed them.
    Removed,
}

/// Somebody is a member no longer.
#[derive(Debug, Clone, Object)]
#[oai(rename_all = "camelCase", example)]
pub struct RoomLeft {
    /// The room.
    pub room_id: String,
    /// Who.
    pub user: PersonBody,
    /// How it came.
    pub reason: LeaveReason,
}

server_event!(
    RoomLeft,
    "room:left",
    "Somebody is a member of a room no longer. Who left hears this, too, and nothing of the room afterwards.",
    Self { room_id: sample::ROOM.to_owned(), user: PersonBody::example(), reason: LeaveReason::Left }
);

/// Somebody may do other things than before.
#[derive(Debug, Clone, Object)]
#[oai(rename_all = "camelCase", example)]
pub struct RoleChanged {
    /// The room.
    pub room_id: String,
    /// The id of the member.
    pub user_id: String,
    /// What they may do now.
    pub role: RoleBody,
}

server_event!(
    RoleChanged,
    "room:role",
    "A member of a room has another role.",
    Self { room_id: sample::ROOM.to_owned(), user_id: sample::USER.to_owned(), role: RoleBody::Moderator }
);

/// The receiver was invited.
#[derive(Debug, Clone, Object)]
#[oai(example)]
pub struct RoomInvited {
    /// The room.
    pub room: RoomBody,
}

server_event!(
    RoomInvited,
    "room:invited",
    "Somebody invited the receiver into a room; `room:join` accepts.",
    Self { room: RoomBody { role: None, read_seq: 0, unread: 0, ..RoomBody::example() } }
);

/// A room has another name or other rules.
#[derive(Debug, Clone, Object)]
#[oai(rename_all = "camelCase", example)]
pub struct RoomChanged {
    /// The room.
    pub room_id: String,
    /// Its name.
    pub name: String,
    /// Who may become a member.
    pub access: AccessBody,
    /// The least role that may invite.
    pub invite_role: RoleBody,
}

server_event!(
    RoomChanged,
    "room:changed",
    "A room has another name or other rules.",
    Self { room_id: sample::ROOM.to_owned(), name: "Lobby".to_owned(), access: AccessBody::Open, invite_role: RoleBody::Member }
);

/// A room is gone, with everything in it.
#[derive(Debug, Clone, Object)]
#[oai(rename_all = "camelCase", example)]
pub struct RoomDeleted {
    /// The room.
    pub room_id: String,
}

server_event!(RoomDeleted, "room:deleted", "A room is gone, with everything in it.", Self { room_id: sample::ROOM.to_owned() });

/// There is a new post.
#[derive(Debug, Object)]
#[oai(example)]
pub struct PostNew {
    /// The post.
    pub post: PostBody,
}

server_event!(PostNew, "post:new", "Somebody wrote a post.", Self { post: PostBody::example() });

/// Somebody has read.
#[derive(Debug, Clone, Object)]
#[oai(rename_all = "camelCase", example)]
pub struct ReadUpTo {
    /// The room.
    pub room_id: String,
    /// Who; it may be oneself on another device.
    pub user_id: String,
    /// The place (`seq`) up to which they have read.
    pub seq: u64,
}

server_event!(
    volatile ReadUpTo,
    "room:read",
    "A member has read up to a place.",
    Self { room_id: sample::ROOM.to_owned(), user_id: sample::USER.to_owned(), seq: 17 }
);

/// Somebody is writing, or has stopped.
#[derive(Debug, Clone, Object)]
#[oai(rename_all = "camelCase", example)]
pub struct TypingNow {
    /// The room.
    pub room_id: String,
    /// Who.
    pub user_id: String,
    /// Their name.
    pub username: String,
    /// Whether they are writing. Take it for over after ten seconds in which it was not said again.
    pub on: bool,
}

server_event!(
    volatile TypingNow,
    "typing",
    "A member is writing, or has stopped. Never sent to oneself.",
    Self { room_id: sample::ROOM.to_owned(), user_id: sample::USER.to_owned(), username: "Ann".to_owned(), on: true }
);

/// Somebody has come or gone.
#[derive(Debug, Clone, Object)]
#[oai(rename_all = "camelCase", example)]
pub struct Presence {
    /// The room. A bot with several tokens may be there in one and not in another.
    pub room_id: String,
    /// Who.
    pub user_id: String,
    /// Whether they are connected now, from any device, or are a bot that runs on the server.
    pub online: bool,
}

server_event!(
    volatile Presence,
    "presence",
    "A member of a room that one watches has come or gone.",
    Self { room_id: sample::ROOM.to_owned(), user_id: sample::USER.to_owned(), online: true }
);

/// The server will disconnect this socket.
#[derive(Debug, Clone, Object)]
#[oai(example)]
pub struct SessionEnded {
    /// Why, for programs: `logout`, `revoked`, `replaced`, `credential_changed`, `role_changed`, `disabled`, `too_many`, `expired`,
    /// `slow_consumer`, `rate_limited`. More words may come.
    pub reason: String,
}

server_event!(
    SessionEnded,
    "session:ended",
    "This socket may stay no longer and is disconnected right after.",
    Self { reason: "logout".to_owned() }
);

/// The server stops.
#[derive(Debug, Clone, Copy, Object)]
#[oai(rename_all = "camelCase", example)]
pub struct ServerClosing {
    /// After how many milliseconds to connect again. Each client gets another number, so that not all come at once.
    pub retry_ms: u64,
}

server_event!(
    ServerClosing,
    "server:closing",
    "The server stops or restarts; connect again later, then `resume`.",
    Self { retry_ms: 2500 }
);
