//! Who is there in which room, by something on one node.

use std::collections::{HashMap, HashSet};

use crate::ids::{MemberId, RoomId};

/// The people and bots who are there.
#[derive(Default)]
pub struct Roll {
    rooms: HashMap<RoomId, HashSet<MemberId>>,
    /// In how many rooms each is.
    people: HashMap<MemberId, usize>,
}

/// Somebody came to a room or went from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    /// Who.
    pub who: MemberId,
    /// Whether they came.
    pub online: bool,
    /// To or from which room.
    pub room: RoomId,
    /// Whether this was the first room on the node, or the last.
    pub arrived_or_gone: bool,
}

impl Roll {
    /// Whether somebody is there in a room.
    pub fn is_there(&self, who: &MemberId, room: &RoomId) -> bool {
        self.rooms.get(room).is_some_and(|there| there.contains(who))
    }

    /// Who is there in a room.
    pub fn in_room(&self, room: &RoomId) -> impl Iterator<Item = &MemberId> {
        self.rooms.get(room).into_iter().flatten()
    }

    /// Everybody with each of their rooms.
    pub fn all(&self) -> impl Iterator<Item = (&MemberId, &RoomId)> {
        self.rooms.iter().flat_map(|(room, there)| there.iter().map(move |who| (who, room)))
    }

    /// Somebody is there in a room; nothing if they were.
    pub fn come(&mut self, who: &MemberId, room: &RoomId) -> Option<Moved> {
        if !self.rooms.entry(room.clone()).or_default().insert(who.clone()) {
            return None;
        }
        let rooms = self.people.entry(who.clone()).or_default();
        *rooms += 1;
        Some(Moved { who: who.clone(), online: true, room: room.clone(), arrived_or_gone: *rooms == 1 })
    }

    /// Somebody is not there in a room; nothing if they were not.
    pub fn go(&mut self, who: &MemberId, room: &RoomId) -> Option<Moved> {
        let there = self.rooms.get_mut(room)?;
        if !there.remove(who) {
            return None;
        }
        if there.is_empty() {
            self.rooms.remove(room);
        }
        let rooms = self.people.get_mut(who)?;
        *rooms -= 1;
        let gone = *rooms == 0;
        if gone {
            self.people.remove(who);
        }
        Some(Moved { who: who.clone(), online: false, room: room.clone(), arrived_or_gone: gone })
    }

    /// Nobody is there in a room.
    pub fn empty(&mut self, room: &RoomId) -> Vec<Moved> {
        let there: Vec<_> = self.in_room(room).cloned().collect();
        there.iter().filter_map(|who| self.go(who, room)).collect()
    }

    /// Those of `roll` are there, and nobody else.
    pub fn replace(&mut self, roll: &[(MemberId, RoomId)]) -> Vec<Moved> {
        let there: HashSet<_> = roll.iter().map(|(who, room)| (who, room)).collect();
        let gone: Vec<_> = self.all().filter(|pair| !there.contains(pair)).map(|(who, room)| (who.clone(), room.clone())).collect();
        let came: Vec<_> = roll.iter().filter_map(|(who, room)| self.come(who, room)).collect();
        came.into_iter().chain(gone.iter().filter_map(|(who, room)| self.go(who, room))).collect()
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::ids::UserId;

    pub fn ann() -> MemberId {
        MemberId::User(UserId::from_stored("usr-ann".to_owned()))
    }

    pub fn room(name: &str) -> RoomId {
        RoomId::from_stored(name.to_owned())
    }

    pub fn moved(room: RoomId, online: bool, arrived_or_gone: bool) -> Moved {
        Moved { who: ann(), online, room, arrived_or_gone }
    }

    #[test]
    fn who_comes_and_goes_is_told_once_and_the_first_and_last_room_are_known() {
        let mut roll = Roll::default();
        assert_eq!(roll.come(&ann(), &room("one")), Some(moved(room("one"), true, true)));
        assert_eq!(roll.come(&ann(), &room("two")), Some(moved(room("two"), true, false)));
        assert_eq!(roll.come(&ann(), &room("one")), None, "said twice");
        let changed = roll.replace(&[(ann(), room("two")), (ann(), room("three")), (ann(), room("three"))]);
        assert_eq!(changed, [moved(room("three"), true, false), moved(room("one"), false, false)]);
        assert!(roll.is_there(&ann(), &room("three")) && !roll.is_there(&ann(), &room("one")));
        assert_eq!(roll.empty(&room("three")), [moved(room("three"), false, false)]);
        assert_eq!(roll.go(&ann(), &room("three")), None);
        assert_eq!(roll.go(&ann(), &room("two")), Some(moved(room("two"), false, true)));
        assert_eq!(roll.all().count(), 0);
    }
}
