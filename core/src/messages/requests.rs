//! Messages as clients see them, over REST and sockets alike.

use poem_openapi::{Enum, Object, types::Example};
use serde::{Deserialize, Serialize};

/// A message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Object)]
#[oai(rename = "ChatMessage", rename_all = "camelCase", example)]
#[serde(rename_all = "camelCase")]
pub struct MessageBody {
    /// Opaque id.
    pub id: String,
    /// The room it is in.
    pub room_id: String,
    /// Its place in the room: 1, 2, 3 … without gaps.
    pub seq: u64,
    /// The room's count of changes when this message was last changed.
    pub rev: u64,
    /// What its author called it before it had an id; `null` if nothing.
    pub client_id: Option<String>,
    /// The author's id: a user's or a bot's.
    pub author_id: String,
    /// The author's name when it was written.
    pub author_name: String,
    /// Whether a program wrote it.
    pub is_bot: bool,
    /// The text as it was typed; escape it before showing it as HTML. Empty once it is deleted.
    pub body: String,
    /// The id of the message that this one answers.
    pub reply_to: Option<String>,
    /// Addresses of files.
    pub attachments: Vec<String>,
    /// What others put on it.
    pub reactions: Vec<ReactionBody>,
    /// When it was written, RFC 3339 UTC.
    pub created_at: String,
    /// When its text was last changed; `null` if never.
    pub edited_at: Option<String>,
    /// Whether it was deleted: its place remains, its content is gone.
    pub deleted: bool,
}

/// An emoji on a message, and who put it there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Object)]
#[oai(rename = "Reaction", rename_all = "camelCase")]
#[serde(rename_all = "camelCase")]
pub struct ReactionBody {
    /// The emoji.
    pub emoji: String,
    /// The ids of those who reacted, in the order in which they did.
    pub user_ids: Vec<String>,
}

impl Example for MessageBody {
    fn example() -> Self {
        Self {
            id: "m-01kb3x2v5q8m4n7p9r1s3t5v7w".to_owned(),
            room_id: "r-01kb3x2v5q8m4n7p9r1s3t5v7w".to_owned(),
            seq: 17,
            rev: 23,
            client_id: Some("3f1c9a".to_owned()),
            author_id: "usr-01kb3x2v5q8m4n7p9r1s3t5v7w".to_owned(),
            author_name: "Ann".to_owned(),
            is_bot: false,
            body: "Good morning!".to_owned(),
            reply_to: None,
            attachments: Vec::new(),
            reactions: vec![ReactionBody { emoji: "👋".to_owned(), user_ids: vec!["usr-01kb3x30t4c2e6g8j0k2m4n6p8".to_owned()] }],
            created_at: "2026-01-31T12:00:00.000Z".to_owned(),
            edited_at: None,
            deleted: false,
        }
    }
}

/// A message to be sent.
#[derive(Debug, Clone, Object)]
#[oai(rename = "NewMessage", rename_all = "camelCase", example)]
pub struct NewMessageBody {
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

impl Example for NewMessageBody {
    fn example() -> Self {
        Self { body: "Good morning!".to_owned(), reply_to: None, attachments: Vec::new(), client_id: Some("3f1c9a".to_owned()) }
    }
}

/// The answer that carries one message.
#[derive(Debug, Clone, Object)]
#[oai(rename = "ChatMessageAnswer", rename_all = "camelCase", example)]
pub struct MessageAnswer {
    /// Always `true`.
    pub ok: bool,
    /// The message.
    pub message: MessageBody,
}

impl MessageAnswer {
    /// An answer with `message`.
    pub fn new(message: MessageBody) -> Self {
        Self { ok: true, message }
    }
}

impl Example for MessageAnswer {
    fn example() -> Self {
        Self::new(MessageBody::example())
    }
}

/// The answer to something that was to be said: the message, or what a command answered.
#[derive(Debug, Clone, Object)]
#[oai(rename = "SentAnswer", rename_all = "camelCase", example)]
pub struct SentAnswer {
    /// Always `true`.
    pub ok: bool,
    /// The message; after a command what it answered, or what was typed if it answered nothing.
    pub message: MessageBody,
    /// The command that was run, if it was one.
    #[oai(skip_serializing_if_is_none)]
    pub command: Option<RanCommand>,
}

impl Example for SentAnswer {
    fn example() -> Self {
        Self { ok: true, message: MessageBody::example(), command: None }
    }
}

/// A command that was run.
#[derive(Debug, Clone, Object)]
#[oai(rename = "RanCommand", rename_all = "camelCase")]
pub struct RanCommand {
    /// Its name.
    pub name: String,
    /// The bot that ran it.
    pub bot_id: String,
    /// Who sees the answer.
    pub audience: AnswerAudience,
}

/// Who sees the answer to a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename = "AnswerAudience", rename_all = "lowercase")]
pub enum AnswerAudience {
    /// Only who typed it. It is not stored.
    Caller,
    /// Everybody in the room: it is a message of the bot.
    Room,
}

/// The answer that carries messages of one room.
#[derive(Debug, Clone, Object)]
#[oai(rename = "ChatMessagesAnswer", rename_all = "camelCase", example)]
pub struct MessagesAnswer {
    /// Always `true`.
    pub ok: bool,
    /// Messages, oldest first; with `changedSince`, in the order of `rev`.
    pub messages: Vec<MessageBody>,
    /// Whether there are more in the direction that was asked for.
    pub more: bool,
}

impl Example for MessagesAnswer {
    fn example() -> Self {
        Self { ok: true, messages: vec![MessageBody::example()], more: false }
    }
}

/// A new text of a message.
#[derive(Debug, Object)]
#[oai(rename = "ChatMessageChange", example)]
pub struct EditMessageBody {
    /// The text, at most 4000 characters.
    pub body: String,
}

impl Example for EditMessageBody {
    fn example() -> Self {
        Self { body: "Good evening!".to_owned() }
    }
}
