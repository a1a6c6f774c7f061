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
    /// Bots that need none, since they run in this process. They may have some all the same.
    running: HashMap<MemberId, IsIn>,
}

impl State {
    fn is_online(&self, who: &MemberId) -> bool {
        self.connected.contains_key(who) || self.running.contains_key(who)
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

    /// Counts one connection less.
    pub fn went(&self, who: &MemberId) {
        let mut state = self.write();
        let Some(count) = state.connected.get_mut(who) else { return };
        *count -= 1;
        if *count == 0 {
            state.connected.remove(who);
        }
    }

    /// A bot runs that needs no connection. It is in `rooms` now, and later where `is_in` says so.
    pub fn bot_runs(&self, bot: &MemberId, rooms: Vec<RoomId>, is_in: impl Fn(&RoomId) -> bool + Send + Sync + 'static) {
        let ran = self.write().running.insert(bot.clone(), Box::new(is_in));
        // One that is loaded anew was there all the time.
        if ran.is_none() {
            self.tell(bot, true, rooms);
        }
    }

    /// A bot that was in `rooms` does not run any more.
    pub fn bot_ended(&self, bot: &MemberId, rooms: Vec<RoomId>) {
        let ran = self.write().running.remove(bot);
        if ran.is_some() {
            self.tell(bot, false, rooms);
        }
    }

    /// Whether they are a bot that runs and is in a room.
    pub fn runs_in(&self, who: &MemberId, room: &RoomId) -> bool {
        self.read().running.get(who).is_some_and(|is_in| is_in(room))
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
