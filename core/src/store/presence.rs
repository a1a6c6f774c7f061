//! Whether a server is at work on a database: it holds a lock for as long as it follows the log. The lock ends with the process, however
//! that ends, and is held however busy it is.

use std::{
    fs::{File, TryLockError},
    io,
    path::{Path, PathBuf},
};

use sea_orm::{
    ConnectionTrait, DatabaseConnection, DbBackend, Statement,
    sqlx::{self, postgres::PgListener},
};

use crate::error::{Error, Result};

/// Any number will do as long as every version of the server uses the same.
const POSTGRES_LOCK: i64 = 7_166_091_464;

/// Holds the lock on SQLite, until what it gives is dropped.
pub(super) fn hold_sqlite(data_dir: &Path) -> io::Result<File> {
    let file = File::create(path(data_dir))?;
    file.lock_shared()?;
    Ok(file)
}

/// Holds the lock on PostgreSQL for as long as `listener` is connected.
pub(super) async fn hold_postgres(listener: &mut PgListener) -> sqlx::Result<()> {
    sqlx::query("SELECT pg_advisory_lock_shared($1)").bind(POSTGRES_LOCK).execute(listener).await.map(drop)
}

/// Whether anybody holds it.
pub(super) async fn is_held(conn: &DatabaseConnection, data_dir: &Path) -> Result<bool> {
    if conn.get_database_backend() != DbBackend::Postgres {
        // Only servers make the file.
        return Ok(File::open(path(data_dir)).is_ok_and(|file| matches!(file.try_lock(), Err(TryLockError::WouldBlock))));
    }
    let free = Statement::from_sql_and_values(DbBackend::Postgres, "SELECT pg_try_advisory_xact_lock($1)", [POSTGRES_LOCK.into()]);
    let row = conn.query_one_raw(free).await?.ok_or_else(|| Error::internal("a lock is neither free nor held"))?;
    Ok(!row.try_get_by_index::<bool>(0)?)
}

fn path(data_dir: &Path) -> PathBuf {
    data_dir.join("serve.lock")
}
