//! Serving one bot: hearing what happens, and telling it room by room, several rooms at the same time.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    task::JoinSet,
    time::{MissedTickBehavior, interval, sleep},
};
use tokio_util::sync::CancellationToken;
use tracing::Level;

use super::{
    attempt::{Attempts, From, LEASE, Lost, Task, of_job},
    runner::Runner,
    tail::{Run, Source, Tail},
    track::Tracker,
    what::Told,
};
use crate::{
    clock::Timestamp,
    error::{Error, Result},
    plugins::store::{
        cursors::{self, Taken},
        jobs::{self, Job},
        letters::{self, Letter},
    },
    store::Entry,
};

/// Events that are read ahead of the bot.
const AHEAD: usize = 512;
/// Another process is asked this often whether it still serves the bot, and the cursor is written even if nothing happens.
const RENEW: Duration = Duration::from_millis(1500);
/// Jobs that are begun at the same time.
const JOBS: u32 = 20;
/// The pause after trouble with the database.
const PAUSE: Duration = Duration::from_secs(1);

/// Serves a bot until `stop`, whenever no other process does.
pub async fn serve(runner: Arc<Runner>, tail: Tail, stop: CancellationToken) {
    let mut lease = None;
    while !stop.is_cancelled() {
        match take(&runner).await {
            Ok(Some(taken)) => {
                lease = Some(taken.lease.clone());
                if let Err(Lost(error)) = Serving::new(runner.clone(), &tail, taken, stop.clone()).run().await {
                    tracing::warn!(plugin = &*runner.host.plugin, %error, cause = ?error.source, "serving a bot begins anew");
                }
            }
            // Commands are typed here, too.
            Ok(None) => runner.look_around().await,
            Err(error) => tracing::warn!(plugin = &*runner.host.plugin, %error, "a bot cannot be served"),
        }
        let _ = stop.run_until_cancelled(sleep(PAUSE)).await;
    }
    let Some(lease) = lease else { return };
    let released = (runner.host.plugin.to_string(), lease);
    if let Err(error) = runner.host.store.write(released, |tx, (plugin, lease)| Box::pin(cursors::release(tx, plugin, lease))).await {
        tracing::debug!(%error, "the lease of a bot was not given back");
    }
}

async fn take(runner: &Runner) -> Result<Option<Taken>> {
    let store = &runner.host.store;
    let head = store.log_end().await?;
    let input = (runner.host.plugin.to_string(), head, store.now().plus(LEASE));
    let taken = store.write(input, |tx, (plugin, head, until)| Box::pin(cursors::take(tx, plugin, *head, *until))).await?;
    if taken.is_some() {
        // What happened to it since somebody else looked is in the part of the log that they have passed.
        runner.find_itself().await?;
    }
    Ok(taken)
}

/// A bot while it is served.
struct Serving {
    runner: Arc<Runner>,
    source: Source,
    tracker: Arc<Mutex<Tracker>>,
    /// What waits, by lane. A lane that is here is being told.
    lanes: HashMap<String, VecDeque<Task>>,
    telling: JoinSet<Result<String, Lost>>,
    stop: CancellationToken,
}

impl Serving {
    fn new(runner: Arc<Runner>, tail: &Tail, taken: Taken, stop: CancellationToken) -> Self {
        let source = tail.source(runner.host.store.clone(), taken.at);
        let tracker = Arc::new(Mutex::new(Tracker::new(taken)));
        Self { runner, source, tracker, lanes: HashMap::new(), telling: JoinSet::new(), stop }
    }

    async fn run(mut self) -> Result<(), Lost> {
        let mut renew = interval(RENEW);
        renew.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let space = self.has_space();
            self.runner.progress.tell(self.tracker().place(), !self.lanes.is_empty());
            tokio::select! {
                () = self.stop.cancelled() => break,
                Some(ended) = self.telling.join_next() => self.next_of(ended)?,
                heard = self.source.next(), if space => self.hear(heard.map_err(Lost)?).await.map_err(Lost)?,
                _ = renew.tick() => self.renew().await?,
                () = self.runner.progress.wanted() => self.look().await.map_err(Lost)?,
            }
        }
        self.finish().await
    }

    fn has_space(&self) -> bool {
        self.tracker().open() < AHEAD
    }

    /// Notes what was read, and begins to tell what is of interest.
    async fn hear(&mut self, run: Arc<Run>) -> Result<()> {
        let place = self.tracker().place();
        for entry in run.after(place) {
            self.follow_rooms(entry).await?;
            let told = Told::of(entry, &self.runner);
            if self.tracker().begin(entry.at, told.is_some())
                && let Some(told) = told
            {
                self.queue(Task { told, from: From::Log(entry.at), run: Some(run.clone()) });
            }
        }
        Ok(())
    }

    /// Keeps in mind where the bot is, and makes it a member of a room that is new, if it is to hear every room.
    async fn follow_rooms(&self, entry: &Entry) -> Result<()> {
        use crate::rooms::events::{RoomEvent, What};
        let Some(RoomEvent { room, what }) = RoomEvent::read(&entry.event) else { return Ok(()) };
        let host = &self.runner.host;
        match what {
            What::Joined(member) if member == host.member() => host.heard.came(&room, entry.time),
            What::Joined(_) => self.runner.join(&room).await?,
            What::Left(member, _) if member == host.member() => host.heard.went(&room),
            What::Deleted => host.heard.went(&room),
            _ => {}
        }
        Ok(())
    }

    fn queue(&mut self, task: Task) {
        let lane = task.told.what.lane().to_owned();
        if let Some(waiting) = self.lanes.get_mut(&lane) {
            waiting.push_back(task);
        } else {
            self.lanes.insert(lane.clone(), VecDeque::new());
            self.begin(lane, task);
        }
    }

    fn begin(&mut self, lane: String, task: Task) {
        let (runner, tracker, stop) = (self.runner.clone(), self.tracker.clone(), self.stop.clone());
        self.telling.spawn(async move {
            Attempts { runner: &runner, tracker: &tracker, stop: &stop }.deal(task).await?;
            Ok(lane)
        });
    }

    fn next_of(&mut self, ended: Result<Result<String, Lost>, tokio::task::JoinError>) -> Result<(), Lost> {
        let lane = ended.map_err(|error| Lost(Error::internal(error)))??;
        match self.lanes.get_mut(&lane).and_then(VecDeque::pop_front) {
            Some(task) => self.begin(lane, task),
            None => drop(self.lanes.remove(&lane)),
        }
        Ok(())
    }

    /// Keeps the lease, and writes how far the bot has come without being told anything.
    async fn renew(&mut self) -> Result<(), Lost> {
        let store = &self.runner.host.store;
        let step = self.tracker().idle_step();
        if step.is_none() && !store.is_shared() {
            return Ok(());
        }
        let step = step.unwrap_or_else(|| self.tracker().no_step());
        let input = (self.runner.host.plugin.to_string(), step.clone(), store.now().plus(LEASE));
        let written = store.write(input, |tx, (plugin, step, until)| Box::pin(cursors::advance(tx, plugin, step, *until))).await;
        match written {
            // The next time, then: the lease holds longer than the pause.
            Err(error) if error.is_unavailable() => tracing::warn!(%error, "how far a bot has come could not be written"),
            Err(error) => return Err(Lost(error)),
            Ok(()) => self.tracker().written(&step),
        }
        Ok(())
    }

    /// Looks for jobs whose time has come and for what is to be told again.
    async fn look(&mut self) -> Result<()> {
        let (store, plugin) = (self.runner.host.store.clone(), self.runner.host.plugin.clone());
        if self.runner.plugin.has("scheduled") {
            let now = store.now();
            for job in jobs::soonest(store.reader(), &plugin, JOBS).await? {
                if job.due_at > now || self.lanes.contains_key(&job.name) {
                    continue;
                }
                self.queue(self.due(job, now));
            }
        }
        for letter in letters::list(store.reader(), &plugin, true, JOBS).await? {
            let Ok(told) = serde_json::from_str::<Told>(&letter.what) else { continue };
            if !self.runner.plugin.has(told.what.reason()) {
                self.leave(letter, told.what.reason()).await?;
            } else if !self.lanes.contains_key(told.what.lane()) {
                self.queue(Task { told, from: From::Letter(letter), run: None });
            }
        }
        Ok(())
    }

    /// What a job is told whose time has come. Of several times of one that comes back only the last is told; it is stored under the first.
    fn due(&self, job: Job, now: Timestamp) -> Task {
        let recurring = self.runner.plugin.recurring.iter().find(|recurring| job.recurring && recurring.name == job.name);
        let last = recurring.and_then(|recurring| recurring.last(now)).filter(|last| *last > job.due_at);
        let next = recurring.and_then(|recurring| recurring.next(now));
        let told = Job { due_at: last.unwrap_or(job.due_at), ..job.clone() };
        Task { from: From::Job(job, next), ..of_job(told, None) }
    }

    /// Leaves a letter where it is that is to be told again, to a version of the bot that is not called for such things.
    async fn leave(&self, letter: Letter, reason: &str) -> Result<()> {
        let runner = &self.runner;
        let sentence = format!(
            "letter {} is not told again: this version of the bot does not export `{reason}`, by which it would hear of it",
            letter.id
        );
        runner.say(Level::WARN, &sentence);
        let left = (runner.host.plugin.to_string(), letter.id);
        runner.host.store.write(left, |tx, (plugin, id)| Box::pin(letters::leave(tx, plugin, id))).await
    }

    /// Lets what is being told come to an end for a moment, and writes how far the bot has come.
    async fn finish(mut self) -> Result<(), Lost> {
        let ending = async { while self.telling.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(Duration::from_secs(5), ending).await;
        self.telling.abort_all();
        self.renew().await
    }

    fn tracker(&self) -> MutexGuard<'_, Tracker> {
        self.tracker.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
