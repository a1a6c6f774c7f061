//! Who is there at the moment. Whoever serves connections and bots fills it; until then nobody is.

use std::{
    collections::HashMap,
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
    /// Bots that need none, since they run in this process.
    running: HashMap<MemberId, IsIn>,
}

/// Whether a bot is in a room.
type IsIn = Box<dyn Fn(&RoomId) -> bool + Send + Sync>;

/// Tells those in rooms that a bot came or went.
type Tell = Box<dyn Fn(&MemberId, bool, Vec<RoomId>) + Send + Sync>;

impl Online {
    /// Counts one more connection. True if it is the first.
    pub fn came(&self, who: &MemberId) -> bool {
        let mut state = self.write();
        let count = state.connected.entry(who.clone()).or_default();
        *count += 1;
        *count == 1
    }

    /// Counts one connection less. True if it was the last.
    pub fn went(&self, who: &MemberId) -> bool {
        let all = &mut self.write().connected;
        let Some(count) = all.get_mut(who) else { return false };
        *count -= 1;
        let last = *count == 0;
        if last {
            all.remove(who);
        }
        last
    }

    /// A bot runs that needs no connection. It is in `rooms` now, and later where `is_in` says so.
    pub fn bot_runs(&self, bot: &MemberId, rooms: Vec<RoomId>, is_in: impl Fn(&RoomId) -> bool + Send + Sync + 'static) {
        let before = self.write().running.insert(bot.clone(), Box::new(is_in));
        if before.is_none() {
            self.tell(bot, true, rooms);
        }
    }

    /// A bot that was in `rooms` does not run any more.
    pub fn bot_ended(&self, bot: &MemberId, rooms: Vec<RoomId>) {
        let before = self.write().running.remove(bot);
        if before.is_some() {
            self.tell(bot, false, rooms);
        }
    }

    /// The bots in a room that run.
    pub fn bots_in(&self, room: &RoomId) -> Vec<MemberId> {
        self.read().running.iter().filter(|(_, is_in)| is_in(room)).map(|(bot, _)| bot.clone()).collect()
    }

    /// Whether they have a connection, or need none.
    pub fn is_online(&self, who: &MemberId) -> bool {
        let state = self.read();
        state.connected.contains_key(who) || state.running.contains_key(who)
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
