//! A bot that takes part: the plugin, under which name it is known, and where it is.

use std::{collections::HashSet, sync::Arc, time::Duration};

use futures_util::future::try_join_all;
use tokio::{sync::Semaphore, time::sleep};
use tracing::Level;

use super::{Parts, progress::Progress, strikes::Strikes};
use crate::{
    actor::Actor,
    bots::{
        self,
        model::{Ability, Bot, BotName, Handle, Rights},
    },
    config::{HeardRooms, Rate, RoomsWord},
    error::{Error, Kind, Result},
    ids::{MemberId, RoomId},
    plugins::{
        BotPlugin, Unavailable,
        actions::{self, EffectFailed, Settlement},
        bindings::bot::openclaw::{bot::types::Context, types::types::Member},
        capabilities::{BotHost, Heard, Pace, Session, role_word},
        store::{
            jobs::Job,
            switches::{self, Note},
        },
    },
    rooms::{
        self,
        actions::{Invite, Join},
        model::{Invitee, Room, RoomRole},
    },
    store::{Store, Tx},
};

/// How often a call runs again because what it read was changed meanwhile.
const RERUNS: u32 = 20;

/// How often a bot is tried to be made again while the database does not answer, and the pause between.
const TRIES: u32 = 5;
const PAUSE: Duration = Duration::from_secs(1);

/// How many rooms a bot enters at the same time when it begins.
const ENTERED: u64 = 16;

/// A bot that takes part.
pub struct Runner {
    /// The plugin.
    pub plugin: Arc<BotPlugin>,
    /// What its calls share.
    pub host: Arc<BotHost>,
    /// How often it broke down.
    pub strikes: Strikes,
    /// How far it has come.
    pub progress: Progress,
}

impl Runner {
    /// Gives the bot its name and its rooms, and lets it begin. What is wrong is a sentence for the operator. While the database does not
    /// answer it tries again, a few times.
    pub async fn make(parts: &Parts, plugin: Arc<BotPlugin>) -> Result<Arc<Self>, Unavailable> {
        for _ in 0..TRIES {
            match Self::try_to_make(parts, plugin.clone()).await {
                Err(unavailable) if unavailable.busy => sleep(PAUSE).await,
                outcome => return outcome,
            }
        }
        Self::try_to_make(parts, plugin).await
    }

    async fn try_to_make(parts: &Parts, plugin: Arc<BotPlugin>) -> Result<Arc<Self>, Unavailable> {
        let id = plugin.id().to_owned();
        let off = |error: Error| {
            let reason = format!("plugin `{id}` cannot take part: {error}");
            Unavailable { busy: error.is_unavailable(), ..Unavailable::new(reason) }
        };
        let only = listed(&plugin).map_err(|reason| Unavailable::new(format!("plugin `{id}` {reason}")))?;
        let everywhere = plugin.section.rooms == HeardRooms::Word(RoomsWord::All);
        let (handle, name) = known_as(&plugin).map_err(off)?;
        let known = (handle, name.clone());
        let ready = parts.store.write(known.clone(), |tx, (handle, name)| Box::pin(bots::actions::made_ready(tx, handle, name)));
        let bot = Bot { name, ..ready.await.map_err(off)? };
        let rights = Rights::of_plugin(abilities(&plugin.grants), only.clone(), everywhere);
        let host = BotHost {
            plugin: id.as_str().into(),
            actor: Actor::Bot { id: bot.id.clone(), rights },
            store: parts.store.clone(),
            outbound: parts.outbound.clone(),
            allowed: plugin.allowed.clone(),
            requests: Semaphore::new(plugin.section.limits.requests as usize),
            online: parts.online.clone(),
            files_at: parts.files_at.clone(),
            settings: plugin.own_settings().clone(),
            limits: plugin.section.limits.clone(),
            journal: parts.journal.clone(),
            heard: Heard::new(only.clone().map(HashSet::from_iter), everywhere),
            pace: Pace::new(Rate::within(plugin.section.limits.messages, 1), &parts.ticks),
            posts: Pace::new(plugin.section.limits.posts, &parts.ticks),
            busy: parts.busy.clone(),
            runtime: parts.runtime.clone(),
            bot,
        };
        let strikes = Strikes::new(plugin.section.limits.breakdowns);
        let runner = Arc::new(Self { plugin, host: Arc::new(host), strikes, progress: Progress::default() });
        runner.enter(only.unwrap_or_default()).await.map_err(off)?;
        runner.begin().await?;
        // Last, since one that does not begin leaves the name and the plans of the one before it as they are.
        let named = parts.store.write(known, |tx, (handle, name)| Box::pin(bots::actions::found_or_made(tx, handle, name)));
        named.await.map_err(off)?;
        runner.plan().await.map_err(off)?;
        Ok(runner)
    }

    /// A call that begins now.
    pub fn session(&self) -> Session {
        Session::new(self.host.clone())
    }

    /// Lets others see that the bot is there.
    pub fn appear(&self) {
        self.host.online.bot_runs(&self.host.member(), self.host.heard.rooms());
    }

    /// The same when it is not any more.
    pub fn disappear(&self) {
        self.host.online.bot_ended(&self.host.member());
    }

    /// Where a command is typed, and by whom; not yet sent.
    pub fn context(&self, room: &Room, who: &MemberId, name: &str, role: RoomRole) -> Context {
        Context {
            id: String::new(),
            room_id: room.id.to_string(),
            room_name: room.name.clone(),
            caller: Member { id: who.to_string(), name: name.to_owned(), is_bot: who.is_bot() },
            role: role_word(role).to_owned(),
            time: self.host.store.now().to_string(),
            reply_to: None,
            attachments: Vec::new(),
        }
    }

    /// Makes the bot a member where it is to be, and notes where it is.
    async fn enter(&self, rooms: Vec<RoomId>) -> Result<()> {
        for room in rooms {
            let whom = Invitee::Known(self.host.member());
            let invite = Invite { actor: Actor::System, room: room.clone(), whom, lifetime: Duration::ZERO };
            if let Err(error) = self.host.store.write(invite, |tx, invite| Box::pin(rooms::actions::invite(tx, invite))).await {
                tracing::warn!(
                    plugin = &*self.host.plugin,
                    room = room.as_str(),
                    "the bot cannot be in a room that its section names: {error}"
                );
            }
        }
        self.find_itself().await?;
        if self.host.heard.everywhere {
            let (reader, member) = (self.host.store.reader(), self.host.member());
            let mut last = None;
            loop {
                let rooms = rooms::queries::others(reader, &member, last.as_ref(), ENTERED).await?;
                try_join_all(rooms.iter().map(|room| self.join(room))).await?;
                last = rooms.into_iter().last();
                if last.is_none() {
                    break;
                }
            }
        }
        Ok(())
    }

    /// Notes in which rooms the bot is.
    pub async fn find_itself(&self) -> Result<()> {
        let BotHost { heard, online, store, .. } = &*self.host;
        heard.set(rooms::queries::joined(store.reader(), &self.host.member()).await?);
        online.bot_is_in(&self.host.member(), heard.rooms());
        Ok(())
    }

    /// The same while another process serves the bot and learns of its rooms.
    pub async fn look_around(&self) {
        if let Err(error) = self.find_itself().await {
            tracing::debug!(plugin = &*self.host.plugin, %error, "the rooms of a bot that another server serves could not be read");
        }
    }

    /// Makes the bot a member of a room that it is to hear, if it is not.
    pub async fn join(&self, room: &RoomId) -> Result<()> {
        if !self.host.heard.everywhere || self.host.heard.is_in(room) {
            return Ok(());
        }
        let join = Join { actor: self.host.actor.clone(), room: room.clone(), max_memberships: u32::MAX };
        match self.host.store.write(join, |tx, join| Box::pin(rooms::actions::join(tx, join))).await {
            Err(error) if error.kind != Kind::NotFound => Err(error),
            Err(_) => Ok(()),
            Ok(()) => {
                self.host.heard.came(room, self.host.store.now());
                Ok(())
            }
        }
    }

    /// Writes down the jobs that come back, and forgets those that do not any more.
    async fn plan(&self) -> Result<()> {
        let now = self.host.store.now();
        let due = |job: &crate::plugins::bot::Recurring| {
            Some(Job { name: job.name.clone(), recurring: true, due_at: job.next(now)?, payload: String::new() })
        };
        let jobs: Vec<Job> = self.plugin.recurring.iter().filter_map(due).collect();
        let input = (self.host.plugin.to_string(), jobs);
        self.host.store.write(input, |tx, (plugin, jobs)| Box::pin(actions::declare(tx, plugin, jobs))).await
    }

    /// Lets the bot begin.
    async fn begin(&self) -> Result<(), Unavailable> {
        let (answer, session) = self.plugin.begin(self.session()).await?;
        let id = self.plugin.id();
        answer.map_err(|reason| Unavailable::new(format!("plugin `{id}` does not start: {}", crate::text::one_line(&reason, 500))))?;
        let settled = self.settle(session, Settlement::default()).await;
        settled.map_err(|error| {
            let reason = format!("plugin `{id}` does not start: {error}");
            Unavailable { busy: error.is_unavailable(), ..Unavailable::new(reason) }
        })
    }

    /// Writes what came of a call. Effects that cannot be are left out and told to the log.
    ///
    /// # Errors
    /// Those of [`actions::settle`] but `effect_failed`.
    pub async fn settle(&self, session: Session, with: Settlement) -> Result<()> {
        let Session { effects, mut values, jobs, turns, .. } = session;
        values.seen.retain(|name, _| values.changes.contains_key(name));
        let read = values.seen.into_iter().map(|(name, stored)| (name, stored.map(|stored| stored.version))).collect();
        let plugin = self.host.plugin.to_string();
        let limits = self.host.limits.clone();
        let mut done = Settlement { plugin, read, values: values.changes, jobs, limits, ..with };
        done.effects.extend(effects);
        if done.is_nothing() {
            return Ok(());
        }
        loop {
            let outcome = self.host.store.write(done.clone(), |tx, done| Box::pin(actions::settle(tx, done))).await;
            let Err(error) = outcome else {
                turns.use_up();
                return Ok(());
            };
            let failed = error.source.as_ref().and_then(|source| source.downcast_ref::<EffectFailed>()).map(|failed| failed.index);
            let Some(index) = failed.filter(|index| *index < done.effects.len()) else { return Err(error) };
            tracing::warn!(plugin = &*self.host.plugin, "{error}");
            self.say(Level::WARN, &error.to_string());
            self.host.journal.count(&self.host.plugin, "effect_failed");
            done.effects.remove(index);
        }
    }

    /// Calls the bot until what it does can be written: when what it read was changed meanwhile, it runs again. `call` is given a session.
    ///
    /// # Errors
    /// A breakdown, which is counted; `lease_lost` and errors of the database.
    pub async fn call<T, F>(&self, mut call: impl FnMut(Session) -> F, settlement: impl Fn(&T) -> Settlement) -> Result<T, CallError>
    where
        F: Future<Output = Result<(T, Session), Unavailable>>,
    {
        for _ in 0..RERUNS {
            let (answer, session) = match call(self.session()).await {
                Ok(done) => done,
                Err(breakdown) => return Err(self.broke_down(breakdown).await),
            };
            match self.settle(session, settlement(&answer)).await {
                Ok(()) => return Ok(answer),
                Err(error) if error.code == "stale_values" => {}
                Err(error) => {
                    let Some(limit) = actions::limit_hit(&error) else { return Err(CallError::Server(error)) };
                    self.host.journal.count(&self.host.plugin, limit);
                    return Err(CallError::Refused(error.message));
                }
            }
        }
        Err(CallError::Refused("what it remembers changed again and again while it ran".to_owned()))
    }

    /// Adds a line of the server's to those of the plugin.
    pub fn say(&self, level: Level, line: &str) {
        self.host.journal.line(&self.host.plugin, level, line);
    }

    async fn broke_down(&self, breakdown: Unavailable) -> CallError {
        self.say(Level::ERROR, &breakdown.reason);
        if breakdown.busy {
            return CallError::Breakdown(breakdown);
        }
        if let Some(pause) = self.strikes.broke_down(&breakdown.reason) {
            let seconds = pause.as_secs();
            tracing::error!(plugin = &*self.host.plugin, seconds, reason = breakdown.reason, "a bot is suspended: it broke down too often");
            self.host.journal.count(&self.host.plugin, "suspended");
            self.say(Level::ERROR, &format!("suspended for {seconds} s, it broke down too often: {}", breakdown.reason));
            let ends = self.host.store.now().plus(pause);
            let suspended = Note { text: format!("suspended until {ends}: {}", breakdown.reason), ends: Some(ends) };
            note(&self.host.store, &self.host.plugin, Some(suspended)).await;
        }
        CallError::Breakdown(breakdown)
    }
}

/// Tells operators in other processes how a bot is; `None` if it is as it should be.
pub async fn note(store: &Store, plugin: &str, note: Option<Note>) {
    let input = (plugin.to_owned(), note);
    let write = store.write(input, |tx: &mut Tx, (plugin, note)| Box::pin(switches::note(tx, plugin, note.as_ref())));
    if let Err(error) = write.await {
        tracing::warn!(%error, "how a bot is could not be noted");
    }
}

/// Why a call came to nothing.
#[derive(Debug)]
pub enum CallError {
    /// The bot broke down.
    Breakdown(Unavailable),
    /// What it did cannot be written, and would not be the next time.
    Refused(String),
    /// The server's own trouble, or another server has taken over.
    Server(Error),
}

impl std::fmt::Display for CallError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Breakdown(Unavailable { reason, .. }) | Self::Refused(reason) => f.write_str(reason),
            Self::Server(error) => error.fmt(f),
        }
    }
}

/// The rooms that the section names.
fn listed(plugin: &BotPlugin) -> Result<Option<Vec<RoomId>>, String> {
    let HeardRooms::These(rooms) = &plugin.section.rooms else { return Ok(None) };
    let parse =
        |id: &String| RoomId::parse(id).ok_or_else(|| format!("has {id:?} among its `rooms`, which is no id of a room: correct it"));
    rooms.iter().map(parse).collect::<Result<_, _>>().map(Some)
}

/// What its grants let it do as a member.
fn abilities(grants: &[String]) -> Vec<Ability> {
    // Whoever hears a room may see it; what it may read by itself depends on what is linked.
    let mut abilities = vec![Ability::Read];
    for grant in grants {
        match grant.as_str() {
            "chat-write" => abilities.extend([Ability::Write, Ability::React]),
            "moderation" => abilities.push(Ability::Moderate),
            "posts-write" => abilities.push(Ability::Post),
            _ => {}
        }
    }
    abilities
}

/// The id of its plugin and the name that it is given or wants.
fn known_as(plugin: &BotPlugin) -> Result<(Handle, BotName)> {
    let wanted = plugin.section.name.as_deref().map(BotName::parse).transpose()?;
    let name = wanted.or_else(|| plugin.about.name.clone());
    let name = name.map_or_else(|| BotName::parse(plugin.id()), Ok)?;
    Ok((Handle::parse(plugin.id())?, name))
}
