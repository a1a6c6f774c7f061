//! `store`: what a bot remembers. Reads come from the database, changes wait for the end of the call; a call sees its own.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use wasmtime::Result;

use super::{Session, convert};
use crate::plugins::{
    bindings::bot::openclaw::{
        store::store::{Entry, Host},
        types::types::Error,
    },
    state::GuestState,
    store::values::{self, Stored},
};

/// Longest name in bytes.
const MAX_NAME: usize = 256;
/// Longest value in bytes.
const MAX_VALUE: usize = 64 << 10;
/// Most names at once.
const MAX_NAMES: u32 = 500;
/// Names that one call may read or change.
const MAX_TOUCHED: usize = 1000;

/// What a call has read and changed.
#[derive(Default)]
pub struct Values {
    /// What was there when it was first read.
    pub seen: HashMap<String, Option<Stored>>,
    /// What is to be there.
    pub changes: BTreeMap<String, Change>,
}

/// A change of one value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Another value, for so many seconds or for good.
    Put(Vec<u8>, Option<u32>),
    /// None any more.
    Remove,
    /// So much more; the seconds are for a counter that is new.
    Add(i64, Option<u32>),
}

fn check_name(name: &str) -> Result<(), Error> {
    if name.is_empty() || name.len() > MAX_NAME || name.chars().any(char::is_control) {
        return Err(Error::Invalid(format!("a key is 1 to {MAX_NAME} bytes of text without control characters")));
    }
    Ok(())
}

fn check_value(value: &[u8]) -> Result<(), Error> {
    if value.len() > MAX_VALUE { Err(Error::Invalid("a value has at most 64 KiB".to_owned())) } else { Ok(()) }
}

/// The number in the value of a counter.
pub fn number(value: &[u8]) -> Option<i64> {
    std::str::from_utf8(value).ok()?.parse().ok()
}

impl Session {
    /// What is stored under a name, without what this call changed.
    async fn stored(&mut self, name: &str) -> Result<Option<Stored>, Error> {
        if let Some(seen) = self.values.seen.get(name) {
            return Ok(seen.clone());
        }
        if self.values.seen.len() >= MAX_TOUCHED {
            return Err(self.limited("keys_touched", format!("a call may read {MAX_TOUCHED} keys")));
        }
        let (host, name, now) = (self.host.clone(), name.to_owned(), self.now);
        let (store, plugin, asked) = (host.store.clone(), host.plugin.clone(), name.clone());
        let read = async move { values::get(store.reader(), &plugin, &asked, now).await };
        let found = host.outside(read).await.map_err(convert::error)?;
        self.values.seen.insert(name, found.clone());
        Ok(found)
    }

    /// What this call sees under a name.
    async fn visible(&mut self, name: &str) -> Result<Option<Entry>, Error> {
        let stored = self.stored(name).await?;
        let entry = |value: Vec<u8>, version: i64| Entry { value, version: version.unsigned_abs() };
        let version = stored.as_ref().map_or(0, |stored| stored.version);
        Ok(match self.values.changes.get(name) {
            None => stored.map(|stored| entry(stored.value, stored.version)),
            // A change of this call's own: a version that the database never has.
            Some(Change::Put(value, _)) => Some(entry(value.clone(), version.wrapping_add(1))),
            Some(Change::Remove) => None,
            Some(Change::Add(by, _)) => {
                let before = stored.as_ref().map_or(Some(0), |stored| number(&stored.value)).unwrap_or_default();
                Some(entry(before.saturating_add(*by).to_string().into_bytes(), version.wrapping_add(1)))
            }
        })
    }

    fn change(&mut self, name: String, change: Change) -> Result<(), Error> {
        if self.values.changes.len() >= MAX_TOUCHED && !self.values.changes.contains_key(&name) {
            return Err(self.limited("keys_touched", format!("a call may change {MAX_TOUCHED} keys")));
        }
        self.values.changes.insert(name, change);
        Ok(())
    }

    async fn add(&mut self, name: String, by: i64, ttl: Option<u32>) -> Result<i64, Error> {
        let no_number = || Error::Invalid(format!("the value of {name} is no number"));
        let sum = match self.values.changes.get(&name).cloned() {
            Some(Change::Put(value, ttl)) => {
                let sum = number(&value).ok_or_else(no_number)?.checked_add(by).ok_or_else(too_large)?;
                self.values.changes.insert(name, Change::Put(sum.to_string().into_bytes(), ttl));
                return Ok(sum);
            }
            Some(Change::Remove) => {
                self.values.changes.insert(name, Change::Put(by.to_string().into_bytes(), ttl));
                return Ok(by);
            }
            before => {
                let stored = self.stored(&name).await?;
                let value = stored.map_or(Some(0), |stored| number(&stored.value)).ok_or_else(no_number)?;
                let earlier = if let Some(Change::Add(earlier, _)) = before { earlier } else { 0 };
                let more = earlier.checked_add(by).ok_or_else(too_large)?;
                self.change(name, Change::Add(more, ttl))?;
                value.checked_add(more).ok_or_else(too_large)?
            }
        };
        Ok(sum)
    }
}

fn too_large() -> Error {
    Error::Invalid("the sum is too large".to_owned())
}

impl Host for GuestState {
    async fn get(&mut self, key: String) -> Result<Result<Option<Entry>, Error>> {
        let session = self.session()?;
        Ok(async {
            check_name(&key)?;
            session.visible(&key).await
        }
        .await)
    }

    async fn set(&mut self, key: String, value: Vec<u8>, ttl: Option<u32>) -> Result<Result<(), Error>> {
        let session = self.session()?;
        Ok(check_name(&key).and_then(|()| check_value(&value)).and_then(|()| session.change(key, Change::Put(value, ttl))))
    }

    async fn delete(&mut self, key: String) -> Result<Result<(), Error>> {
        let session = self.session()?;
        Ok(check_name(&key).and_then(|()| session.change(key, Change::Remove)))
    }

    async fn compare_and_set(
        &mut self,
        key: String,
        version: Option<u64>,
        value: Vec<u8>,
        ttl: Option<u32>,
    ) -> Result<Result<bool, Error>> {
        let session = self.session()?;
        Ok(async {
            check_name(&key)?;
            check_value(&value)?;
            if session.visible(&key).await?.map(|entry| entry.version) != version {
                return Ok(false);
            }
            session.change(key, Change::Put(value, ttl))?;
            Ok(true)
        }
        .await)
    }

    async fn increment(&mut self, key: String, by: i64, ttl: Option<u32>) -> Result<Result<i64, Error>> {
        let session = self.session()?;
        Ok(async {
            check_name(&key)?;
            session.add(key, by, ttl).await
        }
        .await)
    }

    async fn list_keys(&mut self, prefix: String, after: Option<String>, limit: u32) -> Result<Result<Vec<String>, Error>> {
        let session = self.session()?;
        let limit = limit.clamp(1, MAX_NAMES);
        let (host, now) = (session.host.clone(), session.now);
        let (store, plugin, start) = (host.store.clone(), host.plugin.clone(), after.unwrap_or_default());
        let (asked, from) = (prefix.clone(), start.clone());
        let read = async move { values::names(store.reader(), &plugin, &asked, &from, limit, now).await };
        let stored = match host.outside(read).await {
            Ok(stored) => stored,
            Err(error) => return Ok(Err(convert::error(error))),
        };
        Ok(Ok(session.values.with_changes(stored, &prefix, &start, limit)))
    }
}

impl Values {
    /// `stored` names with those that this call added, without those that it removed.
    fn with_changes(&self, stored: Vec<String>, prefix: &str, after: &str, limit: u32) -> Vec<String> {
        let mut names: BTreeSet<String> = stored.into_iter().collect();
        for (name, change) in self.changes.iter().filter(|(name, _)| name.starts_with(prefix) && name.as_str() > after) {
            match change {
                Change::Remove => names.remove(name),
                Change::Put(..) | Change::Add(..) => names.insert(name.clone()),
            };
        }
        names.into_iter().take(limit as usize).collect()
    }
}
