//! What the database's errors mean to us.

use sea_orm::{DbErr, RuntimeErr, sqlx};

use crate::error::{Error, Kind};

/// Why the database cannot be used at start.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// It cannot be reached, or refuses us.
    #[error("the database at {url} cannot be opened: {source}")]
    Connect {
        /// Where, without its password.
        url: String,
        /// Why.
        source: DbErr,
    },
    /// PostgreSQL gave no connection in time. What the pool says of that names its own only.
    #[error("the database at {url} does not answer, is starting, or has no connection free: check that it runs, and its address and port")]
    Silent {
        /// Where, without its password.
        url: String,
    },
    /// The system gives no more threads.
    #[error("no thread could be started for writing to the database: {0}")]
    Thread(std::io::Error),
    /// The SQLite library has a known fault that can damage the database.
    #[error("SQLite {found} can damage a database in WAL mode; this server needs {needed} or later")]
    Version {
        /// The library's version.
        found: String,
        /// The first one without the fault.
        needed: &'static str,
    },
    /// PostgreSQL would acknowledge what is not on disk.
    #[error("PostgreSQL runs with synchronous_commit=off and could lose acknowledged writes; set it to on for this database")]
    Unsafe,
    /// The schema could not be looked at.
    #[error("the database's schema could not be brought up to date: {0}")]
    Migrate(DbErr),
    /// A step of the schema failed; it was undone.
    #[error("the database's schema could not be brought up to date: the step {name} failed and was undone: {source}")]
    Step {
        /// The step.
        name: String,
        /// Why.
        source: DbErr,
    },
    /// The copy of it that was wanted did not come about.
    #[error("the database could not be copied to {path}: {source}")]
    Copy {
        /// Where to.
        path: String,
        /// Why.
        source: DbErr,
    },
    /// A folder or file beside the database.
    #[error("{path}: {source}")]
    File {
        /// Which.
        path: String,
        /// Why.
        source: std::io::Error,
    },
}

impl From<DbErr> for Error {
    /// Troubles that pass are `unavailable`, everything else is our fault. What is shown never names the database.
    fn from(error: DbErr) -> Self {
        if is_passing(&error) {
            Self::unavailable("The database does not answer at the moment. Please try again.").caused_by(error)
        } else {
            Self::internal(error)
        }
    }
}

/// Whether the write collided with another and would succeed if it ran again.
pub(super) fn is_collision(error: &Error) -> bool {
    let cause = error.source.as_deref().and_then(|source| source.downcast_ref::<DbErr>());
    cause.is_some_and(|cause| matches!(code(cause).as_deref(), Some("40001" | "40P01")))
}

/// Whether PostgreSQL does not let our role do that.
pub(super) fn is_forbidden(error: &DbErr) -> bool {
    code(error).as_deref() == Some("42501")
}

/// Disk full, server gone, no connection free: what an operator or time mends.
fn is_passing(error: &DbErr) -> bool {
    if matches!(error, DbErr::ConnectionAcquire(_) | DbErr::Conn(_)) {
        return true;
    }
    match database_error(error) {
        Some(sqlx::Error::Database(_)) => code(error).is_some_and(|code| {
            // PostgreSQL: connection, collision, resources, intervention, read-only, locked for too long. SQLite (primary code in the low byte): busy,
            // locked, read-only, I/O, full, cannot open.
            matches!(code.get(..2), Some("08" | "40" | "53" | "57") if code.len() == 5)
                || matches!(&*code, "25006" | "55P03")
                || code.parse::<u32>().is_ok_and(|code| code < 10_000 && matches!(code & 0xff, 5 | 6 | 8 | 10 | 13 | 14))
        }),
        Some(sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed) => true,
        _ => false,
    }
}

/// Whether no connection came about in the time there was for it.
pub(super) fn is_silence(error: &DbErr) -> bool {
    matches!(database_error(error), Some(sqlx::Error::PoolTimedOut))
}

fn database_error(error: &DbErr) -> Option<&sqlx::Error> {
    match error {
        DbErr::Exec(RuntimeErr::SqlxError(error))
        | DbErr::Query(RuntimeErr::SqlxError(error))
        | DbErr::Conn(RuntimeErr::SqlxError(error)) => Some(error),
        _ => None,
    }
}

fn code(error: &DbErr) -> Option<String> {
    database_error(error)?.as_database_error()?.code().map(Into::into)
}

impl Error {
    /// Whether the database was only out of reach.
    pub fn is_unavailable(&self) -> bool {
        self.kind == Kind::Unavailable
    }
}
