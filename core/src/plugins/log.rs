//! Lines from plugins in the server's log: bounded, marked with the plugin's id, harmless to terminals.

use std::{
    mem,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use tracing::Level;

use super::journal::Journal;

/// The longest line, in bytes.
const MAX_LINE: usize = 2 << 10;
/// What one call may write, in bytes.
const MAX_CALL: usize = 64 << 10;

/// How much a plugin may still log in this second, over all its calls.
pub struct LogAllowance {
    lines_per_second: u32,
    window: Mutex<Window>,
    dropped: AtomicU64,
    journal: Journal,
}

struct Window {
    began: Instant,
    lines: u32,
}

impl LogAllowance {
    pub fn new(lines_per_second: u32, journal: Journal) -> Arc<Self> {
        let window = Mutex::new(Window { began: Instant::now(), lines: 0 });
        Arc::new(Self { lines_per_second, window, dropped: AtomicU64::new(0), journal })
    }

    /// Lines that were not written since the start.
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    fn take_line(&self) -> bool {
        let mut window = self.window.lock().unwrap_or_else(PoisonError::into_inner);
        if window.began.elapsed() >= Duration::from_secs(1) {
            *window = Window { began: Instant::now(), lines: 0 };
        }
        window.lines = window.lines.saturating_add(1);
        window.lines <= self.lines_per_second
    }
}

/// The log of one call.
pub struct CallLog {
    plugin: Arc<str>,
    allowance: Arc<LogAllowance>,
    state: Mutex<CallState>,
}

#[derive(Default)]
struct CallState {
    written: usize,
    dropped: u64,
    /// What was printed since the last line break.
    printed: Vec<u8>,
}

impl CallLog {
    pub fn new(plugin: Arc<str>, allowance: Arc<LogAllowance>) -> Arc<Self> {
        Arc::new(Self { plugin, allowance, state: Mutex::default() })
    }

    /// One line, cut at 2 KiB.
    pub fn line(&self, level: Level, line: &str) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        self.write(&mut state, level, line);
    }

    /// Printed bytes, which become a line at every line break.
    pub fn print(&self, bytes: &[u8]) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            let room = MAX_LINE.saturating_sub(state.printed.len());
            let text = part.strip_suffix(b"\n").unwrap_or(part);
            state.printed.extend_from_slice(&text[..text.len().min(room)]);
            if part.ends_with(b"\n") {
                self.write_printed(&mut state);
            }
        }
    }

    fn write_printed(&self, state: &mut CallState) {
        let printed = mem::take(&mut state.printed);
        self.write(state, Level::INFO, &String::from_utf8_lossy(&printed));
    }

    fn write(&self, state: &mut CallState, level: Level, line: &str) {
        let line = harmless(line);
        if state.written + line.len() > MAX_CALL || !self.allowance.take_line() {
            state.dropped += 1;
            return;
        }
        state.written += line.len();
        let plugin = &*self.plugin;
        self.allowance.journal.line(plugin, level, &line);
        match level {
            Level::ERROR => tracing::error!(target: "plugin", plugin, "{line}"),
            Level::WARN => tracing::warn!(target: "plugin", plugin, "{line}"),
            Level::INFO => tracing::info!(target: "plugin", plugin, "{line}"),
            _ => tracing::debug!(target: "plugin", plugin, "{line}"),
        }
    }
}

impl Drop for CallLog {
    fn drop(&mut self) {
        let mut state = mem::take(self.state.get_mut().unwrap_or_else(PoisonError::into_inner));
        if !state.printed.is_empty() {
            self.write_printed(&mut state);
        }
        if state.dropped > 0 {
            self.allowance.dropped.fetch_add(state.dropped, Ordering::Relaxed);
            self.allowance.journal.count(&self.plugin, "log_lines");
            tracing::warn!(target: "plugin", plugin = &*self.plugin, dropped = state.dropped, "too many log lines, some were dropped");
        }
    }
}

/// The line without control characters, at most 2 KiB long.
fn harmless(line: &str) -> String {
    let mut out = String::with_capacity(line.len().min(MAX_LINE));
    for c in line.chars() {
        if out.len() + c.len_utf8() > MAX_LINE {
            break;
        }
        out.push(if c.is_control() && c != '\t' { '\u{fffd}' } else { c });
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_beyond_the_allowance_are_dropped_and_counted() {
        let allowance = LogAllowance::new(3, Journal::new());
        let log = CallLog::new("x".into(), Arc::clone(&allowance));
        (0..10).for_each(|_| log.line(Level::INFO, "line"));
        drop(log);
        assert_eq!(allowance.dropped(), 7);
    }

    #[test]
    fn a_call_writes_at_most_64_kib() {
        let allowance = LogAllowance::new(u32::MAX, Journal::new());
        let log = CallLog::new("x".into(), Arc::clone(&allowance));
        (0..100).for_each(|_| log.print("a".repeat(1 << 20).as_bytes()));
        log.print(b"\n");
        assert_eq!(log.state.lock().unwrap().written, MAX_LINE, "one line without end is one short line");
        (0..100).for_each(|_| log.line(Level::INFO, &"b".repeat(1 << 20)));
        assert!(log.state.lock().unwrap().written <= MAX_CALL);
        drop(log);
        assert_eq!(allowance.dropped(), 69);
    }

    #[test]
    fn control_characters_do_not_reach_the_log() {
        assert_eq!(harmless("a\u{1b}[31m\nb"), "a\u{fffd}[31m\u{fffd}b");
    }
}
