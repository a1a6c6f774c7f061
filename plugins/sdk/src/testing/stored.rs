//! Values that go away when their time is over.

use std::time::Duration;

use super::{Host, now};
use crate::{Error, Time};

/// A value, its version and its end.
#[derive(Debug)]
pub struct Stored {
    pub value: Vec<u8>,
    pub version: u64,
    pub until: Option<Time>,
}

impl Host {
    pub(crate) fn stored(&self, key: &str, now: Time) -> Option<&Stored> {
        self.stored.get(key).filter(|stored| stored.until.is_none_or(|until| now < until))
    }

    pub(crate) fn put(&mut self, key: &str, value: &[u8], until: Option<Time>) {
        let version = self.stored.get(key).map_or(1, |stored| stored.version + 1);
        self.stored.insert(key.to_owned(), Stored { value: value.to_vec(), version, until });
    }
}

/// When something ends that lives for so many seconds from now.
pub fn until(seconds: Option<u32>) -> Option<Time> {
    seconds.map(|seconds| now() + Duration::from_secs(seconds.into()))
}

/// Refuses what cannot be a key.
pub fn check_key(key: &str) -> Result<(), Error> {
    let valid = (1..=256).contains(&key.len()) && !key.contains(char::is_control);
    if valid { Ok(()) } else { Err(Error::Invalid("a key has 1 to 256 bytes without control characters".to_owned())) }
}
