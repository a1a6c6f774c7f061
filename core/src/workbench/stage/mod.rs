//! A stage: the real server around one bot, with a database that is thrown away, a clock that stands still, chance that is always the
//! same, and nobody on the network. People come and talk as they are told, and what the bot does is seen.

mod deeds;
mod folder;
mod people;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{runtime::Handle, sync::mpsc::Receiver, time::timeout};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use url::Url;

use self::{deeds::Seen, folder::Folder, people::Person};
pub use self::{
    deeds::{Deed, one_line},
    people::{Change, Typing},
};
use crate::{
    clock::{Clock, ManualClock, Timestamp},
    config::{BeforeMessage, Config, DatabaseSection, LimitsSection, PluginLimits, PluginSection},
    http::rate::{Limits, Ticks},
    ids::{MemberId, MessageId, RoomId},
    messages::http::Messages,
    outbound::{Outbound, SystemResolver},
    plugins::{
        Busy, Plugins, Senses, Site,
        dispatch::{self, Dispatch, Hooks, Runner, Runners},
        look::{PATIENT, grants_of},
        queries,
    },
    random::Random,
    rooms::online::Online,
    store::{Event, Store},
};

/// The time when the curtain rises: 2026-01-05T09:00:00Z, a Monday.
const MORNING: Timestamp = Timestamp::from_millis(1_767_603_600_000);
/// How long the bot may take with what it is told.
const PATIENCE: Duration = Duration::from_mins(1);

/// What a stage is set up for.
pub struct Play {
    /// The component.
    pub component: PathBuf,
    /// The id under which it takes part.
    pub id: String,
    /// What the operator set.
    pub settings: BTreeMap<String, String>,
    /// Where requests may go; private addresses, too.
    pub hosts: Vec<String>,
}

/// What the bot used since it was last asked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Effort {
    /// How often it was called.
    pub calls: u64,
    /// CPU time of the last call.
    pub cpu: Duration,
    /// Memory of the last call in bytes.
    pub memory: usize,
}

/// A stage with one bot.
pub struct Stage {
    clock: Arc<ManualClock>,
    store: Store,
    runner: Arc<Runner>,
    runners: Runners,
    messages: Messages,
    people: BTreeMap<String, Person>,
    rooms: BTreeMap<String, RoomId>,
    events: Arc<Mutex<Vec<Event>>>,
    seen: Seen,
    lines: Receiver<queries::Line>,
    calls: u64,
    failures: u64,
    stop: CancellationToken,
    tasks: TaskTracker,
    _folder: Folder,
}

impl Stage {
    /// Sets everything up and lets the bot begin. Compiled code is kept below `cache`.
    ///
    /// # Errors
    /// Why the bot cannot take part, in a sentence.
    pub async fn open(play: &Play, cache: &Path) -> Result<Self, String> {
        let folder = Folder::make()?;
        let clock = Arc::new(ManualClock::at(MORNING));
        let random = Arc::new(Random::seeded(1));
        let store = Store::open(&DatabaseSection::default(), folder.path(), clock.clone(), random.clone())
            .await
            .map_err(|error| error.to_string())?;
        let section = section(play)?;
        let site = Site { name: "Stage".to_owned(), url: "http://127.0.0.1".to_owned() };
        let senses = Senses::of(clock.clone(), random);
        let plugins = Plugins::on_stage(&play.id, &section, cache, &site, senses).await.map_err(|error| error.to_string())?;
        if let Some(reason) = plugins.reason_off(&play.id) {
            return Err(reason);
        }
        let lines = plugins.journal().listen().ok_or("the log of the bot is read by somebody else")?;
        let events: Arc<Mutex<Vec<Event>>> = Arc::default();
        let heard = events.clone();
        store.listen(move |event| heard.lock().unwrap_or_else(PoisonError::into_inner).push(event.clone()));
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        let ticks = Ticks::of(clock.clone());
        let parts = parts(&plugins, &store, &ticks)?;
        let files_at = parts.files_at.clone();
        let runners = Dispatch::start(plugins, parts, &tasks, &stop).await.map_err(|error| error.to_string())?;
        let Some(runner) = runners.get(&play.id) else {
            let notes = queries::notes(store.reader(), clock.now()).await.map_err(|error| error.to_string())?;
            return Err(notes.get(&play.id).cloned().unwrap_or_else(|| "it is no bot: only bots can play".to_owned()));
        };
        let limits = Limits::new(&LimitsSection::default(), &ticks);
        let messages = Messages { store: store.clone(), limits, files_at, gate: Arc::new(Hooks::new(runners.clone())) };
        let counts = runner.plugin.caller().counts();
        let mut stage = Self {
            seen: Seen::of(&runner),
            calls: counts.calls,
            failures: counts.failures,
            people: BTreeMap::new(),
            rooms: BTreeMap::new(),
            _folder: folder,
            clock,
            store,
            runner,
            runners,
            messages,
            events,
            lines,
            stop,
            tasks,
        };
        stage.settle().await?;
        Ok(stage)
    }

    /// Lets time pass, and what is to be done by then happen.
    ///
    /// # Errors
    /// As [`Self::settle`].
    pub async fn wait(&mut self, span: Duration) -> Result<(), String> {
        self.clock.advance(span);
        self.settle().await
    }

    /// Sets the clock, which never goes back.
    pub fn turn_clock(&mut self, to: Timestamp) {
        self.clock.advance(to.since(self.clock.now()));
    }

    /// Waits until the bot has dealt with everything.
    ///
    /// # Errors
    /// It takes too long.
    pub async fn settle(&mut self) -> Result<(), String> {
        match timeout(PATIENCE, self.runner.caught_up()).await {
            Ok(done) => done.map_err(|error| error.to_string()),
            Err(_) => Err(format!("the bot has not dealt with it within {} s", PATIENCE.as_secs())),
        }
    }

    /// What the bot did since it was last asked, in its order.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn deeds(&mut self) -> Result<Vec<Deed>, String> {
        let events = std::mem::take(&mut *self.events.lock().unwrap_or_else(PoisonError::into_inner));
        self.seen.read(&self.store, events).await.map_err(|error| error.to_string())
    }

    /// Why the bot failed since it was last asked, if it did: it broke down, or it could not deal with an event.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn trouble(&mut self) -> Result<Option<String>, String> {
        let counts = self.runner.plugin.caller().counts();
        let broke_down = counts.failures > self.failures;
        self.failures = counts.failures;
        let letters = queries::letters(self.store.reader(), &self.runner.host.plugin).await.map_err(|error| error.to_string())?;
        let plugin = self.runner.host.plugin.to_string();
        let discard = self.store.write(plugin, |tx, plugin| Box::pin(crate::plugins::actions::discard(tx, plugin, None)));
        discard.await.map_err(|error| error.to_string())?;
        let failed = letters.first().map(|letter| letter.reason.clone());
        Ok(counts.last_failure.filter(|_| broke_down).or(failed))
    }

    /// What the bot wrote into its log since it was last asked, each line with its level.
    pub fn lines(&mut self) -> Vec<(String, String)> {
        let mut lines = Vec::new();
        while let Ok(line) = self.lines.try_recv() {
            lines.push((line.level, line.line));
        }
        lines
    }

    /// What the bot used since it was last asked.
    pub fn effort(&mut self) -> Effort {
        let (counts, last) = (self.runner.plugin.caller().counts(), self.runner.plugin.caller().last_effort());
        let calls = counts.calls - self.calls;
        self.calls = counts.calls;
        Effort { calls, cpu: last.cpu, memory: last.memory }
    }

    /// What the bot said last for all in a room, as far as [`Self::deeds`] were asked for.
    pub fn last_of_bot(&self, room: &RoomId) -> Option<MessageId> {
        self.seen.said.get(room).cloned()
    }

    /// What the bot remembers.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn values(&self) -> Result<BTreeMap<String, Vec<u8>>, String> {
        queries::values(self.store.reader(), &self.runner.host.plugin, self.clock.now()).await.map_err(|error| error.to_string())
    }

    /// The bot's name.
    pub fn bot_name(&self) -> &str {
        self.runner.host.bot.name.as_str()
    }

    fn bot(&self) -> MemberId {
        self.runner.host.member()
    }

    /// Takes everything down.
    pub async fn close(self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}

/// The section of a bot that has all that it wants, is told of everything once, and is never left alone for breaking down.
fn section(play: &Play) -> Result<PluginSection, String> {
    let grants = grants_of(&play.component).map_err(|reason| format!("{} {reason}", play.component.display()))?;
    Ok(PluginSection {
        component: Some(play.component.display().to_string()),
        dev: true,
        grants,
        settings: play.settings.clone(),
        allow_hosts: play.hosts.clone(),
        allow_private: !play.hosts.is_empty(),
        // A script is to fail for what the bot does, not for what else this machine does.
        before_message: BeforeMessage { budget: PATIENT, ..BeforeMessage::default() },
        limits: PluginLimits { attempts: 1, breakdowns: u32::MAX, compile: PATIENT, wall_clock: PATIENT, ..PluginLimits::default() },
        ..PluginSection::default()
    })
}

fn parts(plugins: &Plugins, store: &Store, ticks: &Ticks) -> Result<dispatch::Parts, String> {
    let config = Config::default();
    let outbound = Outbound::new(&config.outbound, Arc::new(SystemResolver), &config.base_url(), Vec::new());
    Ok(dispatch::Parts {
        journal: plugins.journal().clone(),
        store: store.clone(),
        outbound: outbound.map_err(|error| error.to_string())?,
        online: Online::default(),
        files_at: Url::parse("http://127.0.0.1/uploads/").map_err(|error| error.to_string())?,
        ticks: ticks.clone(),
        busy: Arc::new(Busy::new(config.limits.bots_in_a_room, ticks.clone())),
        runtime: Handle::current(),
    })
}
