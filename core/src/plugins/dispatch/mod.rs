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
    sync::{Arc, Mutex, PoisonError, RwLock},
    time::Duration,
};

use tokio::{
    runtime::Handle,
    sync::watch,
    time::{MissedTickBehavior, interval},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use url::Url;

pub use self::{hooks::Hooks, runner::Runner};
use self::{runner::note, tail::Tail};
use super::{
    Begin, BotPlugin, Plugins, Unavailable,
    bot::Command,
    capabilities::Busy,
    journal::Journal,
    store::{cursors, due, switches::Note},
};
use crate::{
    error::Result,
    http::rate::Ticks,
    ids::RoomId,
    outbound::Outbound,
    rooms::{
        events::{RoomEvent, What},
        online::Online,
    },
    store::{Event, Store},
};

/// Jobs whose time has come and what the operator wants told again are looked for this often.
const LOOK: Duration = Duration::from_millis(250);

/// What bots need of the server.
#[derive(Clone)]
pub struct Parts {
    /// How often bots are called and hit their limits.
    pub journal: Journal,
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

    /// Notes that a bot came to a room, before the write is over that let it in: whoever sees it there may call it at once.
    fn note(&self, event: &Event) {
        let Some(RoomEvent { room, what: What::Joined(member) }) = RoomEvent::read(event) else { return };
        for runner in self.all().iter().filter(|runner| runner.host.member() == member) {
            runner.host.heard.came(&room, runner.host.store.now());
        }
    }

    fn put(&self, runner: Arc<Runner>) {
        runner.appear();
        let plugin = runner.plugin.id().to_owned();
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(plugin, runner);
    }

    fn remove(&self, plugin: &str) {
        let gone = self.0.write().unwrap_or_else(PoisonError::into_inner).remove(plugin);
        if let Some(runner) = gone {
            runner.disappear();
        }
    }
}

/// Bots at work.
pub struct Dispatch {
    plugins: Plugins,
    parts: Parts,
    tail: Tail,
    runners: Runners,
    stop: CancellationToken,
    tasks: TaskTracker,
    serving: BTreeMap<String, Served>,
    /// Bots that have begun and are to take the place of the one before them.
    begun: Begun,
}

/// By plugin.
type Begun = Arc<Mutex<BTreeMap<String, Arc<Runner>>>>;

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
    pub async fn start(plugins: Plugins, parts: Parts, tasks: &TaskTracker, stop: &CancellationToken) -> Result<Runners> {
        let tail = Tail::start(parts.store.clone(), parts.store.log_end().await?, stop.clone());
        let runners = Runners::default();
        // The store lives as long as those who listen: they must not keep it.
        let noted = Arc::downgrade(&runners.0);
        parts.store.listen(move |event| {
            if let Some(runners) = noted.upgrade() {
                Runners(runners).note(event);
            }
        });
        let mut changes = plugins.changes();
        let (stop, tasks, begun) = (stop.clone(), tasks.clone(), Begun::default());
        plugins.let_begin(begin(parts.clone(), begun.clone()));
        tasks.spawn(stop.clone().run_until_cancelled_owned(look(parts.store.clone(), runners.clone())));
        let serving = BTreeMap::new();
        let mut dispatch =
            Self { plugins, parts, tail, runners: runners.clone(), stop: stop.clone(), tasks: tasks.clone(), serving, begun };
        if !dispatch.parts.store.is_shared() {
            // Whoever had them has ended, and may have had bots that there are no more.
            dispatch.parts.store.write((), |tx, ()| Box::pin(cursors::release_all(tx))).await?;
        }
        dispatch.follow(&mut changes).await;
        tasks.spawn(async move {
            while let Some(Ok(())) = stop.run_until_cancelled(changes.changed()).await {
                dispatch.follow(&mut changes).await;
            }
        });
        Ok(runners)
    }

    /// Brings what is served up to the last change.
    async fn follow(&mut self, changes: &mut watch::Receiver<u64>) {
        let last = *changes.borrow_and_update();
        self.arrange().await;
        self.plugins.are_served(last);
    }

    /// Serves the bots that there are now, and no others.
    async fn arrange(&mut self) {
        let wanted: BTreeMap<String, Arc<BotPlugin>> = self.plugins.bots().into_iter().map(|bot| (bot.id().to_owned(), bot)).collect();
        let same = |id: &String, served: &Served| wanted.get(id).is_some_and(|bot| Arc::ptr_eq(bot, &served.plugin));
        let gone: Vec<String> = self.serving.iter().filter(|(id, served)| !same(id, served)).map(|(id, _)| id.clone()).collect();
        for id in gone {
            // Its successor, if there is one, has begun.
            self.end(&id, !wanted.contains_key(&id)).await;
        }
        for (id, plugin) in wanted {
            if !self.serving.contains_key(&id) {
                self.begin(id, plugin).await;
            }
        }
    }

    async fn begin(&mut self, id: String, plugin: Arc<BotPlugin>) {
        let begun = self.begun.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
        let runner = match begun.filter(|begun| Arc::ptr_eq(&begun.plugin, &plugin)) {
            Some(begun) => begun,
            None => match Runner::make(&self.parts, plugin.clone()).await {
                Ok(runner) => runner,
                Err(unavailable) => return self.cannot_begin(&plugin, unavailable).await,
            },
        };
        note(&self.parts.store, &id, None).await;
        let (stop, tasks) = (self.stop.child_token(), TaskTracker::new());
        self.runners.put(runner.clone());
        let serving = serve::serve(runner, self.tail.clone(), stop.clone());
        self.tasks.spawn(tasks.track_future(serving));
        tasks.close();
        self.serving.insert(id, Served { plugin, stop, tasks });
    }

    async fn cannot_begin(&self, plugin: &Arc<BotPlugin>, unavailable: Unavailable) {
        let id = plugin.id();
        tracing::error!(plugin = id, "{}", unavailable.reason);
        self.runners.remove(id);
        note(&self.parts.store, id, Some(Note { text: unavailable.reason.clone(), ends: None })).await;
        self.plugins.cannot_begin(plugin, unavailable);
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

/// Lets a bot begin beside the one before it, and keeps it until it takes its place.
fn begin(parts: Parts, begun: Begun) -> Begin {
    Box::new(move |plugin| {
        let (parts, begun) = (parts.clone(), begun.clone());
        Box::pin(async move {
            let runner = Runner::make(&parts, plugin.clone()).await?;
            begun.lock().unwrap_or_else(PoisonError::into_inner).insert(plugin.id().to_owned(), runner);
            Ok(())
        })
    })
}

/// Calls the bots that have something to do, once for all of them.
async fn look(store: Store, runners: Runners) {
    let mut look = interval(LOOK);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        look.tick().await;
        let bots = runners.all();
        if bots.is_empty() {
            continue;
        }
        match due::plugins(store.reader(), store.now()).await {
            Ok(due) => bots.iter().filter(|bot| due.contains(&*bot.host.plugin)).for_each(|bot| bot.progress.look()),
            Err(error) => tracing::debug!(%error, "what bots have to do could not be looked for"),
        }
    }
}
