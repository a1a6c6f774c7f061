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
/// …for this long. Then one visitor tries at a time.
const OPEN: Duration = Duration::from_secs(30);

/// One breaker per provider. Moments are durations since any fixed one. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Breakers(Arc<Mutex<HashMap<String, Breaker>>>);

#[derive(Debug, Default)]
struct Breaker {
    failures: VecDeque<Duration>,
    open_until: Option<Duration>,
    /// Whether somebody tries whether the provider is well again.
    is_tried: bool,
}

/// The leave to ask a provider. While the breaker was open and nobody succeeded since, there is one at a time.
#[derive(Debug)]
pub struct Leave {
    /// Whose breaker waits for the outcome, if it was open.
    trying: Option<(Breakers, String)>,
}

impl Drop for Leave {
    /// However it ended, and even if the visitor went away: the next one may try.
    fn drop(&mut self) {
        if let Some((breakers, provider)) = &self.trying {
            breakers.with(provider, |breaker| breaker.is_tried = false);
        }
    }
}

impl Breakers {
    /// The leave to ask `provider` at `now`, to keep while that is done; `None` if it is to be left alone.
    pub fn leave(&self, provider: &str, now: Duration) -> Option<Leave> {
        self.with(provider, |breaker| {
            let Some(until) = breaker.open_until else { return Some(Leave { trying: None }) };
            if until > now || breaker.is_tried {
                return None;
            }
            breaker.is_tried = true;
            Some(Leave { trying: Some((self.clone(), provider.to_owned())) })
        })
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
        assert!(breakers.leave("discord", at(33)).is_none());
        assert!(breakers.leave("discord", at(34)).is_some());
        assert!(breakers.leave("reddit", at(5)).is_some(), "each provider has its own");
        assert!(breakers.failed("discord", at(40)), "one failure after the pause suffices");
        assert!(breakers.leave("discord", at(69)).is_none());
    }

    #[test]
    fn b13_after_the_pause_one_visitor_tries_at_a_time() {
        let breakers = Breakers::default();
        for second in 0..5 {
            breakers.failed("discord", at(second));
        }
        let first = breakers.leave("discord", at(40)).expect("one tries");
        assert!(breakers.leave("discord", at(40)).is_none(), "the others wait for the outcome");
        assert!(breakers.leave("reddit", at(40)).is_some());
        drop(first);
        let second = breakers.leave("discord", at(40)).expect("who goes away without an outcome makes room");
        assert!(breakers.failed("discord", at(41)));
        drop(second);
        assert!(breakers.leave("discord", at(70)).is_none(), "it failed again");
        let third = breakers.leave("discord", at(71)).expect("one tries");
        breakers.succeeded("discord");
        drop(third);
        let (one, another) = (breakers.leave("discord", at(72)), breakers.leave("discord", at(72)));
        assert!(one.is_some() && another.is_some(), "after a success all may ask");
    }

    #[test]
    fn failures_that_lie_apart_do_not_open_it() {
        let breakers = Breakers::default();
        for second in (0..100).step_by(8) {
            assert!(!breakers.failed("discord", at(second)));
        }
        assert!(breakers.leave("discord", at(100)).is_some());
    }

    #[test]
    fn a_success_forgets_the_failures_before_it() {
        let breakers = Breakers::default();
        for second in 0..4 {
            breakers.failed("discord", at(second));
        }
        breakers.succeeded("discord");
        assert!(!breakers.failed("discord", at(5)));
        assert!(breakers.leave("discord", at(5)).is_some());
    }
}
