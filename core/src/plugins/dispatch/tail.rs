//! The end of the event log, read once for all bots. Whoever falls behind reads by itself until it has caught up.

use std::{collections::HashMap, sync::Arc, time::Duration};

use tokio::{
    sync::{Notify, OnceCell, broadcast},
    time::{Instant, timeout},
};
use tokio_util::sync::CancellationToken;

use crate::{
    error::Result,
    ids::MessageId,
    messages::{
        self,
        events::{MessageEvent, What},
        model::Message,
    },
    store::{Entry, Position, Reader, Store},
};

/// Events read at once.
const CHUNK: u32 = 200;
/// Reads that wait for bots; one that is further behind reads by itself.
const WAITING: usize = 64;
/// The log is read this often even if nobody told of an event.
const POLL: Duration = Duration::from_secs(1);
/// What was read for one bot serves another for so long.
const FRESH: Duration = Duration::from_secs(1);

/// Events that follow each other in the log.
pub struct Run {
    /// The place after which they come.
    after: Position,
    entries: Vec<Entry>,
    /// What was said, and when it was read, once for all bots that hear it.
    said: OnceCell<(Instant, HashMap<MessageId, Message>)>,
}

impl Run {
    /// A message that one of the events brought, as it is or was a moment ago.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn message(&self, reader: &Reader, id: &MessageId) -> Result<Option<Message>> {
        let (read_at, said) = self.said.get_or_try_init(|| self.read(reader)).await?;
        match said.get(id) {
            Some(message) if read_at.elapsed() < FRESH => Ok(Some(message.clone())),
            _ => messages::queries::stored(reader, id).await,
        }
    }

    async fn read(&self, reader: &Reader) -> Result<(Instant, HashMap<MessageId, Message>)> {
        let events = self.entries.iter().filter_map(|entry| MessageEvent::read(&entry.event));
        let said: Vec<MessageId> = events.filter(|event| matches!(event.what, What::Created)).map(|event| event.message).collect();
        let read_at = Instant::now();
        let messages = messages::queries::all_stored(reader, &said).await?;
        Ok((read_at, messages.into_iter().map(|message| (message.id.clone(), message)).collect()))
    }
}

/// Where bots hear of what happens.
#[derive(Clone)]
pub struct Tail(broadcast::Sender<Arc<Run>>);

impl Tail {
    /// Follows the log from `at` on, until `stop`.
    pub fn start(store: Store, at: Position, stop: CancellationToken) -> Self {
        let (sender, _) = broadcast::channel(WAITING);
        let tail = Self(sender.clone());
        let news = Arc::new(Notify::new());
        let bell = news.clone();
        store.listen(move |_| bell.notify_one());
        tokio::spawn(stop.run_until_cancelled_owned(follow(store, at, news, sender)));
        tail
    }

    /// What one bot hears, which has read up to wherever it says.
    pub fn source(&self, store: Store) -> Source {
        Source { store, runs: self.0.subscribe() }
    }
}

async fn follow(store: Store, mut at: Position, news: Arc<Notify>, sender: broadcast::Sender<Arc<Run>>) {
    loop {
        let _ = timeout(POLL, news.notified()).await;
        // Nobody has to read what nobody hears.
        while sender.receiver_count() > 0 {
            let entries = match store.log_after(at, CHUNK).await {
                Ok(entries) => entries,
                Err(error) => {
                    tracing::warn!(%error, cause = ?error.source, "the event log could not be read for the bots");
                    break;
                }
            };
            let Some(last) = entries.last().map(|entry| entry.at) else { break };
            let full = entries.len() == CHUNK as usize;
            let _ = sender.send(Arc::new(Run { after: at, entries, said: OnceCell::new() }));
            at = last;
            if !full {
                break;
            }
        }
    }
}

/// What one bot hears.
pub struct Source {
    store: Store,
    runs: broadcast::Receiver<Arc<Run>>,
}

impl Source {
    /// The next events after `at`, with the run that they are from, if the log was read for all; waits until there are some. Never ends
    /// early: dropping it loses nothing but the waiting.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn after(&mut self, at: Position) -> Result<(Vec<Entry>, Option<Arc<Run>>)> {
        loop {
            match self.runs.recv().await {
                Ok(run) if run.after <= at => {
                    let news: Vec<Entry> = run.entries.iter().filter(|entry| entry.at > at).cloned().collect();
                    if !news.is_empty() {
                        return Ok((news, Some(run)));
                    }
                }
                // There is a gap before this run, or before whatever comes next.
                Ok(_) | Err(broadcast::error::RecvError::Lagged(_)) => {
                    let missed = self.store.log_after(at, CHUNK).await?;
                    if !missed.is_empty() {
                        return Ok((missed, None));
                    }
                }
                Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
            }
        }
    }

    /// The events after `at` that are in the log already, for the beginning.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn missed(&self, at: Position) -> Result<Vec<Entry>> {
        self.store.log_after(at, CHUNK).await
    }
}
