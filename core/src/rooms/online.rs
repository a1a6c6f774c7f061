//! Who is there at the moment. Whoever serves connections and bots fills it; until then nobody is.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use crate::ids::{MemberId, RoomId};

/// The people and bots that are there. Cheap to clone.
#[derive(Clone, Default)]
pub struct Online(Arc<Inner>);

#[derive(Default)]
struct Inner {
    state: RwLock<State>,
    tell: OnceLock<Tell>,
}

#[derive(Default)]
struct State {
    /// How many connections each has.
    connected: HashMap<MemberId, usize>,
    /// Bots that need none, since they run in this process. They may have some all the same.
    running: HashMap<MemberId, IsIn>,
    /// Those of whom others were told that they are there.
    told: HashSet<MemberId>,
}

impl State {
    fn is_online(&self, who: &MemberId) -> bool {
        self.connected.contains_key(who) || self.running.contains_key(who)
    }

    /// Whether others are to be told that they are there.
    fn appears(&mut self, who: &MemberId) -> bool {
        self.told.insert(who.clone())
    }

    /// Whether others are to be told that they are not there any more.
    fn vanishes(&mut self, who: &MemberId) -> bool {
        !self.is_online(who) && self.told.remove(who)
    }
}

/// Whether a bot is in a room.
type IsIn = Box<dyn Fn(&RoomId) -> bool + Send + Sync>;

/// Tells those in rooms that a bot came or went.
type Tell = Box<dyn Fn(&MemberId, bool, Vec<RoomId>) + Send + Sync>;

impl Online {
    /// Counts one more connection.
    pub fn came(&self, who: &MemberId) {
        *self.write().connected.entry(who.clone()).or_default() += 1;
    }

    /// Says that one of the connections hears its rooms. True if others are to be told that they are there.
    pub fn settled(&self, who: &MemberId) -> bool {
        self.write().appears(who)
    }

    /// Counts one connection less. True if others are to be told that they are not there any more.
    pub fn went(&self, who: &MemberId) -> bool {
        let mut state = self.write();
        let Some(count) = state.connected.get_mut(who) else { return false };
        *count -= 1;
        if *count == 0 {
            state.connected.remove(who);
        }
        state.vanishes(who)
    }

    /// A bot runs that needs no connection. It is in `rooms` now, and later where `is_in` says so.
    pub fn bot_runs(&self, bot: &MemberId, rooms: Vec<RoomId>, is_in: impl Fn(&RoomId) -> bool + Send + Sync + 'static) {
        let appears = {
            let mut state = self.write();
            state.running.insert(bot.clone(), Box::new(is_in));
            state.appears(bot)
        };
        if appears {
            self.tell(bot, true, rooms);
        }
    }

    /// A bot that was in `rooms` does not run any more.
    pub fn bot_ended(&self, bot: &MemberId, rooms: Vec<RoomId>) {
        let vanishes = {
            let mut state = self.write();
            state.running.remove(bot);
            state.vanishes(bot)
        };
        if vanishes {
            self.tell(bot, false, rooms);
        }
    }

    /// The bots in a room that run.
    pub fn bots_in(&self, room: &RoomId) -> Vec<MemberId> {
        self.read().running.iter().filter(|(_, is_in)| is_in(room)).map(|(bot, _)| bot.clone()).collect()
    }

    /// Whether they have a connection, or need none.
    pub fn is_online(&self, who: &MemberId) -> bool {
        self.read().is_online(who)
    }

    /// From now on `tell` tells of bots that come and go.
    pub fn tell_by(&self, tell: impl Fn(&MemberId, bool, Vec<RoomId>) + Send + Sync + 'static) {
        // Whoever serves connections does so once.
        let _ = self.0.tell.set(Box::new(tell));
    }

    fn tell(&self, bot: &MemberId, online: bool, rooms: Vec<RoomId>) {
        if let Some(tell) = self.0.tell.get() {
            tell(bot, online, rooms);
        }
    }

    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.0.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.0.state.write().unwrap_or_else(PoisonError::into_inner)
    }
}
