//! `schedule`: being told later.

use std::collections::BTreeMap;

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
    fn plan(&mut self, job: Job) -> Result<(), Error> {
        check_name(&job.name)?;
        let due_at = Timestamp::parse(&job.at).ok_or_else(|| Error::Invalid("at is no time of RFC 3339".to_owned()))?;
        if job.payload.len() > MAX_PAYLOAD {
            return Err(Error::Invalid("a payload has at most 8 KiB".to_owned()));
        }
        if self.jobs.len() >= MAX_JOBS as usize {
            return Err(self.limited("jobs", format!("there may be {MAX_JOBS} jobs")));
        }
        self.jobs.insert(job.name.clone(), Some(Stored { name: job.name, recurring: false, due_at, payload: job.payload }));
        Ok(())
    }

    async fn planned(&self) -> Result<Vec<Job>, Error> {
        let (store, plugin) = (self.host.store.clone(), self.host.plugin.clone());
        let read = async move { jobs::soonest(store.reader(), &plugin, MAX_JOBS).await };
        let stored = self.host.outside(read).await.map_err(convert::error)?;
        let mut by_name: BTreeMap<String, Stored> =
            stored.into_iter().filter(|job| !job.recurring).map(|job| (job.name.clone(), job)).collect();
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
        Ok(self.session()?.plan(job))
    }

    async fn cancel(&mut self, name: String) -> Result<Result<(), Error>> {
        let session = self.session()?;
        Ok(check_name(&name).map(|()| {
            session.jobs.insert(name, None);
        }))
    }

    async fn list_jobs(&mut self) -> Result<Result<Vec<Job>, Error>> {
        Ok(self.session()?.planned().await)
    }
}
