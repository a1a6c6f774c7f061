//! How far a bot has come, while several events are being dealt with at the same time.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    plugins::store::cursors::{Step, Taken},
    store::Position,
};

/// Events that were read and are not dealt with, and what was dealt with out of turn.
pub struct Tracker {
    /// Under which what it says is written.
    lease: String,
    /// The last event that was read.
    read: Position,
    /// What is being dealt with, each with the event before it.
    open: BTreeMap<Position, Position>,
    /// Dealt with although an earlier one is not, by number.
    ahead: BTreeMap<i64, Position>,
    /// What the database holds as the cursor.
    stored: Position,
    /// Numbers from before this process, which are passed over once when they are read again.
    earlier: BTreeSet<i64>,
}

impl Tracker {
    /// Goes on from what the database holds.
    pub fn new(taken: Taken) -> Self {
        let Taken { at, settled, lease } = taken;
        Self { lease, read: at, open: BTreeMap::new(), ahead: BTreeMap::new(), stored: at, earlier: settled.into_iter().collect() }
    }

    /// Where to read on.
    pub const fn place(&self) -> Position {
        self.read
    }

    /// How many events are being dealt with.
    pub fn open(&self) -> usize {
        self.open.len()
    }

    /// An event was read; false if it was dealt with before a restart.
    pub fn begin(&mut self, at: Position, wanted: bool) -> bool {
        let before = std::mem::replace(&mut self.read, at);
        if self.earlier.remove(&at.position) {
            self.ahead.insert(at.position, at);
            return false;
        }
        if wanted {
            self.open.insert(at, before);
        }
        wanted
    }

    /// The step with which the event at `at` is dealt with.
    pub fn step(&self, at: Position) -> Step {
        let mut others = self.open.iter().filter(|(open, _)| **open != at);
        match others.next() {
            Some((first, _)) if *first < at => Step { settled: Some(at.position), ..self.no_step() },
            Some((_, before)) => self.up_to(*before),
            None => self.up_to(self.read),
        }
    }

    /// One that only says who takes it.
    pub fn no_step(&self) -> Step {
        Step { lease: self.lease.clone(), ..Step::default() }
    }

    /// The step up to where nothing is open, if the database does not hold it yet.
    pub fn idle_step(&self) -> Option<Step> {
        let at = self.open.values().next().copied().unwrap_or(self.read);
        (at > self.stored).then(|| self.up_to(at))
    }

    fn up_to(&self, at: Position) -> Step {
        let passed = self.ahead.iter().filter(|(_, place)| **place <= at).map(|(number, _)| *number).collect();
        Step { cursor: Some(at), passed, ..self.no_step() }
    }

    /// The event at `at` is dealt with, by a step that was written.
    pub fn done(&mut self, at: Position, step: &Step) {
        self.open.remove(&at);
        if step.settled.is_some() {
            self.ahead.insert(at.position, at);
        }
        self.written(step);
    }

    /// Nothing came of the event at `at`, so it may be told again after a crash.
    pub fn pass(&mut self, at: Position) {
        self.open.remove(&at);
    }

    /// A step was written.
    pub fn written(&mut self, step: &Step) {
        for number in &step.passed {
            self.ahead.remove(number);
        }
        self.stored = step.cursor.unwrap_or(self.stored).max(self.stored);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(position: i64) -> Position {
        Position { transaction: 0, position }
    }

    fn taken(settled: Vec<i64>) -> Taken {
        Taken { at: at(10), settled, lease: "lease".to_owned() }
    }

    #[test]
    fn the_cursor_never_passes_what_is_open() {
        let mut tracker = Tracker::new(taken(Vec::new()));
        for (number, wanted) in [(11, true), (12, false), (13, true), (14, true), (15, false)] {
            assert_eq!(tracker.begin(at(number), wanted), wanted);
        }
        let step = tracker.step(at(13));
        assert_eq!((step.cursor, step.settled), (None, Some(13)), "11 is open");
        tracker.done(at(13), &step);
        let step = tracker.step(at(11));
        assert_eq!((step.cursor, step.passed.clone()), (Some(at(13)), vec![13]), "14 is open, 13 comes before it");
        tracker.done(at(11), &step);
        let step = tracker.step(at(14));
        assert_eq!(step.cursor, Some(at(15)), "15 was none of the bot's business");
        tracker.done(at(14), &step);
        assert!(tracker.idle_step().is_none());
        tracker.begin(at(16), false);
        assert_eq!(tracker.idle_step().unwrap().cursor, Some(at(16)));
    }

    #[test]
    fn what_was_dealt_with_before_a_restart_is_not_told_again() {
        let mut tracker = Tracker::new(taken(vec![12]));
        assert!(tracker.begin(at(11), true));
        assert!(!tracker.begin(at(12), true));
        let step = tracker.step(at(11));
        assert_eq!((step.cursor, step.passed), (Some(at(12)), vec![12]));
    }
}
