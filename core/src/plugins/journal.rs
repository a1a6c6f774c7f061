//! What plugins do, for operators: how often they were called and hit their limits, and the last lines of their logs.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use prometheus::{IntCounterVec, opts};
use tokio::{
    sync::mpsc::{Receiver, Sender, channel},
    time::sleep,
};
use tokio_util::sync::CancellationToken;
use tracing::Level;

use super::store::lines::{self, Line};
use crate::store::Store;

/// Lines that wait to be stored; more are only in the server's own log.
const WAITING: usize = 2000;
/// Lines that are stored at once.
const BATCH: usize = 500;
/// Lines are stored this often.
const PAUSE: Duration = Duration::from_millis(200);

/// What plugins do. Cheap to clone.
#[derive(Clone)]
pub struct Journal {
    calls: IntCounterVec,
    limits: IntCounterVec,
    lines: Arc<OnceLock<Sender<Line>>>,
}

impl Journal {
    /// Nothing yet.
    pub fn new() -> Self {
        let calls = opts!("plugin_calls_total", "Calls of plugins, by plugin, function and outcome.");
        let limits = opts!("plugin_limits_hit_total", "Limits that plugins hit, by plugin and limit.");
        Self {
            calls: IntCounterVec::new(calls, &["plugin", "function", "outcome"]).expect("names are valid"),
            limits: IntCounterVec::new(limits, &["plugin", "limit"]).expect("names are valid"),
            lines: Arc::default(),
        }
    }

    /// A plugin hit a limit.
    pub fn count(&self, plugin: &str, limit: &str) {
        self.limits.with_label_values(&[plugin, limit]).inc();
    }

    /// A plugin was called.
    pub fn called(&self, plugin: &str, function: &str, well: bool) {
        self.calls.with_label_values(&[plugin, function, if well { "ok" } else { "failed" }]).inc();
    }

    /// What is served with the other counters.
    pub fn collectors(&self) -> [IntCounterVec; 2] {
        [self.calls.clone(), self.limits.clone()]
    }

    /// Keeps a line of a plugin for those who ask what it wrote lately.
    pub fn line(&self, plugin: &str, level: Level, line: &str) {
        self.put(plugin, level, line, false);
    }

    /// Keeps a line of the server about a plugin.
    pub fn note(&self, plugin: &str, level: Level, line: &str) {
        self.put(plugin, level, line, true);
    }

    fn put(&self, plugin: &str, level: Level, line: &str, of_server: bool) {
        let Some(lines) = self.lines.get() else { return };
        let (plugin, level, line) = (plugin.to_owned(), level.to_string(), line.to_owned());
        let line = Line { number: 0, plugin, at: String::new(), level, line, of_server };
        // Whoever writes more than can be stored has enough of it in the server's own log.
        let _ = lines.try_send(line);
    }

    /// Hands out the lines from now on, in place of storing them; none if they are stored already.
    pub fn listen(&self) -> Option<Receiver<Line>> {
        let (sender, receiver) = channel(WAITING);
        self.lines.set(sender).is_ok().then_some(receiver)
    }

    /// Stores lines from now on, until `stop`.
    pub async fn keep(self, store: Store, stop: CancellationToken) {
        let (sender, receiver) = channel(WAITING);
        if self.lines.set(sender).is_ok() {
            write(store, receiver, stop).await;
        }
    }
}

async fn write(store: Store, mut waiting: Receiver<Line>, stop: CancellationToken) {
    loop {
        let mut batch = Vec::new();
        let count = stop.run_until_cancelled(waiting.recv_many(&mut batch, BATCH)).await;
        if count.is_none() {
            // What was written before the end is kept.
            while let Ok(line) = waiting.try_recv() {
                batch.push(line);
            }
        }
        if !batch.is_empty() {
            let now = store.now().to_string();
            for line in &mut batch {
                line.at.clone_from(&now);
            }
            if let Err(error) = store.write(batch, |tx, batch| Box::pin(lines::add(tx, batch))).await {
                tracing::warn!(%error, "lines of plugins were not stored");
            }
        }
        if count.is_none() {
            return;
        }
        sleep(PAUSE).await;
    }
}
