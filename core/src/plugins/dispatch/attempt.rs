//! Telling a bot of one event until it is dealt with: done, or put aside for the operator.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use tracing::Level;

use super::{
    runner::{CallError, Runner},
    tail::Run,
    track::Tracker,
    what::{Told, What},
};
use crate::{
    clock::Timestamp,
    error::Error,
    ids::LetterId,
    plugins::{
        Unavailable,
        actions::Settlement,
        capabilities::{BotHost, Refusals, Session, Shortage},
        store::{cursors::Step, jobs::Job, letters::Letter},
    },
    store::Position,
};

/// The pause after the first attempt; each further one is twice as long.
const PAUSE: Duration = Duration::from_millis(500);
/// The longest time after which there is more again for which a bot is not told of the next attempt before.
const WAITED_FOR: Duration = Duration::from_mins(2);
/// How long that is waited for altogether.
const PATIENCE: Duration = Duration::from_mins(10);
/// How long a lease holds that is not renewed.
pub const LEASE: Duration = Duration::from_secs(5);

/// What a bot is to deal with, and how it is noted that it has.
pub struct Task {
    /// What it is told.
    pub told: Told,
    /// Where it comes from.
    pub from: From,
    /// The events with which it was read, if it is new.
    pub run: Option<Arc<Run>>,
}

/// Where a task comes from.
pub enum From {
    /// The event log.
    Log(Position),
    /// What was planned; with its next time, if it comes back.
    Job(Job, Option<Timestamp>),
    /// What was put aside before.
    Letter(Letter),
}

/// Why the bot could not deal with a task.
struct Failure {
    reason: String,
    /// What it wanted more of than there was.
    shortage: Option<Shortage>,
}

/// How long it is still waited until there is more of what the bot wanted.
struct Patience(Duration);

impl Patience {
    /// Waits until a bot can have what it fell short of; false if that takes too long.
    async fn wait(&mut self, host: &BotHost, shortage: &Shortage) -> bool {
        let begun = Instant::now();
        loop {
            let left = host.wait_after(shortage);
            if left.is_zero() || begun.elapsed() >= self.0 {
                self.0 = self.0.saturating_sub(begun.elapsed());
                return left.is_zero();
            }
            // The time of limits is not the one that passes here.
            sleep(left.min(PAUSE)).await;
        }
    }
}

impl Task {
    /// How often the bot was told of it before, in vain.
    fn told_before(&self) -> u32 {
        match &self.from {
            From::Letter(letter) => letter.attempts.try_into().unwrap_or_default(),
            From::Log(_) | From::Job(..) => 0,
        }
    }

    /// What a call is answered with that wants this.
    fn answer(&self, session: &Session) -> Answer {
        if session.is_idle() && matches!(self.from, From::Log(_)) { Answer::Nothing } else { Answer::Done }
    }
}

/// The bot is served by another process by now, or there is no database: whoever serves it is to begin anew.
pub struct Lost(pub Error);

/// Deals with a task.
pub struct Attempts<'a> {
    /// The bot.
    pub runner: &'a Arc<Runner>,
    /// How far it has come.
    pub tracker: &'a Arc<Mutex<Tracker>>,
    /// When nothing is to begin any more.
    pub stop: &'a CancellationToken,
}

impl Attempts<'_> {
    /// Tells the bot until the task is dealt with, or until it is to stop: then whoever serves the bot next tells it anew.
    pub async fn deal(&self, task: Task) -> Result<(), Lost> {
        if let Some(room) = task.told.what.room() {
            self.runner.join(&room).await.map_err(Lost)?;
            if !self.runner.host.heard.hears(&room) {
                return if self.pass(&task) { Ok(()) } else { self.settle(&task, None).await };
            }
        }
        let most = self.runner.host.limits.attempts;
        let (before, mut attempt, mut reason) = (task.told_before(), 0, String::new());
        let mut patience = Patience(PATIENCE);
        while attempt < most {
            if self.stop.run_until_cancelled(self.runner.strikes.pause()).await.is_none() {
                return Ok(());
            }
            let Some(failure) = self.tell(&task, before + attempt + 1).await? else { return Ok(()) };
            reason = failure.reason;
            // Who is to be told once is not told again for that.
            if most > 1 && self.waited(&task, failure.shortage, &mut patience).await {
                continue;
            }
            attempt += 1;
            if attempt < most {
                let _ = self.stop.run_until_cancelled(sleep(PAUSE * 2_u32.pow((attempt - 1).min(10)))).await;
            }
        }
        tracing::error!(
            plugin = &*self.runner.host.plugin,
            event = task.told.id,
            reason,
            "a bot could not deal with an event: it is put aside"
        );
        self.runner.host.journal.count(&self.runner.host.plugin, "put_aside");
        self.runner.say(Level::ERROR, &format!("event {} was put aside: {reason}", task.told.id));
        self.settle(&task, Some((reason, before + attempt))).await
    }

    /// Waits until there is more of what the bot fell short of, if that is why it failed and does not take too long; false if not.
    async fn waited(&self, task: &Task, shortage: Option<Shortage>, patience: &mut Patience) -> bool {
        let Some(shortage) = shortage else { return false };
        let left = self.runner.host.wait_after(&shortage);
        if left.is_zero() || left > WAITED_FOR {
            return false;
        }
        let (id, seconds) = (&task.told.id, left.as_secs_f64().ceil());
        self.runner.say(Level::INFO, &format!("event {id} is told again in {seconds} s, when there may be more of what it wants"));
        // Whoever is to stop does so before the bot is told again.
        self.stop.run_until_cancelled(patience.wait(&self.runner.host, &shortage)).await.unwrap_or(true)
    }

    /// Tells the bot once. Why it could not deal with it, if so.
    async fn tell(&self, task: &Task, attempt: u32) -> Result<Option<Failure>, Lost> {
        let refusals = Mutex::default();
        let reason = self.tell_with(task, attempt, &refusals).await?;
        let shortage = refusals.into_inner().unwrap_or_else(PoisonError::into_inner).shortage();
        Ok(reason.map(|reason| Failure { reason, shortage }))
    }

    /// The same; what the bot was refused is in `refusals`.
    async fn tell_with(&self, task: &Task, attempt: u32, refusals: &Mutex<Arc<Refusals>>) -> Result<Option<String>, Lost> {
        let (runner, hops) = (self.runner, task.told.hops + 1);
        let step = Mutex::new(None);
        let noted = |session: Session| {
            *refusals.lock().unwrap_or_else(PoisonError::into_inner) = session.refusals.clone();
            session
        };
        let call = async |session| match task.told.tell(runner, noted(session), attempt, task.run.as_deref()).await {
            Ok(Some(Ok((Ok(()), session)))) => Ok((task.answer(&session), session)),
            // An error is no breakdown, but nothing that the call wanted happens.
            Ok(Some(Ok((Err(reason), _)))) => Ok((Answer::Failed(reason), runner.session())),
            Ok(Some(Err(breakdown))) => Err(breakdown),
            Ok(None) => Ok((task.answer(&runner.session()), runner.session())),
            Err(error) => Ok((Answer::Trouble(error), runner.session())),
        };
        let outcome = runner
            .call(call, |answer| match answer {
                Answer::Done => {
                    let mut settlement = self.settlement(task);
                    settlement.hops = hops;
                    *step.lock().unwrap_or_else(PoisonError::into_inner) = settlement.step.as_ref().map(|(step, _)| step.clone());
                    settlement
                }
                Answer::Nothing | Answer::Failed(_) | Answer::Trouble(_) => Settlement::default(),
            })
            .await;
        match outcome {
            Ok(Answer::Done) => {
                self.done(task, step.into_inner().unwrap_or_else(PoisonError::into_inner));
                Ok(None)
            }
            Ok(Answer::Nothing) => {
                self.pass(task);
                Ok(None)
            }
            Ok(Answer::Failed(reason)) => {
                let reason = crate::text::one_line(&reason, 500);
                tracing::warn!(plugin = &*runner.host.plugin, event = task.told.id, attempt, reason, "a bot failed to deal with an event");
                runner.say(Level::WARN, &format!("event {} failed, attempt {attempt}: {reason}", task.told.id));
                Ok(Some(reason))
            }
            Err(CallError::Refused(reason) | CallError::Breakdown(Unavailable { reason, .. })) => Ok(Some(reason)),
            // No fault of the bot's, and whether something was written is known only once the database is asked again.
            Ok(Answer::Trouble(error)) | Err(CallError::Server(error)) if error.is_unavailable() || error.code == "lease_lost" => {
                Err(Lost(error))
            }
            // What cannot be read or written is put aside like what the bot cannot deal with; the others go on.
            Ok(Answer::Trouble(error)) | Err(CallError::Server(error)) => Ok(Some(error.to_string())),
        }
    }

    /// Notes that the task is dealt with, or why it is put aside.
    async fn settle(&self, task: &Task, failure: Option<(String, u32)>) -> Result<(), Lost> {
        let mut settlement = self.settlement(task);
        if let Some((reason, attempts)) = failure {
            settlement.aside = Some(self.letter(task, reason, attempts).map_err(Lost)?);
        }
        let step = settlement.step.as_ref().map(|(step, _)| step.clone());
        self.runner.settle(self.runner.session(), settlement).await.map_err(Lost)?;
        self.done(task, step);
        Ok(())
    }

    fn settlement(&self, task: &Task) -> Settlement {
        // Whatever it is about, only who serves the bot may write it.
        let until = self.runner.host.store.now().plus(LEASE);
        let tracker = self.tracker();
        let (step, job, letter) = match &task.from {
            From::Log(at) => (tracker.step(*at), None, None),
            From::Job(job, next) => (tracker.no_step(), Some((job.clone(), *next)), None),
            From::Letter(letter) => (tracker.no_step(), None, Some(letter.clone())),
        };
        Settlement { step: Some((step, until)), job, letter, ..Settlement::default() }
    }

    /// Goes on after an event of which nothing came. That is written now and then, not for each: most of what bots hear is not for them,
    /// and after a crash it may well be told again. False if the task is no event.
    fn pass(&self, task: &Task) -> bool {
        let From::Log(at) = &task.from else { return false };
        self.tracker().pass(*at);
        true
    }

    fn done(&self, task: &Task, step: Option<Step>) {
        if let (From::Log(at), Some(step)) = (&task.from, step) {
            self.tracker().done(*at, &step);
        }
    }

    fn letter(&self, task: &Task, reason: String, attempts: u32) -> Result<Letter, Error> {
        let store = &self.runner.host.store;
        Ok(Letter {
            id: LetterId::new(store.now(), store.random()),
            plugin: self.runner.host.plugin.to_string(),
            what: serde_json::to_string(&task.told).map_err(Error::internal)?,
            reason,
            attempts: attempts.try_into().unwrap_or(i32::MAX),
            created_at: store.now().to_string(),
        })
    }

    fn tracker(&self) -> std::sync::MutexGuard<'_, Tracker> {
        self.tracker.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

enum Answer {
    /// There is something to write.
    Done,
    /// Nothing came of an event.
    Nothing,
    Failed(String),
    Trouble(Error),
}

/// The task for a job whose time has come.
pub fn of_job(job: Job, next: Option<Timestamp>) -> Task {
    let what = What::Job { name: job.name.clone(), recurring: job.recurring, payload: job.payload.clone() };
    let id = format!("j-{}-{}", job.due_at.millis(), job.name);
    Task { told: Told { id, time: job.due_at.to_string(), hops: 0, what }, from: From::Job(job, next), run: None }
}
