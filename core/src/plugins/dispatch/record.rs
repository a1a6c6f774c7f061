//! Writing down what a bot was told lately, so that it can be told again elsewhere.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::what::{Told, What};
use crate::{
    bots::{self, model::Handle},
    config::HeardRooms,
    error::Result,
    ids::{MemberId, MessageId, PostId, RoomId},
    messages,
    plugins::{BotPlugin, capabilities::Heard},
    posts, rooms,
    store::{Position, Store},
    text,
};

/// Events read at once.
const CHUNK: u32 = 500;

/// Something that a bot was told, with what it was about as it is now.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Recorded {
    /// The id of the event.
    pub id: String,
    /// When it happened, RFC 3339.
    pub time: String,
    /// `said`, or what else happened: `edited`, `deleted`, `reacted`, `unreacted`, `joined`, `left`, `removed`, `post created`, `post edited`.
    pub what: String,
    /// The name of the room, if it happened in one.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub room: String,
    /// The name of who wrote it, came or went.
    pub who: String,
    /// The id of the message or post.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub subject: String,
    /// The title of a post.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub title: String,
    /// The text.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub body: String,
    /// The id of the message that it answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<String>,
    /// Emojis, each with the names of those who put it there, but for the bot itself.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reactions: Vec<(String, Vec<String>)>,
}

/// The last `most` events that a bot was told, or would be if it ran, oldest first.
///
/// # Errors
/// The database does not answer.
pub async fn told_lately(store: &Store, plugin: &BotPlugin, most: usize) -> Result<Vec<Recorded>> {
    let bot = bots::queries::by_handle(store.reader(), &Handle::parse(plugin.id())?).await?;
    let Some(member) = bot.map(|bot| MemberId::Bot(bot.id)) else { return Ok(Vec::new()) };
    let only = match &plugin.section.rooms {
        HeardRooms::These(rooms) => Some(rooms.iter().map(|room| RoomId::from_stored(room.clone())).collect()),
        HeardRooms::Word(_) => None,
    };
    let heard = Heard::new(only, false);
    heard.set(rooms::queries::joined(store.reader(), &member).await?);
    let (mut at, mut last) = (Position::START, VecDeque::with_capacity(most));
    loop {
        let entries = store.log_after(at, CHUNK).await?;
        let Some(end) = entries.last() else { break };
        at = end.at;
        for told in entries.iter().filter_map(|entry| Told::to(entry, plugin, &member, &heard)) {
            if last.len() == most {
                last.pop_front();
            }
            last.push_back(told);
        }
    }
    let mut recorded = Vec::with_capacity(last.len());
    for told in last {
        recorded.extend(joined(store, &told, &member).await?);
    }
    Ok(recorded)
}

/// The longest beginning of a text that is shown, in characters.
const SHOWN: usize = 100;

/// What was to be told to a plugin, as it is stored in a letter, in words; `None` if what it was about is gone, or makes no sense.
///
/// # Errors
/// The database does not answer.
pub async fn in_words(store: &Store, plugin: &str, stored: &str) -> Result<Option<String>> {
    let (Ok(told), Ok(handle)) = (serde_json::from_str::<Told>(stored), Handle::parse(plugin)) else { return Ok(None) };
    if let What::Job { name, .. } = &told.what {
        return Ok(Some(format!("{}: the job {name} of {}", told.id, told.time)));
    }
    let Some(bot) = bots::queries::by_handle(store.reader(), &handle).await? else { return Ok(None) };
    let found = joined(store, &told, &MemberId::Bot(bot.id)).await?;
    Ok(found.map(|event| {
        let place = if event.room.is_empty() { String::new() } else { format!(" in {}", event.room) };
        let text = text::one_line(if event.title.is_empty() { &event.body } else { &event.title }, SHOWN);
        let text = if text.is_empty() { text } else { format!(": {text}") };
        format!("{}: {} {}{place}{text}", event.id, event.who, event.what)
    }))
}

/// The event with what it is about; `None` if that is gone.
async fn joined(store: &Store, told: &Told, bot: &MemberId) -> Result<Option<Recorded>> {
    let base = Recorded { id: told.id.clone(), time: told.time.clone(), ..Recorded::default() };
    match &told.what {
        What::Message { message, .. } => of_message(store, Recorded { what: "said".to_owned(), ..base }, message, bot).await,
        What::Change { change, message, .. } => of_message(store, Recorded { what: change.clone(), ..base }, message, bot).await,
        What::Member { change, room, member, .. } => {
            let room = room_name(store, room, bot).await?;
            let who = name(store, &MemberId::from_stored(member.clone())).await?;
            Ok(Some(Recorded { what: change.clone(), room, who, ..base }))
        }
        What::Post { change, post, .. } => {
            let found = posts::queries::post(store.reader(), &PostId::from_stored(post.clone())).await;
            let Ok(found) = found else { return Ok(None) };
            let (title, body) = (found.content.title, found.content.body);
            let (what, who) = (format!("post {change}"), found.author_name);
            Ok(Some(Recorded { what, who, subject: post.clone(), title, body, ..base }))
        }
        What::Job { .. } => Ok(None),
    }
}

async fn of_message(store: &Store, base: Recorded, message: &str, bot: &MemberId) -> Result<Option<Recorded>> {
    let found = messages::queries::by_id(store.reader(), &MessageId::from_stored(message.to_owned())).await?;
    // A message that is gone meanwhile cannot be said again.
    let Some(found) = found.map(|shown| shown.message).filter(|message| !message.deleted || base.what == "deleted") else {
        return Ok(None);
    };
    let mut reactions = Vec::new();
    for reaction in &found.reactions {
        let mut names = Vec::new();
        for who in reaction.who.iter().filter(|who| *who != bot) {
            names.push(name(store, who).await?);
        }
        reactions.push((reaction.emoji.clone(), names));
    }
    Ok(Some(Recorded {
        room: room_name(store, found.room.as_str(), bot).await?,
        who: found.author_name,
        subject: message.to_owned(),
        body: found.content.body,
        reply_to: found.reply_to.map(|id| id.to_string()),
        reactions,
        ..base
    }))
}

async fn name(store: &Store, who: &MemberId) -> Result<String> {
    Ok(rooms::queries::name(store.reader(), who).await?.unwrap_or_else(|| "Somebody".to_owned()))
}

async fn room_name(store: &Store, room: &str, bot: &MemberId) -> Result<String> {
    let room = RoomId::from_stored(room.to_owned());
    Ok(rooms::queries::summary(store.reader(), &room, Some(bot)).await?.map_or_else(|| room.to_string(), |summary| summary.name))
}
