//! Bots at work: each hears what happens in its rooms from the event log, at its own pace and in order room by room, and what it does is
//! written together with how far it has come ([`serve`]). A crash therefore neither loses an event nor does anything twice.
//!
//! Where bots answer at once, because somebody waits, they are asked through [`hooks`].

mod attempt;
pub mod commands;
mod hooks;
mod progress;
pub mod record;
mod runner;
mod serve;
mod strikes;
mod tail;
mod track;
mod what;

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock},
};

use tokio::runtime::Handle;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use url::Url;

pub use self::{hooks::Hooks, runner::Runner};
use self::{runner::note, tail::Tail};
use super::{BotPlugin, Plugins, bot::Command, capabilities::Busy, store::switches::Note};
use crate::{error::Result, http::rate::Ticks, ids::RoomId, outbound::Outbound, rooms::online::Online, store::Store};

/// What bots need of the server.
#[derive(Clone)]
pub struct Parts {
    /// The plugins, bots among them.
    pub plugins: Plugins,
    /// The database.
    pub store: Store,
    /// Requests to others.
    pub outbound: Outbound,
    /// Who is connected.
    pub online: Online,
    /// Where our own files are.
    pub files_at: Url,
    /// The time for limits.
    pub ticks: Ticks,
    /// How much all bots together say in a room.
    pub busy: Arc<Busy>,
    /// Where the server waits for the database and the network.
    pub runtime: Handle,
}

/// The bots that take part, by plugin. Cheap to clone.
#[derive(Clone, Default)]
pub struct Runners(Arc<RwLock<BTreeMap<String, Arc<Runner>>>>);

impl Runners {
    fn all(&self) -> Vec<Arc<Runner>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    /// The bot of a plugin.
    pub fn get(&self, plugin: &str) -> Option<Arc<Runner>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(plugin).cloned()
    }

    /// Those that have commands and hear `room`, ordered by id.
    pub fn with_commands(&self, room: &RoomId) -> Vec<Arc<Runner>> {
        let all = self.all().into_iter();
        all.filter(|runner| !runner.plugin.commands.is_empty() && runner.host.heard.hears(room)).collect()
    }

    /// The command `name` of the first of `bots` that has it.
    fn command<'a>(bots: &'a [Arc<Runner>], name: &str) -> Option<(&'a Arc<Runner>, &'a Command)> {
        bots.iter().find_map(|runner| Some((runner, runner.plugin.commands.get(name)?)))
    }

    /// Those that look at messages in `room` before they are said, in their order.
    fn lookers(&self, room: &RoomId) -> Vec<Arc<Runner>> {
        let all = self.all().into_iter();
        let mut lookers: Vec<_> = all.filter(|runner| runner.plugin.has("before-message") && runner.host.heard.watches(room)).collect();
        lookers.sort_by_key(|runner| runner.plugin.section.before_message.order);
        lookers
    }

    fn put(&self, runner: Arc<Runner>) {
        let plugin = runner.plugin.id().to_owned();
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(plugin, runner);
    }

    fn remove(&self, plugin: &str) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).remove(plugin);
    }
}

/// Bots at work.
pub struct Dispatch {
    parts: Parts,
    tail: Tail,
    runners: Runners,
    stop: CancellationToken,
    tasks: TaskTracker,
    serving: BTreeMap<String, Served>,
}

/// A bot that is being served.
struct Served {
    plugin: Arc<BotPlugin>,
    stop: CancellationToken,
    /// Ends when the bot is not served any more.
    tasks: TaskTracker,
}

impl Dispatch {
    /// Begins to serve all bots; those that come later, too. Returns once all have begun or were found wanting.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn start(parts: Parts, tasks: &TaskTracker, stop: &CancellationToken) -> Result<Runners> {
        let tail = Tail::start(parts.store.clone(), parts.store.log_end().await?, stop.clone());
        let runners = Runners::default();
        let mut changes = parts.plugins.changes();
        let (stop, tasks) = (stop.clone(), tasks.clone());
        let mut dispatch =
            Self { parts, tail, runners: runners.clone(), stop: stop.clone(), tasks: tasks.clone(), serving: BTreeMap::new() };
        dispatch.arrange().await;
        tasks.spawn(async move {
            while let Some(Ok(())) = stop.run_until_cancelled(changes.changed()).await {
                dispatch.arrange().await;
            }
        });
        Ok(runners)
    }

    /// Serves the bots that there are now, and no others.
    async fn arrange(&mut self) {
        let wanted: BTreeMap<String, Arc<BotPlugin>> =
            self.parts.plugins.bots().into_iter().map(|bot| (bot.id().to_owned(), bot)).collect();
        let same = |id: &String, served: &Served| wanted.get(id).is_some_and(|bot| Arc::ptr_eq(bot, &served.plugin));
        let gone: Vec<String> = self.serving.iter().filter(|(id, served)| !same(id, served)).map(|(id, _)| id.clone()).collect();
        for id in gone {
            self.end(&id, !wanted.contains_key(&id)).await;
        }
        for (id, plugin) in wanted {
            if !self.serving.contains_key(&id) {
                self.begin(id, plugin).await;
            }
        }
    }

    async fn begin(&mut self, id: String, plugin: Arc<BotPlugin>) {
        let runner = match Runner::make(&self.parts, plugin.clone()).await {
            Ok(runner) => runner,
            Err(unavailable) => {
                tracing::error!(plugin = id, "{}", unavailable.reason);
                self.runners.remove(&id);
                note(&self.parts.store, &id, Some(Note { text: unavailable.reason, ends: None })).await;
                return;
            }
        };
        note(&self.parts.store, &id, None).await;
        let (stop, tasks) = (self.stop.child_token(), TaskTracker::new());
        self.runners.put(runner.clone());
        let serving = serve::serve(runner, self.tail.clone(), stop.clone());
        self.tasks.spawn(tasks.track_future(serving));
        tasks.close();
        self.serving.insert(id, Served { plugin, stop, tasks });
    }

    /// Ends serving a bot; what it is being told of comes to its end before.
    async fn end(&mut self, id: &str, for_good: bool) {
        if for_good {
            self.runners.remove(id);
        }
        if let Some(served) = self.serving.remove(id) {
            served.stop.cancel();
            served.tasks.wait().await;
        }
    }
}
