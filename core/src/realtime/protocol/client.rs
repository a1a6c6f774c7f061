//! What clients send.

use poem_openapi::{Object, types::Example};

use super::{PresenceAnswer, ResumeAnswer, client_event, sample};
use crate::{
    http::payload::Done,
    messages::requests::{MessageAnswer, MessagesAnswer, SentAnswer},
    rooms::requests::{RoomAnswer, RoomsAnswer},
};

/// Asks for one's rooms.
#[derive(Debug, Clone, Object)]
#[oai(example)]
pub struct RoomList {
    /// The `next` of an earlier answer: only rooms that come after those.
    pub before: Option<String>,
    /// How many, 1 to 1000; absent: 1000.
    pub limit: Option<u64>,
}

client_event!(
    RoomList,
    "room:list",
    RoomsAnswer,
    "Lists one's rooms, those with the latest messages first; all rooms for the bot of `CHAT_BOT_TOKEN`.",
    Self { before: None, limit: None }
);

/// Asks to become a member.
#[derive(Debug, Clone, Object)]
#[oai(rename_all = "camelCase", example)]
pub struct RoomJoin {
    /// The room.
    pub room_id: String,
}

client_event!(
    RoomJoin,
    "room:join",
    RoomAnswer,
    "Makes one a member of a room, if one is not already, and shows it. Rooms one is a member of are heard without this.",
    Self { room_id: sample::ROOM.to_owned() }
);

/// Asks to be a member no longer.
#[derive(Debug, Clone, Object)]
#[oai(rename_all = "camelCase", example)]
pub struct RoomLeave {
    /// The room.
    pub room_id: String,
}

client_event!(RoomLeave, "room:leave", Done, "Ends one's membership of a room.", Self { room_id: sample::ROOM.to_owned() });

/// A message to be sent.
#[derive(Debug, Clone, Object)]
#[oai(rename_all = "camelCase", example)]
pub struct MessageSend {
    /// The room.
    pub room_id: String,
    /// The text, at most 4000 characters. May be empty if there are attachments.
    #[oai(default)]
    pub body: String,
    /// The id of the message in the same room that it answers.
    pub reply_to: Option<String>,
    /// At most ten addresses of files: `https`, or as uploads here have them; absent: none.
    #[oai(default)]
    pub attachments: Vec<String>,
    /// A name of the client's choice, at most 64 characters. Sending again under the same name gives the first message back.
    pub client_id: Option<String>,
}

client_event!(
    MessageSend,
    "message:send",
    SentAnswer,
    "Writes a message, or runs a command of a bot if it begins with a slash; of two slashes one is said, \
     and nothing is run. What bots write is said as it is. Once this is acknowledged the message is stored for good.",
    Self {
        room_id: sample::ROOM.to_owned(),
        body: "Good morning!".to_owned(),
        reply_to: None,
        attachments: Vec::new(),
        client_id: Some("3f1c9a".to_owned()),
    }
);

/// A new text for a message.
#[derive(Debug, Clone, Object)]
#[oai(rename_all = "camelCase", example)]
pub struct MessageEdit {
    /// One's own message.
    pub message_id: String,
    /// The new text, at most 4000 characters.
    pub body: String,
}

client_event!(
    MessageEdit,
    "message:edit",
    MessageAnswer,
    "Changes the text of one's own message.",
    Self { message_id: sample::MESSAGE.to_owned(), body: "Good evening!".to_owned() }
);

/// A message to be deleted.
#[derive(Debug, Clone, Object)]
#[oai(rename_all = "camelCase", example)]
pub struct MessageDelete {
    /// One's own message, or anybody's for moderators.
    pub message_id: String,
}

client_event!(
    MessageDelete,
    "message:delete",
    MessageAnswer,
    "Takes back a message: its place remains, its content is gone.",
    Self { message_id: sample::MESSAGE.to_owned() }
);

/// A reaction to be put on a message, or taken away.
#[derive(Debug, Clone, Object)]
#[oai(rename_all = "camelCase", example)]
pub struct MessageReact {
    /// The message.
    pub message_id: String,
    /// One emoji.
    pub emoji: String,
    /// Whether it shall be there.
    pub on: bool,
}

client_event!(
    MessageReact,
    "message:react",
    MessageAnswer,
    "Puts one's reaction on a message, or takes it away. Doing so again changes nothing.",
    Self { message_id: sample::MESSAGE.to_owned(), emoji: "👋".to_owned(), on: true }
);

/// Which messages to show.
#[derive(Debug, Clone, Object)]
#[oai(rename_all = "camelCase", example)]
pub struct MessageHistory {
    /// The room.
    pub room_id: String,
    /// Only messages before this place (`seq`).
    pub before: Option<u64>,
    /// Only messages after this place (`seq`).
    pub after: Option<u64>,
    /// How many at most, 1 to 200; absent: 100.
    pub limit: Option<u64>,
}

client_event!(
    MessageHistory,
    "message:history",
    MessagesAnswer,
    "Shows messages of a room: the newest, or those before or after a place.",
    Self { room_id: sample::ROOM.to_owned(), before: Some(18), after: None, limit: Some(50) }
);

/// Asks for what was missed.
#[derive(Debug, Clone, Object)]
#[oai(rename_all = "camelCase", example)]
pub struct Resume {
    /// The rooms that the client knows.
    pub rooms: Vec<ResumeRoom>,
}

client_event!(
    Resume,
    "resume",
    ResumeAnswer,
    "After a reconnect: every message that has changed since the client last heard of its room. Nothing is lost, nothing comes twice.",
    Self { rooms: vec![ResumeRoom::example()] }
);

/// A room, and how much of it a client knows.
#[derive(Debug, Clone, Object)]
#[oai(rename_all = "camelCase", example)]
pub struct ResumeRoom {
    /// The room.
    pub room_id: String,
    /// The highest `rev` that the client saw in this room; 0 if none.
    pub rev: u64,
}

impl Example for ResumeRoom {
    fn example() -> Self {
        Self { room_id: sample::ROOM.to_owned(), rev: 22 }
    }
}

/// How far one has read.
#[derive(Debug, Clone, Object)]
#[oai(rename_all = "camelCase", example)]
pub struct RoomRead {
    /// The room.
    pub room_id: String,
    /// The place (`seq`) of the last message one has read.
    pub seq: u64,
}

client_event!(RoomRead, "room:read", Done, "Moves one's read marker forward.", Self { room_id: sample::ROOM.to_owned(), seq: 17 });

/// Whether one is writing.
#[derive(Debug, Clone, Object)]
#[oai(rename_all = "camelCase", example)]
pub struct Typing {
    /// The room.
    pub room_id: String,
    /// Whether one is writing at the moment. Say so again every few seconds while it lasts.
    pub on: bool,
}

client_event!(
    Typing,
    "typing",
    Done,
    "Tells the others in a room that one is writing, or has stopped.",
    Self { room_id: sample::ROOM.to_owned(), on: true }
);

/// Asks who is there.
#[derive(Debug, Clone, Object)]
#[oai(rename_all = "camelCase", example)]
pub struct PresenceWatch {
    /// The room.
    pub room_id: String,
}

client_event!(
    PresenceWatch,
    "presence:watch",
    PresenceAnswer,
    "Tells which members of a room are connected, and from now on who comes and goes (`presence`), until the socket disconnects.",
    Self { room_id: sample::ROOM.to_owned() }
);
