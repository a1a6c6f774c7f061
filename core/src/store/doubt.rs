//! What becomes of a commit on PostgreSQL that nobody answered: the connection broke, and the change may be on disk or not.
//!
//! PostgreSQL is asked as soon as it answers again: whether the transaction has ended, and then whether an event of it is in the log.
//! Its word for how the transaction ended is not enough. Of a transaction that a crash took away not even the id was on disk, and
//! after the crash another one may be given it, and commit. If the change stands, those who listen in this process hear of it: nobody
//! else will tell them, since the follower passes over our own events.

use std::{sync::Arc, time::Duration};

use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement};

use super::{
    Context, Event,
    log::{self, Position},
};
use crate::{
    error::{Error, Kind, Result},
    ids::NodeId,
};

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
    /// Where one of its events stands if it was kept.
    pub(super) at: Position,
    /// What it tells of.
    pub(super) events: Vec<Event>,
}

impl Doubt {
    /// Finds out how the transaction ended, and tells the listeners unless it was undone: they only look again. `None` if nobody knows
    /// yet.
    pub(super) async fn resolve(self, pool: DatabaseConnection, context: Arc<Context>) -> Option<Ending> {
        let found_out = tokio::spawn(async move {
            let ending = self.ending(&pool, &context.node).await;
            for event in self.events.iter().filter(|_| ending != Ending::Undone) {
                context.listeners.tell(event);
            }
            ending
        });
        tokio::time::timeout(PATIENCE, found_out).await.ok()?.ok()
    }

    /// Asks until there is an answer.
    async fn ending(&self, pool: &DatabaseConnection, node: &NodeId) -> Ending {
        loop {
            match self.ask(pool, node).await {
                Ok(Some(ending)) => return ending,
                Ok(None) => {}
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

    /// How it ended; `None` as long as it is under way. The log is read after the transaction has ended, never before: a commit in
    /// between would go unseen.
    async fn ask(&self, pool: &DatabaseConnection, node: &NodeId) -> Result<Option<Ending>> {
        let status = status(pool, self.at.transaction).await?;
        if status == "in progress" {
            return Ok(None);
        }
        // Numbers are given out again after a crash as well, so what stands there has to say what ours says.
        let found = log::at(pool, self.at).await?.filter(|entry| entry.node == node.as_str());
        let kept =
            found.is_some_and(|entry| self.events.iter().any(|own| own.subject == entry.event.subject && own.data == entry.event.data));
        Ok(Some(if kept {
            Ending::Kept
        } else if status == "forgotten" {
            Ending::Unknown
        } else {
            Ending::Undone
        }))
    }
}

/// `committed`, `aborted` or `in progress`; `forgotten` where it ended too long ago to tell. An id that nobody has (again) is that of
/// one which was taken away.
async fn status(pool: &DatabaseConnection, transaction: i64) -> Result<String> {
    let query = "SELECT CASE WHEN id < pg_snapshot_xmax(pg_current_snapshot()) THEN coalesce(pg_xact_status(id), 'forgotten') \
                 ELSE 'aborted' END FROM (SELECT ($1::bigint)::text::xid8 AS id) AS asked";
    let row = pool.query_one_raw(Statement::from_sql_and_values(DbBackend::Postgres, query, [transaction.into()])).await?;
    Ok(row.ok_or_else(|| Error::internal("a transaction has no status"))?.try_get_by_index(0)?)
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

/// The answer to whoever made a change of which nobody knows whether it was kept.
pub(super) fn unknown(cause: Error) -> Error {
    let message = "The database broke off while this was saved, and it is not known whether it was. Please look before you try again.";
    Error { kind: Kind::Unavailable, code: "unavailable", message: message.to_owned(), ..cause }
}
