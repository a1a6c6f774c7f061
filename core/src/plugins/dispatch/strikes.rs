//! Bots that break down again and again are left alone for a while.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::{Instant, sleep_until};

/// Breakdowns count for so long.
const WINDOW: Duration = Duration::from_mins(1);
/// The first pause; each further one is twice as long.
const FIRST: Duration = Duration::from_secs(30);
/// The longest pause.
const LONGEST: Duration = Duration::from_mins(10);

/// The breakdowns of one bot.
pub struct Strikes {
    most: u32,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    breakdowns: VecDeque<Instant>,
    suspensions: u32,
    until: Option<Instant>,
    reason: String,
}

impl Strikes {
    /// None yet; `most` within a minute are too many.
    pub fn new(most: u32) -> Self {
        Self { most: most.max(1), state: Mutex::default() }
    }

    /// The bot broke down. The length of the pause that begins with it, if one does.
    pub fn broke_down(&self, reason: &str) -> Option<Duration> {
        self.broke_down_at(Instant::now(), reason)
    }

    fn broke_down_at(&self, now: Instant, reason: &str) -> Option<Duration> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        while state.breakdowns.front().is_some_and(|first| now.duration_since(*first) > WINDOW) {
            state.breakdowns.pop_front();
        }
        // After a quiet minute the pauses begin anew.
        if state.breakdowns.is_empty() && state.until.is_some_and(|until| now.duration_since(until) > WINDOW) {
            state.suspensions = 0;
        }
        state.breakdowns.push_back(now);
        if state.breakdowns.len() < self.most as usize || state.until.is_some_and(|until| until > now) {
            return None;
        }
        let pause = LONGEST.min(FIRST * 2_u32.pow(state.suspensions.min(8)));
        state.suspensions += 1;
        state.breakdowns.clear();
        state.until = Some(now + pause);
        reason.clone_into(&mut state.reason);
        Some(pause)
    }

    /// Why the bot is left alone, if it is.
    pub fn suspended(&self) -> Option<String> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.until.filter(|until| *until > Instant::now()).map(|_| state.reason.clone())
    }

    /// Waits until the bot is not left alone any more.
    pub async fn pause(&self) {
        loop {
            let until = self.state.lock().unwrap_or_else(PoisonError::into_inner).until;
            match until {
                Some(until) if until > Instant::now() => sleep_until(until).await,
                _ => return,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn p17_the_pauses_begin_anew_only_after_a_quiet_minute() {
        let strikes = Strikes::new(3);
        let suspended_at = |now| (0..3).find_map(|_| strikes.broke_down_at(now, "again")).expect("three are too many");
        let begin = Instant::now();
        assert_eq!(suspended_at(begin), FIRST);
        let soon = begin + FIRST + WINDOW / 2;
        assert_eq!(suspended_at(soon), FIRST * 2, "whatever it did well meanwhile");
        assert_eq!(suspended_at(soon + FIRST * 2 + WINDOW * 2), FIRST);
    }

    #[tokio::test]
    async fn p17_a_bot_that_breaks_down_is_suspended_longer_each_time() {
        let strikes = Strikes::new(3);
        assert_eq!(strikes.broke_down("a"), None);
        assert_eq!(strikes.broke_down("b"), None);
        assert!(strikes.suspended().is_none());
        assert_eq!(strikes.broke_down("c"), Some(FIRST));
        assert_eq!(strikes.suspended().as_deref(), Some("c"));
        assert_eq!(strikes.broke_down("d"), None, "it is suspended already");
    }
}
