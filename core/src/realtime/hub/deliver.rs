//! How frames get from the hub to sockets, and what becomes of those that cannot take them.

use std::sync::Arc;

use socketioxide::socket::Sid;

use super::{Hub, Room};
use crate::{
    ids::{MemberId, RoomId},
    realtime::{
        peer::Peer,
        wire::{Frame, Sent},
    },
};

impl Hub {
    /// Sends `frame` to one socket; one that cannot take it is disconnected, unless the frame may be left out.
    pub fn send(&self, peer: &Peer, frame: &Frame) {
        self.counters.sent.inc();
        peer.line.backlog().add();
        if !self.hand_over(peer, frame) {
            self.fall_behind(peer);
        }
    }

    /// How many messages a socket takes for sure for which as many wait.
    pub fn surely_taken(&self) -> usize {
        self.rules.surely_taken
    }

    /// Whether so little waits for a socket that it takes more for sure.
    pub fn surely_takes(&self, peer: &Peer) -> bool {
        peer.line.backlog().count() <= self.rules.surely_taken
    }

    /// Waits until so little waits for a socket that it takes more for sure, or it is gone.
    pub async fn until_it_surely_takes(&self, peer: &Peer) {
        peer.line.backlog().until_at_most(self.rules.surely_taken).await;
    }

    /// Sends `frame` to these sockets.
    pub fn send_to(&self, sockets: impl IntoIterator<Item = Sid>, frame: &Frame) {
        let state = self.read();
        let slow = self.deliver(sockets.into_iter().filter_map(|sid| state.peer(sid)), frame);
        drop(state);
        self.leave_behind(&slow);
    }

    fn leave_behind(&self, slow: &[Arc<Peer>]) {
        for peer in slow {
            self.fall_behind(peer);
        }
    }

    /// Sends to each by itself, and gives those that could not take it.
    fn deliver<'a>(&self, peers: impl Iterator<Item = &'a Arc<Peer>>, frame: &Frame) -> Vec<Arc<Peer>> {
        let counted = peers.inspect(|peer| {
            self.counters.sent.inc();
            peer.line.backlog().add();
        });
        counted.filter(|peer| !self.hand_over(peer, frame)).cloned().collect()
    }

    /// Sends to everybody in `room`, and gives those that could not take it.
    fn deliver_to_room(&self, id: &RoomId, room: &Room, frame: &Frame) -> Vec<Arc<Peer>> {
        let waiting = room.sockets.values().map(|peer| peer.line.backlog().add()).max();
        self.counters.sent.inc_by(room.sockets.len() as u64);
        // The library encodes once for a whole room, but does not tell who could not take it. So it does that for as long as
        // everybody surely can.
        if waiting.is_some_and(|most| most > self.rules.surely_taken) {
            return room.sockets.values().filter(|peer| !self.hand_over(peer, frame)).cloned().collect();
        }
        if self.wire.send_to_room(id, frame) == Sent::Taken {
            return Vec::new();
        }
        tracing::error!(room = %id, "somebody in a room was further behind than was known");
        room.sockets.values().filter(|peer| peer.line.backlog().count() > 1).cloned().collect()
    }

    /// Gives a frame that is counted among what waits for `peer` to the library. False if it does not take one that must not be left out.
    fn hand_over(&self, peer: &Peer, frame: &Frame) -> bool {
        let taken = self.wire.send(peer.sid, frame) == Sent::Taken;
        if !taken {
            peer.line.backlog().remove(1);
        }
        taken || frame.is_volatile()
    }

    /// Sends `frame` to everyone in a room.
    pub fn to_room(&self, room: &RoomId, frame: &Frame) {
        let state = self.read();
        let Some(found) = state.rooms.get(room) else { return };
        let slow = self.deliver_to_room(room, found, frame);
        drop(state);
        self.leave_behind(&slow);
    }

    /// Sends `frame` to all sockets of a user or bot.
    pub fn to_person(&self, person: &MemberId, frame: &Frame) {
        let state = self.read();
        let sockets = state.people.get(person).map_or(&[] as &[Sid], Vec::as_slice);
        let slow = self.deliver(sockets.iter().filter_map(|sid| state.peer(*sid)), frame);
        drop(state);
        self.leave_behind(&slow);
    }

    /// Sends `frame` to everyone.
    pub fn to_all(&self, frame: &Frame) {
        let state = self.read();
        let slow = self.deliver(state.peers.values().map(|entry| &entry.peer), frame);
        drop(state);
        self.leave_behind(&slow);
    }

    /// Sends `frame` to everyone in a room, but not to `except`.
    pub(super) fn to_others(&self, room: &RoomId, frame: &Frame, except: &MemberId) {
        let state = self.read();
        let Some(found) = state.rooms.get(room) else { return };
        let slow = self.deliver(found.sockets.values().filter(|peer| &peer.who.id != except), frame);
        drop(state);
        self.leave_behind(&slow);
    }

    /// Sends `frame` to everyone who asked who comes and goes in a room.
    pub(super) fn to_watchers(&self, room: &RoomId, frame: &Frame) {
        let state = self.read();
        let Some(found) = state.rooms.get(room) else { return };
        let slow = self.deliver(found.watchers.iter().filter_map(|sid| found.sockets.get(sid)), frame);
        drop(state);
        self.leave_behind(&slow);
    }
}
