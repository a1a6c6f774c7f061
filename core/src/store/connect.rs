//! Connections with the settings that our promises rest on.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, DbErr, Statement, sqlx::sqlite::SqliteConnectOptions,
};

use super::{OpenError, error::is_silence};
use crate::config::{DatabaseSection, SecretUrl};

/// Earlier libraries can corrupt a WAL database that several connections of one process use.
const SQLITE_NEEDED: &str = "3.51.3";
/// How long a write of another process (a shell command, a backup) may hold the database before ours fails.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Where the database is.
pub(super) fn url(section: &DatabaseSection, data_dir: &Path) -> SecretUrl {
    section.url.clone().unwrap_or_else(|| DatabaseSection::default_url(data_dir))
}

/// The connections that read. On PostgreSQL they also write.
pub(super) async fn reader(url: &SecretUrl, section: &DatabaseSection) -> Result<DatabaseConnection, OpenError> {
    let mut options = options(url, section);
    options.max_connections(if is_sqlite(url) { section.readers } else { section.connections });
    options.map_sqlx_sqlite_opts(|sqlite| settings(sqlite).read_only(true).create_if_missing(false));
    let conn = open(url, options).await?;
    check(&conn).await?;
    Ok(conn)
}

/// The one connection that writes on SQLite.
pub(super) async fn writer(url: &SecretUrl, section: &DatabaseSection) -> Result<DatabaseConnection, OpenError> {
    let mut options = options(url, section);
    options.max_connections(1);
    options.map_sqlx_sqlite_opts(|sqlite| {
        settings(sqlite)
            .create_if_missing(true)
            .pragma("journal_mode", "WAL")
            .pragma("synchronous", "FULL")
            .pragma("journal_size_limit", "67108864")
            // What a statement may have to undo is kept in memory: else each that writes many rows makes and removes a file.
            .pragma("temp_store", "MEMORY")
    });
    let conn = open(url, options).await?;
    let found = text(&conn, "SELECT sqlite_version()").await.map_err(|source| OpenError::Connect { url: url.to_string(), source })?;
    require_version(found)?;
    Ok(conn)
}

fn require_version(found: String) -> Result<(), OpenError> {
    if version(&found) < version(SQLITE_NEEDED) { Err(OpenError::Version { found, needed: SQLITE_NEEDED }) } else { Ok(()) }
}

/// A connection to PostgreSQL on which a step may take as long as it takes.
pub(super) async fn migrator(url: &SecretUrl, section: &DatabaseSection) -> Result<DatabaseConnection, OpenError> {
    let mut options = options(url, section);
    options.max_connections(1);
    options.map_sqlx_postgres_opts(|postgres| {
        postgres.options([("statement_timeout", "0"), ("lock_timeout", "0"), ("idle_in_transaction_session_timeout", "0")])
    });
    open(url, options).await
}

pub(super) fn is_sqlite(url: &SecretUrl) -> bool {
    url.scheme() == "sqlite"
}

/// The file of an SQLite database that is kept in one.
pub(super) fn file(url: &SecretUrl) -> Option<PathBuf> {
    let options: SqliteConnectOptions = is_sqlite(url).then(|| url.expose().parse().ok()).flatten()?;
    let path = options.get_filename();
    // Databases in memory have such names.
    (!path.starts_with("file:")).then(|| path.to_owned())
}

/// The same, if it is not there yet.
pub(super) fn missing_file(url: &SecretUrl) -> Option<PathBuf> {
    file(url).filter(|path| !path.exists())
}

fn options(url: &SecretUrl, section: &DatabaseSection) -> ConnectOptions {
    let mut options = ConnectOptions::new(url.expose());
    options.sqlx_logging(false).acquire_timeout(section.acquire_timeout.0).connect_timeout(section.acquire_timeout.0);
    options.set_application_name("community");
    // Connections are kept. The task of sqlx 0.9 that closes old ones counts the idle ones without a lock, can find fewer than none,
    // and then keeps a core busy for ever.
    options.idle_timeout(None).max_lifetime(None);
    // A file does not go away, and asking costs a turn of the connection's thread.
    options.test_before_acquire(!is_sqlite(url));
    options.map_sqlx_postgres_opts(|postgres| {
        postgres.options([("statement_timeout", "30s"), ("lock_timeout", "5s"), ("idle_in_transaction_session_timeout", "30s")])
    });
    options
}

fn settings(sqlite: SqliteConnectOptions) -> SqliteConnectOptions {
    sqlite
        .busy_timeout(BUSY_TIMEOUT)
        .foreign_keys(true)
        .pragma("trusted_schema", "OFF")
        .pragma("cell_size_check", "ON")
        .pragma("mmap_size", "0")
}

async fn open(url: &SecretUrl, options: ConnectOptions) -> Result<DatabaseConnection, OpenError> {
    Database::connect(options).await.map_err(|source| {
        let silent = !is_sqlite(url) && is_silence(&source);
        let url = url.to_string();
        if silent { OpenError::Silent { url } } else { OpenError::Connect { url, source } }
    })
}

async fn check(conn: &DatabaseConnection) -> Result<(), OpenError> {
    if conn.get_database_backend() == DbBackend::Postgres {
        let setting = text(conn, "SELECT current_setting('synchronous_commit')").await.map_err(OpenError::Migrate)?;
        if setting == "off" {
            return Err(OpenError::Unsafe);
        }
    }
    Ok(())
}

async fn text(conn: &DatabaseConnection, query: &str) -> Result<String, DbErr> {
    let row = conn.query_one_raw(Statement::from_string(conn.get_database_backend(), query)).await?;
    row.ok_or_else(|| DbErr::RecordNotFound(query.to_owned()))?.try_get_by_index(0)
}

/// `3.51.3` as numbers that compare.
fn version(text: &str) -> Vec<u32> {
    text.split('.').map(|part| part.parse().unwrap_or(0)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_that_can_corrupt_a_database_are_refused() {
        for safe in ["3.51.3", "3.51.10", "3.52.0", "3.100.0", "4.0"] {
            assert!(require_version(safe.to_owned()).is_ok(), "{safe}");
        }
        for old in ["3.51.2", "3.51", "3.9.0", "3.6.20", "2.99.99", ""] {
            let error = require_version(old.to_owned()).unwrap_err();
            assert!(error.to_string().contains(SQLITE_NEEDED), "{old}: {error}");
        }
    }
}
