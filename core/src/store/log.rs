//! Reading the event log from a place in it.

use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, FromQueryResult, Statement};

use super::{Event, moment};
use crate::{
    clock::Timestamp,
    error::{Error, Result},
};

/// How far the log has been read. On PostgreSQL the transaction counts first: see [`after`].
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

/// Where the log ends now.
pub async fn end(conn: &DatabaseConnection) -> Result<Position> {
    let (backend, query) = match conn.get_database_backend() {
        DbBackend::Postgres => (
            DbBackend::Postgres,
            // The last final event, not the last transaction: one of which nothing is on disk yet is given out again after a crash.
            "SELECT transaction_id::text::bigint AS transaction, position FROM events \
             WHERE transaction_id < pg_snapshot_xmin(pg_current_snapshot()) ORDER BY transaction_id DESC, position DESC LIMIT 1",
        ),
        backend => (backend, "SELECT 0 AS \"transaction\", coalesce(max(position), 0) AS position FROM events"),
    };
    let Some(row) = conn.query_one_raw(Statement::from_string(backend, query)).await? else { return Ok(Position::START) };
    Ok(Position { transaction: row.try_get("", "transaction")?, position: row.try_get("", "position")? })
}

/// At most `limit` events after `at`, in the order in which they became final.
///
/// PostgreSQL hands out positions before commit, so a lower one can appear later. Ordered by transaction and cut off below the
/// oldest open one, nothing can appear behind the reader.
pub async fn after(conn: &DatabaseConnection, at: Position, limit: u32) -> Result<Vec<Entry>> {
    let statement = match conn.get_database_backend() {
        DbBackend::Postgres => Statement::from_sql_and_values(
            DbBackend::Postgres,
            "SELECT transaction_id::text::bigint AS transaction, position, node, kind, subject, data, hops, created_at FROM events \
             WHERE (transaction_id, position) > (($1::bigint)::text::xid8, $2::bigint) \
             AND transaction_id < pg_snapshot_xmin(pg_current_snapshot()) \
             ORDER BY transaction_id, position LIMIT $3",
            [at.transaction.into(), at.position.into(), i64::from(limit).into()],
        ),
        backend => Statement::from_sql_and_values(
            backend,
            "SELECT 0 AS \"transaction\", position, node, kind, subject, data, hops, created_at FROM events \
             WHERE position > ? ORDER BY position LIMIT ?",
            [at.position.into(), i64::from(limit).into()],
        ),
    };
    Row::find_by_statement(statement).all(conn).await?.into_iter().map(Entry::try_from).collect()
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
