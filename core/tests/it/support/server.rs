//! A server inside the test's process: on a port, a folder and a database of its own, with a clock that the test turns.

use std::{fs, os::unix::fs::symlink, path::Path, sync::Arc};

use community::{
    clock::{Clock, ManualClock, Timestamp},
    config::{Config, SecretUrl, Span},
    http::rate::Ticks,
    realtime::fanout::{self, Join},
    serve::{Parts, Running, start},
    store::Store,
};
use tempfile::TempDir;
use tokio::sync::OnceCell;

use super::{Client, Database, Db, Mail, Maildir, Names};

/// 2026-06-01T12:00:00Z, when every test begins.
const BEGINNING: Timestamp = Timestamp::from_millis(1_780_315_200_000);

/// Time enough for many at once: more than a pool of five serves in two seconds on a busy machine.
pub fn patient(config: &mut Config) {
    config.database.connections = 20;
    config.database.acquire_timeout = Span::seconds(10);
}

/// A running server and what belongs to it.
pub struct TestServer {
    running: Option<Running>,
    parts: Parts,
    database: Database,
    side: OnceCell<Store>,
    /// The server's clock, also that of its rate limits.
    pub clock: Arc<ManualClock>,
    /// Where it looks for other hosts.
    pub names: Arc<Names>,
    /// What it was started with. A change takes effect at the next [`TestServer::restart`].
    pub config: Config,
    // Last, so that everything in it is closed before it goes.
    folder: TempDir,
}

impl TestServer {
    /// Starts one with the default configuration.
    pub async fn start(db: Db) -> Self {
        Self::start_with(db, |_| ()).await
    }

    /// Starts one with a changed configuration.
    pub async fn start_with(db: Db, change: impl FnOnce(&mut Config)) -> Self {
        Self::start_joined(db, fanout::alone(), change).await
    }

    /// Starts one that takes its place among other nodes.
    pub async fn start_joined(db: Db, join: Join, change: impl FnOnce(&mut Config)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        share_plugin_cache(&data);
        let database = Database::create(db, folder.path()).await;
        let mut config = Config::default();
        config.data_dir = data;
        config.http.listen = ([127, 0, 0, 1], 0).into();
        config.database.url = Some(SecretUrl::new(database.url.clone()));
        config.database.connections = 5;
        // As long as it may take where other tests have the machine.
        config.database.acquire_timeout = Span::seconds(10);
        change(&mut config);
        let clock = Arc::new(ManualClock::at(BEGINNING));
        let names = Arc::new(Names::default());
        let ticks = Ticks::of(clock.clone());
        let parts = Parts { clock: clock.clone(), ticks, resolver: names.clone(), join, ..Parts::of_system() };
        let running = start(config.clone(), parts.clone()).await.unwrap();
        Self { running: Some(running), parts, database, side: OnceCell::new(), clock, names, config, folder }
    }

    /// Starts another node beside it, with the same database and a folder of its own.
    pub async fn another_node(&self) -> Running {
        let mut config = self.config.clone();
        config.data_dir = self.folder().join("another");
        share_plugin_cache(&config.data_dir);
        start(config, self.parts.clone()).await.unwrap()
    }

    /// Stops it in good order and starts it again with the same data, on another port.
    pub async fn restart(&mut self) {
        self.running.take().unwrap().stop().await;
        self.running = Some(start(self.config.clone(), self.parts.clone()).await.unwrap());
    }

    /// Stops it and removes what it kept.
    pub async fn stop(mut self) {
        self.running.take().unwrap().stop().await;
        drop(self.side.take());
        self.database.drop_it().await;
    }

    /// What runs.
    pub fn running(&self) -> &Running {
        self.running.as_ref().unwrap()
    }

    /// `http://127.0.0.1:PORT`, where it listens.
    pub fn url(&self) -> String {
        format!("http://{}", self.running().addr)
    }

    /// A new visitor.
    pub fn client(&self) -> Client {
        Client::new(self.url())
    }

    /// The present moment of its clock.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Its folder; `data` below it is the data folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Its database.
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// The same database as another process sees it, for what HTTP has no way to do.
    pub async fn store(&self) -> &Store {
        let open = || Store::open(&self.config.database, &self.config.data_dir, self.parts.clock.clone(), self.parts.random.clone());
        self.side.get_or_init(|| async { open().await.unwrap() }).await
    }

    /// The mails it wrote into files.
    pub fn mails(&self) -> Maildir {
        Maildir(self.config.data_dir.join("mail"))
    }

    /// Waits for the first mail to `address`.
    pub async fn mail_to(&self, address: &str) -> Mail {
        self.mails().wait(address, 1).await
    }
}

/// Lets all tests share compiled plugins: compiling takes an unoptimised build longer than most tests.
pub fn share_plugin_cache(data: &Path) {
    let shared = Path::new(env!("CARGO_TARGET_TMPDIR")).join("wasm");
    fs::create_dir_all(&shared).unwrap();
    fs::create_dir_all(data.join("cache")).unwrap();
    symlink(shared, data.join("cache/wasm")).unwrap();
}
