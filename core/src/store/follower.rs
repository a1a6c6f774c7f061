//! Hearing what other processes wrote: a command in the shell, another node.
//!
//! SQLite tells by `data_version` that someone else committed, PostgreSQL by NOTIFY. Either way the log is then read from where we
//! were. Our own events were heard when they were committed and are passed over.

use std::{sync::Arc, time::Duration};

use sea_orm::{DbBackend, sqlx::postgres::PgListener};
use tokio_util::sync::CancellationToken;

use super::{Context, Position, log::Log, presence};

/// How often SQLite is asked whether someone else wrote, and the longest silence before PostgreSQL's log is read anyway.
const SQLITE_POLL: Duration = Duration::from_millis(200);
const POSTGRES_POLL: Duration = Duration::from_millis(500);
/// Events read at once.
const CHUNK: u32 = 500;

pub(super) async fn run(log: Log, context: Arc<Context>, start: Position, stop: CancellationToken) {
    let follow = async {
        match log.conn.get_database_backend() {
            DbBackend::Postgres => follow_postgres(&log, &context, start).await,
            _ => follow_sqlite(&log, &context, start).await,
        }
    };
    tokio::select! {
        () = follow => {}
        () = stop.cancelled() => {}
    }
}

async fn follow_sqlite(log: &Log, context: &Context, mut at: Position) {
    // data_version is a matter of one connection, so one is kept out of the pool for it.
    let pool = log.conn.get_sqlite_connection_pool();
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
                if catch_up(log, context, &mut at).await {
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

async fn follow_postgres(log: &Log, context: &Context, mut at: Position) {
    loop {
        let mut listener = match PgListener::connect_with(log.conn.get_postgres_connection_pool()).await {
            Ok(listener) => listener,
            Err(error) => {
                tracing::warn!(%error, "the database could not be asked for changes");
                tokio::time::sleep(POSTGRES_POLL).await;
                continue;
            }
        };
        // The next one takes the lock as well.
        listener.eager_reconnect(false);
        let ready = async { presence::hold_postgres(&mut listener).await.and(listener.listen("community_events").await) };
        if let Err(error) = ready.await {
            tracing::warn!(%error, "the database could not be asked for changes");
            tokio::time::sleep(POSTGRES_POLL).await;
            continue;
        }
        loop {
            catch_up(log, context, &mut at).await;
            // A notification may come before older transactions have ended, hence the poll besides.
            if let Ok(Err(_) | Ok(None)) = tokio::time::timeout(POSTGRES_POLL, listener.try_recv()).await {
                break;
            }
        }
    }
}

/// Reads on to the end of the log; false if the database did not answer.
async fn catch_up(log: &Log, context: &Context, at: &mut Position) -> bool {
    loop {
        let entries = match log.after(*at, CHUNK).await {
            Ok(entries) => entries,
            Err(error) => {
                tracing::warn!(%error, cause = ?error.source, "the event log could not be read");
                return false;
            }
        };
        let last = entries.len() < CHUNK as usize;
        for entry in &entries {
            *at = entry.at;
            if entry.node != context.node.as_str() {
                context.listeners.tell(&entry.event);
            }
        }
        context.readers.tell(&entries);
        if last {
            return true;
        }
    }
}
