//! Who is connected to this process, and to which rooms. What decides who hears what changes here in the moment in which a commit is
//! told of, so that nothing that is given out later reaches whoever was removed.

mod deliver;
mod nodes;

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
    time::Duration,
};

use socketioxide::socket::Sid;

use super::{
    elsewhere::Elsewhere,
    fanout::{Fanout, News, Word},
    metrics::Counters,
    peer::Peer,
    protocol::{Presence, SessionEnded},
    wire::{Frame, Sent, Wire},
};
use crate::{
    http::rate::Ticks,
    ids::{MemberId, NodeId, RoomId},
    rooms::online::Online,
};

/// How long a client may take to go by itself once it was told to.
const LEAVE: Duration = Duration::from_secs(2);

/// The connected sockets.
pub struct Hub {
    state: RwLock<State>,
    wire: Arc<Wire>,
    counters: Counters,
    online: Online,
    rules: HubRules,
    node: NodeId,
    ticks: Ticks,
    /// The way to other nodes.
    fanout: OnceLock<Arc<dyn Fanout>>,
    untold: Untold,
}

/// What was not told yet. Filled while the state is locked, so that it is told in the order in which it happened.
#[derive(Default)]
struct Untold {
    queue: Mutex<VecDeque<Telling>>,
    /// Held by whoever tells: how many words the other nodes were told.
    words: Mutex<u64>,
}

/// Something to be told.
enum Telling {
    /// Somebody came to a room or went from it: to those who watch it.
    Watchers(RoomId, Presence),
    /// To the other nodes.
    Nodes(News),
}

impl Untold {
    fn queue(&self) -> MutexGuard<'_, VecDeque<Telling>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, telling: Telling) {
        self.queue().push_back(telling);
    }

    fn next(&self) -> Option<Telling> {
        self.queue().pop_front()
    }
}

/// What an operator says about sockets.
#[derive(Debug, Clone, Copy)]
pub struct HubRules {
    /// Sockets of one user or bot at the same time.
    pub per_person: usize,
    /// How long a client that fell behind has to take what waits for it.
    pub slow_grace: Duration,
    /// Messages that wait for a client which could take as many again.
    pub surely_taken: usize,
}

#[derive(Default)]
struct State {
    peers: HashMap<Sid, Entry>,
    people: HashMap<MemberId, Vec<Sid>>,
    rooms: HashMap<RoomId, Room>,
    /// Who is there on other nodes.
    elsewhere: Elsewhere,
}

struct Entry {
    peer: Arc<Peer>,
    rooms: Rooms,
}

/// The rooms that a socket hears.
enum Rooms {
    /// They are being read; meanwhile these changes came.
    Loading(Vec<(RoomId, bool)>),
    /// These.
    Known(HashSet<RoomId>),
}

#[derive(Default)]
struct Room {
    sockets: HashMap<Sid, Arc<Peer>>,
    /// Those of them that asked who comes and goes.
    watchers: HashSet<Sid>,
}

impl Hub {
    /// The hub of `node`, with nobody.
    pub fn new(node: NodeId, ticks: Ticks, wire: Arc<Wire>, counters: Counters, online: Online, rules: HubRules) -> Self {
        let (state, fanout, untold) = (RwLock::default(), OnceLock::new(), Untold::default());
        Self { state, wire, counters, online, rules, node, ticks, fanout, untold }
    }

    /// The way to single sockets.
    pub fn wire(&self) -> &Wire {
        &self.wire
    }

    /// Adds a socket, which hears nothing yet. If its person has too many, the oldest goes.
    pub fn register(&self, peer: &Arc<Peer>) {
        let oldest = {
            let mut state = self.write();
            state.peers.insert(peer.sid, Entry { peer: Arc::clone(peer), rooms: Rooms::Loading(Vec::new()) });
            let sockets = state.people.entry(peer.who.id.clone()).or_default();
            sockets.push(peer.sid);
            // Before anybody else could let it go.
            self.online.came(&peer.who.id);
            let oldest = (sockets.len() > self.rules.per_person).then(|| sockets[0]);
            oldest.and_then(|sid| state.peers.get(&sid)).map(|entry| Arc::clone(&entry.peer))
        };
        self.counters.sockets.inc();
        if let Some(oldest) = oldest {
            self.end(&oldest, "too_many");
        }
    }

    /// Lets a registered socket hear `rooms`, as changed by what came since they were read.
    pub fn subscribe(&self, sid: Sid, rooms: impl IntoIterator<Item = RoomId>) {
        {
            let mut state = self.write();
            let Some(entry) = state.peers.get_mut(&sid) else { return };
            let mut known: HashSet<RoomId> = rooms.into_iter().collect();
            if let Rooms::Loading(changes) = &mut entry.rooms {
                for (room, joined) in changes.drain(..) {
                    if joined {
                        known.insert(room)
                    } else {
                        known.remove(&room)
                    };
                }
            }
            entry.rooms = Rooms::Known(known.clone());
            let (peer, person) = (Arc::clone(&entry.peer), entry.peer.who.id.clone());
            let came: Vec<RoomId> = known.iter().filter(|room| !self.is_here(&state, &person, room)).cloned().collect();
            for room in &known {
                state.rooms.entry(room.clone()).or_default().sockets.insert(sid, Arc::clone(&peer));
            }
            self.wire.join(sid, &known);
            self.changed(&state, person, true, came);
        }
        self.tell();
    }

    /// Forgets a socket.
    pub fn unregister(&self, sid: Sid) {
        {
            let mut state = self.write();
            let Some(Entry { peer, rooms }) = state.peers.remove(&sid) else { return };
            peer.line.backlog().end();
            let person = peer.who.id.clone();
            let rooms = if let Rooms::Known(rooms) = rooms { rooms } else { HashSet::new() };
            for room in &rooms {
                state.leave(sid, room);
            }
            self.wire.leave_all(sid);
            let sockets = state.people.get_mut(&person);
            let last = sockets.is_none_or(|sockets| {
                sockets.retain(|other| *other != sid);
                sockets.is_empty()
            });
            if last {
                state.people.remove(&person);
            }
            self.online.went(&person);
            let gone: Vec<RoomId> = rooms.into_iter().filter(|room| !self.is_here(&state, &person, room)).collect();
            self.changed(&state, person, false, gone);
        }
        self.counters.sockets.dec();
        self.tell();
    }

    /// Lets all sockets of `person` hear `room`. Those that read their rooms after the join hear it already, and nobody is told twice.
    pub fn join(&self, person: &MemberId, room: &RoomId) {
        {
            let mut state = self.write();
            let was_there = state.hears(person, room);
            for sid in state.people.get(person).cloned().unwrap_or_default() {
                let Some(entry) = state.peers.get_mut(&sid).filter(|entry| entry.peer.who.reaches(room)) else { continue };
                match &mut entry.rooms {
                    Rooms::Loading(changes) => changes.push((room.clone(), true)),
                    Rooms::Known(rooms) => {
                        rooms.insert(room.clone());
                        let peer = Arc::clone(&entry.peer);
                        state.rooms.entry(room.clone()).or_default().sockets.insert(sid, peer);
                        self.wire.join(sid, [room]);
                    }
                }
            }
            if !was_there && state.hears(person, room) {
                self.changed(&state, person.clone(), true, vec![room.clone()]);
            } else if self.online.runs(person) {
                // Those here see from the bot itself where it is.
                self.untold.push(Telling::Nodes(News::Presence { who: person.clone(), online: true, rooms: vec![room.clone()] }));
            }
        }
        self.tell();
    }

    /// Lets no socket of `person` hear `room` any more.
    pub fn leave(&self, person: &MemberId, room: &RoomId) {
        {
            let mut state = self.write();
            if state.hears(person, room) || self.online.runs(person) {
                self.untold.push(Telling::Nodes(News::Left { who: person.clone(), room: room.clone() }));
            }
            for sid in state.people.get(person).cloned().unwrap_or_default() {
                let Some(entry) = state.peers.get_mut(&sid) else { continue };
                match &mut entry.rooms {
                    Rooms::Loading(changes) => changes.push((room.clone(), false)),
                    Rooms::Known(rooms) => {
                        rooms.remove(room);
                        state.leave(sid, room);
                        self.wire.leave(sid, room);
                    }
                }
            }
        }
        self.tell();
    }

    /// Lets nobody hear `room` any more, and gives who did.
    pub fn close_room(&self, room: &RoomId) -> Vec<Sid> {
        let sockets: Vec<Sid> = {
            let mut state = self.write();
            let sockets: Vec<Sid> = state.rooms.remove(room).map(|room| room.sockets.into_keys().collect()).unwrap_or_default();
            for sid in &sockets {
                self.wire.leave(*sid, room);
            }
            for entry in state.peers.values_mut() {
                match &mut entry.rooms {
                    Rooms::Loading(changes) => changes.push((room.clone(), false)),
                    Rooms::Known(rooms) => {
                        rooms.remove(room);
                    }
                }
            }
            self.untold.push(Telling::Nodes(News::Closed(room.clone())));
            sockets
        };
        self.tell();
        sockets
    }

    /// Tells `sid` from now on who comes and goes in `room`, and who is there; `None` if it does not hear that room.
    pub fn watch(&self, sid: Sid, room: &RoomId) -> Option<Vec<MemberId>> {
        let mut state = self.write();
        let heard = state.rooms.get_mut(room).filter(|room| room.sockets.contains_key(&sid))?;
        heard.watchers.insert(sid);
        let mut there: HashSet<MemberId> = heard.sockets.values().map(|peer| peer.who.id.clone()).collect();
        there.extend(self.online.bots_in(room));
        there.extend(state.elsewhere.in_room(room).cloned());
        Some(there.into_iter().collect())
    }

    /// Whether there is such a socket.
    pub fn knows(&self, sid: Sid) -> bool {
        self.read().peers.contains_key(&sid)
    }

    /// Whether `sid` hears `room`.
    pub fn hears(&self, sid: Sid, room: &RoomId) -> bool {
        self.read().rooms.get(room).is_some_and(|room| room.sockets.contains_key(&sid))
    }

    /// How many sockets hear `room`.
    pub fn listeners(&self, room: &RoomId) -> usize {
        self.read().rooms.get(room).map_or(0, |room| room.sockets.len())
    }

    /// The sockets of `person`.
    pub fn of_person(&self, person: &MemberId) -> Vec<Arc<Peer>> {
        let state = self.read();
        let sockets = state.people.get(person).map_or(&[] as &[Sid], Vec::as_slice);
        sockets.iter().filter_map(|sid| Some(Arc::clone(&state.peers.get(sid)?.peer))).collect()
    }

    /// All sockets.
    pub fn all(&self) -> Vec<Arc<Peer>> {
        self.read().peers.values().map(|entry| Arc::clone(&entry.peer)).collect()
    }

    /// Disconnects a socket and says why. It hears nothing after that, and what it sent and is not done yet is dropped.
    pub fn end(&self, peer: &Peer, reason: &str) {
        if !self.begin_end(peer, reason) {
            return;
        }
        let told = self.wire.send(peer.sid, &ended(reason));
        if told == Sent::Full || self.wire.disconnect(peer.sid) == Sent::Full {
            self.wire.send_past_queue(peer.sid, &ended(reason));
        }
        peer.line.cut_after(LEAVE);
    }

    /// Disconnects a socket that could not take what was sent to it. It may take what waits already, and then hears why it goes; its
    /// client takes this for a lost connection, connects again and resumes.
    pub fn fall_behind(&self, peer: &Peer) {
        if !self.begin_end(peer, SLOW) {
            return;
        }
        self.counters.slow.inc();
        self.wire.send_past_queue(peer.sid, &ended(SLOW));
        peer.line.cut_after(self.rules.slow_grace);
    }

    fn begin_end(&self, peer: &Peer, reason: &str) -> bool {
        let begun = peer.end();
        if begun {
            self.counters.ended.with_label_values(&[reason]).inc();
            self.unregister(peer.sid);
        }
        begun
    }

    /// Tells that a bot which runs in this process came to `rooms` or went from them. Where one of its sockets is, it is there anyway.
    pub fn tell_of_bot(&self, bot: &MemberId, online: bool, mut rooms: Vec<RoomId>) {
        {
            let state = self.read();
            rooms.retain(|room| !state.hears(bot, room));
            self.changed(&state, bot.clone(), online, rooms);
        }
        self.tell();
    }

    /// Notes that somebody came to rooms on this node, or went from them. Whoever has the state locked calls it, and [`Hub::tell`] after
    /// that.
    fn changed(&self, state: &State, who: MemberId, online: bool, rooms: Vec<RoomId>) {
        if rooms.is_empty() {
            return;
        }
        for room in rooms.iter().filter(|room| state.elsewhere.times(&who, room) == 0) {
            self.note_presence(&who, online, room);
        }
        self.untold.push(Telling::Nodes(News::Presence { who, online, rooms }));
    }

    /// Notes that somebody came to a room or went from it, wherever they are or were.
    fn note_presence(&self, who: &MemberId, online: bool, room: &RoomId) {
        let presence = Presence { room_id: room.to_string(), user_id: who.to_string(), online };
        self.untold.push(Telling::Watchers(room.clone(), presence));
    }

    /// Tells what was noted. Telling may end sockets, and so begin anew inside itself: whoever is at it goes on until nothing is left.
    fn tell(&self) {
        while !self.untold.queue().is_empty() {
            let Ok(mut words) = self.untold.words.try_lock() else { return };
            while let Some(telling) = self.untold.next() {
                match telling {
                    Telling::Watchers(room, presence) => self.to_watchers(&room, &Frame::of(&presence)),
                    Telling::Nodes(news) => {
                        *words += 1;
                        if let Some(fanout) = self.fanout.get() {
                            fanout.say(Word { from: self.node.clone(), number: *words, news });
                        }
                    }
                }
            }
        }
    }

    /// Whether `person` is there for those in `room` by something on this node: a socket that hears it, or as a bot that runs there.
    fn is_here(&self, state: &State, person: &MemberId, room: &RoomId) -> bool {
        state.hears(person, room) || self.online.runs_in(person, room)
    }

    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why a socket goes that fell behind.
const SLOW: &str = "slow_consumer";

fn ended(reason: &str) -> Frame {
    Frame::of(&SessionEnded { reason: reason.to_owned() })
}

impl State {
    fn peer(&self, sid: Sid) -> Option<&Arc<Peer>> {
        self.peers.get(&sid).map(|entry| &entry.peer)
    }

    fn leave(&mut self, sid: Sid, room: &RoomId) {
        let Some(found) = self.rooms.get_mut(room) else { return };
        found.sockets.remove(&sid);
        found.watchers.remove(&sid);
        if found.sockets.is_empty() {
            self.rooms.remove(room);
        }
    }

    /// Whether any socket of `person` hears `room`. Those of a bot need not all hear the same.
    fn hears(&self, person: &MemberId, room: &RoomId) -> bool {
        let (sockets, room) = (self.people.get(person), self.rooms.get(room));
        sockets.zip(room).is_some_and(|(sockets, room)| sockets.iter().any(|sid| room.sockets.contains_key(sid)))
    }
}
