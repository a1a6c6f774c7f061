//! A hub among those of other nodes: what it hears from them, and what it tells them without being told to by its sockets.

use std::{sync::Arc, time::Duration};

use super::{Hub, State, Telling};
use crate::{
    ids::{MemberId, RoomId},
    realtime::{
        elsewhere::Moved,
        fanout::{Fanout, News, Word},
        protocol::TypingNow,
        wire::Frame,
    },
};

/// How often a node says that it is there.
const ALIVE: Duration = Duration::from_secs(10);

impl Hub {
    /// Takes its place among other nodes, which are told by way of `fanout` from now on. That must not hold this.
    pub fn join_nodes(&self, fanout: Arc<dyn Fanout>) {
        assert!(self.fanout.set(fanout).is_ok(), "there is one way to other nodes");
        self.untold.push(Telling::Nodes(News::RollCall(None)));
        self.tell();
    }

    /// Hears what another node says.
    pub fn hear(&self, Word { from, number, news }: Word) {
        {
            let mut state = self.write();
            let whole = state.elsewhere.note(&from, number, &news, self.ticks.elapsed());
            if !whole && matches!(news, News::Alive | News::RollCall(None)) {
                self.untold.push(Telling::Nodes(News::RollCall(Some(from.clone()))));
            }
            match news {
                News::Presence { who, online, rooms } => {
                    let moved = state.elsewhere.presence(&from, &who, online, rooms);
                    self.moved(&state, moved);
                }
                // Those who watch the room hear that from the log.
                News::Left { who, room } => self.count(&state.elsewhere.presence(&from, &who, false, vec![room])),
                News::Closed(room) => self.count(&state.elsewhere.closed(&from, &room)),
                News::Roll(roll) => {
                    let moved = state.elsewhere.roll(&from, roll);
                    self.moved(&state, moved);
                }
                News::RollCall(of) if of.as_ref().is_none_or(|of| *of == self.node) => self.call_the_roll(&state),
                News::RollCall(_) | News::Alive => {}
                News::Typing { who, room, now } => {
                    drop(state);
                    self.to_others(&room, &Frame::of(&now), &who);
                }
            }
        }
        self.tell();
    }

    /// Tells everyone in a room, but not `who` it is, that somebody is typing or has stopped.
    pub fn typing(&self, who: &MemberId, room: RoomId, now: TypingNow) {
        self.to_others(&room, &Frame::of(&now), who);
        self.untold.push(Telling::Nodes(News::Typing { who: who.clone(), room, now }));
        self.tell();
    }

    /// Says that this node is there, if it is time, and forgets those that fell silent.
    pub fn keep_in_touch(&self, last: &mut Duration) {
        let now = self.ticks.elapsed();
        if now.saturating_sub(*last) >= ALIVE {
            *last = now;
            self.untold.push(Telling::Nodes(News::Alive));
        }
        {
            let mut state = self.write();
            while let Some(moved) = state.elsewhere.forget_silent(now) {
                self.moved(&state, moved);
            }
        }
        self.tell();
    }

    /// Who is there by something on this node.
    fn call_the_roll(&self, state: &State) {
        let by_sockets = state.rooms.iter().flat_map(|(id, room)| room.sockets.values().map(move |peer| (peer.who.id.clone(), id.clone())));
        let by_running = self.online.bots().into_iter().flat_map(|(bot, rooms)| rooms.into_iter().map(move |room| (bot.clone(), room)));
        self.untold.push(Telling::Nodes(News::Roll(by_sockets.chain(by_running).collect())));
    }

    /// Notes who came or went for those here by what happened on one other node.
    fn moved(&self, state: &State, moved: Vec<Moved>) {
        self.count(&moved);
        for Moved { who, online, room, .. } in moved {
            let on_others = state.elsewhere.times(&who, &room) - usize::from(online);
            if on_others == 0 && !self.is_here(state, &who, &room) {
                self.note_presence(&who, online, &room);
            }
        }
    }

    /// Counts who is on another node now, or is there no more.
    fn count(&self, moved: &[Moved]) {
        for Moved { who, online, .. } in moved.iter().filter(|moved| moved.arrived_or_gone) {
            if *online {
                self.online.came(who);
            } else {
                self.online.went(who);
            }
        }
    }
}
