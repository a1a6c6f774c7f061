//! What becomes of a commit on PostgreSQL that nobody answered: the connection broke, and the change may be on disk or not.
//!
//! PostgreSQL is asked how the transaction ended as soon as it answers again. If it stands, those who listen in this process hear of
//! it: nobody else will tell them, since the follower passes over our own events.

use std::{sync::Arc, time::Duration};

use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement};

use super::{Context, Event};
use crate::error::{Error, Kind, Result};

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
    /// Finds out how the transaction ended, and tells the listeners unless it was undone: they only look again. `None` if nobody knows
    /// yet.
    pub(super) async fn resolve(self, pool: DatabaseConnection, context: Arc<Context>) -> Option<Ending> {
        let found_out = tokio::spawn(async move {
            let ending = ending(&pool, self.transaction).await;
            for event in self.events.iter().filter(|_| ending != Ending::Undone) {
                context.listeners.tell(event);
            }
            ending
        });
        tokio::time::timeout(PATIENCE, found_out).await.ok()?.ok()
    }
}

/// How a transaction ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// It stands.
    Kept,
    /// It never was.
    Undone,
    /// Nobody will ever say.
    Unknown,
}

impl Ending {
    /// What the database's word for it means; `None` as long as it is under way.
    fn of(status: &str) -> Option<Self> {
        match status {
            "in progress" => None,
            "committed" => Some(Self::Kept),
            "aborted" => Some(Self::Undone),
            _ => Some(Self::Unknown),
        }
    }
}

/// The answer to whoever made a change of which nobody knows whether it was kept.
pub(super) fn unknown(cause: Error) -> Error {
    let message = "The database broke off while this was saved, and it is not known whether it was. Please look before you try again.";
    Error { kind: Kind::Unavailable, code: "unavailable", message: message.to_owned(), ..cause }
}

/// Asks until there is an answer.
async fn ending(pool: &DatabaseConnection, transaction: i64) -> Ending {
    loop {
        match status(pool, transaction).await {
            Ok(status) => {
                if let Some(ending) = Ending::of(&status) {
                    return ending;
                }
            }
            Err(error) if error.is_unavailable() => {}
            Err(error) => {
                // As after a restore of a backup, where the transaction has never been.
                tracing::error!(%error, cause = ?error.source, "how a transaction ended cannot be found out");
                return Ending::Unknown;
            }
        }
        tokio::time::sleep(ASK_AGAIN).await;
    }
}

/// `committed`, `aborted` or `in progress`; `forgotten` where it ended too long ago to tell.
async fn status(pool: &DatabaseConnection, transaction: i64) -> Result<String> {
    let query = "SELECT coalesce(pg_xact_status(($1::bigint)::text::xid8), 'forgotten')";
    let row = pool.query_one_raw(Statement::from_sql_and_values(DbBackend::Postgres, query, [transaction.into()])).await?;
    Ok(row.ok_or_else(|| Error::internal("a transaction has no status"))?.try_get_by_index(0)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_database_vouches_for_counts_as_kept() {
        let endings = ["in progress", "committed", "aborted", "forgotten"].map(Ending::of);
        assert_eq!(endings, [None, Some(Ending::Kept), Some(Ending::Undone), Some(Ending::Unknown)]);
    }
}
