//! A disk that is full, and one that has room again.

use std::path::Path;

use futures_util::future::join_all;
use sea_orm::ConnectionTrait;
use serde_json::json;

use super::sign_in;
use crate::support::{Binary, Client, Db, Limited, PASSWORD, eventually, free_port};

async fn posts(client: &Client) -> usize {
    client.get("/api/posts?limit=200").await.expect(200).json().as_array().unwrap().len()
}

async fn integrity(url: &str) -> String {
    let connection = sea_orm::Database::connect(url).await.unwrap();
    let check = sea_orm::Statement::from_string(sea_orm::DbBackend::Sqlite, "PRAGMA integrity_check");
    connection.query_one_raw(check).await.unwrap().unwrap().try_get_by_index(0).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn o10_a_full_disk_refuses_writes_and_no_more() {
    let binary = Binary::prepare(Db::Sqlite, &[]).await;
    binary.run_well(&["user", "create", "--email", "ann@example.org", "--username", "Ann", "--password-stdin"], PASSWORD).await;
    let port = free_port();
    let server = Limited::spawn(&binary, port);
    let ann = Client::new(format!("http://127.0.0.1:{port}"));
    sign_in(&binary, "ann@example.org", &ann).await;
    eventually("the server", || async {
        ann.call("GET", "/readyz").stream().await.is_ok_and(|answer| answer.status() == 200).then_some(())
    })
    .await;
    let large = json!({ "title": "large", "body": "x".repeat(60 << 10) });
    ann.post("/api/posts", large.clone()).await.expect(200);
    for round in 0..3 {
        let before = posts(&ann).await;
        server.limit("8192");
        // One alone, and many that share a commit.
        ann.post("/api/posts", large.clone()).await.expect_error(503, "unavailable");
        for answer in join_all((0..24).map(|_| ann.post("/api/posts", large.clone()))).await {
            assert_eq!(answer.header("retry-after"), Some("1"));
            answer.expect_error(503, "unavailable");
        }
        assert_eq!(posts(&ann).await, before, "a refused write is there");
        ann.get("/api/me").await.expect(200);
        ann.get("/readyz").await.expect(200);
        server.limit("unlimited");
        for answer in join_all((0..4).map(|_| ann.post("/api/posts", large.clone()))).await {
            answer.expect(200);
        }
        assert_eq!(posts(&ann).await, before + 4, "round {round}");
    }
    drop(server);
    assert!(Path::new(binary.folder()).exists());
    assert_eq!(integrity(&binary.database().url).await, "ok");
    binary.stop().await;
}
