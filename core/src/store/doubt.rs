//! What becomes of a commit on PostgreSQL that nobody answered: the connection broke, and the change may be on disk or not.
//!
//! PostgreSQL is asked how the transaction ended as soon as it answers again. If it stands, those who listen in this process hear of
//! it: nobody else will tell them, since the follower passes over our own events.

use std::{sync::Arc, time::Duration};

use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement};

use super::{Context, Event};
use crate::error::{Error, Result};

/// How often the database is asked.
const ASK_AGAIN: Duration = Duration::from_millis(250);
/// How long whoever waits for the write waits for that. Later it is found out all the same.
const PATIENCE: Duration = Duration::from_secs(3);

/// Why a commit failed.
pub(super) struct Uncommitted {
    /// What the connection or the database said.
    pub(super) error: Error,
    /// What may be on disk nevertheless.
    pub(super) doubt: Option<Doubt>,
}

impl From<Error> for Uncommitted {
    fn from(error: Error) -> Self {
        Self { error, doubt: None }
    }
}

impl From<Uncommitted> for Error {
    fn from(failed: Uncommitted) -> Self {
        failed.error
    }
}

/// A transaction that may have been committed.
pub(super) struct Doubt {
    /// Its `xid8`.
    pub(super) transaction: i64,
    /// What it tells of.
    pub(super) events: Vec<Event>,
}

impl Doubt {
    /// Finds out how the transaction ended, and tells the listeners if it stands; false if it does not, or nobody knows yet.
    pub(super) async fn resolve(self, pool: DatabaseConnection, context: Arc<Context>) -> bool {
        let found_out = tokio::spawn(async move {
            let stands = stands(&pool, self.transaction).await;
            for event in self.events.iter().filter(|_| stands) {
                context.listeners.tell(event);
            }
            stands
        });
        matches!(tokio::time::timeout(PATIENCE, found_out).await, Ok(Ok(true)))
    }
}

/// Asks until there is an answer.
async fn stands(pool: &DatabaseConnection, transaction: i64) -> bool {
    loop {
        match status(pool, transaction).await {
            Ok(status) if status == "in progress" => {}
            Ok(status) => return status != "aborted",
            Err(error) if error.is_unavailable() => {}
            Err(error) => {
                // As after a restore of a backup, where the transaction has never been.
                tracing::error!(%error, cause = ?error.source, "how a transaction ended cannot be found out");
                return false;
            }
        }
        tokio::time::sleep(ASK_AGAIN).await;
    }
}

/// `committed`, `aborted` or `in progress`; `forgotten` where it ended too long ago to tell, so that listeners are told to be safe.
async fn status(pool: &DatabaseConnection, transaction: i64) -> Result<String> {
    let query = "SELECT coalesce(pg_xact_status(($1::bigint)::text::xid8), 'forgotten')";
    let row = pool.query_one_raw(Statement::from_sql_and_values(DbBackend::Postgres, query, [transaction.into()])).await?;
    Ok(row.ok_or_else(|| Error::internal("a transaction has no status"))?.try_get_by_index(0)?)
}
