//! Writing what came of a call of a bot: how far it has come, what it remembers, what it planned and what it wants done, all of it in
//! one transaction or nothing.

use std::collections::BTreeMap;

pub use super::store::cursors::Step;
use super::{
    capabilities::{Change, Effect, MAX_JOBS, number},
    events,
    store::{
        cursors,
        jobs::{self, Job},
        letters::{self, Letter},
        switches,
        values::{self, Stored, Usage, size},
    },
};
use crate::{
    clock::Timestamp,
    config::PluginLimits,
    error::{Error, Kind, Result},
    ids::LetterId,
    store::Tx,
};

/// What came of a call.
#[derive(Debug, Clone, Default)]
pub struct Settlement {
    /// Which plugin.
    pub plugin: String,
    /// How far it has come with the event that the call was about, and until when it is served by this process.
    pub step: Option<(Step, Timestamp)>,
    /// The job that the call was about; when it comes back, with its next time.
    pub job: Option<(Job, Option<Timestamp>)>,
    /// A letter that is done with.
    pub letter: Option<Letter>,
    /// What was put aside.
    pub aside: Option<Letter>,
    /// The versions that it read, of what it changes.
    pub read: BTreeMap<String, Option<i64>>,
    /// What it remembers.
    pub values: BTreeMap<String, Change>,
    /// What it planned.
    pub jobs: BTreeMap<String, Option<Job>>,
    /// What it wants done.
    pub effects: Vec<Effect>,
    /// How many bots stand between a person and that.
    pub hops: u16,
    /// How much it may store.
    pub limits: PluginLimits,
}

impl Settlement {
    /// Whether there is nothing to be written.
    pub fn is_nothing(&self) -> bool {
        let about = self.step.is_some() || self.job.is_some() || self.letter.is_some() || self.aside.is_some();
        !about && self.values.is_empty() && self.jobs.is_empty() && self.effects.is_empty()
    }
}

/// One of the effects cannot be: which, and why.
#[derive(Debug, thiserror::Error)]
#[error("effect {index} failed: {error}")]
pub struct EffectFailed {
    /// Its place in the list.
    pub index: usize,
    /// The error of the action.
    pub error: Error,
}

/// Writes what came of a call.
///
/// # Errors
/// `stale_values` if somebody else changed what the call read and changed: it is to run again. One with a [`limit_hit`] for too much
/// stored or planned. `lease_lost` if another process serves the bot. `effect_failed` with an [`EffectFailed`] as its source: without that one it can be written.
pub async fn settle(tx: &mut Tx, done: &Settlement) -> Result<()> {
    if !done.values.is_empty() || !done.jobs.is_empty() {
        // One after the other: on SQLite they are anyway.
        tx.lock(&format!("plugin {}", done.plugin)).await?;
    }
    if let Some((step, until)) = &done.step {
        cursors::advance(tx, &done.plugin, step, *until).await?;
    }
    if let Some((job, next)) = &done.job {
        settle_job(tx, &done.plugin, job, *next).await?;
    }
    if let Some(letter) = &done.letter {
        letters::remove(tx, &done.plugin, Some(&letter.id)).await?;
    }
    if let Some(letter) = &done.aside {
        let gone = letters::add(tx, letter).await?;
        if gone > 0 {
            tracing::warn!(plugin = done.plugin, gone, "a plugin has too many letters: the oldest are thrown away");
        }
    }
    remember(tx, done).await?;
    plan(tx, done).await?;
    tx.caused_by_bots(done.hops);
    for (index, effect) in done.effects.iter().enumerate() {
        if let Err(error) = effect.apply(tx).await {
            // Trouble with the database is no fault of the effect.
            if matches!(error.kind, Kind::Unavailable | Kind::Internal) {
                return Err(error);
            }
            let sentence = format!("It could not {}: {error}", effect.words());
            return Err(Error::new(Kind::Conflict, "effect_failed", sentence).caused_by(EffectFailed { index, error }));
        }
    }
    Ok(())
}

/// The limit of which an error of [`settle`] tells, if it is one. A call learns of these limits at once; here it is about several calls
/// that ran at the same time.
pub fn limit_hit(error: &Error) -> Option<&'static str> {
    match error.code {
        "stored_quota" => Some("stored"),
        "jobs_quota" => Some("jobs"),
        _ => None,
    }
}

async fn settle_job(tx: &Tx, plugin: &str, job: &Job, next: Option<Timestamp>) -> Result<()> {
    let there = jobs::remove(tx, plugin, &job.name, job.recurring, Some(job.due_at)).await?;
    if let Some(due_at) = next.filter(|_| there) {
        jobs::put(tx, plugin, &[Job { due_at, ..job.clone() }]).await?;
    }
    Ok(())
}

/// Writes the values, if what was read of them is still so.
async fn remember(tx: &Tx, done: &Settlement) -> Result<()> {
    if done.values.is_empty() {
        return Ok(());
    }
    let names: Vec<&str> = done.values.keys().map(String::as_str).collect();
    let now = tx.now().to_string();
    let present = values::present(tx, &done.plugin, &names).await?;
    let (mut rows, mut gone, mut usage) = (Vec::new(), Vec::new(), Usage::default());
    for (name, change) in &done.values {
        let stored = present.get(name);
        // What is over is not there, but takes space until it is swept.
        let alive = stored.filter(|stored| stored.expires_at.as_ref().is_none_or(|at| *at > now));
        let read = done.read.get(name).filter(|_| !matches!(change, Change::Add(..)));
        if read.is_some_and(|version| *version != alive.map(|stored| stored.version)) {
            return Err(Error::new(Kind::Conflict, "stale_values", "What this bot remembers changed meanwhile."));
        }
        let before = stored.map_or(0, |stored| size(name.len() + stored.value.len()));
        let Some(row) = next_value(tx, change, alive)? else {
            if stored.is_some() {
                gone.push(name.as_str());
                (usage.entries, usage.bytes) = (usage.entries - 1, usage.bytes - before);
            }
            continue;
        };
        usage.entries += i64::from(stored.is_none());
        usage.bytes += size(name.len() + row.value.len()) - before;
        rows.push((name.clone(), row));
    }
    if !rows.is_empty() {
        values::put(tx, &done.plugin, &rows).await?;
    }
    if !gone.is_empty() {
        values::remove(tx, &done.plugin, &gone).await?;
    }
    if usage != Usage::default() {
        let all = values::add_usage(tx, &done.plugin, usage).await?;
        all.check(usage, &done.limits).map_err(|sentence| Error::new(Kind::Conflict, "stored_quota", sentence))?;
    }
    Ok(())
}

/// What is stored after a change; `None` for nothing.
fn next_value(tx: &Tx, change: &Change, alive: Option<&Stored>) -> Result<Option<Stored>> {
    let expiry = |ttl: Option<u32>| ttl.map(|seconds| tx.now().plus(std::time::Duration::from_secs(seconds.into())).to_string());
    // Not larger than the numbers of JavaScript.
    let version = i64::from_le_bytes(tx.random().bytes()) & ((1 << 53) - 1);
    match change {
        Change::Remove => Ok(None),
        Change::Put(value, ttl) => Ok(Some(Stored { value: value.clone(), version, expires_at: expiry(*ttl) })),
        Change::Add(by, ttl) => {
            let before = alive.map_or(Some(0), |stored| number(&stored.value));
            let sum = before.and_then(|before| before.checked_add(*by));
            let sum = sum.ok_or_else(|| Error::new(Kind::Conflict, "stale_values", "A counter is no number any more."))?;
            let expires_at = alive.map_or_else(|| expiry(*ttl), |stored| stored.expires_at.clone());
            Ok(Some(Stored { value: sum.to_string().into_bytes(), version, expires_at }))
        }
    }
}

async fn plan(tx: &Tx, done: &Settlement) -> Result<()> {
    let wanted: Vec<Job> = done.jobs.values().flatten().cloned().collect();
    for (name, _) in done.jobs.iter().filter(|(_, job)| job.is_none()) {
        jobs::remove(tx, &done.plugin, name, false, None).await?;
    }
    if wanted.is_empty() {
        return Ok(());
    }
    jobs::put(tx, &done.plugin, &wanted).await?;
    if jobs::count(tx.conn(), &done.plugin).await? > i64::from(MAX_JOBS) {
        return Err(Error::new(Kind::Conflict, "jobs_quota", format!("there may be {MAX_JOBS} jobs")));
    }
    Ok(())
}

/// Writes down the jobs of a plugin that come back, and forgets those that do not any more. One whose time has come keeps it, so that it is
/// told; every other one comes when it is wanted now, whatever was wanted before.
pub async fn declare(tx: &mut Tx, plugin: &str, wanted: &[Job]) -> Result<()> {
    let there = jobs::recurring(tx.conn(), plugin).await?;
    for job in there.iter().filter(|job| wanted.iter().all(|wanted| wanted.name != job.name)) {
        jobs::remove(tx, plugin, &job.name, true, None).await?;
    }
    let now = tx.now();
    let has_come = |job: &&Job| there.iter().any(|there| there.name == job.name && there.due_at <= now);
    let planned: Vec<Job> = wanted.iter().filter(|job| !has_come(job)).cloned().collect();
    jobs::put(tx, plugin, &planned).await
}

/// Removes what plugins remembered for a time that is over; true if there may be more.
pub async fn sweep(tx: &mut Tx) -> Result<bool> {
    values::sweep(tx, None).await
}

/// The same for one plugin that needs the space.
pub async fn make_space(tx: &mut Tx, plugin: &str) -> Result<bool> {
    // What it is writing at the same moment counts what is there.
    tx.lock(&format!("plugin {plugin}")).await?;
    values::sweep(tx, Some(plugin)).await
}

/// Switches a plugin on or off, for the running server, too.
pub async fn switch(tx: &mut Tx, plugin: &str, enabled: bool) -> Result<()> {
    switches::set(tx, plugin, enabled).await?;
    reload(tx, plugin).await
}

/// Lets a bot be told again of what was put aside: of one letter, or of all. Says how many.
pub async fn retry(tx: &mut Tx, plugin: &str, letter: Option<&LetterId>) -> Result<u64> {
    letters::replay(tx, plugin, letter).await
}

/// Throws away what was put aside: one letter, or all. Says how many.
pub async fn discard(tx: &mut Tx, plugin: &str, letter: Option<&LetterId>) -> Result<u64> {
    letters::remove(tx, plugin, letter).await
}

/// Lets the running server load a plugin anew.
#[expect(clippy::unused_async, reason = "it is a write like every other")]
pub async fn reload(tx: &mut Tx, plugin: &str) -> Result<()> {
    tx.record(events::reload(plugin));
    Ok(())
}
