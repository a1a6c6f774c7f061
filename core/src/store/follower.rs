//! Hearing what other processes wrote: a command in the shell, another node.
//!
//! SQLite tells by `data_version` that someone else committed, PostgreSQL by NOTIFY. Either way the log is then read from where we
//! were. Our own events were heard when they were committed and are passed over.

use std::{sync::Arc, time::Duration};

use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, FromQueryResult, Statement, sqlx::postgres::PgListener};
use tokio_util::sync::CancellationToken;

use super::{Context, Event};
use crate::error::{Error, Result};

/// How often SQLite is asked whether someone else wrote, and the longest silence before PostgreSQL's log is read anyway.
const SQLITE_POLL: Duration = Duration::from_millis(200);
const POSTGRES_POLL: Duration = Duration::from_millis(500);
/// Events read at once.
const CHUNK: usize = 500;

/// How far the log has been read. On PostgreSQL the transaction counts first: see [`read`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Position {
    transaction: i64,
    position: i64,
}

#[derive(FromQueryResult)]
struct Row {
    transaction: i64,
    position: i64,
    node: String,
    kind: String,
    subject: String,
    data: String,
}

impl Position {
    /// Where the log ends now.
    pub(super) async fn end(conn: &DatabaseConnection) -> Result<Self> {
        let (backend, query) = match conn.get_database_backend() {
            DbBackend::Postgres => (
                DbBackend::Postgres,
                // Everything below the oldest open transaction is final; whatever commits later lies at or above it.
                "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint - 1 AS transaction, 9223372036854775807 AS position",
            ),
            backend => (backend, "SELECT 0 AS \"transaction\", coalesce(max(position), 0) AS position FROM events"),
        };
        let row = conn.query_one_raw(Statement::from_string(backend, query)).await?;
        let row = row.ok_or_else(|| Error::internal("the event log has no end"))?;
        Ok(Self { transaction: row.try_get("", "transaction")?, position: row.try_get("", "position")? })
    }
}

pub(super) async fn run(conn: DatabaseConnection, context: Arc<Context>, start: Position, stop: CancellationToken) {
    let follow = async {
        match conn.get_database_backend() {
            DbBackend::Postgres => follow_postgres(&conn, &context, start).await,
            _ => follow_sqlite(&conn, &context, start).await,
        }
    };
    tokio::select! {
        () = follow => {}
        () = stop.cancelled() => {}
    }
}

async fn follow_sqlite(conn: &DatabaseConnection, context: &Context, mut at: Position) {
    // data_version is a matter of one connection, so one is kept out of the pool for it.
    let pool = conn.get_sqlite_connection_pool();
    let mut own = None;
    let mut seen = None;
    loop {
        tokio::time::sleep(SQLITE_POLL).await;
        if own.is_none() {
            own = pool.acquire().await.ok().map(sea_orm::sqlx::pool::PoolConnection::detach);
        }
        let Some(connection) = &mut own else { continue };
        match sea_orm::sqlx::query_scalar::<_, i64>("PRAGMA data_version").fetch_one(connection).await {
            Ok(version) if seen == Some(version) => {}
            Ok(version) => {
                if catch_up(conn, context, &mut at).await {
                    seen = Some(version);
                }
            }
            Err(error) => {
                tracing::warn!(%error, "the database could not be asked for changes");
                (own, seen) = (None, None);
            }
        }
    }
}

async fn follow_postgres(conn: &DatabaseConnection, context: &Context, mut at: Position) {
    loop {
        let mut listener = match PgListener::connect_with(conn.get_postgres_connection_pool()).await {
            Ok(listener) => listener,
            Err(error) => {
                tracing::warn!(%error, "the database could not be asked for changes");
                tokio::time::sleep(POSTGRES_POLL).await;
                continue;
            }
        };
        if let Err(error) = listener.listen("community_events").await {
            tracing::warn!(%error, "the database could not be asked for changes");
            tokio::time::sleep(POSTGRES_POLL).await;
            continue;
        }
        loop {
            catch_up(conn, context, &mut at).await;
            // A notification may come before older transactions have ended, hence the poll besides.
            if let Ok(Err(_)) = tokio::time::timeout(POSTGRES_POLL, listener.recv()).await {
                break;
            }
        }
    }
}

/// Reads on to the end of the log; false if the database did not answer.
async fn catch_up(conn: &DatabaseConnection, context: &Context, at: &mut Position) -> bool {
    loop {
        let rows = match read(conn, *at).await {
            Ok(rows) => rows,
            Err(error) => {
                tracing::warn!(%error, cause = ?error.source, "the event log could not be read");
                return false;
            }
        };
        let last = rows.len() < CHUNK;
        for row in rows {
            *at = Position { transaction: row.transaction, position: row.position };
            if row.node != context.node.as_str() {
                context.listeners.tell(&Event { kind: row.kind, subject: row.subject, data: row.data, live: None });
            }
        }
        if last {
            return true;
        }
    }
}

/// The events after `at`, in the order in which they became final.
///
/// PostgreSQL hands out positions before commit, so a lower one can appear later. Ordered by transaction and cut off below the
/// oldest open one, nothing can appear behind the reader.
async fn read(conn: &DatabaseConnection, at: Position) -> Result<Vec<Row>> {
    let statement = match conn.get_database_backend() {
        DbBackend::Postgres => Statement::from_sql_and_values(
            DbBackend::Postgres,
            format!(
                "SELECT transaction_id::text::bigint AS transaction, position, node, kind, subject, data FROM events \
                 WHERE (transaction_id, position) > (($1::bigint)::text::xid8, $2::bigint) \
                 AND transaction_id < pg_snapshot_xmin(pg_current_snapshot()) \
                 ORDER BY transaction_id, position LIMIT {CHUNK}"
            ),
            [at.transaction.into(), at.position.into()],
        ),
        backend => Statement::from_sql_and_values(
            backend,
            format!(
                "SELECT 0 AS \"transaction\", position, node, kind, subject, data FROM events WHERE position > ? ORDER BY position LIMIT {CHUNK}"
            ),
            [at.position.into()],
        ),
    };
    Ok(Row::find_by_statement(statement).all(conn).await?)
}
