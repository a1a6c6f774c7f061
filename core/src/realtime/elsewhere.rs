//! Who is there on other nodes, as those told.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use super::fanout::News;
use crate::ids::{MemberId, NodeId, RoomId};

/// A node that was silent for so long is gone.
const SILENCE: Duration = Duration::from_secs(30);

/// The people and bots on other nodes.
#[derive(Default)]
pub struct Elsewhere(HashMap<NodeId, Roll>);

/// Those on one node.
#[derive(Default)]
struct Roll {
    /// The number of its last word.
    number: u64,
    /// When that came.
    heard: Duration,
    /// Whether everything it said was heard, from its last roll on.
    whole: bool,
    rooms: HashMap<RoomId, HashSet<MemberId>>,
    /// In how many rooms each is.
    people: HashMap<MemberId, usize>,
}

/// What a word changes on the node that spoke.
#[derive(Debug, PartialEq, Eq)]
pub struct Moved {
    /// Who came or went.
    pub who: MemberId,
    /// Whether they came.
    pub online: bool,
    /// To or from which room.
    pub room: RoomId,
    /// Whether they are on that node at all now, where that is new.
    pub arrived_or_gone: bool,
}

impl Elsewhere {
    /// On how many nodes somebody is there in a room.
    pub fn times(&self, who: &MemberId, room: &RoomId) -> usize {
        self.0.values().filter(|node| node.is_there(who, room)).count()
    }

    /// Who is there in a room. Whoever is on several nodes comes several times.
    pub fn in_room(&self, room: &RoomId) -> impl Iterator<Item = &MemberId> {
        self.0.values().filter_map(|node| node.rooms.get(room)).flatten()
    }

    /// Notes that a word came at `now`. False if words before it were missed: the node has to tell everything anew.
    pub fn note(&mut self, from: &NodeId, number: u64, news: &News, now: Duration) -> bool {
        let node = self.0.entry(from.clone()).or_default();
        node.whole = matches!(news, News::Roll(_)) || node.whole && number == node.number + 1;
        (node.number, node.heard) = (number, now);
        node.whole
    }

    /// Somebody came to rooms of a node or went from them.
    pub fn presence(&mut self, from: &NodeId, who: &MemberId, online: bool, rooms: Vec<RoomId>) -> Vec<Moved> {
        let Some(node) = self.0.get_mut(from) else { return Vec::new() };
        rooms.into_iter().filter_map(|room| if online { node.come(who, room) } else { node.go(who, room) }).collect()
    }

    /// A room of a node is closed.
    pub fn closed(&mut self, from: &NodeId, room: &RoomId) -> Vec<Moved> {
        let Some(node) = self.0.get_mut(from) else { return Vec::new() };
        let there = node.rooms.get(room).into_iter().flatten().cloned().collect::<Vec<_>>();
        there.iter().filter_map(|who| node.go(who, room.clone())).collect()
    }

    /// Those of `roll` are there on a node, and nobody else.
    pub fn roll(&mut self, from: &NodeId, roll: Vec<(MemberId, RoomId)>) -> Vec<Moved> {
        let Some(node) = self.0.get_mut(from) else { return Vec::new() };
        let there: HashSet<_> = roll.iter().map(|(who, room)| (who, room)).collect();
        let gone: Vec<_> = node.all().filter(|(who, room)| !there.contains(&(who, room))).collect();
        let came: Vec<_> = roll.into_iter().filter_map(|(who, room)| node.come(&who, room)).collect();
        came.into_iter().chain(gone.into_iter().filter_map(|(who, room)| node.go(&who, room))).collect()
    }

    /// Forgets a node that fell silent, if there is one.
    pub fn forget_silent(&mut self, now: Duration) -> Option<Vec<Moved>> {
        let is_silent = |node: &Roll| now.saturating_sub(node.heard) > SILENCE;
        let silent = self.0.iter().find(|(_, node)| is_silent(node)).map(|(id, _)| id.clone())?;
        let moved = self.roll(&silent, Vec::new());
        self.0.remove(&silent);
        Some(moved)
    }
}

impl Roll {
    fn is_there(&self, who: &MemberId, room: &RoomId) -> bool {
        self.rooms.get(room).is_some_and(|there| there.contains(who))
    }

    fn all(&self) -> impl Iterator<Item = (MemberId, RoomId)> {
        self.rooms.iter().flat_map(|(room, there)| there.iter().map(|who| (who.clone(), room.clone())))
    }

    fn come(&mut self, who: &MemberId, room: RoomId) -> Option<Moved> {
        if !self.rooms.entry(room.clone()).or_default().insert(who.clone()) {
            return None;
        }
        let rooms = self.people.entry(who.clone()).or_default();
        *rooms += 1;
        Some(Moved { who: who.clone(), online: true, room, arrived_or_gone: *rooms == 1 })
    }

    fn go(&mut self, who: &MemberId, room: RoomId) -> Option<Moved> {
        let there = self.rooms.get_mut(&room).filter(|there| there.contains(who))?;
        there.remove(who);
        if there.is_empty() {
            self.rooms.remove(&room);
        }
        let rooms = self.people.get_mut(who)?;
        *rooms -= 1;
        let gone = *rooms == 0;
        if gone {
            self.people.remove(who);
        }
        Some(Moved { who: who.clone(), online: false, room, arrived_or_gone: gone })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::UserId;

    fn node(name: &str) -> NodeId {
        NodeId::from_stored(name.to_owned())
    }

    fn ann() -> MemberId {
        MemberId::User(UserId::from_stored("usr-ann".to_owned()))
    }

    fn room(name: &str) -> RoomId {
        RoomId::from_stored(name.to_owned())
    }

    fn moved(room: RoomId, online: bool, arrived_or_gone: bool) -> Moved {
        Moved { who: ann(), online, room, arrived_or_gone }
    }

    #[test]
    fn a_word_that_was_missed_is_noticed_until_everything_was_told_anew() {
        let mut elsewhere = Elsewhere::default();
        let mut note = |number, news| elsewhere.note(&node("b"), number, &news, Duration::ZERO);
        assert!(!note(7, News::Alive), "what it said before is not known");
        assert!(!note(8, News::Alive));
        assert!(note(9, News::Roll(Vec::new())));
        assert!(note(10, News::Alive));
        assert!(!note(12, News::Alive));
        assert!(!note(13, News::Alive));
        assert!(note(14, News::Roll(Vec::new())));
    }

    #[test]
    fn a_roll_takes_the_place_of_what_was_known() {
        let (mut elsewhere, b) = (Elsewhere::default(), node("b"));
        elsewhere.note(&b, 1, &News::Alive, Duration::ZERO);
        let came = elsewhere.presence(&b, &ann(), true, vec![room("one"), room("two")]);
        assert_eq!(came, [moved(room("one"), true, true), moved(room("two"), true, false)]);
        assert!(elsewhere.presence(&b, &ann(), true, vec![room("one")]).is_empty(), "said twice");
        let changed = elsewhere.roll(&b, vec![(ann(), room("two")), (ann(), room("three"))]);
        assert_eq!(changed, [moved(room("three"), true, false), moved(room("one"), false, false)]);
        assert_eq!((elsewhere.times(&ann(), &room("three")), elsewhere.times(&ann(), &room("one"))), (1, 0));
        assert_eq!(elsewhere.closed(&b, &room("three")), [moved(room("three"), false, false)]);
        assert_eq!(elsewhere.presence(&b, &ann(), false, vec![room("two")]), [moved(room("two"), false, true)]);
    }

    #[test]
    fn those_on_a_silent_node_are_gone() {
        let mut elsewhere = Elsewhere::default();
        for name in ["b", "c"] {
            elsewhere.note(&node(name), 1, &News::Alive, Duration::ZERO);
            elsewhere.presence(&node(name), &ann(), true, vec![room("one")]);
        }
        elsewhere.note(&node("c"), 2, &News::Alive, SILENCE);
        assert_eq!(elsewhere.forget_silent(SILENCE), None);
        let later = SILENCE + Duration::from_secs(1);
        assert_eq!(elsewhere.forget_silent(later), Some(vec![moved(room("one"), false, true)]));
        assert_eq!(elsewhere.forget_silent(later), None);
        assert_eq!(elsewhere.in_room(&room("one")).count(), 1, "she is on another one, too");
    }
}
