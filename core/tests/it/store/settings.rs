//! The settings that our promises rest on, as they are in effect.

use std::{os::unix::fs::PermissionsExt, path::Path};

use community::{error::Result, store::Conn};
use sea_orm::Statement;

use super::Own;
use crate::support::{Binary, Db};

async fn value(conn: &impl Conn, query: &str) -> String {
    let statement = Statement::from_string(conn.get_database_backend(), query);
    let row = conn.query_one_raw(statement).await.unwrap().unwrap();
    row.try_get_by_index::<i64>(0).map_or_else(|_| row.try_get_by_index::<String>(0).unwrap(), |number| number.to_string())
}

#[tokio::test]
async fn sqlite_writes_durably_and_reads_only() {
    let own = Own::open(Db::Sqlite).await;
    let written = own.store.write((), |tx, ()| {
        Box::pin(async move {
            let mut values = Vec::new();
            for name in [
                "journal_mode",
                "synchronous",
                "foreign_keys",
                "busy_timeout",
                "trusted_schema",
                "cell_size_check",
                "mmap_size",
                "query_only",
            ] {
                values.push(value(tx.conn(), &format!("PRAGMA {name}")).await);
            }
            Ok(values)
        }) as futures_util::future::BoxFuture<'_, Result<Vec<String>>>
    });
    // synchronous 2 is FULL: a commit that was answered is on the disk.
    assert_eq!(written.await.unwrap(), ["wal", "2", "1", "5000", "0", "1", "0", "0"]);
    let reader = own.store.reader();
    for (name, wanted) in [("journal_mode", "wal"), ("foreign_keys", "1"), ("trusted_schema", "0")] {
        assert_eq!(value(reader, &format!("PRAGMA {name}")).await, wanted, "{name}");
    }
    assert!(reader.execute_unprepared("DELETE FROM events").await.is_err(), "the readers can write");
    let version = value(reader, "SELECT sqlite_version()").await;
    let parts: Vec<u32> = version.split('.').map(|part| part.parse().unwrap()).collect();
    assert!(parts >= vec![3, 51, 3], "{version}");
}

#[tokio::test]
async fn postgres_commits_durably_and_waits_for_nothing_endlessly() {
    let own = Own::open(Db::Postgres).await;
    let reader = own.store.reader();
    assert_ne!(value(reader, "SHOW synchronous_commit").await, "off");
    for name in ["statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"] {
        assert_ne!(value(reader, &format!("SHOW {name}")).await, "0", "{name}");
    }
    own.database.drop_it().await;
}

#[tokio::test]
async fn g22_a_postgres_that_would_lose_commits_is_refused() {
    let own = Own::open(Db::Postgres).await;
    let connection = own.database.connect().await;
    let name = value(&connection, "SELECT current_database()::text").await;
    connection.execute_unprepared(&format!("ALTER DATABASE \"{name}\" SET synchronous_commit = off")).await.unwrap();
    let section = community::config::DatabaseSection {
        url: Some(community::config::SecretUrl::new(own.database.url.clone())),
        ..community::config::DatabaseSection::default()
    };
    let clock = std::sync::Arc::new(community::clock::SystemClock);
    let random = std::sync::Arc::new(community::random::Random::from_system());
    let Err(error) = community::store::Store::open(&section, own.folder.path(), clock, random).await else { panic!("it was taken") };
    assert!(error.to_string().contains("synchronous_commit"), "{error}");
    connection.close().await.unwrap();
    own.database.drop_it().await;
}

#[tokio::test]
async fn the_data_folder_and_its_database_are_private() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("fresh/data");
    let url = format!("sqlite://{}", data.join("community.db").display());
    let settings = [("COMMUNITY_DATA_DIR", data.display().to_string()), ("DATABASE_URL", url)];
    let binary = Binary::start(Db::Sqlite, &settings).await;
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&data), 0o700, "the folder");
    for name in ["community.db", "community.db-wal", "community.db-shm"] {
        assert_eq!(mode(&data.join(name)), 0o600, "{name}");
    }
    binary.stop().await;
}
