//! What threads of our own ask of the system.

use std::{io, thread, time::Duration};

use rustix::{
    process::setpriority_process,
    time::{ClockId, clock_gettime},
};
use tokio::sync::oneshot;

/// How far threads with heavy work stand back, on the scale of `nice`.
const NICENESS: i32 = 5;

/// Lets everybody else go first where there are not cores enough for all: for threads whose work is heavy and whose callers expect to
/// wait, so that reading pages does not.
pub fn stand_back() {
    // To Linux a thread that names nobody means itself. Where this is not permitted, it goes on as all others do.
    let _ = setpriority_process(None, NICENESS);
}

/// Does heavy `work` on a thread of its own that stands back. `None` if it panicked.
///
/// # Errors
/// The system has no more threads.
pub async fn aside<T: Send + 'static>(name: &str, work: impl FnOnce() -> T + Send + 'static) -> io::Result<Option<T>> {
    let (done, outcome) = oneshot::channel();
    let begin = move || {
        stand_back();
        // Whoever has given up does not want it any more.
        let _ = done.send(work());
    };
    thread::Builder::new().name(name.to_owned()).spawn(begin)?;
    Ok(outcome.await.ok())
}

/// How long this thread has been running on a core, ever. Time in which the system gave the core to another does not count.
pub fn cpu_time() -> Duration {
    clock_gettime(ClockId::ThreadCPUTime).try_into().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::{fs, thread};

    use super::*;

    #[test]
    fn only_the_thread_that_asks_stands_back() {
        // The nineteenth field, the seventeenth after the name in parentheses.
        let niceness = || {
            let stat = fs::read_to_string("/proc/thread-self/stat").unwrap();
            stat.rsplit_once(") ").unwrap().1.split(' ').nth(16).unwrap().parse::<i32>().unwrap()
        };
        let before = niceness();
        let there = thread::spawn(move || {
            stand_back();
            niceness()
        });
        assert_eq!((there.join().unwrap(), niceness()), (NICENESS.max(before), before));
    }
}
