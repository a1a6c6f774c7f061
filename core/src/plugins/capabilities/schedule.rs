//! `schedule`: being told later.

use std::collections::{BTreeMap, HashSet};

use wasmtime::Result;

use super::{Session, convert};
use crate::{
    clock::Timestamp,
    plugins::{
        bindings::bot::openclaw::{
            schedule::schedule::{Host, Job},
            types::types::Error,
        },
        state::GuestState,
        store::jobs::{self, Job as Stored},
    },
};

/// Longest name in bytes.
const MAX_NAME: usize = 128;
/// Longest payload in bytes.
const MAX_PAYLOAD: usize = 8 << 10;
/// Most jobs at a time.
pub const MAX_JOBS: u32 = 1000;

/// Checks the name of a job.
pub fn check_name(name: &str) -> Result<(), Error> {
    if name.is_empty() || name.len() > MAX_NAME || name.chars().any(char::is_control) {
        return Err(Error::Invalid(format!("the name of a job is 1 to {MAX_NAME} bytes of text without control characters")));
    }
    Ok(())
}

impl Session {
    async fn plan(&mut self, job: Job) -> Result<(), Error> {
        check_name(&job.name)?;
        let due_at = Timestamp::parse(&job.at).ok_or_else(|| Error::Invalid("at is no time of RFC 3339".to_owned()))?;
        if job.payload.len() > MAX_PAYLOAD {
            return Err(Error::Invalid("a payload has at most 8 KiB".to_owned()));
        }
        if job.payload.contains('\0') {
            return Err(Error::Invalid("a payload is text without NUL characters".to_owned()));
        }
        self.require_slot(&job.name).await?;
        self.jobs.insert(job.name.clone(), Some(Stored { name: job.name, recurring: false, due_at, payload: job.payload }));
        Ok(())
    }

    /// Checks that there may be one more job, unless it replaces one.
    async fn require_slot(&mut self, name: &str) -> Result<(), Error> {
        let planned = if let Some(planned) = self.planned.take() {
            planned
        } else {
            let (store, plugin) = (self.host.store.clone(), self.host.plugin.clone());
            let read = async move { jobs::once(store.reader(), &plugin).await };
            let stored = self.host.outside(read).await.map_err(convert::error)?;
            stored.into_iter().map(|job| job.name).collect::<HashSet<_>>()
        };
        let (most, planned) = (MAX_JOBS as usize, self.planned.insert(planned));
        if planned.len() + self.jobs.len() < most {
            return Ok(());
        }
        // Those of this call replace some, and take some away.
        let stays = |name: &&String| self.jobs.get(*name).is_none_or(Option::is_some);
        let added = self.jobs.iter().filter(|(name, job)| job.is_some() && !planned.contains(*name)).count();
        let replaces = self.jobs.get(name).map_or_else(|| planned.contains(name), Option::is_some);
        if !replaces && planned.iter().filter(stays).count() + added >= most {
            return Err(self.limited("jobs", format!("there may be {MAX_JOBS} jobs")));
        }
        Ok(())
    }

    async fn planned(&self) -> Result<Vec<Job>, Error> {
        let (store, plugin) = (self.host.store.clone(), self.host.plugin.clone());
        let read = async move { jobs::once(store.reader(), &plugin).await };
        let stored = self.host.outside(read).await.map_err(convert::error)?;
        let mut by_name: BTreeMap<String, Stored> = stored.into_iter().map(|job| (job.name.clone(), job)).collect();
        for (name, change) in &self.jobs {
            match change {
                Some(job) => by_name.insert(name.clone(), job.clone()),
                None => by_name.remove(name),
            };
        }
        let mut all: Vec<Stored> = by_name.into_values().collect();
        all.sort_by_key(|job| job.due_at);
        Ok(all.into_iter().map(|job| Job { name: job.name, at: job.due_at.to_string(), payload: job.payload }).collect())
    }
}

impl Host for GuestState {
    async fn add(&mut self, job: Job) -> Result<Result<(), Error>> {
        let session = self.session()?;
        let planned = session.plan(job).await;
        session.told(planned)
    }

    async fn cancel(&mut self, name: String) -> Result<Result<(), Error>> {
        let session = self.session()?;
        let cancelled = check_name(&name).map(|()| {
            session.jobs.insert(name, None);
        });
        session.told(cancelled)
    }

    async fn list_jobs(&mut self) -> Result<Result<Vec<Job>, Error>> {
        let session = self.session()?;
        session.told(session.planned().await)
    }
}
