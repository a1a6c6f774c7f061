//! A database that goes away and comes back.

use std::time::{Duration, Instant};

use sea_orm::{ConnectionTrait, TransactionTrait};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::{
    posts::fill,
    support::{Db, TestServer, eventually},
};

const END_ALL: &str =
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn o08_connections_that_end_cost_a_503_at_most() {
    let server = TestServer::start_with(Db::Postgres, |config| config.limits.enabled = false).await;
    let ann = server.member("Ann").await;
    let stop = CancellationToken::new();
    let users: Vec<_> = (0..6)
        .map(|user| {
            let (client, stop) = (ann.client.clone(), stop.clone());
            tokio::spawn(async move {
                let mut acknowledged = Vec::new();
                while !stop.is_cancelled() {
                    let answer = match user % 3 {
                        0 => client.get("/api/posts?limit=3").await,
                        1 => client.get("/api/me").await,
                        _ => client.post("/api/posts", json!({ "title": "Hello" })).await,
                    };
                    assert!(matches!(answer.status, 200 | 503), "{} {}: {}", answer.asked, answer.status, answer.text());
                    if user % 3 == 2 && answer.status == 200 {
                        acknowledged.push(answer.json()["post"]["id"].as_str().unwrap().to_owned());
                    }
                }
                acknowledged
            })
        })
        .collect();
    let connection = server.database().connect().await;
    for _ in 0..8 {
        // A few answers lie between one blow and the next.
        for _ in 0..5 {
            server.client().get("/healthz").await.expect(200);
            ann.client.get("/api/posts?limit=1").await;
        }
        connection.execute_unprepared(END_ALL).await.unwrap();
    }
    stop.cancel();
    let mut acknowledged = Vec::new();
    for user in users {
        acknowledged.extend(user.await.unwrap());
    }
    let list = eventually("the server to recover", || async {
        let answer = ann.client.get("/api/posts").await;
        (answer.status == 200).then(|| crate::posts::ids(&answer.json()))
    });
    let list = list.await;
    assert!(!acknowledged.is_empty() && acknowledged.iter().all(|id| list.contains(id)), "an acknowledged post is missing");
    // The log is followed again, too.
    server.clock.advance(Duration::from_secs(1));
    let new = fill(server.store().await, &ann, 1, "").await;
    eventually("a change of another process", || async {
        let page = ann.client.get("/api/posts?limit=5").await.json();
        page.to_string().contains(&new[0]).then_some(())
    })
    .await;
    connection.close().await.unwrap();
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn o08_a_server_that_only_reads_refuses_writes_and_no_more() {
    let server = TestServer::start(Db::Postgres).await;
    let ann = server.member("Ann").await.client;
    let connection = server.database().connect().await;
    let set = |value: &str| {
        format!("DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = {value}', current_database()); END $$")
    };
    connection.execute_unprepared(&set("on")).await.unwrap();
    connection.execute_unprepared(END_ALL).await.unwrap();
    ann.post("/api/posts", json!({ "title": "Hello" })).await.expect_error(503, "unavailable");
    assert_eq!(ann.get("/api/posts").await.expect(200).json(), json!([]));
    connection.execute_unprepared("SET default_transaction_read_only = off").await.unwrap();
    connection.execute_unprepared(&set("off")).await.unwrap();
    connection.execute_unprepared(END_ALL).await.unwrap();
    ann.post("/api/posts", json!({ "title": "Hello" })).await.expect(200);
    connection.close().await.unwrap();
    server.stop().await;
}

db_test! {
    async fn o11_a_database_that_somebody_holds_is_a_503_in_time(db) {
        let server = TestServer::start(db).await;
        let ann = server.member("Ann").await.client;
        let connection = server.database().connect().await;
        let holder = if db == Db::Sqlite {
            connection.execute_unprepared("BEGIN IMMEDIATE").await.unwrap();
            None
        } else {
            let holder = connection.begin().await.unwrap();
            holder.execute_unprepared("LOCK TABLE posts IN EXCLUSIVE MODE").await.unwrap();
            Some(holder)
        };
        let began = Instant::now();
        let (answer, list) = tokio::join!(ann.post("/api/posts", json!({ "title": "Hello" })), ann.get("/api/posts"));
        answer.expect_error(503, "unavailable");
        list.expect(200);
        // A write of the server's own that came before it waits as long.
        assert!(began.elapsed() < Duration::from_secs(16), "only after {:?}", began.elapsed());
        match holder {
            Some(holder) => holder.rollback().await.unwrap(),
            None => drop(connection.execute_unprepared("ROLLBACK").await.unwrap()),
        }
        ann.post("/api/posts", json!({ "title": "Hello" })).await.expect(200);
        connection.close().await.unwrap();
        server.stop().await;
    }
}
