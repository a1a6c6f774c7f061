//! Telling a bot of one event until it is dealt with: done, or put aside for the operator.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::time::sleep;
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
        capabilities::Session,
        store::{cursors::Step, jobs::Job, letters::Letter},
    },
    store::Position,
};

/// The pause after the first attempt; each further one is twice as long.
const PAUSE: Duration = Duration::from_millis(500);
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

impl Task {
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
        let (mut attempt, mut reason) = (0, String::new());
        while attempt < most {
            if self.stop.run_until_cancelled(self.runner.strikes.pause()).await.is_none() {
                return Ok(());
            }
            attempt += 1;
            match self.tell(&task, attempt).await? {
                None => return Ok(()),
                Some(failure) => reason = failure,
            }
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
        self.settle(&task, Some((reason, most))).await
    }

    /// Tells the bot once. Why it could not deal with it, if so.
    async fn tell(&self, task: &Task, attempt: u32) -> Result<Option<String>, Lost> {
        let (runner, hops) = (self.runner, task.told.hops + 1);
        let step = Mutex::new(None);
        let call = async |session| match task.told.tell(runner, session, attempt, task.run.as_deref()).await {
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
