//! Changes of a room in the order of `rev`, which is the order in which they were committed. Where every write has a transaction of its
//! own, or another process writes, too, they may be told of in another one.

use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

use tokio::time::Instant;

use crate::ids::RoomId;

/// How long a change waits for an earlier one that was not told of yet. Longer, and it does not come: a client that resumes has it.
const PATIENCE: Duration = Duration::from_secs(2);

/// Puts changes into order.
pub struct Order<T> {
    rooms: HashMap<RoomId, Queue<T>>,
    /// Whether changes of this process are told of in the order in which they were committed.
    sure: bool,
}

struct Queue<T> {
    /// The change that comes next; not known before the first.
    next: Option<u64>,
    early: BTreeMap<u64, T>,
    deadline: Option<Instant>,
}

impl<T> Default for Queue<T> {
    fn default() -> Self {
        Self { next: None, early: BTreeMap::new(), deadline: None }
    }
}

impl<T> Order<T> {
    /// An empty order; `sure` if changes mostly come in order by themselves.
    pub fn new(sure: bool) -> Self {
        Self { rooms: HashMap::new(), sure }
    }

    /// Adds a change of `room` and gives what may go out now.
    pub fn add(&mut self, room: &RoomId, rev: u64, change: T, now: Instant) -> Vec<T> {
        let sure = self.sure;
        if !self.rooms.contains_key(room) {
            self.rooms.insert(room.clone(), Queue::default());
        }
        let Some(queue) = self.rooms.get_mut(room) else { return vec![change] };
        match queue.next {
            // One that was given up on; late is better than never.
            Some(next) if rev < next => return vec![change],
            None if sure => queue.next = Some(rev),
            _ => {}
        }
        queue.early.insert(rev, change);
        queue.release(now)
    }

    /// Says that all changes of `room` before `rev` were told of, and gives what may go out now. Only then is it known with which the
    /// first change begins that is heard of a room. That at `rev` itself may not have been heard yet.
    pub fn settle(&mut self, room: &RoomId, rev: u64, now: Instant) -> Vec<T> {
        let queue = self.rooms.entry(room.clone()).or_default();
        if queue.next.is_none() {
            queue.next = Some(queue.early.first_key_value().map_or(rev, |(first, _)| rev.min(*first)));
        }
        queue.release(now)
    }

    /// What has waited long enough.
    pub fn overdue(&mut self, now: Instant) -> Vec<(RoomId, Vec<T>)> {
        let due = self.rooms.iter_mut().filter(|(_, queue)| queue.deadline.is_some_and(|deadline| deadline <= now));
        due.map(|(room, queue)| {
            queue.next = queue.early.first_key_value().map(|(rev, _)| *rev);
            (room.clone(), queue.release(now))
        })
        .collect()
    }

    /// When something will have waited long enough.
    pub fn deadline(&self) -> Option<Instant> {
        self.rooms.values().filter_map(|queue| queue.deadline).min()
    }

    /// Forgets a room that nobody listens to any more.
    pub fn forget(&mut self, room: &RoomId) {
        self.rooms.remove(room);
    }
}

impl<T> Queue<T> {
    fn release(&mut self, now: Instant) -> Vec<T> {
        let mut ready = Vec::new();
        while let Some(next) = self.next
            && let Some(change) = self.early.remove(&next)
        {
            ready.push(change);
            self.next = Some(next + 1);
        }
        if self.early.is_empty() {
            self.deadline = None;
        } else if self.deadline.is_none() || !ready.is_empty() {
            self.deadline = Some(now + PATIENCE);
        }
        ready
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{clock::Timestamp, random::Random};

    fn room() -> RoomId {
        RoomId::new(Timestamp::from_millis(1), &Random::seeded(1))
    }

    #[test]
    fn what_comes_in_order_goes_out_at_once() {
        let (room, now, mut order) = (room(), Instant::now(), Order::new(true));
        for rev in 7..10 {
            assert_eq!(order.add(&room, rev, rev, now), [rev]);
        }
        assert_eq!(order.deadline(), None);
    }

    #[test]
    fn what_comes_early_waits_for_what_is_missing() {
        let (room, now, mut order) = (room(), Instant::now(), Order::new(true));
        assert_eq!(order.add(&room, 1, 1, now), [1]);
        assert!(order.add(&room, 4, 4, now).is_empty());
        assert!(order.add(&room, 3, 3, now).is_empty());
        assert_eq!(order.add(&room, 2, 2, now), [2, 3, 4]);
        assert_eq!(order.deadline(), None);
    }

    #[test]
    fn a_gap_is_not_waited_for_for_ever() {
        let (room, now, mut order) = (room(), Instant::now(), Order::new(true));
        assert_eq!(order.add(&room, 1, 1, now), [1]);
        assert!(order.add(&room, 3, 3, now).is_empty());
        assert!(order.overdue(now + PATIENCE / 2).is_empty());
        assert_eq!(order.overdue(now + PATIENCE), [(room.clone(), vec![3])]);
        assert_eq!(order.add(&room, 2, 2, now), [2], "late is better than never");
        assert_eq!(order.add(&room, 4, 4, now), [4]);
    }

    #[test]
    fn the_first_changes_are_sorted_where_they_may_be_told_of_in_any_order() {
        let (room, now, mut order) = (room(), Instant::now(), Order::new(false));
        assert!(order.add(&room, 6, 6, now).is_empty());
        assert!(order.add(&room, 5, 5, now).is_empty());
        assert_eq!(order.settle(&room, 6, now), [5, 6]);
        assert_eq!(order.add(&room, 7, 7, now), [7]);
        assert!(order.settle(&room, 7, now).is_empty());
        assert_eq!(order.deadline(), None);
    }

    #[test]
    fn the_first_change_waits_until_it_is_known_to_be_the_first() {
        let (room, now, mut order) = (room(), Instant::now(), Order::new(false));
        assert!(order.add(&room, 6, 6, now).is_empty());
        assert!(order.overdue(now + PATIENCE / 2).is_empty());
        assert_eq!(order.overdue(now + PATIENCE), [(room.clone(), vec![6])]);
    }

    #[test]
    fn a_change_that_is_in_the_log_is_waited_for() {
        let (room, now, mut order) = (room(), Instant::now(), Order::new(false));
        assert!(order.add(&room, 2, 2, now).is_empty());
        assert!(order.settle(&room, 1, now).is_empty());
        assert!(order.settle(&room, 2, now).is_empty(), "1 is on its way");
        assert_eq!(order.add(&room, 1, 1, now), [1, 2]);
    }

    #[test]
    fn the_log_may_be_read_before_the_first_change_is_heard_of() {
        let (room, now, mut order) = (room(), Instant::now(), Order::new(false));
        assert!(order.settle(&room, 1, now).is_empty());
        assert_eq!(order.deadline(), None);
        assert_eq!(order.add(&room, 1, 1, now), [1]);
    }
}
