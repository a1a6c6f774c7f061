//! What a write works on.

use std::sync::Arc;

use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend};

use super::{
    Context, Event,
    doubt::{Doubt, Uncommitted},
    events,
    later::{Later, Queue, Queued},
};
use crate::{clock::Timestamp, error::Result, ids::NodeId, random::Random};

/// An open transaction with the moment, the randomness and the events of the write.
pub struct Tx {
    conn: DatabaseTransaction,
    context: Arc<Context>,
    now: Timestamp,
    events: Vec<Event>,
    hops: u16,
    later: Queue,
}

/// How far a transaction was when a write in it began.
pub(super) struct Mark {
    events: usize,
    later: Vec<Queued>,
}

impl Tx {
    pub(super) fn new(conn: DatabaseTransaction, context: Arc<Context>) -> Self {
        let now = context.clock.now();
        Self { conn, context, now, events: Vec::new(), hops: 0, later: Queue::default() }
    }

    /// The connection, for the `store.rs` of a slice.
    pub fn conn(&self) -> &DatabaseTransaction {
        &self.conn
    }

    /// The moment at which this write began; the same for all of it.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// The process that writes.
    pub fn node(&self) -> &NodeId {
        &self.context.node
    }

    /// Where ids and tokens come from.
    pub fn random(&self) -> &Random {
        &self.context.random
    }

    /// Whether the database is PostgreSQL; otherwise it is SQLite.
    pub fn is_postgres(&self) -> bool {
        self.conn.get_database_backend() == DbBackend::Postgres
    }

    /// Adds to the event log what this write did.
    pub fn record(&mut self, event: Event) {
        self.events.push(Event { hops: self.hops, ..event });
    }

    /// Says that what this write records from now on is the doing of bots, so many of them one after the other.
    pub fn caused_by_bots(&mut self, hops: u16) {
        self.hops = hops;
    }

    /// Leaves a row to be written at the end of the transaction, in one statement with all others of its kind: on SQLite those of
    /// all writes that share the commit. Whoever reads its table before calls [`Tx::flush`].
    pub fn insert_later<T: Later>(&mut self, row: T) {
        self.later.push(row);
    }

    /// The rows of a kind that were left to be written in this transaction, oldest first, whether they have been written or not.
    pub fn later<T: Later>(&self) -> &[T] {
        self.later.rows()
    }

    /// Writes now what was left for the end.
    pub async fn flush(&mut self) -> Result<()> {
        self.later.flush(&self.conn).await
    }

    /// Lets writes with the same `name` wait for each other until the end of the transaction. SQLite has one writer anyway.
    pub async fn lock(&self, name: &str) -> Result<()> {
        if self.is_postgres() {
            let lock = sea_orm::Statement::from_sql_and_values(
                DbBackend::Postgres,
                "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))",
                [name.into()],
            );
            self.conn.execute_raw(lock).await?;
        }
        Ok(())
    }

    /// Lets the next of several writes in this transaction begin.
    pub(super) fn next_write(&mut self) {
        self.now = self.context.clock.now();
        self.hops = 0;
    }

    /// Lets the next of several writes begin, with a point to return to if it fails.
    pub(super) async fn savepoint(&mut self) -> Result<Mark> {
        self.next_write();
        self.conn.execute_unprepared("SAVEPOINT write_").await?;
        Ok(Mark { events: self.events.len(), later: self.later.mark() })
    }

    /// Keeps what happened since the savepoint.
    pub(super) async fn release(&mut self) -> Result<()> {
        self.conn.execute_unprepared("RELEASE write_").await?;
        Ok(())
    }

    /// Undoes what happened since the savepoint `mark`.
    pub(super) async fn undo(&mut self, mark: Mark) -> Result<()> {
        self.events.truncate(mark.events);
        self.later.undo(&mark.later);
        self.conn.execute_unprepared("ROLLBACK TO write_").await?;
        self.conn.execute_unprepared("RELEASE write_").await?;
        Ok(())
    }

    /// Writes what was left for the end and the events, commits, and tells the listeners.
    pub(super) async fn commit(self) -> Result<(), Uncommitted> {
        let Self { conn, context, now, events, hops: _, mut later } = self;
        later.flush(&conn).await?;
        let written = events::append(&conn, &context.node, now, &events).await?;
        if let Err(error) = conn.commit().await {
            let doubt = written.map(|at| Doubt { at, events });
            return Err(Uncommitted { error: error.into(), doubt });
        }
        context.tell(now, &events, written);
        Ok(())
    }
}
