//! Reading the event log from a place in it.

use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, FromQueryResult, Statement};

use super::{Event, error, moment};
use crate::{
    clock::Timestamp,
    error::{Error, Result},
};

/// How far the log has been read. On PostgreSQL the transaction counts first: see [`Log::after`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The transaction that wrote the event; 0 on SQLite.
    pub transaction: i64,
    /// The event's number, which no other event has.
    pub position: i64,
}

impl Position {
    /// Before the first event.
    pub const START: Self = Self { transaction: 0, position: 0 };
}

/// An event in the log.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Where it is.
    pub at: Position,
    /// The process that wrote it.
    pub node: String,
    /// When it was written.
    pub time: Timestamp,
    /// What happened. Read from the log it lacks what listeners in the process that wrote it were given.
    pub event: Event,
}

#[derive(FromQueryResult)]
struct Row {
    transaction: i64,
    position: i64,
    node: String,
    kind: String,
    subject: String,
    data: String,
    hops: i16,
    created_at: String,
}

/// The first transaction on PostgreSQL that may still add events; all before it are final.
///
/// It is the oldest one in the snapshot of the very statement that reads the events, without those that are seen to run in another
/// database: they cannot write here. Whoever is looked for there began before the snapshot and is still at it, so what is said of its
/// database is said of this transaction and no other, although the list is no part of the snapshot. Whatever is not seen there counts:
/// what has ended since, what is only prepared, and what is hidden. On a standby, whose snapshots do not tell which transactions run,
/// the oldest does as well.
const OPEN_HERE: &str = "coalesce((SELECT open FROM (\
        SELECT pg_snapshot_xmin(pg_current_snapshot()) AS open UNION ALL SELECT pg_snapshot_xip(pg_current_snapshot())) AS running \
    WHERE open < pg_snapshot_xmax(pg_current_snapshot()) AND open::xid NOT IN (\
        SELECT backend_xid FROM pg_stat_activity WHERE backend_xid IS NOT NULL \
        AND datid <> (SELECT oid FROM pg_database WHERE datname = current_database())) \
    ORDER BY open LIMIT 1), pg_snapshot_xmax(pg_current_snapshot()))";
/// The same for who may not see what runs: the oldest transaction in all databases of the cluster.
const OPEN_ANYWHERE: &str = "pg_snapshot_xmin(pg_current_snapshot())";

/// The log of a database. Cheap to clone.
#[derive(Clone)]
pub(super) struct Log {
    /// The database.
    pub(super) conn: DatabaseConnection,
    /// The SQL for the first transaction that is not final.
    open: &'static str,
}

impl Log {
    /// The log of the database behind `conn`.
    pub(super) async fn of(conn: DatabaseConnection) -> Result<Self, DbErr> {
        let open = if conn.get_database_backend() == DbBackend::Postgres { open(&conn).await? } else { "" };
        Ok(Self { conn, open })
    }

    /// Where the log ends now.
    pub(super) async fn end(&self) -> Result<Position> {
        let (backend, query) = match self.conn.get_database_backend() {
            DbBackend::Postgres => (
                DbBackend::Postgres,
                // The last final event, not the last transaction: one of which nothing is on disk yet is given out again after a crash.
                format!(
                    "SELECT transaction_id::text::bigint AS transaction, position FROM events \
                     WHERE transaction_id < {} ORDER BY transaction_id DESC, position DESC LIMIT 1",
                    self.open
                ),
            ),
            backend => (backend, "SELECT 0 AS \"transaction\", coalesce(max(position), 0) AS position FROM events".to_owned()),
        };
        let Some(row) = self.conn.query_one_raw(Statement::from_string(backend, query)).await? else { return Ok(Position::START) };
        Ok(Position { transaction: row.try_get("", "transaction")?, position: row.try_get("", "position")? })
    }

    /// At most `limit` events after `at`, in the order in which they became final.
    ///
    /// PostgreSQL hands out positions before commit, so a lower one can appear later. Ordered by transaction and cut off below the
    /// oldest open one, nothing can appear behind the reader.
    pub(super) async fn after(&self, at: Position, limit: u32) -> Result<Vec<Entry>> {
        let statement = match self.conn.get_database_backend() {
            DbBackend::Postgres => Statement::from_sql_and_values(
                DbBackend::Postgres,
                // What is compared with stands in queries of its own, and the limit in the text: so PostgreSQL sees at once that one plan
                // does for all values, and planning would cost more than reading.
                format!(
                    "SELECT transaction_id::text::bigint AS transaction, position, node, kind, subject, data, hops, created_at FROM events \
                     WHERE (transaction_id, position) > ((SELECT ($1::bigint)::text::xid8), (SELECT $2::bigint)) AND transaction_id < {} \
                     ORDER BY transaction_id, position LIMIT {limit}",
                    self.open
                ),
                [at.transaction.into(), at.position.into()],
            ),
            backend => Statement::from_sql_and_values(
                backend,
                "SELECT 0 AS \"transaction\", position, node, kind, subject, data, hops, created_at FROM events \
                 WHERE position > ? ORDER BY position LIMIT ?",
                [at.position.into(), i64::from(limit).into()],
            ),
        };
        Row::find_by_statement(statement).all(&self.conn).await?.into_iter().map(Entry::try_from).collect()
    }
}

/// Which transactions can be told apart: some operators let nobody see what others run.
async fn open(conn: &DatabaseConnection) -> Result<&'static str, DbErr> {
    match conn.execute_unprepared(&format!("SELECT {OPEN_HERE}")).await {
        Ok(_) => Ok(OPEN_HERE),
        Err(error) if error::is_forbidden(&error) => {
            tracing::warn!("PostgreSQL hides pg_stat_activity from this role: long transactions in other databases hold up the event log");
            Ok(OPEN_ANYWHERE)
        }
        Err(error) => Err(error),
    }
}

/// The event at a place in the log, on PostgreSQL.
pub(super) async fn at(conn: &DatabaseConnection, at: Position) -> Result<Option<Entry>> {
    let statement = Statement::from_sql_and_values(
        DbBackend::Postgres,
        "SELECT transaction_id::text::bigint AS transaction, position, node, kind, subject, data, hops, created_at FROM events \
         WHERE position = $1 AND transaction_id = ($2::bigint)::text::xid8",
        [at.position.into(), at.transaction.into()],
    );
    Row::find_by_statement(statement).one(conn).await?.map(Entry::try_from).transpose()
}

impl TryFrom<Row> for Entry {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        let hops = u16::try_from(row.hops).unwrap_or_default();
        Ok(Self {
            at: Position { transaction: row.transaction, position: row.position },
            node: row.node,
            time: moment(&row.created_at)?,
            event: Event { kind: row.kind, subject: row.subject, data: row.data, hops, live: None },
        })
    }
}
