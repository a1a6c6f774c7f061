//! How fast bots may talk: each in each room, and all together in a room, where a chain of them would otherwise talk for ever.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use crate::{
    config::Rate,
    http::rate::{Keyed, Ticks},
    ids::RoomId,
};

/// How long they are silent after they wanted to say more.
const SILENCE: Duration = Duration::from_mins(1);
/// Rooms of which this is known; quiet ones are forgotten when there are more.
const ROOMS: usize = 10_000;

/// How often one bot may do something: talk in a room, write posts.
pub struct Pace(Option<Keyed>);

impl Pace {
    /// So often.
    pub fn new(rate: Rate, ticks: &Ticks) -> Self {
        Self(Keyed::new(rate, 1, ticks))
    }

    /// Counts once more, for `what` alone. False if that is too often.
    pub fn take(&self, what: &str) -> bool {
        self.0.as_ref().is_none_or(|keyed| keyed.check(what).is_ok())
    }
}

/// How much all bots together say in each room.
pub struct Busy {
    most: Rate,
    ticks: Ticks,
    rooms: Mutex<HashMap<RoomId, Window>>,
}

#[derive(Clone, Copy)]
struct Window {
    began: Duration,
    said: u32,
    silent_until: Duration,
}

impl Busy {
    /// Nothing was said yet; they may say so much.
    pub fn new(most: Rate, ticks: Ticks) -> Self {
        Self { most, ticks, rooms: Mutex::default() }
    }

    /// Counts one message. False while bots are to be silent there.
    pub fn take(&self, room: &RoomId) -> bool {
        let Some((most, span)) = self.most.get() else { return true };
        let now = self.ticks.elapsed();
        let mut rooms = self.rooms.lock().unwrap_or_else(PoisonError::into_inner);
        if rooms.len() >= ROOMS {
            rooms.retain(|_, window| window.began + span > now || window.silent_until > now);
        }
        let window = rooms.entry(room.clone()).or_insert(Window { began: now, said: 0, silent_until: Duration::ZERO });
        if window.silent_until > now {
            return false;
        }
        if window.began + span <= now {
            *window = Window { began: now, said: 0, silent_until: Duration::ZERO };
        }
        window.said += 1;
        if window.said > most.get() {
            window.silent_until = now + SILENCE;
            tracing::warn!(
                room = room.as_str(),
                seconds = SILENCE.as_secs(),
                "bots talk too much in a room and are silent there for a while"
            );
            return false;
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::clock::{ManualClock, Timestamp};

    #[test]
    fn p14_bots_that_talk_too_much_are_silent_for_a_minute() {
        let clock = Arc::new(ManualClock::at(Timestamp::from_millis(0)));
        let busy = Busy::new(Rate::within(20, 10), Ticks::of(clock.clone()));
        let (room, other) = (RoomId::from_stored("r-1".to_owned()), RoomId::from_stored("r-2".to_owned()));
        assert!((0..20).all(|_| busy.take(&room)));
        assert!(!busy.take(&room));
        assert!(busy.take(&other), "elsewhere they may talk");
        clock.advance(Duration::from_secs(59));
        assert!(!busy.take(&room));
        clock.advance(Duration::from_secs(2));
        assert!(busy.take(&room));
    }
}
