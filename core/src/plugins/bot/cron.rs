//! Jobs that come back.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use croner::{
    Cron,
    parser::{CronParser, Seconds, Year},
};

use crate::{
    clock::Timestamp,
    plugins::{bindings::bot::exports::openclaw::bot::scheduled::Recurring as Said, capabilities::check_job_name},
};

/// Most of them.
const MAX_JOBS: usize = 20;

/// A job that comes back.
#[derive(Debug, Clone)]
pub struct Recurring {
    /// The bot's name for it.
    pub name: String,
    cron: Cron,
}

impl Recurring {
    /// When it comes back, as the bot wrote it.
    pub fn pattern(&self) -> &str {
        self.cron.as_str()
    }

    /// The last time up to `now`.
    pub fn last(&self, now: Timestamp) -> Option<Timestamp> {
        let now = DateTime::<Utc>::from_timestamp_millis(now.millis())?;
        let last = self.cron.find_previous_occurrence(&now, true).ok()?;
        Some(Timestamp::from_millis(last.timestamp_millis()))
    }

    /// The first time after `now`.
    pub fn next(&self, now: Timestamp) -> Option<Timestamp> {
        let now = DateTime::<Utc>::from_timestamp_millis(now.millis())?;
        let next = self.cron.find_next_occurrence(&now, false).ok()?;
        Some(Timestamp::from_millis(next.timestamp_millis()))
    }
}

/// Checks the jobs of a bot. What is wrong completes "the plugin …".
pub fn read(said: Vec<Said>) -> Result<Vec<Recurring>, String> {
    if said.len() > MAX_JOBS {
        return Err(format!("has {} jobs that come back, and there may be {MAX_JOBS}", said.len()));
    }
    // Whatever has five fields: no job comes more often than once a minute, and none ends with a year.
    let parser = CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
    let mut names = BTreeSet::new();
    let mut jobs = Vec::with_capacity(said.len());
    for Said { name, cron } in said {
        check_job_name(&name).map_err(|_| format!("has a job called {name:?}, which is no name for one"))?;
        let parsed = parser.parse(&cron).map_err(|error| format!("wants the job {name} at {cron:?}: {error}"))?;
        if !names.insert(name.clone()) {
            return Err(format!("has two jobs called {name}"));
        }
        let job = Recurring { name, cron: parsed };
        // Without years, what ever comes has come since then.
        if job.next(Timestamp::from_millis(0)).is_none() {
            return Err(format!("wants the job {} at {cron:?}, a time that never comes: correct the pattern", job.name));
        }
        jobs.push(job);
    }
    Ok(jobs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jobs_come_back_when_they_should() {
        let said = |cron: &str| vec![Said { name: "job".to_owned(), cron: cron.to_owned() }];
        let next = |cron: &str, now: &str| read(said(cron)).unwrap()[0].next(Timestamp::parse(now).unwrap()).unwrap().to_string();
        assert_eq!(next("0 9 * * 1-5", "2026-01-30T09:00:00.000Z"), "2026-02-02T09:00:00.000Z", "Friday at nine, then Monday");
        assert_eq!(next("*/15 * * * *", "2026-01-30T09:01:30.000Z"), "2026-01-30T09:15:00.000Z");
        assert_eq!(next("0 0 29 2 *", "2026-01-30T09:00:00.000Z"), "2028-02-29T00:00:00.000Z");
        let last = |cron: &str, now: &str| read(said(cron)).unwrap()[0].last(Timestamp::parse(now).unwrap()).unwrap().to_string();
        assert_eq!(last("0 9 * * 1-5", "2026-02-01T12:00:00.000Z"), "2026-01-30T09:00:00.000Z", "Sunday: it was on Friday");
        assert_eq!(last("0 9 * * *", "2026-01-30T09:00:00.000Z"), "2026-01-30T09:00:00.000Z", "now");
        assert_eq!(last("0 9 * * *", "2026-01-30T08:59:59.999Z"), "2026-01-29T09:00:00.000Z");
        for bad in ["", "* * *", "61 * * * *", "often", "0 0 9 * * 1-5", "0 0 9 * * 1-5 2027"] {
            let reason = read(said(bad)).unwrap_err();
            assert!(reason.starts_with(&format!("wants the job job at {bad:?}: ")), "{reason}");
        }
        let never = read(said("0 0 30 2 *")).unwrap_err();
        assert_eq!(never, "wants the job job at \"0 0 30 2 *\", a time that never comes: correct the pattern");
    }
}
