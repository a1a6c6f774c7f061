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
    /// How many connections each has. Another node on which they are counts as one.
    connected: HashMap<MemberId, usize>,
    /// Bots that need none, since they run in this process. They may have some all the same.
    running: HashMap<MemberId, Box<dyn Whereabouts>>,
}

impl State {
    fn is_online(&self, who: &MemberId) -> bool {
        self.connected.contains_key(who) || self.running.contains_key(who)
    }
}

/// Where a bot that runs is at the moment.
pub trait Whereabouts: Send + Sync + 'static {
    /// In these rooms.
    fn rooms(&self) -> Vec<RoomId>;
    /// Whether in this one.
    fn is_in(&self, room: &RoomId) -> bool;
}

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

    /// A bot runs that needs no connection.
    pub fn bot_runs(&self, bot: &MemberId, whereabouts: impl Whereabouts) {
        let rooms = whereabouts.rooms();
        let ran = self.write().running.insert(bot.clone(), Box::new(whereabouts));
        // One that is loaded anew was there all the time.
        if ran.is_none() {
            self.tell(bot, true, rooms);
        }
    }

    /// A bot does not run any more.
    pub fn bot_ended(&self, bot: &MemberId) {
        let ran = self.write().running.remove(bot);
        if let Some(whereabouts) = ran {
            self.tell(bot, false, whereabouts.rooms());
        }
    }

    /// Whether they are a bot that runs.
    pub fn runs(&self, who: &MemberId) -> bool {
        self.read().running.contains_key(who)
    }

    /// Whether they are a bot that runs and is in a room.
    pub fn runs_in(&self, who: &MemberId, room: &RoomId) -> bool {
        self.read().running.get(who).is_some_and(|whereabouts| whereabouts.is_in(room))
    }

    /// The bots in a room that run.
    pub fn bots_in(&self, room: &RoomId) -> Vec<MemberId> {
        self.read().running.iter().filter(|(_, whereabouts)| whereabouts.is_in(room)).map(|(bot, _)| bot.clone()).collect()
    }

    /// The bots that run, each with all rooms that it is in.
    pub fn bots(&self) -> Vec<(MemberId, Vec<RoomId>)> {
        self.read().running.iter().map(|(bot, whereabouts)| (bot.clone(), whereabouts.rooms())).collect()
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
