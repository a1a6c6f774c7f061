//! A database for each test: a new SQLite file, or a copy of a migrated Postgres database.

use std::{fs, path::Path, time::Duration};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use community::clock::{Clock, SystemClock, Timestamp};
use community_migrations::{Migrator, MigratorTrait as _};
use sea_orm::{ConnectOptions, ConnectionTrait, DatabaseConnection, DbErr};
use sha2::{Digest, Sha256};
use tokio::sync::OnceCell;

/// Where a test keeps its rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Db {
    /// A file in the test's folder.
    Sqlite,
    /// A database of its own in the server that `COMMUNITY_TEST_POSTGRES` names.
    Postgres,
}

/// One test's database.
pub struct Database {
    kind: Db,
    name: String,
    /// What goes into `DATABASE_URL`.
    pub url: String,
}

/// The migrated database that all others are copied from; made once and kept until the migrations change.
static TEMPLATE: OnceCell<String> = OnceCell::const_new();

/// Databases of tests that panicked are kept that long, for whoever wants to look into them.
const KEPT: Duration = Duration::from_secs(3600);

/// Any number that all test processes agree on.
const LOCK: i64 = 0x0063_6f6d_6d75_6e69;

impl Database {
    /// A new, migrated database. `folder` is where the SQLite file goes.
    pub async fn create(kind: Db, folder: &Path) -> Self {
        match kind {
            Db::Sqlite => Self { kind, name: String::new(), url: format!("sqlite://{}", folder.join("community.db").display()) },
            Db::Postgres => {
                let template = TEMPLATE.get_or_init(template).await;
                let name = format!("test_{}_{}", SystemClock.now().millis(), unique());
                execute("postgres", &format!(r#"CREATE DATABASE "{name}" TEMPLATE "{template}""#)).await;
                Self { kind, url: postgres(&name), name }
            }
        }
    }

    /// Which kind it is.
    pub fn kind(&self) -> Db {
        self.kind
    }

    /// A connection beside the server's, to look at rows or to break them.
    pub async fn connect(&self) -> DatabaseConnection {
        connect(&self.url).await.unwrap()
    }

    /// Drops a Postgres database; the file of SQLite goes with its folder.
    pub async fn drop_it(&self) {
        if self.kind == Db::Postgres {
            execute("postgres", &format!(r#"DROP DATABASE IF EXISTS "{}" WITH (FORCE)"#, self.name)).await;
        }
    }
}

/// The URL of a database of the test server.
fn postgres(database: &str) -> String {
    format!("{}/{database}", super::peer("COMMUNITY_TEST_POSTGRES").trim_end_matches('/'))
}

/// Makes the template unless there is one for these very migrations, and sweeps what earlier runs left.
async fn template() -> String {
    let name = format!("template_{}", migrations_hash());
    let admin = connect(&postgres("postgres")).await.expect("PostgreSQL does not answer: run `make test`, or `make peers`");
    admin.execute_unprepared(&format!("SELECT pg_advisory_lock({LOCK})")).await.unwrap();
    if !exists(&admin, &name).await {
        // One that was interrupted may have left its beginning.
        admin.execute_unprepared(&format!(r#"DROP DATABASE IF EXISTS "{name}_new" WITH (FORCE)"#)).await.unwrap();
        admin.execute_unprepared(&format!(r#"CREATE DATABASE "{name}_new""#)).await.unwrap();
        let fresh = connect(&postgres(&format!("{name}_new"))).await.unwrap();
        Migrator::up(&fresh, None).await.unwrap();
        fresh.close().await.unwrap();
        admin.execute_unprepared(&format!(r#"ALTER DATABASE "{name}_new" RENAME TO "{name}""#)).await.unwrap();
    }
    sweep(&admin).await;
    admin.close().await.unwrap();
    name
}

async fn exists(admin: &DatabaseConnection, name: &str) -> bool {
    databases(admin).await.iter().any(|database| database == name)
}

async fn databases(admin: &DatabaseConnection) -> Vec<String> {
    let rows = admin.query_all_raw(sea_orm::Statement::from_string(sea_orm::DbBackend::Postgres, "SELECT datname::text FROM pg_database"));
    rows.await.unwrap().iter().map(|row| row.try_get_by_index(0).unwrap()).collect()
}

/// Drops databases of tests that did not get to it themselves.
async fn sweep(admin: &DatabaseConnection) {
    let old = SystemClock.now().minus(KEPT);
    for name in databases(admin).await {
        let made = name.strip_prefix("test_").and_then(|rest| rest.split('_').next()?.parse().ok()).map(Timestamp::from_millis);
        if made.is_some_and(|made| made < old) {
            // Another process may drop it first.
            let _ = admin.execute_unprepared(&format!(r#"DROP DATABASE IF EXISTS "{name}" WITH (FORCE)"#)).await;
        }
    }
}

async fn execute(database: &str, statement: &str) {
    let connection = connect(&postgres(database)).await.expect("PostgreSQL does not answer: run `make test`, or `make peers`");
    connection.execute_unprepared(statement).await.unwrap();
    connection.close().await.unwrap();
}

/// One connection, since an advisory lock belongs to the connection that took it.
async fn connect(url: &str) -> Result<DatabaseConnection, DbErr> {
    let mut options = ConnectOptions::new(url);
    options.max_connections(1).sqlx_logging(false);
    sea_orm::Database::connect(options).await
}

/// Changes with any migration, so that nobody tests against yesterday's tables.
fn migrations_hash() -> String {
    let mut files: Vec<_> =
        fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../migrations/src")).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let digest = files.iter().fold(Sha256::new(), |digest, file| digest.chain_update(fs::read(file).unwrap())).finalize();
    URL_SAFE_NO_PAD.encode(&digest[..9])
}

/// Different for every call in every process.
fn unique() -> String {
    URL_SAFE_NO_PAD.encode(community::random::Random::from_system().bytes::<6>())
}
