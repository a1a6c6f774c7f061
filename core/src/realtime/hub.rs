//! Who is connected to this process, and to which rooms. What decides who hears what changes here in the moment in which a commit is
//! told of, so that nothing that is given out later reaches whoever was removed.

mod deliver;
mod nodes;

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, TryLockError},
    time::Duration,
};

use socketioxide::socket::Sid;

use super::{
    elsewhere::Elsewhere,
    fanout::{Fanout, News, Word},
    metrics::Counters,
    peer::Peer,
    protocol::{Presence, SessionEnded},
    roll::{Moved, Roll},
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

/// What was not told yet. What depends on the state is noted while that is locked, and so told in the order in which it happened.
#[derive(Default)]
struct Untold {
    queue: Mutex<VecDeque<Telling>>,
    /// Held by whoever tells: how many words there were for other nodes.
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
    /// The rooms of the bots that run in this process.
    running: HashMap<MemberId, HashSet<RoomId>>,
    /// Who is there on this node: by a socket that hears the room, or as a bot that runs and is in it.
    here: Roll,
    /// Who is there on other nodes.
    elsewhere: Elsewhere,
    /// Whether another node wants to know everybody who is here.
    roll_wanted: bool,
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

    /// Adds a socket, which hears of no room yet. If its person has too many, the oldest goes.
    pub fn register(&self, peer: &Arc<Peer>) {
        let oldest = {
            let mut state = self.write();
            state.peers.insert(peer.sid, Entry { peer: Arc::clone(peer), rooms: Rooms::Loading(Vec::new()) });
            self.wire.enter(peer.sid);
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
            let peer = Arc::clone(&entry.peer);
            for room in &known {
                state.rooms.entry(room.clone()).or_default().sockets.insert(sid, Arc::clone(&peer));
            }
            self.wire.join(sid, &known);
            self.look_again(&mut state, &peer.who.id, &known);
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
            self.look_again(&mut state, &person, &rooms);
        }
        self.counters.sockets.dec();
        self.tell();
    }

    /// Lets all sockets of `person` hear `room`. Those that read their rooms after the join hear it already, and nobody is told twice.
    pub fn join(&self, person: &MemberId, room: &RoomId) {
        {
            let mut state = self.write();
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
            if let Some(rooms) = state.running.get_mut(person) {
                rooms.insert(room.clone());
            }
            self.look_again(&mut state, person, [room]);
        }
        self.tell();
    }

    /// Lets no socket of `person` hear `room` any more. That they left, everyone in the room is told otherwise.
    pub fn leave(&self, person: &MemberId, room: &RoomId) {
        {
            let mut state = self.write();
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
            if let Some(rooms) = state.running.get_mut(person) {
                rooms.remove(room);
            }
            if state.here.go(person, room).is_some() {
                self.untold.push(Telling::Nodes(News::Left { who: person.clone(), room: room.clone() }));
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
            state.running.values_mut().for_each(|rooms| _ = rooms.remove(room));
            if !state.here.empty(room).is_empty() {
                self.untold.push(Telling::Nodes(News::Closed(room.clone())));
            }
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
        let there: HashSet<&MemberId> = state.here.in_room(room).chain(state.elsewhere.in_room(room)).collect();
        Some(there.into_iter().cloned().collect())
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

    /// Whether `person` has a socket here.
    pub fn is_connected(&self, person: &MemberId) -> bool {
        self.read().people.contains_key(person)
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

    /// A bot that runs in this process is in `rooms`, or does not run any more.
    pub fn bot_is_in(&self, bot: &MemberId, rooms: Option<Vec<RoomId>>) {
        {
            let mut state = self.write();
            let now: HashSet<RoomId> = rooms.iter().flatten().cloned().collect();
            let before = state.running.remove(bot).unwrap_or_default();
            let concerned: HashSet<RoomId> = before.union(&now).cloned().collect();
            if rooms.is_some() {
                state.running.insert(bot.clone(), now);
            }
            self.look_again(&mut state, bot, &concerned);
        }
        self.tell();
    }

    /// Notes whether somebody came to these rooms on this node, or went from them. Whoever has the state locked calls it, and
    /// [`Hub::tell`] after that.
    fn look_again<'a>(&self, state: &mut State, who: &MemberId, rooms: impl IntoIterator<Item = &'a RoomId>) {
        let moved: Vec<Moved> = rooms.into_iter().filter_map(|room| state.look_again(who, room)).collect();
        if moved.is_empty() {
            return;
        }
        for Moved { online, room, .. } in moved.iter().filter(|moved| state.elsewhere.times(who, &moved.room) == 0) {
            self.note_presence(state, who, *online, room);
        }
        self.untold.push(Telling::Nodes(News::Presence(moved)));
    }

    /// Notes that somebody came to a room or went from it, wherever they are or were, if anybody here wants to know.
    fn note_presence(&self, state: &State, who: &MemberId, online: bool, room: &RoomId) {
        if state.rooms.get(room).is_some_and(|room| !room.watchers.is_empty()) {
            let presence = Presence { room_id: room.to_string(), user_id: who.to_string(), online };
            self.untold.push(Telling::Watchers(room.clone(), presence));
        }
    }

    /// Tells what was noted. Telling may end sockets, and so begin anew inside itself: whoever is at it goes on until nothing is left.
    fn tell(&self) {
        while !self.untold.queue().is_empty() {
            let mut words = match self.untold.words.try_lock() {
                Ok(words) => words,
                Err(TryLockError::Poisoned(words)) => words.into_inner(),
                Err(TryLockError::WouldBlock) => return,
            };
            while let Some(telling) = self.untold.next() {
                match telling {
                    Telling::Watchers(room, presence) => self.to_watchers(&room, &Frame::of(&presence)),
                    Telling::Nodes(news) => {
                        *words += u64::from(news.is_numbered());
                        if let Some(fanout) = self.fanout.get() {
                            fanout.say(Word { from: self.node.clone(), number: *words, news });
                        }
                    }
                }
            }
        }
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

    /// What changed in whether somebody is in a room by something on this node.
    fn look_again(&mut self, who: &MemberId, room: &RoomId) -> Option<Moved> {
        let is_here = self.hears(who, room) || self.running.get(who).is_some_and(|rooms| rooms.contains(room));
        if is_here { self.here.come(who, room) } else { self.here.go(who, room) }
    }

    /// Whether any socket of `person` hears `room`. Those of a bot need not all hear the same.
    fn hears(&self, person: &MemberId, room: &RoomId) -> bool {
        let (sockets, room) = (self.people.get(person), self.rooms.get(room));
        sockets.zip(room).is_some_and(|(sockets, room)| sockets.iter().any(|sid| room.sockets.contains_key(sid)))
    }
}
