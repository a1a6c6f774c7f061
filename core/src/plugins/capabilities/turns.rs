//! What one call takes of what its bot may say and write. It is given back unless the call ends well.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use super::BotHost;
use crate::ids::RoomId;

/// What a call wanted more of than there was at that moment, and how much of it altogether.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shortage {
    /// Messages in a room.
    Messages(RoomId, u32),
    /// Posts.
    Posts(u32),
}

impl BotHost {
    /// How long it takes until a call that fell short can have what it wanted, if nobody else takes it.
    pub fn wait_after(&self, shortage: &Shortage) -> Duration {
        match shortage {
            Shortage::Messages(room, count) => self.pace.wait(room.as_str(), *count).max(self.busy.wait(room, *count)),
            Shortage::Posts(count) => self.posts.wait("", *count),
        }
    }
}

/// Why nothing more may be said.
pub enum TooMuch {
    /// The bot talks too fast.
    OfBot,
    /// Bots have said too much in the room.
    OfRoom,
}

/// What one call has taken.
pub struct Turns {
    host: Arc<BotHost>,
    messages: BTreeMap<RoomId, u32>,
    /// Where it wanted to say more than all bots together may.
    wanted_more: BTreeSet<RoomId>,
    posts: u32,
}

impl Turns {
    /// Nothing yet.
    pub fn new(host: Arc<BotHost>) -> Self {
        Self { host, messages: BTreeMap::new(), wanted_more: BTreeSet::new(), posts: 0 }
    }

    /// Takes one message in `room`.
    pub fn take_message(&mut self, room: &RoomId) -> Result<(), TooMuch> {
        let host = &self.host;
        if !host.pace.take(room.as_str()) {
            return Err(TooMuch::OfBot);
        }
        if !host.busy.take(room) {
            host.pace.give_back(room.as_str(), 1);
            self.wanted_more.insert(room.clone());
            return Err(TooMuch::OfRoom);
        }
        *self.messages.entry(room.clone()).or_default() += 1;
        Ok(())
    }

    /// Takes one post. False if that is too often.
    pub fn take_post(&mut self) -> bool {
        let fits = self.host.posts.take("");
        self.posts += u32::from(fits);
        fits
    }

    /// What it falls short of that is refused one more message in `room`.
    pub fn short_of_messages(&self, room: &RoomId) -> Shortage {
        Shortage::Messages(room.clone(), self.messages.get(room).copied().unwrap_or_default() + 1)
    }

    /// The same for a post.
    pub const fn short_of_posts(&self) -> Shortage {
        Shortage::Posts(self.posts + 1)
    }

    /// All of it has happened.
    pub fn use_up(mut self) {
        for (room, count) in std::mem::take(&mut self.messages) {
            self.host.pace.use_up(room.as_str(), count);
            self.host.busy.use_up(&room, count, self.wanted_more.contains(&room));
        }
        self.host.posts.use_up("", std::mem::take(&mut self.posts));
    }
}

impl Drop for Turns {
    fn drop(&mut self) {
        for (room, count) in &self.messages {
            self.host.pace.give_back(room.as_str(), *count);
            self.host.busy.give_back(room, *count);
        }
        self.host.posts.give_back("", self.posts);
    }
}
