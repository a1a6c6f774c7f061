//! The log's way out. Every request writes a line, and a system call for each costs more than making the line: lines are gathered for
//! a moment and written together. Warnings and errors go out at once, with all that came before them.

use std::{
    io::{self, Write},
    mem,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use tracing::{Level, Metadata};
use tracing_subscriber::fmt::MakeWriter;

/// How long a line may wait.
const PAUSE: Duration = Duration::from_millis(20);
/// Bytes that may wait; with more, whoever writes a line writes them all.
const MOST: usize = 256 << 10;

/// Where lines are gathered. Clones share everything.
#[derive(Clone)]
pub struct Gathered(Arc<Shared>);

struct Shared {
    waiting: Mutex<Vec<u8>>,
    came: Condvar,
    /// Held while lines are taken and written, so that they keep their order.
    out: Mutex<Box<dyn Write + Send>>,
}

/// Writes what waits when it is dropped, at the end of the program.
pub struct Flush(Gathered);

impl Gathered {
    /// Gathers lines for `out`, until the program ends.
    pub fn start(out: impl Write + Send + 'static) -> io::Result<(Self, Flush)> {
        let gathered = Self(Arc::new(Shared { waiting: Mutex::default(), came: Condvar::new(), out: Mutex::new(Box::new(out)) }));
        let writer = gathered.clone();
        #[expect(clippy::disallowed_methods, reason = "this thread is its own")]
        thread::Builder::new().name("log".to_owned()).spawn(move || {
            loop {
                drop(writer.0.came.wait_while(writer.waiting(), |waiting| waiting.is_empty()));
                thread::sleep(PAUSE);
                writer.flush();
            }
        })?;
        Ok((gathered.clone(), Flush(gathered)))
    }

    fn waiting(&self) -> MutexGuard<'_, Vec<u8>> {
        self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a line; tells whether it is time to write.
    fn take(&self, line: &[u8]) -> bool {
        let mut waiting = self.waiting();
        if waiting.is_empty() {
            self.0.came.notify_one();
        }
        waiting.extend_from_slice(line);
        waiting.len() > MOST
    }

    fn flush(&self) {
        let mut out = self.0.out.lock().unwrap_or_else(PoisonError::into_inner);
        let lines = mem::take(&mut *self.waiting());
        // There is nowhere to complain.
        let _ = out.write_all(&lines).and_then(|()| out.flush());
    }
}

impl Drop for Flush {
    fn drop(&mut self) {
        self.0.flush();
    }
}

/// One event on its way.
pub struct Line<'a> {
    to: &'a Gathered,
    urgent: bool,
}

impl<'a> MakeWriter<'a> for Gathered {
    type Writer = Line<'a>;

    fn make_writer(&'a self) -> Line<'a> {
        Line { to: self, urgent: true }
    }

    fn make_writer_for(&'a self, meta: &Metadata<'_>) -> Line<'a> {
        Line { to: self, urgent: *meta.level() <= Level::WARN }
    }
}

impl Write for Line<'_> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if self.to.take(line) || self.urgent {
            self.to.flush();
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Sender, channel};

    use super::*;

    /// Every write, as it came.
    struct Pieces(Sender<String>);

    impl Write for Pieces {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.send(String::from_utf8(bytes.to_vec()).unwrap()).unwrap();
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn line(to: &Gathered, urgent: bool, text: &str) {
        Line { to, urgent }.write_all(text.as_bytes()).unwrap();
    }

    #[test]
    fn lines_wait_for_each_other_and_none_waits_for_long() {
        let (sender, written) = channel();
        let (log, _flush) = Gathered::start(Pieces(sender)).unwrap();
        line(&log, false, "1\n");
        line(&log, false, "2\n");
        let mut all = String::new();
        while all.len() < 4 {
            all += &written.recv().unwrap();
        }
        assert_eq!(all, "1\n2\n");
    }

    #[test]
    fn what_is_wrong_and_what_is_last_goes_out_at_once_and_in_order() {
        let (sender, written) = channel();
        let (log, flush) = Gathered::start(Pieces(sender)).unwrap();
        line(&log, false, "1\n");
        line(&log, true, "2\n");
        let so_far: String = written.try_iter().collect();
        assert_eq!(so_far, "1\n2\n");
        line(&log, false, "3\n");
        drop(flush);
        assert_eq!(written.try_iter().collect::<String>(), "3\n");
    }

    #[test]
    fn o24_a_flood_of_lines_is_not_kept_in_memory() {
        let (sender, written) = channel();
        let (log, _flush) = Gathered::start(Pieces(sender)).unwrap();
        let text = "x".repeat(MOST / 4);
        (0..100).for_each(|_| line(&log, false, &text));
        assert!(log.waiting().len() <= MOST);
        let longest = written.try_iter().map(|piece| piece.len()).max().unwrap();
        assert!(longest <= MOST + text.len(), "{longest}");
    }
}
