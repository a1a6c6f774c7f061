//! PostgreSQL is killed while it writes, and comes back.

use std::{
    collections::BTreeMap,
    process::Command,
    sync::{Arc, Mutex},
};

use serde_json::json;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use super::member;
use crate::support::{Binary, Client, Db, eventually, free_port, full};

/// A PostgreSQL of its own, which a test may kill.
struct Cluster {
    folder: TempDir,
    port: u16,
}

impl Cluster {
    fn start() -> Self {
        let cluster = Self { folder: tempfile::tempdir().unwrap(), port: free_port() };
        cluster.tool("start", &[&cluster.port.to_string()]);
        cluster
    }

    fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    fn tool(&self, verb: &str, more: &[&str]) {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/tools/postgres");
        let output = Command::new(script).arg(verb).arg(self.folder.path()).args(more).output().unwrap();
        assert!(output.status.success(), "postgres {verb}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/tools/postgres");
        let _ = Command::new(script).arg("stop").arg(self.folder.path()).status();
    }
}

/// The ids of acknowledged posts by their keys, and the keys of those that were not acknowledged.
type Journal = Arc<Mutex<(BTreeMap<String, String>, Vec<String>)>>;

/// Posts until told to stop. The server is there all the time, whatever becomes of its database.
async fn keep_posting(client: Client, name: String, journal: Journal, stop: CancellationToken) {
    for number in 0.. {
        if stop.is_cancelled() {
            return;
        }
        let key = format!("{name}-{number}");
        let answer = post(&client, &key).send().await;
        assert!(matches!(answer.status, 200 | 503), "{}: {}", answer.status, answer.text());
        let mut journal = journal.lock().unwrap();
        if answer.status == 200 {
            journal.0.insert(key, answer.json()["post"]["id"].as_str().unwrap().to_owned());
        } else {
            journal.1.push(key);
        }
    }
}

fn post(client: &Client, key: &str) -> crate::support::Call {
    client.call("POST", "/api/posts").header("idempotency-key", key).json(&json!({ "title": key }))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn o08_g22_a_postgres_that_is_killed_while_it_writes_costs_503s_and_nothing_that_was_acknowledged() {
    let cluster = Cluster::start();
    let settings = [("DATABASE_URL", cluster.url()), ("COMMUNITY_LIMITS__ENABLED", "false".to_owned())];
    let binary = Binary::start(Db::Sqlite, &settings).await;
    let ann = member(&binary, "Ann").await.client;
    let journal = Journal::default();
    for round in 0..if full() { 20 } else { 3 } {
        let stop = CancellationToken::new();
        let before = journal.lock().unwrap().0.len();
        let users: Vec<_> =
            (0..6).map(|user| tokio::spawn(keep_posting(ann.clone(), format!("{round}-{user}"), journal.clone(), stop.clone()))).collect();
        eventually("some posts", || async { (journal.lock().unwrap().0.len() > before + 20 + round % 7).then_some(()) }).await;
        cluster.tool("crash", &[]);
        eventually("the server to notice", || async { (binary.client().get("/readyz").await.status == 503).then_some(()) }).await;
        binary.client().get("/healthz").await.expect(200);
        cluster.tool("again", &[]);
        eventually("the server to recover", || async { (binary.client().get("/readyz").await.status == 200).then_some(()) }).await;
        let resumed = journal.lock().unwrap().0.len();
        eventually("posts again", || async { (journal.lock().unwrap().0.len() > resumed + 5).then_some(()) }).await;
        stop.cancel();
        for user in users {
            user.await.unwrap();
        }
        // What was not acknowledged is sent again under its key: it is one post, whether it had been written or not.
        let open = std::mem::take(&mut journal.lock().unwrap().1);
        for key in open {
            let answer = post(&ann, &key).send().await.expect(200).json();
            journal.lock().unwrap().0.insert(key, answer["post"]["id"].as_str().unwrap().to_owned());
        }
        let list = ann.get("/api/posts").await.expect(200).json();
        let list = list.as_array().unwrap();
        let text = |post: &serde_json::Value, key: &str| post[key].as_str().unwrap().to_owned();
        let stored: BTreeMap<String, String> = list.iter().map(|post| (text(post, "title"), text(post, "id"))).collect();
        assert_eq!((&stored, stored.len()), (&journal.lock().unwrap().0, list.len()), "posts are missing, twice there, or others");
    }
    binary.stop().await;
}
