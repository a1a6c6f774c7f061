//! What happens to messages.

use std::sync::Arc;

use serde_json::json;

use super::model::{Emoji, Shown};
use crate::{
    ids::{MemberId, MessageId, RoomId},
    store::Event,
};

/// What happened to a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// It was written.
    Created,
    /// It says something else now.
    Edited,
    /// Only its place is left.
    Deleted,
    /// A reaction came.
    Reacted,
    /// A reaction went.
    Unreacted,
}

impl What {
    const fn kind(self) -> &'static str {
        match self {
            Self::Created => "message.created",
            Self::Edited => "message.edited",
            Self::Deleted => "message.deleted",
            Self::Reacted => "message.reacted",
            Self::Unreacted => "message.unreacted",
        }
    }
}

/// A change of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageEvent {
    /// What happened.
    pub what: What,
    /// To which message.
    pub message: MessageId,
    /// Where.
    pub room: RoomId,
    /// Its place there.
    pub seq: u64,
    /// The room's count of changes with this one.
    pub rev: u64,
    /// Who wrote it.
    pub author: MemberId,
    /// Who caused this: its author, unless it is known to be somebody else.
    pub by: MemberId,
    /// Which emoji came or went.
    pub emoji: Option<String>,
    /// The message as clients see it, as JSON, if the change was made in this process. Otherwise
    /// [`told_at`](super::queries::told_at) has it, as it is by then.
    pub live: Option<Arc<str>>,
}

/// The event for what happened to a message, with the emoji that came or went.
pub fn of(what: What, shown: &Shown, by: Option<&MemberId>, emoji: Option<&Emoji>) -> Event {
    let message = &shown.message;
    let mut data = json!({ "room": message.room.as_str(), "seq": message.seq, "rev": message.rev, "author": message.author.as_str() });
    if let Some(emoji) = emoji {
        data["emoji"] = emoji.as_str().into();
    }
    // Most often it is the author.
    let by = by.filter(|by| **by != message.author);
    Event::new(what.kind(), &message.id, &data).by(by).with_live(shown.json.clone())
}

impl MessageEvent {
    /// Reads the event, if it is one of these.
    pub fn read(event: &Event) -> Option<Self> {
        let all = [What::Created, What::Edited, What::Deleted, What::Reacted, What::Unreacted];
        let what = all.into_iter().find(|what| what.kind() == event.kind)?;
        let data = event.details();
        let text = |name: &str| data[name].as_str().map(str::to_owned);
        Some(Self {
            what,
            message: MessageId::from_stored(event.subject.clone()),
            room: RoomId::from_stored(text("room")?),
            seq: data["seq"].as_u64()?,
            rev: data["rev"].as_u64()?,
            by: MemberId::from_stored(text("by").or_else(|| text("author"))?),
            author: MemberId::from_stored(text("author")?),
            emoji: text("emoji"),
            live: event.live.clone(),
        })
    }
}
