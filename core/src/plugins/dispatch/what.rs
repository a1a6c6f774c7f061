//! What bots are told of: an event of the log, seen from one bot.

use serde::{Deserialize, Serialize};

use super::{runner::Runner, tail::Run};
use crate::{
    error::Result,
    ids::{MemberId, MessageId, PostId, RoomId},
    messages::{
        self,
        events::{MessageEvent, What as MessageChange},
    },
    plugins::{
        bindings::bot::openclaw::{
            bot::types::{Change, Event as GuestEvent},
            types::types::Member,
        },
        bot::{BotPlugin, Outcome},
        capabilities::{Heard, Session, guest_message, guest_post, guest_room},
    },
    posts,
    rooms::{
        self,
        events::{Departure, RoomEvent, What as RoomChange},
    },
    store::{Entry, Event, Reader},
};

/// The longest chain of bots that answer each other.
pub const MAX_HOPS: u16 = 3;

/// An event as it is kept while it waits, and put aside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// The same whenever it is told.
    pub id: String,
    /// When it happened.
    pub time: String,
    /// How many bots stand between a person and it.
    pub hops: u16,
    /// What happened.
    pub what: What,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// Something was said.
    Message { message: String, room: String },
    /// A message changed.
    Change { change: String, by: Option<String>, emoji: Option<String>, message: String, room: String },
    /// Somebody came or went.
    Member { change: String, by: Option<String>, room: String, member: String },
    /// Something happened to a post.
    Post { change: String, by: Option<String>, post: String },
    /// The time of a job has come.
    Job { name: String, recurring: bool, payload: String },
}

impl What {
    /// What must be told in order: a room, or something of its own.
    pub fn lane(&self) -> &str {
        match self {
            Self::Message { room, .. } | Self::Change { room, .. } | Self::Member { room, .. } => room,
            Self::Post { post, .. } => post,
            Self::Job { name, .. } => name,
        }
    }

    /// The room in which it happened, if in one.
    pub fn room(&self) -> Option<RoomId> {
        match self {
            Self::Message { room, .. } | Self::Change { room, .. } | Self::Member { room, .. } => Some(RoomId::from_stored(room.clone())),
            Self::Post { .. } | Self::Job { .. } => None,
        }
    }

    /// The interface by which a bot hears of it.
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Message { .. } => "on-message",
            Self::Change { .. } => "on-change",
            Self::Member { .. } => "on-member",
            Self::Post { .. } => "on-post",
            Self::Job { .. } => "scheduled",
        }
    }

    /// Reads an event of the log, with who caused it, if that is known.
    fn read(event: &Event) -> Option<(Self, Option<MemberId>)> {
        if let Some(MessageEvent { what, message, room, author, by, emoji, .. }) = MessageEvent::read(event) {
            let (message, room) = (message.to_string(), room.to_string());
            let change = match what {
                MessageChange::Created => return Some((Self::Message { message, room }, Some(author))),
                MessageChange::Edited => "edited",
                MessageChange::Deleted => "deleted",
                MessageChange::Reacted => "reacted",
                MessageChange::Unreacted => "unreacted",
            };
            return Some((Self::Change { change: change.to_owned(), by: Some(by.to_string()), emoji, message, room }, Some(by)));
        }
        if let Some(RoomEvent { room, what }) = RoomEvent::read(event) {
            let (change, member) = match what {
                RoomChange::Joined(member) => ("joined", member),
                RoomChange::Left(member, Departure::Left) => ("left", member),
                RoomChange::Left(member, Departure::Removed) => ("removed", member),
                _ => return None,
            };
            // People come and leave by themselves, bots are brought, and by whom is not known. Nor is it of who is removed from the shell.
            let itself = change != "removed" && !member.is_bot();
            let by = event.detail("by").or_else(|| itself.then(|| member.to_string()));
            let what = Self::Member { change: change.to_owned(), by, room: room.to_string(), member: member.to_string() };
            return Some((what, Some(member)));
        }
        let change = event.kind.strip_prefix("post.").filter(|change| *change != "deleted")?;
        let by = event.detail("by").or_else(|| event.detail("author"));
        let author = event.detail("author").map(MemberId::from_stored);
        Some((Self::Post { change: change.to_owned(), by, post: event.subject.clone() }, author))
    }
}

impl Told {
    /// What `runner` is to be told of `entry`, if anything.
    pub fn of(entry: &Entry, runner: &Runner) -> Option<Self> {
        Self::to(entry, &runner.plugin, &runner.host.member(), &runner.host.heard)
    }

    /// What a bot that is `member` and hears the rooms of `heard` is to be told of `entry`, if anything.
    pub fn to(entry: &Entry, plugin: &BotPlugin, member: &MemberId, heard: &Heard) -> Option<Self> {
        let (what, by) = What::read(&entry.event)?;
        let of_bot = entry.event.hops > 0 || by.as_ref().is_some_and(MemberId::is_bot);
        let own = by.is_some_and(|by| by == *member);
        let reads_posts = !matches!(what, What::Post { .. }) || plugin.grants.iter().any(|grant| grant == "posts-read");
        let there = what.room().is_none_or(|room| heard.watched(&room, entry.time));
        let wanted = plugin.has(what.reason()) && there && reads_posts && !own && (!of_bot || plugin.section.hears_bots);
        (wanted && entry.event.hops < MAX_HOPS).then(|| Self {
            id: format!("e-{}", entry.at.position),
            time: entry.time.to_string(),
            hops: entry.event.hops,
            what,
        })
    }

    /// Tells the bot. `None` if there is nothing to tell any more. What was said is taken from `run`, if it is new.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn tell(
        &self,
        runner: &Runner,
        session: Session,
        attempt: u32,
        run: Option<&Run>,
    ) -> Result<Option<Outcome<Result<(), String>>>> {
        let event = GuestEvent { id: self.id.clone(), time: self.time.clone(), attempt };
        let (bot, reader) = (&runner.plugin, runner.host.store.reader());
        Ok(match &self.what {
            What::Message { message, .. } => {
                let id = MessageId::from_stored(message.clone());
                let message = match run.filter(|_| attempt == 1) {
                    Some(run) => run.message(reader, &id).await?,
                    None => messages::queries::stored(reader, &id).await?.map(|message| message.body()),
                };
                let Some(message) = message.filter(|message| !message.deleted) else { return Ok(None) };
                Some(bot.on_message(session, event, guest_message(message)).await)
            }
            What::Change { change, by, emoji, message, .. } => {
                let message = messages::queries::stored(reader, &MessageId::from_stored(message.clone())).await?;
                let Some(message) = message else { return Ok(None) };
                let change = said(reader, change, by.as_ref(), emoji.clone()).await?;
                Some(bot.on_change(session, event, change, guest_message(message.body())).await)
            }
            What::Member { change, by, room, member } => {
                let (room, member) = (RoomId::from_stored(room.clone()), MemberId::from_stored(member.clone()));
                let Some(room) = rooms::queries::summary(reader, &room, Some(&runner.host.member())).await? else { return Ok(None) };
                let (change, member) = (said(reader, change, by.as_ref(), None).await?, named(reader, member).await?);
                Some(bot.on_member(session, event, change, guest_room(room), member).await)
            }
            What::Post { change, by, post } => {
                let found = posts::queries::post(reader, &PostId::from_stored(post.clone())).await;
                let post = match found {
                    Err(error) if error.code == "not_found" => return Ok(None),
                    found => found?,
                };
                Some(bot.on_post(session, event, said(reader, change, by.as_ref(), None).await?, guest_post(post)).await)
            }
            What::Job { name, payload, .. } => {
                let due = crate::plugins::bot::Due {
                    id: self.id.clone(),
                    name: name.clone(),
                    payload: payload.clone(),
                    time: self.time.clone(),
                    attempt,
                };
                Some(bot.on_job(session, due).await)
            }
        })
    }
}

/// What happened, for the bot.
async fn said(reader: &Reader, what: &str, by: Option<&String>, emoji: Option<String>) -> Result<Change> {
    let by = match by {
        Some(by) => Some(named(reader, MemberId::from_stored(by.clone())).await?),
        None => None,
    };
    Ok(Change { what: what.to_owned(), by, emoji })
}

/// Somebody with the name of now.
async fn named(reader: &Reader, who: MemberId) -> Result<Member> {
    let name = rooms::queries::name(reader, &who).await?.unwrap_or_default();
    Ok(Member { id: who.to_string(), name, is_bot: who.is_bot() })
}
