//! A disk that fails once, at every moment there is: nothing that was acknowledged is lost, nothing is there twice, nobody panics, and
//! the next start is a clean one.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use sea_orm::{ConnectionTrait, DbBackend, Statement};
use serde_json::json;

use super::sign_in;
use crate::support::{Binary, Client, Db, PASSWORD, Process, free_port, full};

/// Posts in a round. With those before it, a fault at any of the moments comes while some of them are written.
const POSTS: usize = 12;

/// Builds what fails in the server's stead, `tools/io_faults.c`.
fn shim(folder: &Path) -> PathBuf {
    let library = folder.join("io_faults.so");
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/tools/io_faults.c");
    let mut command = Command::new("cc");
    command.args(["-O1", "-shared", "-fPIC", "-o"]).arg(&library).args([source, "-ldl"]);
    assert!(command.status().expect("a C compiler").success());
    library
}

/// The server on a disk that fails at its operation number `at`, and its log.
fn serve(binary: &Binary, port: u16, shim: &Path, at: usize) -> (Process, PathBuf) {
    let log = binary.folder().join("faults.log");
    let mut command = Command::new(env!("CARGO_BIN_EXE_community"));
    command.arg("serve").current_dir(binary.folder()).env_clear();
    command.env("DATABASE_URL", &binary.database().url).env("COMMUNITY_DATA_DIR", binary.folder().join("data"));
    command.env("PORT", port.to_string()).env("COMMUNITY_LIMITS__ENABLED", "false");
    command.env("LD_PRELOAD", shim).env("IO_FAULT_AT", at.to_string());
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(File::create(&log).unwrap());
    (Process::spawn(&mut command).unwrap(), log)
}

/// Whether it gets ready; it may also find its disk broken and end.
async fn gets_ready(server: &mut Process, client: &Client) -> bool {
    loop {
        if server.ended().is_some() {
            return false;
        }
        if client.call("GET", "/healthz").stream().await.is_ok_and(|answer| answer.status() == 200) {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// The titles of all posts, read by another process once the server is gone; the file is checked as well.
async fn stored(binary: &Binary) -> Vec<String> {
    let connection = binary.database().connect().await;
    let ask = async |query: &str| connection.query_all_raw(Statement::from_string(DbBackend::Sqlite, query)).await.unwrap();
    let text = |row: &sea_orm::QueryResult| row.try_get_by_index::<String>(0).unwrap();
    assert_eq!(ask("PRAGMA integrity_check").await.iter().map(text).collect::<Vec<_>>(), ["ok"]);
    let titles = ask("SELECT title FROM posts ORDER BY title").await.iter().map(text).collect();
    connection.close().await.unwrap();
    titles
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn o10_g23_a_disk_that_fails_once_loses_nothing_that_was_acknowledged() {
    let binary = Binary::prepare(Db::Sqlite, &[]).await;
    let shim = shim(binary.folder());
    binary.run_well(&["user", "create", "--email", "ann@example.org", "--username", "Ann", "--password-stdin"], PASSWORD).await;
    let (mut acknowledged, mut faults) = (Vec::new(), 0);
    let moments: Vec<usize> = if full() { (1..=120).collect() } else { (1..=10).chain((12..60).step_by(4)).collect() };
    for &at in &moments {
        let port = free_port();
        let ann = Client::new(format!("http://127.0.0.1:{port}"));
        sign_in(&binary, "ann@example.org", &ann).await;
        let (mut server, log) = serve(&binary, port, &shim, at);
        if gets_ready(&mut server, &ann).await {
            for number in 0..POSTS {
                let title = format!("{at:03}-{number:02}");
                let call = || ann.call("POST", "/api/posts").header("idempotency-key", &title).json(&json!({ "title": title }));
                let answer = call().send().await;
                assert!(matches!(answer.status, 200 | 503), "{at}: {} {}", answer.status, answer.text());
                // The disk is well again, and the key says that it is the same post, whatever became of the first attempt.
                if answer.status == 503 {
                    call().send().await.expect(200);
                }
                acknowledged.push(title);
            }
            ann.get("/api/posts?limit=5").await.expect(200);
        }
        server.kill();
        let log = fs::read_to_string(log).unwrap();
        assert!(!log.contains("panicked"), "{at}: {log}");
        faults += usize::from(log.contains("io fault"));
        let titles = stored(&binary).await;
        assert_eq!(titles, acknowledged, "after a fault at {at}: {log}");
    }
    assert!(faults > moments.len() / 2, "only {faults} of {} faults came about", moments.len());
    binary.stop().await;
}
