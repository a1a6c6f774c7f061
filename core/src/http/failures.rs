//! The delay after wrong passwords.

use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use governor::clock::Clock as _;

use super::rate::{BUCKETS, Ticks, wait};
use crate::{config::LimitsSection, error::Error};

/// Wrong passwords in a row, by key: after those that are free the next attempt has to wait 1, 2, 4 … seconds. The key is an account,
/// or a device that the account knows: so an owner is neither locked out nor, in a browser of their own, slowed down by somebody
/// who guesses.
#[derive(Clone)]
pub struct FailureDelay {
    ticks: Ticks,
    rules: LimitsSection,
    hasher: RandomState,
    failures: Arc<Mutex<HashMap<u64, Failures>>>,
}

#[derive(Clone, Copy, Default)]
struct Failures {
    count: u32,
    last: Duration,
    until: Duration,
}

impl Failures {
    fn require_free(&self, now: Duration) -> Result<(), Error> {
        if now < self.until { Err(wait(self.until.saturating_sub(now))) } else { Ok(()) }
    }
}

impl FailureDelay {
    /// No failures yet; never any delay if the limits are switched off.
    pub fn new(section: &LimitsSection, ticks: &Ticks) -> Self {
        Self { ticks: ticks.clone(), rules: section.clone(), hasher: RandomState::new(), failures: Arc::default() }
    }

    /// Begins an attempt that `key` answers for, or fails with `rate_limited`. The attempt counts as failed until
    /// [`FailureDelay::succeeded`] or [`FailureDelay::take_back`] says otherwise, so that many at once gain nothing.
    pub fn attempt(&self, key: &str) -> Result<(), Error> {
        self.with(key, |failures, now| {
            failures.require_free(now)?;
            self.count(failures, now);
            Ok(())
        })
    }

    /// Fails with `rate_limited` if `key` has to wait, and counts nothing: for what is right nearly always, and many at a time.
    pub fn require_free(&self, key: &str) -> Result<(), Error> {
        self.with(key, |failures, now| failures.require_free(now))
    }

    /// Counts a failure of `key`.
    pub fn failed(&self, key: &str) {
        let counted = self.with(key, |failures, now| {
            self.count(failures, now);
            Ok(())
        });
        debug_assert!(counted.is_ok());
    }

    /// The attempt came to nothing for a reason of the server's own: it counts no more.
    pub fn take_back(&self, key: &str) {
        let taken = self.with(key, |failures, _| {
            failures.count = failures.count.saturating_sub(1);
            failures.until = failures.last + self.delay(failures.count);
            Ok(())
        });
        debug_assert!(taken.is_ok());
    }

    /// What `key` has failed in of late, if limits are on.
    fn with(&self, key: &str, work: impl FnOnce(&mut Failures, Duration) -> Result<(), Error>) -> Result<(), Error> {
        if !self.rules.enabled {
            return Ok(());
        }
        let now = self.ticks.now();
        let mut all = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let failures = all.entry(self.bucket(key)).or_default();
        if now.saturating_sub(failures.last) >= self.rules.login_forgotten_after.0 {
            *failures = Failures::default();
        }
        work(failures, now)
    }

    fn count(&self, failures: &mut Failures, now: Duration) {
        failures.count = failures.count.saturating_add(1);
        failures.last = now;
        failures.until = now + self.delay(failures.count);
    }

    /// How long the next attempt has to wait after `count` failures.
    fn delay(&self, count: u32) -> Duration {
        let longest = self.rules.login_longest_wait.0;
        match count.saturating_sub(self.rules.login_failures) {
            0 => Duration::ZERO,
            beyond => 1_u64.checked_shl(beyond - 1).map_or(longest, |seconds| Duration::from_secs(seconds).min(longest)),
        }
    }

    /// The attempt was right: the failures of `key` are forgotten.
    pub fn succeeded(&self, key: &str) {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.bucket(key));
    }

    fn bucket(&self, key: &str) -> u64 {
        self.hasher.hash_one(key) % BUCKETS
    }
}
