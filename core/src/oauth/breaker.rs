//! Leaves a provider alone that does not answer, so that nobody waits for it in vain.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// So many failures…
const FAILURES: usize = 5;
/// …within this time open the breaker…
const WITHIN: Duration = Duration::from_secs(30);
/// …for this long. Then the next visitor tries.
const OPEN: Duration = Duration::from_secs(30);

/// One breaker per provider. Moments are durations since any fixed one. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Breakers(Arc<Mutex<HashMap<String, Breaker>>>);

#[derive(Debug, Default)]
struct Breaker {
    failures: VecDeque<Duration>,
    open_until: Option<Duration>,
}

impl Breakers {
    /// Whether `provider` may be asked at `now`.
    pub fn is_closed(&self, provider: &str, now: Duration) -> bool {
        self.with(provider, |breaker| breaker.open_until.is_none_or(|until| until <= now))
    }

    /// `provider` did its part: earlier failures are forgotten.
    pub fn succeeded(&self, provider: &str) {
        self.with(provider, |breaker| *breaker = Breaker::default());
    }

    /// `provider` could not be reached, answered too late or made no sense at `now`. True if that opened the breaker.
    pub fn failed(&self, provider: &str, now: Duration) -> bool {
        self.with(provider, |breaker| {
            breaker.failures.retain(|failure| now.saturating_sub(*failure) < WITHIN);
            breaker.failures.push_back(now);
            // Once it was open, one failure opens it again, until there is a success.
            if breaker.failures.len() < FAILURES && breaker.open_until.is_none() {
                return false;
            }
            breaker.failures.clear();
            breaker.open_until = Some(now + OPEN);
            true
        })
    }

    fn with<T>(&self, provider: &str, work: impl FnOnce(&mut Breaker) -> T) -> T {
        let mut breakers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        work(breakers.entry(provider.to_owned()).or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn b13_five_failures_in_half_a_minute_open_the_breaker_for_as_long() {
        let breakers = Breakers::default();
        let opened: Vec<bool> = (0..5).map(|second| breakers.failed("discord", at(second))).collect();
        assert_eq!(opened, [false, false, false, false, true]);
        assert!(!breakers.is_closed("discord", at(33)));
        assert!(breakers.is_closed("discord", at(34)));
        assert!(breakers.is_closed("reddit", at(5)), "each provider has its own");
        assert!(breakers.failed("discord", at(40)), "one failure after the pause suffices");
        assert!(!breakers.is_closed("discord", at(69)));
    }

    #[test]
    fn failures_that_lie_apart_do_not_open_it() {
        let breakers = Breakers::default();
        for second in (0..100).step_by(8) {
            assert!(!breakers.failed("discord", at(second)));
        }
        assert!(breakers.is_closed("discord", at(100)));
    }

    #[test]
    fn a_success_forgets_the_failures_before_it() {
        let breakers = Breakers::default();
        for second in 0..4 {
            breakers.failed("discord", at(second));
        }
        breakers.succeeded("discord");
        assert!(!breakers.failed("discord", at(5)));
        assert!(breakers.is_closed("discord", at(5)));
    }
}
