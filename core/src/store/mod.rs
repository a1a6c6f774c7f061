//! The database: connection, writing, the event log.
//!
//! Reads go through [`Store::reader`]. A write is a re-runnable closure over `&mut Tx` handed to [`Store::write`]; it returns
//! once the change is on disk, and everyone who [listens](Store::listen) has heard the events it recorded. On SQLite one
//! writer commits all writes that wait together ([`batch`]); on PostgreSQL each has a transaction of its own ([`retry`]), and a
//! commit without an answer is looked after ([`doubt`]). Writes of other processes are heard through the [`follower`].
//!
//! sea-orm is named here and in the `store.rs` and `entity.rs` of the slices, nowhere else.

mod backup;
mod batch;
mod connect;
mod doubt;
mod error;
mod events;
mod follower;
mod later;
mod log;
mod migrate;
mod presence;
mod retry;
mod tx;
mod writes;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use futures_util::future::BoxFuture;
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend};
// What queries take, under names of our own: a connection that reads, and that or a transaction.
pub use sea_orm::{ConnectionTrait as Conn, DatabaseConnection as Reader};
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

pub use self::{
    backup::Original,
    error::OpenError,
    events::Event,
    later::Later,
    log::{Entry, Position},
    migrate::Plan,
    tx::Tx,
    writes::Writes,
};
use self::{batch::Batcher, events::Listeners, log::Log};
use crate::{
    clock::{Clock, Timestamp},
    config::DatabaseSection,
    error::{Error, Result},
    ids::NodeId,
    random::Random,
};

/// The database. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    reader: DatabaseConnection,
    log: Log,
    data_dir: PathBuf,
    writer: Writer,
    context: Arc<Context>,
}

#[derive(Clone)]
enum Writer {
    Sqlite(Batcher),
    Postgres(DatabaseConnection),
}

/// What every write needs beside the connection.
struct Context {
    clock: Arc<dyn Clock>,
    random: Arc<Random>,
    node: NodeId,
    listeners: Listeners<Event>,
    /// Those who want what this process adds to the log.
    followers: Listeners<[Entry]>,
    /// Where listeners begin what they do not wait for.
    runtime: Handle,
    /// Those who want what was read from it.
    readers: Listeners<[Entry]>,
    writes: Writes,
}

impl Context {
    /// Tells of what was committed. On SQLite everything in one transaction stands together in the log, before `written`.
    fn tell(&self, now: Timestamp, events: &[Event], written: Option<Position>) {
        let _entered = self.runtime.enter();
        if let Some(last) = written.filter(|last| last.transaction == 0 && !self.followers.are_none()) {
            self.followers.tell(&events::entries(&self.node, now, events, last));
        }
        for event in events {
            self.listeners.tell(event);
        }
    }
}

impl Store {
    /// Connects, checks the database's version and settings, and brings the schema up to date.
    ///
    /// # Errors
    /// A sentence that says what is wrong with the database and what to do.
    pub async fn open(section: &DatabaseSection, data_dir: &Path, clock: Arc<dyn Clock>, random: Arc<Random>) -> Result<Self, OpenError> {
        let url = connect::url(section, data_dir);
        migrate::run(&url, section, data_dir).await?;
        let reader = connect::reader(&url, section).await?;
        let log = Log::of(reader.clone()).await.map_err(|source| OpenError::Connect { url: url.to_string(), source })?;
        let node = NodeId::new(clock.now(), &random);
        let context = Arc::new(Context {
            clock,
            random,
            node,
            listeners: Listeners::default(),
            followers: Listeners::default(),
            runtime: Handle::current(),
            readers: Listeners::default(),
            writes: Writes::default(),
        });
        let writer = if reader.get_database_backend() == DbBackend::Postgres {
            Writer::Postgres(reader.clone())
        } else {
            let conn = connect::writer(&url, section).await?;
            Writer::Sqlite(Batcher::start(conn, context.clone()).map_err(OpenError::Thread)?)
        };
        Ok(Self { reader, log, data_dir: data_dir.to_owned(), writer, context })
    }

    /// What [`Store::open`] would change in the schema, without changing it.
    pub async fn plan(section: &DatabaseSection, data_dir: &Path) -> Result<Plan, OpenError> {
        migrate::plan(&connect::url(section, data_dir), section).await
    }

    /// An SQLite database that is to be copied as it is.
    ///
    /// # Errors
    /// It cannot be read.
    pub async fn original(section: &DatabaseSection, data_dir: &Path) -> Result<Original, OpenError> {
        Original::open(&connect::url(section, data_dir), section).await
    }

    /// The file of the database, if it is kept in one that is not there yet.
    pub fn missing_file(section: &DatabaseSection, data_dir: &Path) -> Option<PathBuf> {
        connect::missing_file(&connect::url(section, data_dir))
    }

    /// The connections that read. Nothing read here may decide a write: that belongs into the write's closure.
    pub fn reader(&self) -> &DatabaseConnection {
        &self.reader
    }

    /// This process, as others on the same database know it.
    pub fn node(&self) -> &NodeId {
        &self.context.node
    }

    /// Whether other servers may work on the same database at the same time.
    pub fn is_shared(&self) -> bool {
        matches!(self.writer, Writer::Postgres(_))
    }

    /// Whether writes that begin one after the other are committed, and told of, in that order: there is one writer.
    pub fn keeps_order(&self) -> bool {
        matches!(self.writer, Writer::Sqlite(_))
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<()> {
        if let Writer::Sqlite(batcher) = &self.writer
            && batcher.has_ended()
        {
            return Err(batch::ended());
        }
        self.reader.execute_unprepared("SELECT 1").await?;
        Ok(())
    }

    /// Runs `work` on `input` in a transaction and returns its result once that is committed.
    ///
    /// The closure may run more than once and must do nothing but work on the transaction. On an error nothing is changed.
    pub async fn write<I, T>(&self, input: I, work: for<'a> fn(&'a mut Tx, &'a I) -> BoxFuture<'a, Result<T>>) -> Result<T>
    where
        I: Send + Sync + 'static,
        T: Send + 'static,
    {
        let _counted = self.context.writes.begin();
        match &self.writer {
            Writer::Sqlite(batcher) => batcher.write(input, work).await,
            Writer::Postgres(pool) => retry::write(pool.clone(), self.context.clone(), input, work).await,
        }
    }

    /// What is counted of writes.
    pub fn writes(&self) -> &Writes {
        &self.context.writes
    }

    /// Removes events that are older than `keep` from the log.
    pub async fn sweep_events(&self, keep: Duration) -> Result<()> {
        while self.write(keep, |tx, keep| Box::pin(events::sweep(tx, *keep))).await? {}
        Ok(())
    }

    /// Calls `listener` with every event, in this process before the write that made it returns, and soon after for those of
    /// other processes. It must be quick and must not wait.
    pub fn listen(&self, listener: impl Fn(&Event) + Send + Sync + 'static) {
        self.context.listeners.add(Box::new(listener));
    }

    /// Calls `follower` with what this process adds to the log, as [`Store::log_after`] gives it, so that it need not be read; on SQLite
    /// only, since on PostgreSQL nobody knows before reading what else was added. It must be quick and must not wait. Those who
    /// [listen](Store::listen) are told of the same events after that.
    pub fn follow_own(&self, follower: impl Fn(&[Entry]) + Send + Sync + 'static) {
        self.context.followers.add(Box::new(follower));
    }

    /// Calls `reader` with the events of all processes, own ones as well, as they are read from the log, once those who
    /// [listen](Store::listen) were told of what others wrote of them. What this process wrote they may be told of a moment later. It must
    /// be quick and must not wait.
    pub fn follow_read(&self, reader: impl Fn(&[Entry]) + Send + Sync + 'static) {
        self.context.readers.add(Box::new(reader));
    }

    /// Where the event log ends now.
    pub async fn log_end(&self) -> Result<Position> {
        self.log.end().await
    }

    /// At most `limit` events of the log after `at`, in the order in which they became final.
    pub async fn log_after(&self, at: Position, limit: u32) -> Result<Vec<Entry>> {
        self.log.after(at, limit).await
    }

    /// The present, as writes see it.
    pub fn now(&self) -> Timestamp {
        self.context.clock.now()
    }

    /// Where ids come from.
    pub fn random(&self) -> &Random {
        &self.context.random
    }

    /// Hears what other processes write, until `stop`. Without this only our own events are heard. Others see by it that somebody is
    /// [there](Store::is_followed).
    ///
    /// # Errors
    /// The database could not be asked where its log ends.
    pub async fn follow(&self, stop: CancellationToken) -> Result<tokio::task::JoinHandle<()>> {
        let start = self.log.end().await?;
        let presence = match self.writer {
            Writer::Sqlite(_) => presence::hold_sqlite(&self.data_dir)
                .inspect_err(|error| tracing::warn!(%error, "commands in the shell will not see that this server runs"))
                .ok(),
            Writer::Postgres(_) => None,
        };
        let follow = follower::run(self.log.clone(), self.context.clone(), start, stop);
        Ok(tokio::spawn(async move {
            follow.await;
            drop(presence);
        }))
    }

    /// Whether a process [follows](Store::follow) what is written: a server that runs, even if it is too busy to answer.
    pub async fn is_followed(&self) -> Result<bool> {
        presence::is_held(&self.reader, &self.data_dir).await
    }
}

/// Reads a moment that the database holds.
pub fn moment(text: &str) -> Result<Timestamp> {
    Timestamp::parse(text).ok_or_else(|| Error::internal(format!("not a time in the database: {text}")))
}
