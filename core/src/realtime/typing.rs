//! How often the others hear that somebody is typing: whatever is said of it, once in a while for each socket and room. What was said last
//! is told in the end, so that nobody seems to be typing who stopped.

use std::{collections::HashMap, time::Duration};

/// A socket writes in few rooms at a time.
const ROOMS: usize = 16;

/// What one socket said of its typing, in each room.
#[derive(Default)]
pub struct Said(HashMap<Box<str>, Last>);

/// The last of it in a room.
struct Last {
    on: bool,
    /// When something was told.
    told: Duration,
    /// Whether something else was said since.
    waits: bool,
}

/// When it is to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tell {
    /// Now.
    Now,
    /// After this time, unless [`Said::rest`] knows better.
    After(Duration),
    /// Not at all: the others know, or will soon.
    Never,
}

impl Said {
    /// Notes what was said at `now`; the others hear of this room once in `every`.
    pub fn note(&mut self, room: &str, on: bool, now: Duration, every: Duration) -> Tell {
        let Some(last) = self.0.get_mut(room) else {
            self.forget_oldest();
            self.0.insert(room.into(), Last { on, told: now, waits: false });
            return Tell::Now;
        };
        let (differs, left) = (last.on != on, every.saturating_sub(now.saturating_sub(last.told)));
        last.on = on;
        if last.waits {
            Tell::Never
        } else if left.is_zero() {
            last.told = now;
            Tell::Now
        } else if differs {
            last.waits = true;
            Tell::After(left)
        } else {
            Tell::Never
        }
    }

    /// What is to be told of a room at `now` because it had to wait.
    pub fn rest(&mut self, room: &str, now: Duration) -> Option<bool> {
        let last = self.0.get_mut(room).filter(|last| last.waits)?;
        (last.told, last.waits) = (now, false);
        Some(last.on)
    }

    /// Makes place for one more room. Of one that is forgotten while something waits, clients find out by themselves that it is over.
    fn forget_oldest(&mut self) {
        while self.0.len() >= ROOMS
            && let Some(oldest) = self.0.iter().min_by_key(|(_, last)| last.told).map(|(room, _)| room.clone())
        {
            self.0.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVERY: Duration = Duration::from_millis(500);

    #[test]
    fn to_and_fro_is_told_once_in_a_while_and_in_the_end_as_it_is() {
        let (mut said, now) = (Said::default(), Duration::from_secs(7));
        assert_eq!(said.note("one", true, now, EVERY), Tell::Now);
        assert_eq!(said.note("one", true, now, EVERY), Tell::Never);
        assert_eq!(said.rest("one", now), None);
        assert_eq!(said.note("one", false, now + EVERY / 5, EVERY), Tell::After(EVERY * 4 / 5));
        for on in [true, false].repeat(100) {
            assert_eq!(said.note("one", on, now + EVERY, EVERY), Tell::Never);
        }
        assert_eq!(said.rest("one", now + EVERY), Some(false));
        assert_eq!(said.rest("one", now + EVERY), None);
        assert_eq!(said.note("one", true, now + EVERY, EVERY), Tell::After(EVERY));
        assert_eq!(said.note("two", true, now, EVERY), Tell::Now);
    }

    #[test]
    fn whoever_goes_on_is_told_of_again() {
        let (mut said, now) = (Said::default(), Duration::from_secs(7));
        for times in 0..3 {
            assert_eq!(said.note("one", true, now + EVERY * times, EVERY), Tell::Now);
        }
    }

    #[test]
    fn one_room_too_many_forgets_only_the_oldest() {
        let (mut said, now) = (Said::default(), Duration::from_secs(7));
        for number in 0..=ROOMS {
            let at = now + Duration::from_millis(u64::try_from(number).unwrap());
            assert_eq!(said.note(&number.to_string(), true, at, EVERY), Tell::Now);
        }
        assert_eq!(said.0.len(), ROOMS);
        assert_eq!(said.note("1", true, now + EVERY / 2, EVERY), Tell::Never);
        assert_eq!(said.note("0", true, now + EVERY / 2, EVERY), Tell::Now);
    }
}
