//! A hub among those of other nodes: what it hears from them, and what it tells them without being told to by its sockets.

use std::{sync::Arc, time::Duration};

use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::{Hub, State, Telling};
use crate::{
    ids::{MemberId, RoomId},
    realtime::{
        elsewhere::Noted,
        fanout::{Fanout, News, Word},
        protocol::TypingNow,
        roll::{Moved, Roll},
        wire::Frame,
    },
};

/// How often a node says that it is there.
const ALIVE: Duration = Duration::from_secs(8);
/// How often it is looked whether it is time to.
const LOOK: Duration = Duration::from_millis(500);

impl Hub {
    /// Takes its place among other nodes, which are told by way of `fanout` from now on. That must not hold this.
    pub fn join_nodes(&self, fanout: Arc<dyn Fanout>) {
        assert!(self.fanout.set(fanout).is_ok(), "there is one way to other nodes");
        self.say(News::RollCall(None));
    }

    /// Stays in touch with other nodes until `stop`. In a task of its own: whoever falls silent is taken for gone.
    pub async fn keep_in_touch(self: Arc<Self>, stop: CancellationToken) {
        let (mut last, mut look) = (self.ticks.elapsed(), interval(LOOK));
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while stop.run_until_cancelled(look.tick()).await.is_some() {
            self.look_at_nodes(&mut last);
        }
    }

    /// Says that this node is there, if it is time, and who is on it, if somebody asked; forgets those that fell silent.
    fn look_at_nodes(&self, last: &mut Duration) {
        let now = self.ticks.elapsed();
        if now.saturating_sub(*last) >= ALIVE {
            *last = now;
            self.untold.push(Telling::Nodes(News::Alive));
        }
        {
            let mut state = self.write();
            // Once, however many asked.
            if std::mem::take(&mut state.roll_wanted) {
                let all = state.here.all().map(|(who, room)| (who.clone(), room.clone())).collect();
                self.untold.push(Telling::Nodes(News::Roll(all)));
            }
            while let Some(moved) = state.elsewhere.forget_silent(now) {
                self.moved(&state, moved);
            }
        }
        self.tell();
    }

    /// Says that nobody is here any more.
    pub fn leave_nodes(&self) {
        self.say(News::Roll(Vec::new()));
    }

    /// Hears what another node says.
    pub fn hear(&self, Word { from, number, news }: Word) {
        if from == self.node {
            return;
        }
        if let News::Typing { who, room, now } = &news {
            return self.to_others(room, &Frame::of(now), who);
        }
        {
            let mut state = self.write();
            match state.elsewhere.note(&from, number, &news, self.ticks.elapsed()) {
                Noted::Repeated => return,
                Noted::AfterMissed if matches!(news, News::Alive | News::RollCall(None)) => {
                    self.untold.push(Telling::Nodes(News::RollCall(Some(from.clone()))));
                }
                Noted::AfterMissed | Noted::New => {}
            }
            let Some(roll) = state.elsewhere.roll(&from) else { return };
            match news {
                News::Presence(moved) => {
                    let moved = moved.iter().filter_map(|moved| follow(roll, moved)).collect();
                    self.moved(&state, moved);
                }
                News::Roll(all) => {
                    let moved = roll.replace(&all);
                    self.moved(&state, moved);
                }
                // Those who watch the room hear that from the log.
                News::Left { who, room } => self.count(roll.go(&who, &room).as_slice()),
                News::Closed(room) => self.count(&roll.empty(&room)),
                News::RollCall(of) => state.roll_wanted |= of.is_none_or(|of| of == self.node),
                News::Alive | News::Typing { .. } => {}
            }
        }
        self.tell();
    }

    /// Tells everyone in a room, but not `who` it is, that somebody is typing or has stopped.
    pub fn typing(&self, who: &MemberId, room: RoomId, now: TypingNow) {
        self.to_others(&room, &Frame::of(&now), who);
        self.say(News::Typing { who: who.clone(), room, now });
    }

    fn say(&self, news: News) {
        self.untold.push(Telling::Nodes(news));
        self.tell();
    }

    /// Notes who came or went for those here by what happened on one other node.
    fn moved(&self, state: &State, moved: Vec<Moved>) {
        self.count(&moved);
        for Moved { who, online, room, .. } in moved {
            let on_others = state.elsewhere.times(&who, &room) - usize::from(online);
            if on_others == 0 && !state.here.is_there(&who, &room) {
                self.note_presence(state, &who, online, &room);
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

/// Does in a roll what was done in another one.
fn follow(roll: &mut Roll, Moved { who, online, room, .. }: &Moved) -> Option<Moved> {
    if *online { roll.come(who, room) } else { roll.go(who, room) }
}
