//! What a bot did, as the audience sees it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use serde_json::Value;

use crate::{
    error::Result,
    ids::{MemberId, MessageId, PostId, RoomId},
    messages::events::{MessageEvent, What},
    plugins::dispatch::Runner,
    posts, rooms,
    rooms::events::{Departure, RoomEvent, What as RoomChange},
    store::{Event, Store},
};

/// Something that a bot did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deed {
    /// It said something, for all in the room.
    Said {
        /// The bot's name.
        bot: String,
        /// The text.
        text: String,
    },
    /// It told one person something.
    Told {
        /// Whom.
        whom: String,
        /// The text.
        text: String,
    },
    /// It changed one of its messages to this.
    Edited(String),
    /// It deleted a message.
    Deleted,
    /// It put an emoji on a message.
    Reacted(String),
    /// It took one away.
    Unreacted(String),
    /// It removed somebody from the room.
    Removed(String),
    /// It wrote a post.
    Posted(String),
}

impl fmt::Display for Deed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Said { bot, text } => write!(f, "< {bot}: {}", one_line(text)),
            Self::Told { whom, text } => write!(f, "<{whom} {}", one_line(text)),
            Self::Edited(text) => write!(f, "edits {}", one_line(text)),
            Self::Deleted => f.write_str("deletes"),
            Self::Reacted(emoji) => write!(f, "reacts {emoji}"),
            Self::Unreacted(emoji) => write!(f, "unreacts {emoji}"),
            Self::Removed(who) => write!(f, "removes {who}"),
            Self::Posted(title) => write!(f, "posts {title}"),
        }
    }
}

/// The text as it stands in a script, where a line is a line.
pub fn one_line(text: &str) -> String {
    text.replace('\\', "\\\\").replace('\n', "\\n")
}

/// What was seen of a bot so far.
pub struct Seen {
    bot: MemberId,
    reactions: BTreeMap<String, BTreeSet<String>>,
    /// What it said last in each room, for all in it.
    pub said: BTreeMap<RoomId, MessageId>,
}

impl Seen {
    pub fn of(runner: &Runner) -> Self {
        Self { bot: runner.host.member(), reactions: BTreeMap::new(), said: BTreeMap::new() }
    }

    /// Reads what the bot did from events.
    pub async fn read(&mut self, store: &Store, events: Vec<Event>) -> Result<Vec<Deed>> {
        let mut deeds = Vec::new();
        for event in events.into_iter().filter(|event| event.hops > 0) {
            if let Some(change) = MessageEvent::read(&event) {
                deeds.extend(self.message(&change));
            } else if let Some(RoomEvent { what: RoomChange::Left(who, Departure::Removed), .. }) = RoomEvent::read(&event) {
                deeds.push(Deed::Removed(rooms::queries::name(store.reader(), &who).await?.unwrap_or_default()));
            } else if event.kind == "post.created" {
                let post = posts::queries::post(store.reader(), &PostId::from_stored(event.subject)).await?;
                deeds.push(Deed::Posted(post.content.title));
            }
        }
        Ok(deeds)
    }

    fn message(&mut self, change: &MessageEvent) -> Vec<Deed> {
        let now: Value = change.live.as_ref().and_then(|live| serde_json::from_str(live).ok()).unwrap_or_default();
        let text = |name: &str| now[name].as_str().unwrap_or_default().to_owned();
        match change.what {
            What::Created => {
                self.said.insert(change.room.clone(), change.message.clone());
                vec![Deed::Said { bot: text("authorName"), text: text("body") }]
            }
            What::Edited => vec![Deed::Edited(text("body"))],
            What::Deleted => vec![Deed::Deleted],
            What::Reacted | What::Unreacted => {
                let own =
                    |reaction: &&Value| reaction["userIds"].as_array().is_some_and(|who| who.iter().any(|id| id == self.bot.as_str()));
                let all = now["reactions"].as_array().into_iter().flatten().filter(own);
                let after: BTreeSet<String> = all.filter_map(|reaction| Some(reaction["emoji"].as_str()?.to_owned())).collect();
                let before = self.reactions.insert(change.message.to_string(), after.clone()).unwrap_or_default();
                let came = after.difference(&before).cloned().map(Deed::Reacted);
                came.chain(before.difference(&after).cloned().map(Deed::Unreacted)).collect()
            }
        }
    }
}
