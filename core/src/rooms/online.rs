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
    /// How many connections each has. Another node on which they hear a room counts as one.
    connected: HashMap<MemberId, usize>,
    /// Bots that need none, since they run in this process, and where they were when they began. They may have some all the same.
    running: HashMap<MemberId, Vec<RoomId>>,
}

/// Tells in which rooms a bot is that runs, or that it does not run any more.
type Tell = Box<dyn Fn(&MemberId, Option<Vec<RoomId>>) + Send + Sync>;

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

    /// A bot runs that needs no connection, and is in `rooms`.
    pub fn bot_runs(&self, bot: &MemberId, rooms: Vec<RoomId>) {
        self.write().running.insert(bot.clone(), rooms.clone());
        self.tell(bot, Some(rooms));
    }

    /// Whoever serves connections hears from the event log which rooms a bot enters and leaves; where that may have been missed, this says
    /// where it is. Nothing if it does not run.
    pub fn bot_is_in(&self, bot: &MemberId, rooms: Vec<RoomId>) {
        if self.read().running.contains_key(bot) {
            self.bot_runs(bot, rooms);
        }
    }

    /// A bot does not run any more.
    pub fn bot_ended(&self, bot: &MemberId) {
        let ran = self.write().running.remove(bot);
        if ran.is_some() {
            self.tell(bot, None);
        }
    }

    /// Whether they have a connection, or need none.
    pub fn is_online(&self, who: &MemberId) -> bool {
        let state = self.read();
        state.connected.contains_key(who) || state.running.contains_key(who)
    }

    /// From now on `tell` tells of bots that begin, move and end; at once of those that run.
    pub fn tell_by(&self, tell: impl Fn(&MemberId, Option<Vec<RoomId>>) + Send + Sync + 'static) {
        // Whoever serves connections does so once.
        let _ = self.0.tell.set(Box::new(tell));
        let running = self.read().running.clone();
        for (bot, rooms) in running {
            self.tell(&bot, Some(rooms));
        }
    }

    fn tell(&self, bot: &MemberId, rooms: Option<Vec<RoomId>>) {
        if let Some(tell) = self.0.tell.get() {
            tell(bot, rooms);
        }
    }

    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.0.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.0.state.write().unwrap_or_else(PoisonError::into_inner)
    }
}
