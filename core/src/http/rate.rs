//! Rate limits by name and key. They live in memory: a restart forgets them, which costs nothing. What must survive a restart
//! (the five verification mails) is counted in the database.

use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use governor::{Quota, RateLimiter, clock::Clock as GovernorClock, middleware::NoOpMiddleware, state::keyed::DashMapStateStore};
use tokio::time::Instant;

use super::client_ip::ClientIp;
use crate::{
    actor::Actor,
    clock::Clock,
    config::{LimitsSection, Rate},
    error::Error,
};

/// Keys are hashed into this many buckets, so that no flood of keys can fill the memory. Two clients rarely share one.
pub(super) const BUCKETS: u64 = 1 << 17;
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
    /// Changes of the own name, by user.
    Renames,
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
    /// Sign-ins begun at other providers, by client.
    Providers,
    /// Returns from them, by client.
    ProviderReturns,
    /// New messages over HTTP and sockets together, by user or bot.
    Messages,
    /// The same for bots, which have one of their own.
    BotMessages,
    /// Edits, deletions and reactions, by user or bot.
    MessageChanges,
    /// New rooms, by user.
    Rooms,
    /// Changes of rooms, of members and of roles, by user or bot.
    RoomChanges,
    /// Rooms that are joined, by user or bot.
    Joins,
    /// Invitations, by user or bot.
    Invites,
    /// Notes of how far somebody has read, by user or bot.
    ReadMarkers,
    /// Questions for what suggests itself while a command is typed, by user or bot.
    Suggestions,
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
            (Limit::Renames, section.renames),
            (Limit::Login, section.login),
            (Limit::Register, section.register),
            (Limit::Resend, section.resend),
            (Limit::Verify, section.verify),
            (Limit::Forgot, section.forgot),
            (Limit::Passwords, section.passwords),
            (Limit::Providers, section.providers),
            (Limit::ProviderReturns, section.providers),
            (Limit::Messages, section.messages),
            (Limit::BotMessages, section.bot_messages),
            (Limit::MessageChanges, section.message_changes),
            (Limit::Rooms, section.rooms),
            (Limit::RoomChanges, section.room_changes),
            (Limit::Joins, section.joins),
            (Limit::Invites, section.invites),
            (Limit::ReadMarkers, section.read_markers),
            (Limit::Suggestions, section.suggestions),
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

    /// Counts one use of `limit` by whoever acts, however they came. The operator has no limits.
    pub fn check_actor(&self, limit: Limit, actor: &Actor) -> Result<(), Error> {
        let Ok(who) = actor.member() else { return Ok(()) };
        let limit = if limit == Limit::Messages && who.is_bot() { Limit::BotMessages } else { limit };
        self.check(limit, who.as_str())
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
pub struct Keyed {
    limiter: RateLimiter<u64, DashMapStateStore<u64>, Ticks, NoOpMiddleware<Duration>>,
    hasher: RandomState,
    checks: AtomicU32,
}

impl Keyed {
    /// `factor` times as much as `rate` says; `None` for no limit.
    pub fn new(rate: Rate, factor: u32, ticks: &Ticks) -> Option<Self> {
        let (count, span) = rate.get()?;
        let count = count.saturating_mul(factor.try_into().ok()?);
        let quota = Quota::with_period(span / count.get())?.allow_burst(count);
        let limiter = RateLimiter::new(quota, DashMapStateStore::default(), ticks.clone());
        Some(Self { limiter, hasher: RandomState::new(), checks: AtomicU32::new(0) })
    }

    /// Counts one use by `key`. Fails with `rate_limited` and the seconds to wait.
    pub fn check(&self, key: &str) -> Result<(), Error> {
        if self.checks.fetch_add(1, Ordering::Relaxed) % SWEEP == SWEEP - 1 {
            self.limiter.retain_recent();
        }
        let bucket = self.hasher.hash_one(key) % BUCKETS;
        self.limiter.check_key(&bucket).map_err(|until| wait(until.wait_time_from(self.limiter.clock().now())))
    }
}

/// The error of a limit, with the time to wait rounded up to seconds.
pub fn wait(time: Duration) -> Error {
    let seconds = time.as_secs() + u64::from(time.subsec_nanos() > 0);
    let seconds = seconds.max(1);
    Error::limited(format!("Too many attempts; please try again in {seconds} s."), seconds)
}
