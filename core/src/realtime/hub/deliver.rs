//! How frames get from the hub to sockets, and what becomes of those that cannot take them.

use std::sync::Arc;

use socketioxide::socket::Sid;

use super::Hub;
use crate::{
    ids::{MemberId, RoomId},
    realtime::{
        peer::Peer,
        wire::{Frame, Group, Sent},
    },
};

impl Hub {
    /// Sends `frame` to one socket; one that cannot take it is disconnected, unless the frame may be left out.
    pub fn send(&self, peer: &Peer, frame: &Frame) {
        if !self.is_for(peer, frame) {
            return;
        }
        self.count_for(peer);
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

    /// Whether `frame` is to be sent to a socket: what may be left out is, long before it takes the place of what may not.
    fn is_for(&self, peer: &Peer, frame: &Frame) -> bool {
        !frame.is_volatile() || self.surely_takes(peer)
    }

    /// Counts a frame among what waits for `peer`, and gives how many those are now.
    fn count_for(&self, peer: &Peer) -> usize {
        self.counters.sent.inc();
        peer.line.backlog().add()
    }

    /// Sends to each by itself, and gives those that could not take it.
    fn deliver<'a>(&self, peers: impl Iterator<Item = &'a Arc<Peer>>, frame: &Frame) -> Vec<Arc<Peer>> {
        let counted = peers.filter(|peer| self.is_for(peer, frame)).inspect(|peer| _ = self.count_for(peer));
        counted.filter(|peer| !self.hand_over(peer, frame)).cloned().collect()
    }

    /// Sends to all of `group`, who are `peers`, but for those of `except`, and gives those that could not take it.
    fn deliver_to_group<'a>(
        &self,
        group: Group<'_>,
        peers: impl Iterator<Item = &'a Arc<Peer>>,
        except: Option<&MemberId>,
        frame: &Frame,
    ) -> Vec<Arc<Peer>> {
        // The library encodes once for a whole group, but does not tell who could not take it. So it does that for those who surely can.
        let (mut apart, mut singly, mut together) = (Vec::new(), Vec::new(), Vec::new());
        for peer in peers {
            if except == Some(&peer.who.id) || !self.is_for(peer, frame) {
                apart.push(peer.sid);
            } else if self.count_for(peer) > self.rules.surely_taken {
                apart.push(peer.sid);
                singly.push(peer);
            } else {
                together.push(peer);
            }
        }
        // To leave out many for the sake of few would take longer.
        if together.len() <= apart.len() + 1 {
            singly.append(&mut together);
        }
        let mut slow: Vec<Arc<Peer>> = singly.into_iter().filter(|peer| !self.hand_over(peer, frame)).cloned().collect();
        if !together.is_empty() && self.wire.send_to_group(group, &apart, frame) == Sent::Full {
            tracing::error!(?group, "somebody was further behind than was known");
            slow.extend(together.into_iter().filter(|peer| peer.line.backlog().count() > 1).cloned());
        }
        slow
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
        let slow = self.deliver_to_group(Group::Room(room), found.sockets.values(), None, frame);
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
        let slow = self.deliver_to_group(Group::Everybody, state.peers.values().map(|entry| &entry.peer), None, frame);
        drop(state);
        self.leave_behind(&slow);
    }

    /// Sends `frame` to everyone in a room, but not to `except`.
    pub(super) fn to_others(&self, room: &RoomId, frame: &Frame, except: &MemberId) {
        let state = self.read();
        let Some(found) = state.rooms.get(room) else { return };
        let slow = self.deliver_to_group(Group::Room(room), found.sockets.values(), Some(except), frame);
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
