//! The order in which one socket's events are worked on: in which they came, several at once, and changes one after the other where
//! the database would not keep their order. While nothing waits there is no task.

use std::{
    collections::VecDeque,
    future::Future,
    pin::Pin,
    sync::{Mutex, MutexGuard, PoisonError},
    task::Poll,
};

use futures_util::{StreamExt, future::BoxFuture, stream::FuturesUnordered};
use tokio::sync::Notify;

/// The work that one event makes.
pub struct Job {
    /// Whether it changes something.
    pub changes: bool,
    /// The work, with its acknowledgement.
    pub work: BoxFuture<'static, ()>,
}

/// How a lane is worked on.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    /// Jobs at once.
    pub at_once: usize,
    /// Jobs that may wait.
    pub waiting: usize,
    /// Whether changes that begin one after the other end in that order.
    pub changes_keep_order: bool,
}

/// What one socket asked for and is not answered yet.
#[derive(Default)]
pub struct Lane {
    state: Mutex<State>,
    more: Notify,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Job>,
    running: bool,
}

/// What became of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Queued {
    /// It will be done by whoever works on this lane.
    Waits,
    /// It will be done, and somebody has to begin: see [`Lane::work`].
    Begin,
    /// Too many wait.
    Full,
}

impl Lane {
    /// Adds a job.
    pub fn push(&self, job: Job, rules: Rules) -> Queued {
        self.push_up_to(rules.waiting, job)
    }

    /// Adds an answer that is known already and small. As many of those may wait again.
    pub fn push_answer(&self, work: BoxFuture<'static, ()>, rules: Rules) -> Queued {
        self.push_up_to(2 * rules.waiting, Job { changes: false, work })
    }

    fn push_up_to(&self, most: usize, job: Job) -> Queued {
        let mut state = self.state();
        if state.waiting.len() >= most {
            return Queued::Full;
        }
        state.waiting.push_back(job);
        if state.running {
            self.more.notify_one();
            return Queued::Waits;
        }
        state.running = true;
        Queued::Begin
    }

    /// Works until nothing waits any more.
    pub async fn work(&self, rules: Rules) {
        let mut running = FuturesUnordered::new();
        let mut changing = 0;
        loop {
            while running.len() < rules.at_once
                && let Some(Job { changes, mut work }) = self.next(rules, changing)
            {
                // The first step is taken here and now: a job that begins a write has its place in the database's queue.
                if step(&mut work).await.is_pending() {
                    changing += usize::from(changes);
                    running.push(async move {
                        work.await;
                        changes
                    });
                }
            }
            if running.is_empty() {
                if self.rest() {
                    return;
                }
                continue;
            }
            tokio::select! {
                Some(changes) = running.next() => changing -= usize::from(changes),
                () = self.more.notified() => {}
            }
        }
    }

    /// The next job, if it may begin.
    fn next(&self, rules: Rules, changing: usize) -> Option<Job> {
        let mut state = self.state();
        let must_wait = !rules.changes_keep_order && changing > 0;
        if must_wait && state.waiting.front().is_some_and(|job| job.changes) {
            return None;
        }
        state.waiting.pop_front()
    }

    /// Ends the work if nothing waits.
    fn rest(&self) -> bool {
        let mut state = self.state();
        state.running = !state.waiting.is_empty();
        !state.running
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Lets `work` go as far as it can without waiting.
async fn step(work: &mut BoxFuture<'static, ()>) -> Poll<()> {
    std::future::poll_fn(|cx| Poll::Ready(Pin::new(&mut *work).poll(cx))).await
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::sync::{Semaphore, mpsc};

    use super::*;

    /// Runs four jobs, each of which says when it begins and ends when told to.
    async fn begun(keep: bool, kinds: [bool; 4]) -> (Vec<usize>, Vec<usize>) {
        let (lane, gate) = (Arc::new(Lane::default()), Arc::new(Semaphore::new(0)));
        let (said, mut heard) = mpsc::unbounded_channel();
        let rules = Rules { at_once: 3, waiting: 4, changes_keep_order: keep };
        for (number, changes) in kinds.into_iter().enumerate() {
            let (said, gate) = (said.clone(), Arc::clone(&gate));
            let work = Box::pin(async move {
                said.send(number).unwrap();
                gate.acquire().await.unwrap().forget();
            });
            let queued = lane.push(Job { changes, work }, rules);
            assert_eq!(queued, if number == 0 { Queued::Begin } else { Queued::Waits });
        }
        assert_eq!(lane.push(Job { changes: false, work: Box::pin(async {}) }, rules), Queued::Full);
        drop(said);
        let working = tokio::spawn(async move { lane.work(rules).await });
        let mut first = Vec::new();
        while first.len() < if keep { 3 } else { 1 } {
            first.push(heard.recv().await.unwrap());
        }
        gate.add_permits(4);
        let mut rest = Vec::new();
        while let Some(number) = heard.recv().await {
            rest.push(number);
        }
        working.await.unwrap();
        (first, rest)
    }

    #[tokio::test]
    async fn several_are_worked_on_at_once_in_the_order_in_which_they_came() {
        assert_eq!(begun(true, [true, true, false, true]).await, (vec![0, 1, 2], vec![3]));
    }

    #[tokio::test]
    async fn changes_wait_for_each_other_where_the_database_would_not_keep_their_order() {
        assert_eq!(begun(false, [true, true, false, true]).await, (vec![0], vec![1, 2, 3]));
    }
}
