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
use crate::text::one_line;

/// The longest line, in bytes.
const MAX_LINE: usize = 2 << 10;
/// What one call may write, in bytes.
const MAX_CALL: usize = 64 << 10;
/// How much of what a call printed as errors is remembered, in bytes.
const MAX_ERRORS: usize = 4 << 10;
/// The longest account of what a guest said at its end, in characters.
const MAX_LAST_WORDS: usize = 200;

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
    /// The end of what was printed as errors.
    errors: Vec<u8>,
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

    /// The same for bytes that are printed as errors.
    pub fn print_error(&self, bytes: &[u8]) {
        {
            let errors = &mut self.state.lock().unwrap_or_else(PoisonError::into_inner).errors;
            errors.extend_from_slice(bytes);
            errors.drain(..errors.len().saturating_sub(MAX_ERRORS));
        }
        self.print(bytes);
    }

    /// What the guest panicked with, if it is in Rust and did: the place and the message, as one line.
    pub fn panic(&self) -> Option<String> {
        let errors = self.errors();
        let (_, told) = errors.rsplit_once("panicked at ")?;
        let told = told.split("\nnote: ").next().unwrap_or(told);
        Some(one_line(&format!("panicked at {told}"), MAX_LAST_WORDS))
    }

    /// The last line that was printed as an error, if there is one.
    pub fn last_error(&self) -> Option<String> {
        let errors = self.errors();
        errors.lines().rev().map(|line| one_line(line, MAX_LAST_WORDS)).find(|line| !line.is_empty())
    }

    fn errors(&self) -> String {
        String::from_utf8_lossy(&self.state.lock().unwrap_or_else(PoisonError::into_inner).errors).into_owned()
    }

    /// Writes the line that was printed; an empty one says nothing.
    fn write_printed(&self, state: &mut CallState) {
        let printed = mem::take(&mut state.printed);
        if !printed.is_empty() {
            self.write(state, Level::INFO, &String::from_utf8_lossy(&printed));
        }
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
        self.write_printed(&mut state);
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
    fn the_last_words_of_a_guest_are_one_line() {
        let log = CallLog::new("x".into(), LogAllowance::new(u32::MAX, Journal::new()));
        assert_eq!((log.panic(), log.last_error()), (None, None));
        log.print(b"out\n");
        log.print_error(b"Traceback:\nValueError: x\n\n");
        assert_eq!((log.panic(), log.last_error().as_deref()), (None, Some("ValueError: x")));
        for part in ["\nthread 'main' (1) panicked at ", "src/lib.rs:7:5:\noh\nno", "\nnote: run with `RUST_BACKTRACE=1`\n"] {
            log.print_error(part.as_bytes());
        }
        assert_eq!(log.panic().as_deref(), Some("panicked at src/lib.rs:7:5: oh no"));
        log.print_error(&b"a ".repeat(MAX_ERRORS));
        assert_eq!(log.panic(), None, "so long ago");
        assert!(log.last_error().is_some_and(|line| line.chars().count() <= MAX_LAST_WORDS));
    }

    #[test]
    fn control_characters_do_not_reach_the_log() {
        assert_eq!(harmless("a\u{1b}[31m\nb"), "a\u{fffd}[31m\u{fffd}b");
    }
}
