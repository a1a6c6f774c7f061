//! The end of the event log, read once for all bots. Whoever falls behind reads by itself until it has caught up.

use std::{
    collections::HashMap,
    mem,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{
        Notify, OnceCell,
        broadcast::{self, error::RecvError},
        mpsc,
    },
    time::{Instant, sleep, timeout},
};
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};

use crate::{
    error::{Error, Result},
    ids::MessageId,
    messages::{
        self,
        events::{MessageEvent, What},
        model::Message,
        requests::MessageBody,
    },
    store::{Entry, Position, Reader, Store},
};

/// Events read at once.
const CHUNK: u32 = 200;
/// Reads that wait for bots; one that is further behind reads by itself.
const WAITING: usize = 64;
/// Events kept until they are passed on; if there are more, the log is read.
const KEPT: usize = 1000;
/// The log is read this often even if nobody told of an event.
const POLL: Duration = Duration::from_secs(1);
/// The pause after the database did not answer.
const PAUSE: Duration = Duration::from_secs(1);
/// What was read for one bot serves another for so long.
const FRESH: Duration = Duration::from_secs(1);

/// Events that follow each other in the log.
pub struct Run {
    /// The place after which they come.
    after: Position,
    entries: Vec<Entry>,
    /// Since when they are here.
    since: Instant,
    /// What was said, and when it was read, once for all bots that hear it.
    said: OnceCell<(Instant, HashMap<MessageId, Message>)>,
}

impl Run {
    fn new(after: Position, entries: Vec<Entry>) -> Arc<Self> {
        Arc::new(Self { after, entries, since: Instant::now(), said: OnceCell::new() })
    }

    /// Those of them that come after `at`.
    pub fn after(&self, at: Position) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(move |entry| entry.at > at)
    }

    /// A message that one of the events brought, as it is or was a moment ago.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn message(&self, reader: &Reader, id: &MessageId) -> Result<Option<MessageBody>> {
        if let Some(json) = self.live(id).filter(|_| self.since.elapsed() < FRESH) {
            return serde_json::from_str(json).map(Some).map_err(Error::internal);
        }
        let (read_at, said) = self.said.get_or_try_init(|| self.read(reader)).await?;
        match said.get(id) {
            Some(message) if read_at.elapsed() < FRESH => Ok(Some(message.body())),
            _ => Ok(messages::queries::stored(reader, id).await?.map(|message| message.body())),
        }
    }

    /// What was said, if it came with its event.
    fn live(&self, id: &MessageId) -> Option<&str> {
        let its = |entry: &&Entry| entry.event.subject == id.as_str() && entry.event.live.is_some();
        self.entries.iter().find(its)?.event.live.as_deref()
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
        let news = Arc::new(News::default());
        let (own, bell) = (news.clone(), news.clone());
        store.follow_own(move |entries| own.keep(entries));
        store.listen(move |_| bell.bell.notify_one());
        tokio::spawn(stop.run_until_cancelled_owned(follow(store, at, news, sender)));
        tail
    }

    /// What a bot hears that has heard everything up to `at`.
    pub fn source(&self, store: Store, at: Position) -> Source {
        let (to, runs) = mpsc::channel(1);
        let reading = Reading { store, live: self.0.subscribe(), at, behind: true };
        Source { runs, _reading: AbortOnDropHandle::new(tokio::spawn(reading.pass_on(to))) }
    }
}

/// What this process added to the log since it was last asked.
#[derive(Default)]
struct News {
    bell: Notify,
    entries: Mutex<Vec<Entry>>,
}

impl News {
    fn keep(&self, new: &[Entry]) {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        // Whoever does not come in time reads the log.
        if entries.len() + new.len() > KEPT {
            entries.clear();
        }
        entries.extend_from_slice(new);
    }

    /// All that comes after `at`, if nothing else does; `None` if the log must be read. Numbers are handed out without gaps, so where one
    /// is missing another process has written.
    fn after(&self, at: Position) -> Option<Vec<Entry>> {
        let mut entries = mem::take(&mut *self.entries.lock().unwrap_or_else(PoisonError::into_inner));
        let last = entries.last()?.at.position;
        entries.retain(|entry| entry.at > at);
        (i64::try_from(entries.len()) == Ok((last - at.position).max(0))).then_some(entries)
    }
}

async fn follow(store: Store, mut at: Position, news: Arc<News>, sender: broadcast::Sender<Arc<Run>>) {
    let mut alone = false;
    loop {
        let _ = timeout(POLL, news.bell.notified()).await;
        // What nobody was there to hear, whoever comes reads by itself: up to here, which is further than they may have read by now.
        if mem::replace(&mut alone, sender.receiver_count() == 0)
            && !alone
            && let Ok(end) = store.log_end().await
        {
            at = end;
            let _ = sender.send(Run::new(at, Vec::new()));
        }
        if let Some(entries) = news.after(at).filter(|_| sender.receiver_count() > 0) {
            if let Some(last) = entries.last().map(|entry| entry.at) {
                let _ = sender.send(Run::new(at, entries));
                at = last;
            }
            continue;
        }
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
            let _ = sender.send(Run::new(at, entries));
            at = last;
            if !full {
                break;
            }
        }
    }
}

/// What one bot hears. It is read by a task of its own, so that nothing else the bot does ends a read half way.
pub struct Source {
    runs: mpsc::Receiver<Result<Arc<Run>>>,
    _reading: AbortOnDropHandle<()>,
}

impl Source {
    /// The next events, beside which there may be earlier ones; waits until there are some. Dropping it loses nothing but the waiting.
    ///
    /// # Errors
    /// The log cannot be read. There will be no other events.
    pub async fn next(&mut self) -> Result<Arc<Run>> {
        self.runs.recv().await.unwrap_or_else(|| Err(Error::internal("the event log is no longer read for a bot")))
    }
}

/// Reads for one bot.
struct Reading {
    store: Store,
    live: broadcast::Receiver<Arc<Run>>,
    /// Everything up to here was passed on.
    at: Position,
    /// Whether there may be something after it that is not going to come by itself.
    behind: bool,
}

impl Reading {
    async fn pass_on(mut self, to: mpsc::Sender<Result<Arc<Run>>>) {
        loop {
            let run = self.next().await;
            if let Err(error) = &run
                && error.is_unavailable()
            {
                tracing::warn!(%error, cause = ?error.source, "the event log could not be read for a bot");
                sleep(PAUSE).await;
                continue;
            }
            let failed = run.is_err();
            if to.send(run).await.is_err() || failed {
                return;
            }
        }
    }

    async fn next(&mut self) -> Result<Arc<Run>> {
        loop {
            let run = if self.behind { Some(self.missed().await?) } else { self.heard().await };
            let Some(run) = run else { continue };
            if let Some(last) = run.after(self.at).last().map(|entry| entry.at) {
                self.at = last;
                return Ok(run);
            }
        }
    }

    /// What is in the log already.
    async fn missed(&mut self) -> Result<Arc<Run>> {
        let entries = self.store.log_after(self.at, CHUNK).await?;
        self.behind = entries.len() == CHUNK as usize;
        Ok(Run::new(self.at, entries))
    }

    /// What comes; `None` if there is a gap before it.
    async fn heard(&mut self) -> Option<Arc<Run>> {
        match self.live.recv().await {
            Ok(run) if run.after <= self.at => Some(run),
            Ok(_) | Err(RecvError::Lagged(_)) => {
                self.behind = true;
                None
            }
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;
    use crate::{
        clock::{SystemClock, Timestamp},
        config::DatabaseSection,
        random::Random,
        store::Event,
    };

    const fn at(position: i64) -> Position {
        Position { transaction: 0, position }
    }

    fn entries(positions: &[i64]) -> Vec<Entry> {
        let entry = |position: &i64| Entry {
            at: at(*position),
            node: String::new(),
            time: Timestamp::from_millis(0),
            event: Event::new("post.created", &"p-1", &serde_json::json!({})),
        };
        positions.iter().map(entry).collect()
    }

    #[test]
    fn the_log_is_read_only_where_others_have_written() {
        let news = News::default();
        let after = |place, kept: &[&[i64]]| {
            for positions in kept {
                news.keep(&entries(positions));
            }
            news.after(at(place)).map(|entries| entries.iter().map(|entry| entry.at.position).collect::<Vec<_>>())
        };
        assert_eq!(after(10, &[]), None, "nobody wrote here");
        assert_eq!(after(10, &[&[11], &[12, 13]]), Some(vec![11, 12, 13]));
        assert_eq!(after(10, &[&[11, 12], &[14]]), None, "13 is of another process");
        assert_eq!(after(10, &[&[12, 13]]), None, "11 is");
        assert_eq!(after(12, &[&[11, 12], &[13]]), Some(vec![13]), "the first two were read");
        assert_eq!(after(13, &[&[11, 12], &[13]]), Some(vec![]));
        assert_eq!(after(0, &[&(1..=600).collect::<Vec<_>>(), &(601..=1200).collect::<Vec<_>>()]), None, "there were too many to keep");
    }

    async fn store() -> (Store, TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let (clock, random) = (Arc::new(SystemClock), Arc::new(Random::seeded(1)));
        (Store::open(&DatabaseSection::default(), folder.path(), clock, random).await.unwrap(), folder)
    }

    async fn write(store: &Store) {
        let event = Event::new("post.created", &"p-1", &serde_json::json!({}));
        let record = store.write(event, |tx, event| {
            tx.record(event.clone());
            Box::pin(async { Ok(()) })
        });
        record.await.unwrap();
    }

    /// How far somebody has come once the next events were heard.
    async fn next(reading: &mut Reading) -> i64 {
        let run = timeout(Duration::from_secs(10), reading.next()).await.expect("nothing was heard").unwrap();
        run.entries.last().unwrap().at.position
    }

    #[tokio::test]
    async fn after_a_pause_in_which_nobody_heard_the_very_next_event_is_heard() {
        let (store, _folder) = store().await;
        let stop = CancellationToken::new();
        let tail = Tail::start(store.clone(), Position::START, stop.clone());
        write(&store).await;
        // Whoever follows the log has its turn, and sees that nobody hears it.
        tokio::task::yield_now().await;
        let at = store.log_end().await.unwrap();
        let mut reading = Reading { store: store.clone(), live: tail.0.subscribe(), at, behind: false };
        write(&store).await;
        assert_eq!(next(&mut reading).await, at.position + 1);
        stop.cancel();
    }

    #[tokio::test]
    async fn what_was_missed_is_read_be_it_a_gap_or_too_much_at_once() {
        let (store, _folder) = store().await;
        let (sender, live) = broadcast::channel(WAITING);
        let mut reading = Reading { store: store.clone(), live, at: Position::START, behind: false };
        for _ in 0..3 {
            write(&store).await;
        }
        assert!(sender.send(Run::new(at(2), entries(&[3]))).is_ok());
        assert_eq!(next(&mut reading).await, 3, "one and two come from the log");
        for position in 4..=4 + i64::try_from(WAITING).unwrap() {
            write(&store).await;
            assert!(sender.send(Run::new(at(position - 1), entries(&[position]))).is_ok());
        }
        assert_eq!(next(&mut reading).await, 4 + i64::try_from(WAITING).unwrap());
    }
}
