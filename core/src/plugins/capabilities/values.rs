//! `store`: what a bot remembers. Reads come from the database, changes wait for the end of the call; a call sees its own.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use wasmtime::Result;

use super::{Session, convert, space::Space};
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
pub(super) const MAX_TOUCHED: usize = 1000;

/// What a call has read and changed.
#[derive(Default)]
pub struct Values {
    /// What was there when it was first read.
    pub seen: HashMap<String, Option<Stored>>,
    /// What is to be there.
    pub changes: BTreeMap<String, Change>,
    /// How much space there is.
    pub(super) space: Space,
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

    async fn add(&mut self, name: String, by: i64, ttl: Option<u32>) -> Result<i64, Error> {
        let no_number = || Error::Invalid(format!("the value of {name} is no number"));
        let sum = match self.values.changes.get(&name).cloned() {
            Some(Change::Put(value, ttl)) => {
                let sum = number(&value).ok_or_else(no_number)?.checked_add(by).ok_or_else(too_large)?;
                self.change(name, Change::Put(sum.to_string().into_bytes(), ttl)).await?;
                sum
            }
            Some(Change::Remove) => {
                self.change(name, Change::Put(by.to_string().into_bytes(), ttl)).await?;
                by
            }
            before => {
                let stored = self.stored(&name).await?;
                let value = stored.map_or(Some(0), |stored| number(&stored.value)).ok_or_else(no_number)?;
                // A counter lives for as long as was said when it was made.
                let (earlier, ttl) = if let Some(Change::Add(earlier, ttl)) = before { (earlier, ttl) } else { (0, ttl) };
                let more = earlier.checked_add(by).ok_or_else(too_large)?;
                let sum = value.checked_add(more).ok_or_else(too_large)?;
                self.change(name, Change::Add(more, ttl)).await?;
                sum
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
        let outcome = async {
            check_name(&key)?;
            session.visible(&key).await
        }
        .await;
        session.told(outcome)
    }

    async fn set(&mut self, key: String, value: Vec<u8>, ttl: Option<u32>) -> Result<Result<(), Error>> {
        let session = self.session()?;
        let outcome = async {
            check_name(&key)?;
            check_value(&value)?;
            session.change(key, Change::Put(value, ttl)).await
        }
        .await;
        session.told(outcome)
    }

    async fn delete(&mut self, key: String) -> Result<Result<(), Error>> {
        let session = self.session()?;
        let outcome = async {
            check_name(&key)?;
            session.change(key, Change::Remove).await
        }
        .await;
        session.told(outcome)
    }

    async fn compare_and_set(
        &mut self,
        key: String,
        version: Option<u64>,
        value: Vec<u8>,
        ttl: Option<u32>,
    ) -> Result<Result<bool, Error>> {
        let session = self.session()?;
        let outcome = async {
            check_name(&key)?;
            check_value(&value)?;
            if session.visible(&key).await?.map(|entry| entry.version) != version {
                return Ok(false);
            }
            session.change(key, Change::Put(value, ttl)).await?;
            Ok(true)
        }
        .await;
        session.told(outcome)
    }

    async fn increment(&mut self, key: String, by: i64, ttl: Option<u32>) -> Result<Result<i64, Error>> {
        let session = self.session()?;
        let outcome = async {
            check_name(&key)?;
            session.add(key, by, ttl).await
        }
        .await;
        session.told(outcome)
    }

    async fn list_keys(&mut self, prefix: String, after: Option<String>, limit: u32) -> Result<Result<Vec<String>, Error>> {
        let session = self.session()?;
        session.told(session.names(&prefix, after.unwrap_or_default(), limit.clamp(1, MAX_NAMES)).await)
    }
}

impl Session {
    /// Names that begin with `prefix`, after the name `after`, as this call sees them.
    async fn names(&self, prefix: &str, mut after: String, limit: u32) -> Result<Vec<String>, Error> {
        let mut names = Vec::new();
        // No name has a NUL, and PostgreSQL does not take one: none begins so, and what comes after one in `after` changes nothing.
        while !prefix.contains('\0') {
            let (store, plugin, now) = (self.host.store.clone(), self.host.plugin.clone(), self.now);
            let (asked, from) = (prefix.to_owned(), after.split('\0').next().unwrap_or_default().to_owned());
            let read = async move { values::names(store.reader(), &plugin, &asked, &from, limit, now).await };
            let stored = self.host.outside(read).await.map_err(convert::error)?;
            // What lies behind the last one of a full page is looked at with the next.
            let end = stored.last().filter(|_| stored.len() == limit as usize).cloned();
            names.extend(self.values.with_changes(stored, prefix, &after, end.as_deref()));
            match end {
                Some(end) if names.len() < limit as usize => after = end,
                _ => break,
            }
        }
        names.truncate(limit as usize);
        Ok(names)
    }
}

impl Values {
    /// `stored` names with those that this call added, without those that it removed, after the name `after` and up to `end`.
    fn with_changes(&self, stored: Vec<String>, prefix: &str, after: &str, end: Option<&str>) -> BTreeSet<String> {
        let mut names: BTreeSet<String> = stored.into_iter().collect();
        let here = |name: &str| name.starts_with(prefix) && name > after && end.is_none_or(|end| name <= end);
        for (name, change) in self.changes.iter().filter(|(name, _)| here(name)) {
            match change {
                Change::Remove => names.remove(name),
                Change::Put(..) | Change::Add(..) => names.insert(name.clone()),
            };
        }
        names
    }
}
