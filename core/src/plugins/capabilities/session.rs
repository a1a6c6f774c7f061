//! What one call of a bot works with, and what it has collected so far.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::{Arc, PoisonError, RwLock},
};

use tokio::{runtime::Handle, sync::Semaphore, time::Instant};
use tokio_util::task::AbortOnDropHandle;
use url::Url;

use super::{Busy, Effect, Pace, Refusals, Refused, Shortage, Turns, Values};
use crate::{
    actor::Actor,
    bots::model::Bot,
    clock::Timestamp,
    config::PluginLimits,
    error::{Error, Result},
    ids::{MemberId, RoomId},
    outbound::{AllowList, Outbound},
    plugins::{bindings::bot::openclaw::types::types::Error as GuestError, journal::Journal, settings::Settings, store::jobs::Job},
    rooms::online::Online,
    store::Store,
};

/// What all calls of one bot share.
pub struct BotHost {
    /// The id of the plugin.
    pub plugin: Arc<str>,
    /// Under which name it takes part.
    pub bot: Bot,
    /// The bot as the cause of what it does.
    pub actor: Actor,
    /// The database.
    pub store: Store,
    /// Requests to others.
    pub outbound: Outbound,
    /// Where those may go.
    pub allowed: AllowList,
    /// How many at the same time.
    pub requests: Semaphore,
    /// Who is connected.
    pub online: Online,
    /// Where our own files are.
    pub files_at: Url,
    /// What the operator set for it.
    pub settings: Arc<Settings>,
    /// Its limits.
    pub limits: PluginLimits,
    /// How often limits were hit.
    pub journal: Journal,
    /// Which rooms it hears.
    pub heard: Heard,
    /// How fast it may talk.
    pub pace: Pace,
    /// How fast it may write posts.
    pub posts: Pace,
    /// How much all bots together say in a room.
    pub busy: Arc<Busy>,
    /// Where the database and the network are waited for: guests have a thread of their own.
    pub runtime: Handle,
}

impl BotHost {
    /// Waits for `work` on the runtime that the rest of the server has. It ends when the caller goes away.
    pub async fn outside<T: Send + 'static>(&self, work: impl Future<Output = Result<T>> + Send + 'static) -> Result<T> {
        let task = AbortOnDropHandle::new(self.runtime.spawn(work));
        task.await.map_err(Error::internal)?
    }

    /// The bot as a member of rooms.
    pub fn member(&self) -> MemberId {
        MemberId::Bot(self.bot.id.clone())
    }
}

/// Which rooms a bot hears: those that it is in, unless only some of them are meant.
#[derive(Default)]
pub struct Heard {
    only: Option<HashSet<RoomId>>,
    /// Whether it becomes a member wherever something is said.
    pub everywhere: bool,
    /// Since when, too.
    member_of: RwLock<HashMap<RoomId, Timestamp>>,
}

impl Heard {
    /// Those of `only`, or all that it is in; with `everywhere` all there are.
    pub fn new(only: Option<HashSet<RoomId>>, everywhere: bool) -> Self {
        Self { only, everywhere, member_of: RwLock::default() }
    }

    /// Whether the bot is a member.
    pub fn is_in(&self, room: &RoomId) -> bool {
        self.member_of.read().unwrap_or_else(PoisonError::into_inner).contains_key(room)
    }

    /// Where the bot is a member.
    pub fn rooms(&self) -> Vec<RoomId> {
        self.member_of.read().unwrap_or_else(PoisonError::into_inner).keys().cloned().collect()
    }

    /// Whether the bot hears what happens there.
    pub fn hears(&self, room: &RoomId) -> bool {
        self.only.as_ref().is_none_or(|only| only.contains(room)) && self.is_in(room)
    }

    /// Whether what happens there is for the bot: it is a member, or becomes one for that.
    pub fn watches(&self, room: &RoomId) -> bool {
        self.everywhere || self.hears(room)
    }

    /// Whether what happened there at that moment is for the bot. What happened before it came is not.
    pub fn watched(&self, room: &RoomId, at: Timestamp) -> bool {
        let was_there = || self.member_of.read().unwrap_or_else(PoisonError::into_inner).get(room).is_some_and(|since| *since <= at);
        self.everywhere || self.only.as_ref().is_none_or(|only| only.contains(room)) && was_there()
    }

    /// Says where the bot is a member, and since when.
    pub fn set(&self, rooms: impl IntoIterator<Item = (RoomId, Timestamp)>) {
        *self.member_of.write().unwrap_or_else(PoisonError::into_inner) = rooms.into_iter().collect();
    }

    /// The bot came to a room.
    pub fn came(&self, room: &RoomId, at: Timestamp) {
        self.member_of.write().unwrap_or_else(PoisonError::into_inner).insert(room.clone(), at);
    }

    /// The bot, or the room, is gone.
    pub fn went(&self, room: &RoomId) {
        self.member_of.write().unwrap_or_else(PoisonError::into_inner).remove(room);
    }
}

/// One call.
pub struct Session {
    /// What all calls of the bot share.
    pub host: Arc<BotHost>,
    /// The moment at which the call began; the same for all of it.
    pub now: Timestamp,
    /// What it wants done, in this order.
    pub effects: Vec<Effect>,
    /// What it read and wants to remember.
    pub values: Values,
    /// What it wants to be told later, by name; `None` for what it does not want any more.
    pub jobs: BTreeMap<String, Option<Job>>,
    /// Those that it had planned before; read when it plans the first.
    pub planned: Option<HashSet<String>>,
    /// Requests to others so far.
    pub requests: u32,
    /// What it takes of what the bot may say and write.
    pub turns: Turns,
    /// What it was refused.
    pub refusals: Arc<Refusals>,
    /// When its time is over.
    pub until: Option<Instant>,
}

impl Session {
    /// A call that begins now.
    pub fn new(host: Arc<BotHost>) -> Self {
        let now = host.store.now();
        Self {
            turns: Turns::new(host.clone()),
            host,
            now,
            effects: Vec::new(),
            values: Values::default(),
            jobs: BTreeMap::new(),
            planned: None,
            requests: 0,
            refusals: Arc::default(),
            until: None,
        }
    }

    /// Whether there is anything to be written.
    pub fn is_idle(&self) -> bool {
        self.effects.is_empty() && self.values.changes.is_empty() && self.jobs.is_empty()
    }

    /// Checks that one more thing may be done.
    pub fn require_effect(&self) -> Result<(), GuestError> {
        let most = self.host.limits.effects;
        if self.effects.len() >= most as usize {
            return Err(self.limited("effects", format!("a call may cause {most} things (limits.effects)")));
        }
        Ok(())
    }

    /// Wants one more thing done.
    pub fn push(&mut self, effect: Effect) -> Result<(), GuestError> {
        self.require_effect()?;
        self.effects.push(effect);
        Ok(())
    }

    /// The error of a limit, which is counted.
    pub fn limited(&self, limit: &str, sentence: impl Into<String>) -> GuestError {
        self.host.journal.count(&self.host.plugin, limit);
        GuestError::Limited(sentence.into())
    }

    /// The same for what there is more of later.
    pub fn short_of(&self, shortage: Shortage, limit: &str, sentence: impl Into<String>) -> GuestError {
        self.refusals.fall_short(shortage);
        self.limited(limit, sentence)
    }

    /// What the host answers. An error is kept in mind, since some guests break down when they get one.
    #[expect(clippy::unnecessary_wraps, reason = "it is what host functions give back")]
    pub fn told<T, E>(&self, answer: Result<T, E>) -> wasmtime::Result<Result<T, E>>
    where
        for<'a> Refused: From<&'a E>,
    {
        if let Err(error) = &answer {
            self.refusals.note(error.into());
        }
        Ok(answer)
    }
}
