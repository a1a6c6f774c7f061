//! Rate limits by name and key. They live in memory: a restart forgets them, which costs nothing. What must survive a restart
//! (the five verification mails) is counted in the database.

use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use governor::{Quota, RateLimiter, clock::Clock as GovernorClock, middleware::NoOpMiddleware, state::keyed::DashMapStateStore};
use tokio::time::Instant;

use super::client_ip::ClientIp;
use crate::{
    clock::Clock,
    config::{LimitsSection, Rate},
    error::Error,
};

/// Keys are hashed into this many buckets, so that no flood of keys can fill the memory. Two clients rarely share one.
const BUCKETS: u64 = 1 << 17;
/// Buckets that are full again are forgotten after this many checks.
const SWEEP: u32 = 4096;
/// How much more a whole site (an IPv6 /48) may do than one client.
const SITE_FACTOR: u32 = 10;

/// The limits there are, as in `[limits]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Limit {
    /// New posts, by user.
    Posts,
    /// Edits and deletions of posts, by user.
    PostChanges,
    /// Sign-ins by password, by client.
    Login,
    /// Registrations, by client.
    Register,
    /// Requests for another verification mail, by client.
    Resend,
    /// Verification links, by client.
    Verify,
    /// Requests for a password reset, by client.
    Forgot,
    /// New passwords, by client.
    Passwords,
    /// Sign-ins at other providers, by client.
    Providers,
}

/// Time for the limits: what has passed since some moment. Not the time of day, which may be set back.
#[derive(Clone)]
pub struct Ticks(Arc<dyn Fn() -> Duration + Send + Sync>);

impl Ticks {
    /// The time that really passes.
    pub fn monotonic() -> Self {
        let start = Instant::now();
        Self(Arc::new(move || start.elapsed()))
    }

    /// The time that a clock shows, for tests that turn it.
    pub fn of(clock: Arc<dyn Clock>) -> Self {
        let start = clock.now();
        Self(Arc::new(move || clock.now().since(start)))
    }

    /// The time since a moment that never changes.
    pub fn elapsed(&self) -> Duration {
        (self.0)()
    }
}

impl GovernorClock for Ticks {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.elapsed()
    }
}

/// The limits of a server. Cheap to clone.
#[derive(Clone)]
pub struct Limits(Arc<Inner>);

struct Inner {
    per_key: HashMap<Limit, Keyed>,
    per_site: HashMap<Limit, Keyed>,
}

impl Limits {
    /// The limits of `section`, none if it is switched off.
    pub fn new(section: &LimitsSection, ticks: &Ticks) -> Self {
        let all = [
            (Limit::Posts, section.posts),
            (Limit::PostChanges, section.post_changes),
            (Limit::Login, section.login),
            (Limit::Register, section.register),
            (Limit::Resend, section.resend),
            (Limit::Verify, section.verify),
            (Limit::Forgot, section.forgot),
            (Limit::Passwords, section.passwords),
            (Limit::Providers, section.providers),
        ];
        let build = |factor: u32| {
            let enabled = all.iter().filter(|_| section.enabled);
            enabled.filter_map(|(limit, rate)| Some((*limit, Keyed::new(*rate, factor, ticks)?))).collect()
        };
        Self(Arc::new(Inner { per_key: build(1), per_site: build(SITE_FACTOR) }))
    }

    /// Counts one use of `limit` by `key`: a user's id, say. Fails with `rate_limited` and the seconds to wait.
    pub fn check(&self, limit: Limit, key: &str) -> Result<(), Error> {
        self.0.per_key.get(&limit).map_or(Ok(()), |keyed| keyed.check(key))
    }

    /// Counts one use of `limit` by a client, and by the site it is in.
    pub fn check_client(&self, limit: Limit, client: ClientIp) -> Result<(), Error> {
        self.check(limit, &client.key())?;
        match (self.0.per_site.get(&limit), client.site_key()) {
            (Some(keyed), Some(site)) => keyed.check(&site),
            _ => Ok(()),
        }
    }
}

/// One limit for many keys.
struct Keyed {
    limiter: RateLimiter<u64, DashMapStateStore<u64>, Ticks, NoOpMiddleware<Duration>>,
    hasher: RandomState,
    checks: AtomicU32,
}

impl Keyed {
    /// `None` for no limit.
    fn new(rate: Rate, factor: u32, ticks: &Ticks) -> Option<Self> {
        let (count, span) = rate.get()?;
        let count = count.saturating_mul(factor.try_into().ok()?);
        let quota = Quota::with_period(span / count.get())?.allow_burst(count);
        let limiter = RateLimiter::new(quota, DashMapStateStore::default(), ticks.clone());
        Some(Self { limiter, hasher: RandomState::new(), checks: AtomicU32::new(0) })
    }

    fn check(&self, key: &str) -> Result<(), Error> {
        if self.checks.fetch_add(1, Ordering::Relaxed) % SWEEP == SWEEP - 1 {
            self.limiter.retain_recent();
        }
        let bucket = self.hasher.hash_one(key) % BUCKETS;
        self.limiter.check_key(&bucket).map_err(|until| wait(until.wait_time_from(self.limiter.clock().now())))
    }
}

/// Failed sign-ins per account: from the fifth on, the next attempt has to wait 1, 2, 4 … 60 seconds. An owner is slowed down
/// by somebody who guesses, and never locked out.
#[derive(Clone)]
pub struct FailureDelay {
    ticks: Ticks,
    enabled: bool,
    hasher: RandomState,
    accounts: Arc<Mutex<HashMap<u64, Failures>>>,
}

#[derive(Clone, Copy, Default)]
struct Failures {
    count: u32,
    last: Duration,
    until: Duration,
}

/// Failures without a delay.
const FREE: u32 = 4;
/// The longest delay in seconds.
const LONGEST: u64 = 60;
/// Failures are forgotten after this much quiet.
const FORGOTTEN: Duration = Duration::from_mins(15);

impl FailureDelay {
    /// No failures yet; never any delay if the limits are switched off.
    pub fn new(section: &LimitsSection, ticks: &Ticks) -> Self {
        Self { ticks: ticks.clone(), enabled: section.enabled, hasher: RandomState::new(), accounts: Arc::default() }
    }

    /// Begins an attempt at `account`, or fails with `rate_limited`. The attempt counts as failed until
    /// [`FailureDelay::succeeded`] says otherwise, so that many at once gain nothing.
    pub fn attempt(&self, account: &str) -> Result<(), Error> {
        if !self.enabled {
            return Ok(());
        }
        let now = self.ticks.now();
        let mut accounts = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        let failures = accounts.entry(self.bucket(account)).or_default();
        if now.saturating_sub(failures.last) >= FORGOTTEN {
            *failures = Failures::default();
        }
        if now < failures.until {
            return Err(wait(failures.until.saturating_sub(now)));
        }
        failures.count += 1;
        failures.last = now;
        if failures.count > FREE {
            let delay = 1_u64.checked_shl(failures.count - FREE - 1).unwrap_or(LONGEST).min(LONGEST);
            failures.until = now + Duration::from_secs(delay);
        }
        Ok(())
    }

    /// The attempt at `account` was right: its failures are forgotten.
    pub fn succeeded(&self, account: &str) {
        self.accounts.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.bucket(account));
    }

    fn bucket(&self, account: &str) -> u64 {
        self.hasher.hash_one(account) % BUCKETS
    }
}

/// The error of a limit, with the time to wait rounded up to seconds.
fn wait(time: Duration) -> Error {
    let seconds = time.as_secs() + u64::from(time.subsec_nanos() > 0);
    let seconds = seconds.max(1);
    Error::limited(format!("Too many attempts; please try again in {seconds} s."), seconds)
}
