//! Bringing the schema up to date, one process at a time.

use std::{
    fs::{File, OpenOptions},
    io,
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use community_migrations::{Migrator, MigratorTrait as _};
use sea_orm::{ConnectionTrait, DatabaseConnection, TransactionTrait};
use tracing::{instrument::WithSubscriber, subscriber::NoSubscriber};

use super::{OpenError, connect};
use crate::config::{DatabaseSection, SecretUrl};

/// Any number will do as long as every version of the server uses the same. Whoever comes second waits as long as it takes.
const POSTGRES_LOCK: &str = "SET LOCAL lock_timeout = 0; SET LOCAL statement_timeout = 0; \
    SET LOCAL idle_in_transaction_session_timeout = 0; SELECT pg_advisory_xact_lock(7166091463)";

/// The steps that are still to be run, oldest first.
#[derive(Debug, PartialEq, Eq)]
pub struct Plan {
    /// Names of the steps.
    pub pending: Vec<String>,
}

/// Runs the pending steps, each in its own transaction.
pub(super) async fn run(url: &SecretUrl, section: &DatabaseSection, data_dir: &Path) -> Result<(), OpenError> {
    if connect::is_sqlite(url) { run_sqlite(url, section, data_dir).await } else { run_postgres(url, section).await }
}

async fn run_sqlite(url: &SecretUrl, section: &DatabaseSection, data_dir: &Path) -> Result<(), OpenError> {
    let path = data_dir.join("migrate.lock");
    let lock = File::create(&path).and_then(|file| file.lock().map(|()| file));
    let _lock = lock.map_err(|source| OpenError::File { path: path.display().to_string(), source })?;
    if let Some(path) = connect::file(url) {
        make_private(&path).map_err(|source| OpenError::File { path: path.display().to_string(), source })?;
    }
    // Connected only now: a new file is turned to WAL, for which nobody else may have it open.
    up(&connect::writer(url, section).await?).await
}

/// Makes the database's file, for its owner only, unless it is there. SQLite gives the same mode to those it makes beside it.
pub(super) fn make_private(path: &Path) -> io::Result<()> {
    OpenOptions::new().create(true).append(true).mode(0o600).open(path).map(drop)
}

async fn run_postgres(url: &SecretUrl, section: &DatabaseSection) -> Result<(), OpenError> {
    // The lock lives in a transaction of its own connection; the steps run on another.
    let guard = connect::migrator(url, section).await?.begin().await.map_err(OpenError::Migrate)?;
    guard.execute_unprepared(POSTGRES_LOCK).await.map_err(OpenError::Migrate)?;
    up(&connect::migrator(url, section).await?).await?;
    guard.commit().await.map_err(OpenError::Migrate)
}

async fn up(conn: &DatabaseConnection) -> Result<(), OpenError> {
    let steps = Migrator::get_pending_migrations(conn).await.map_err(OpenError::Migrate)?;
    if !steps.is_empty() {
        tracing::info!(steps = steps.len(), "bringing the database's schema up to date");
    }
    for step in steps {
        tracing::debug!(step = step.name(), "changing the database's schema");
        // It would tell twice of each, and name none that fails.
        let outcome = Migrator::up(conn, Some(1)).with_subscriber(NoSubscriber::new()).await;
        outcome.map_err(|source| OpenError::Step { name: step.name().to_owned(), source })?;
    }
    Ok(())
}

/// What [`run`] would do.
pub(super) async fn plan(url: &SecretUrl, section: &DatabaseSection) -> Result<Plan, OpenError> {
    if connect::missing_file(url).is_some() {
        return Ok(Plan { pending: Migrator::migrations().iter().map(|step| step.name().to_owned()).collect() });
    }
    let conn = connect::reader(url, section).await?;
    let pending = Migrator::get_pending_migrations_read_only(&conn).await.map_err(OpenError::Migrate)?;
    Ok(Plan { pending: pending.iter().map(|step| step.name().to_owned()).collect() })
}
