//! How fast bots may talk: each in each room, and all together in a room, where a chain of them would otherwise talk for ever.
//!
//! What a call wants to say is taken while it runs, and counts once it is said: a call of which nothing came gives it back.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use crate::{config::Rate, http::rate::Ticks, ids::RoomId};

/// How long they are silent after they wanted to say more.
const SILENCE: Duration = Duration::from_mins(1);
/// Rooms of which this is known; quiet ones are forgotten when there are more.
const ROOMS: usize = 10_000;
/// How long it takes until there is place for what is more than there may ever be.
pub const NEVER: Duration = Duration::MAX;

/// How often one bot may do something: talk in a room, write posts.
pub struct Pace {
    quota: Option<Quota>,
    ticks: Ticks,
    buckets: Mutex<HashMap<String, Bucket>>,
}

/// So often at once, and again after each such time.
#[derive(Clone, Copy)]
struct Quota {
    most: u32,
    every: Duration,
}

#[derive(Clone, Copy, Default)]
struct Bucket {
    /// When everything that was used is there again.
    full_at: Duration,
    /// What calls have taken that are not over.
    taken: u32,
}

impl Quota {
    /// How long it takes until there is place for `count` more.
    fn missing(self, full_at: Duration, count: u32, now: Duration) -> Duration {
        if count > self.most {
            return NEVER;
        }
        (full_at.max(now) + self.every * count).saturating_sub(now + self.every * self.most)
    }
}

impl Pace {
    /// So often.
    pub fn new(rate: Rate, ticks: &Ticks) -> Self {
        let quota = rate.get().map(|(most, span)| Quota { most: most.get(), every: span / most.get() });
        Self { quota: quota.filter(|quota| !quota.every.is_zero()), ticks: ticks.clone(), buckets: Mutex::default() }
    }

    /// Takes place for one more, for `what` alone. False if that is too often.
    pub fn take(&self, what: &str) -> bool {
        let Some(quota) = self.quota else { return true };
        let (now, mut buckets) = (self.ticks.elapsed(), self.buckets());
        if buckets.len() >= ROOMS {
            buckets.retain(|_, bucket| bucket.full_at > now || bucket.taken > 0);
        }
        let bucket = buckets.entry(what.to_owned()).or_default();
        if !quota.missing(bucket.full_at, bucket.taken + 1, now).is_zero() {
            return false;
        }
        bucket.taken += 1;
        true
    }

    /// Gives back what was taken, since it does not happen.
    pub fn give_back(&self, what: &str, count: u32) {
        if let Some(bucket) = self.buckets().get_mut(what) {
            bucket.taken = bucket.taken.saturating_sub(count);
        }
    }

    /// What was taken has happened.
    pub fn use_up(&self, what: &str, count: u32) {
        let Some(quota) = self.quota else { return };
        let now = self.ticks.elapsed();
        if let Some(bucket) = self.buckets().get_mut(what) {
            bucket.taken = bucket.taken.saturating_sub(count);
            bucket.full_at = bucket.full_at.max(now) + quota.every * count;
        }
    }

    /// How long it takes until there is place for `count`, if nobody takes more of it and nobody gives some back.
    pub fn wait(&self, what: &str, count: u32) -> Duration {
        let Some(quota) = self.quota else { return Duration::ZERO };
        let bucket = self.buckets().get(what).copied().unwrap_or_default();
        let count = if count > quota.most { count } else { quota.most.min(count + bucket.taken) };
        quota.missing(bucket.full_at, count, self.ticks.elapsed())
    }

    fn buckets(&self) -> MutexGuard<'_, HashMap<String, Bucket>> {
        self.buckets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How much all bots together say in each room.
pub struct Busy {
    most: Rate,
    ticks: Ticks,
    rooms: Mutex<HashMap<RoomId, Window>>,
}

#[derive(Clone, Copy, Default)]
struct Window {
    began: Duration,
    said: u32,
    /// What calls have taken that are not over.
    taken: u32,
    silent_until: Duration,
}

impl Window {
    /// Begins anew when its time is over.
    fn turn(&mut self, span: Duration, now: Duration) {
        if self.began + span <= now {
            (self.began, self.said) = (now, 0);
        }
    }

    fn be_silent(&mut self, room: &RoomId, now: Duration) {
        self.silent_until = now + SILENCE;
        tracing::warn!(room = room.as_str(), seconds = SILENCE.as_secs(), "bots talk too much in a room and are silent there for a while");
    }
}

impl Busy {
    /// Nothing was said yet; they may say so much.
    pub fn new(most: Rate, ticks: Ticks) -> Self {
        Self { most, ticks, rooms: Mutex::default() }
    }

    /// Takes place for one message. False while bots are to be silent there, which begins when more is wanted than what they may say
    /// and have said.
    pub fn take(&self, room: &RoomId) -> bool {
        let Some((most, span)) = self.most.get() else { return true };
        let (now, mut rooms) = (self.ticks.elapsed(), self.rooms());
        if rooms.len() >= ROOMS {
            rooms.retain(|_, window| window.began + span > now || window.silent_until > now || window.taken > 0);
        }
        let window = rooms.entry(room.clone()).or_insert(Window { began: now, ..Window::default() });
        if window.silent_until > now {
            return false;
        }
        window.turn(span, now);
        if window.said >= most.get() {
            window.be_silent(room, now);
            return false;
        }
        let fits = window.said + window.taken < most.get();
        window.taken += u32::from(fits);
        fits
    }

    /// Gives back what was taken, since it is not said.
    pub fn give_back(&self, room: &RoomId, count: u32) {
        if let Some(window) = self.rooms().get_mut(room) {
            window.taken = window.taken.saturating_sub(count);
        }
    }

    /// What was taken is said; `more` was wanted at the same time.
    pub fn use_up(&self, room: &RoomId, count: u32, more: bool) {
        let Some((most, span)) = self.most.get() else { return };
        let now = self.ticks.elapsed();
        if let Some(window) = self.rooms().get_mut(room) {
            window.turn(span, now);
            window.taken = window.taken.saturating_sub(count);
            window.said += count;
            if more && window.said >= most.get() && window.silent_until <= now {
                window.be_silent(room, now);
            }
        }
    }

    /// How long it takes until there is place for `count` messages, if nobody takes more of it and nobody gives some back.
    pub fn wait(&self, room: &RoomId, count: u32) -> Duration {
        let Some((most, span)) = self.most.get() else { return Duration::ZERO };
        let now = self.ticks.elapsed();
        let mut window = self.rooms().get(room).copied().unwrap_or_default();
        window.turn(span, now);
        if count > most.get() {
            NEVER
        } else if window.silent_until > now {
            window.silent_until.saturating_sub(now)
        } else if window.said + window.taken + count > most.get() {
            (window.began + span).saturating_sub(now)
        } else {
            Duration::ZERO
        }
    }

    fn rooms(&self) -> MutexGuard<'_, HashMap<RoomId, Window>> {
        self.rooms.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::clock::{ManualClock, Timestamp};

    fn clock() -> (Arc<ManualClock>, Ticks) {
        let clock = Arc::new(ManualClock::at(Timestamp::from_millis(0)));
        (clock.clone(), Ticks::of(clock))
    }

    fn say(busy: &Busy, room: &RoomId) -> bool {
        let fits = busy.take(room);
        if fits {
            busy.use_up(room, 1, false);
        }
        fits
    }

    #[test]
    fn p14_bots_that_talk_too_much_are_silent_for_a_minute() {
        let (clock, ticks) = clock();
        let busy = Busy::new(Rate::within(20, 10), ticks);
        let (room, other) = (RoomId::from_stored("r-1".to_owned()), RoomId::from_stored("r-2".to_owned()));
        assert!((0..20).all(|_| say(&busy, &room)));
        assert!(!say(&busy, &room));
        assert_eq!(busy.wait(&room, 1), SILENCE);
        assert!(say(&busy, &other), "elsewhere they may talk");
        clock.advance(Duration::from_secs(59));
        assert!(!say(&busy, &room));
        clock.advance(Duration::from_secs(2));
        assert!(busy.wait(&room, 20).is_zero() && say(&busy, &room));
    }

    #[test]
    fn p14_what_is_not_said_does_not_count() {
        let (clock, ticks) = clock();
        let busy = Busy::new(Rate::within(3, 10), ticks);
        let room = RoomId::from_stored("r-1".to_owned());
        for _ in 0..5 {
            assert!((0..3).all(|_| busy.take(&room)) && !busy.take(&room), "more than that may not be said in one go");
            busy.give_back(&room, 3);
        }
        assert!(say(&busy, &room) && say(&busy, &room), "nobody has said anything, so nobody is silent");
        assert_eq!((busy.wait(&room, 1), busy.wait(&room, 2), busy.wait(&room, 4)), (Duration::ZERO, Duration::from_secs(10), NEVER));
        // Who says as much as there may be and wants more begins the silence.
        clock.advance(Duration::from_secs(10));
        assert!((0..3).all(|_| busy.take(&room)) && !busy.take(&room));
        busy.use_up(&room, 3, true);
        assert_eq!(busy.wait(&room, 1), SILENCE);
    }

    #[test]
    fn a_pace_lets_pass_what_was_not_used_up() {
        let (clock, ticks) = clock();
        let pace = Pace::new(Rate::within(2, 10), &ticks);
        assert!(pace.take("a") && pace.take("a") && !pace.take("a") && pace.take("b"));
        pace.give_back("a", 2);
        assert!(pace.take("a") && pace.take("a") && !pace.take("a"));
        pace.use_up("a", 2);
        assert_eq!((pace.wait("a", 1), pace.wait("a", 2), pace.wait("a", 3)), (Duration::from_secs(5), Duration::from_secs(10), NEVER));
        clock.advance(Duration::from_secs(5));
        assert!(pace.take("a") && !pace.take("a"));
    }
}
