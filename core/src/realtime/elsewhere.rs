//! Who is there on other nodes, as those told.

use std::{collections::HashMap, time::Duration};

use super::{
    fanout::News,
    roll::{Moved, Roll},
};
use crate::ids::{MemberId, NodeId, RoomId};

/// A node that was silent for so long is gone.
const SILENCE: Duration = Duration::from_secs(30);

/// The people and bots on other nodes.
#[derive(Default)]
pub struct Elsewhere(HashMap<NodeId, Node>);

/// Another node.
#[derive(Default)]
struct Node {
    /// The number of its last word.
    number: u64,
    /// When that came.
    heard: Duration,
    /// Whether everything it said was heard, from its last roll on.
    whole: bool,
    roll: Roll,
}

/// What is to be thought of a word.
#[derive(Debug, PartialEq, Eq)]
pub enum Noted {
    /// It comes after all that were heard.
    New,
    /// The same, but others before it were missed: the node has to tell everything anew.
    AfterMissed,
    /// It was heard already.
    Repeated,
}

impl Elsewhere {
    /// On how many nodes somebody is there in a room.
    pub fn times(&self, who: &MemberId, room: &RoomId) -> usize {
        self.0.values().filter(|node| node.roll.is_there(who, room)).count()
    }

    /// Who is there in a room. Whoever is on several nodes comes several times.
    pub fn in_room(&self, room: &RoomId) -> impl Iterator<Item = &MemberId> {
        self.0.values().flat_map(|node| node.roll.in_room(room))
    }

    /// Notes that a word came at `now`.
    pub fn note(&mut self, from: &NodeId, number: u64, news: &News, now: Duration) -> Noted {
        let node = self.0.entry(from.clone()).or_default();
        if number <= node.number {
            return Noted::Repeated;
        }
        node.whole = matches!(news, News::Roll(_)) || node.whole && number == node.number + 1;
        (node.number, node.heard) = (number, now);
        if node.whole { Noted::New } else { Noted::AfterMissed }
    }

    /// Who is there on a node that has said something.
    pub fn roll(&mut self, of: &NodeId) -> Option<&mut Roll> {
        self.0.get_mut(of).map(|node| &mut node.roll)
    }

    /// Forgets a node that fell silent, if there is one, and those on it.
    pub fn forget_silent(&mut self, now: Duration) -> Option<Vec<Moved>> {
        let is_silent = |node: &Node| now.saturating_sub(node.heard) > SILENCE;
        let silent = self.0.iter().find(|(_, node)| is_silent(node)).map(|(id, _)| id.clone())?;
        self.0.remove(&silent).map(|mut node| node.roll.replace(&[]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::realtime::roll::tests::{ann, moved, room};

    fn node(name: &str) -> NodeId {
        NodeId::from_stored(name.to_owned())
    }

    #[test]
    fn a_word_that_was_missed_is_noticed_until_everything_was_told_anew() {
        let mut elsewhere = Elsewhere::default();
        let mut note = |number, news| elsewhere.note(&node("b"), number, &news, Duration::ZERO);
        assert_eq!(note(7, News::Alive), Noted::AfterMissed, "what it said before is not known");
        assert_eq!(note(8, News::Alive), Noted::AfterMissed);
        assert_eq!(note(9, News::Roll(Vec::new())), Noted::New);
        assert_eq!(note(10, News::Alive), Noted::New);
        assert_eq!(note(10, News::Alive), Noted::Repeated);
        assert_eq!(note(12, News::Alive), Noted::AfterMissed);
        assert_eq!(note(13, News::Alive), Noted::AfterMissed);
        assert_eq!(note(14, News::Roll(Vec::new())), Noted::New);
    }

    #[test]
    fn those_on_a_silent_node_are_gone() {
        let mut elsewhere = Elsewhere::default();
        for name in ["b", "c"] {
            elsewhere.note(&node(name), 1, &News::Alive, Duration::ZERO);
            elsewhere.roll(&node(name)).unwrap().come(&ann(), &room("one"));
        }
        elsewhere.note(&node("c"), 2, &News::Alive, SILENCE);
        assert_eq!(elsewhere.forget_silent(SILENCE), None);
        let later = SILENCE + Duration::from_secs(1);
        assert_eq!(elsewhere.forget_silent(later), Some(vec![moved(room("one"), false, true)]));
        assert_eq!(elsewhere.forget_silent(later), None);
        assert_eq!(elsewhere.in_room(&room("one")).count(), 1, "she is on another one, too");
    }
}
