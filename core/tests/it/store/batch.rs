//! Many writes at once: each stands or falls alone, whoever shares a commit with it.

use std::sync::atomic::{AtomicUsize, Ordering};

use community::{
    config::Config,
    error::{Error, Kind, Result},
};
use futures_util::future::join_all;
use sea_orm::ConnectionTrait;
use serde_json::json;

use super::Own;
use crate::support::{Db, TestServer};

async fn ok(own: &Own) -> Result<i32> {
    own.store
        .write((), |tx, ()| Box::pin(async move { tx.conn().execute_unprepared("SELECT 1").await.map(|_| 7).map_err(Error::from) }))
        .await
}

/// No limits, and time enough.
fn patient(config: &mut Config) {
    config.limits.enabled = false;
    crate::support::patient(config);
}

/// How often [`panics`] was run.
static PANICKED: AtomicUsize = AtomicUsize::new(0);

fn panics() -> Result<i32> {
    PANICKED.fetch_add(1, Ordering::SeqCst);
    panic!("S3cr3tCanary")
}

db_test! {
    async fn a_failing_write_takes_no_other_with_it(db) {
        let server = TestServer::start_with(db, patient).await;
        let ann = server.member("Ann").await.client;
        let taken = |title: &str| ann.call("POST", "/api/posts").header("idempotency-key", "taken").json(&json!({ "title": title })).send();
        taken("first").await.expect(200);
        let conflicts = join_all((0..30).map(|number| {
            let call = ann.call("POST", "/api/posts").header("idempotency-key", "taken").json(&json!({ "title": format!("other {number}") }));
            call.send()
        }));
        let posts: Vec<_> = (0..60).map(|number| json!({ "title": format!("Post {number}") })).collect();
        let good = join_all(posts.iter().map(|post| ann.post("/api/posts", post.clone())));
        let unknown = join_all((0..30).map(|_| ann.delete("/api/posts/u-01kb3x2v5q8m4n7p9r1s3t5v7w")));
        let (good, conflicts, unknown) = tokio::join!(good, conflicts, unknown);
        for answer in conflicts {
            answer.expect_error(409, "conflict");
        }
        for answer in unknown {
            answer.expect_error(404, "not_found");
        }
        let mut made: Vec<_> = good.into_iter().map(|answer| answer.expect(200).json()["post"]["id"].to_string()).collect();
        let mut listed: Vec<_> =
            ann.get("/api/posts").await.json().as_array().unwrap().iter().filter(|post| post["title"] != "first").map(|post| post["id"].to_string()).collect();
        made.sort();
        listed.sort();
        assert_eq!(made, listed);
        server.stop().await;
    }

    async fn o04_a_panic_in_a_write_is_answered_and_the_writer_lives(db) {
        let own = Own::open(db).await;
        for _ in 0..3 {
            let panicking = (0..5).map(|_| {
                let store = own.store.clone();
                // A task of its own, like a request's.
                tokio::spawn(async move {
                    store
                        .write((), |tx, ()| {
                            Box::pin(async move {
                                tx.conn().execute_unprepared("SELECT 1").await?;
                                panics()
                            })
                        })
                        .await
                })
            });
            let (panicked, fine) = tokio::join!(join_all(panicking), join_all((0..5).map(|_| ok(&own))));
            for outcome in panicked {
                match outcome {
                    Ok(answer) => assert_eq!(answer.unwrap_err().kind, Kind::Internal),
                    // Where a write runs in its request's task, the panic reaches the layer that answers for it.
                    Err(error) => assert!(error.is_panic() && db == Db::Postgres),
                }
            }
            assert!(fine.into_iter().all(|answer| answer.unwrap() == 7));
        }
        assert!(PANICKED.load(Ordering::SeqCst) >= 15);
        assert_eq!(ok(&own).await.unwrap(), 7);
        own.database.drop_it().await;
    }

    async fn o11_sixty_four_writers_get_through(db) {
        let server = TestServer::start_with(db, patient).await;
        let ann = server.member("Ann").await.client;
        let writers = (0..64).map(|writer| {
            let ann = ann.clone();
            async move {
                for number in 0..5 {
                    ann.post("/api/posts", json!({ "title": format!("{writer} {number}") })).await.expect(200);
                }
            }
        });
        join_all(writers).await;
        assert_eq!(ann.get("/api/posts").await.json().as_array().unwrap().len(), 320);
        server.stop().await;
    }

    async fn a_write_whose_client_went_away_stands_or_falls_as_a_whole(db) {
        let server = TestServer::start_with(db, |config| {
            config.limits.enabled = false;
            config.database.acquire_timeout = community::config::Span::seconds(10);
        });
        let server = server.await;
        let ann = server.member("Ann").await.client;
        for number in 0..30 {
            let body = json!({ "title": format!("abandoned {number}") });
            let request = ann.call("POST", "/api/posts").json(&body).stream();
            // Given up at once, at another point each time.
            let _ = tokio::time::timeout(std::time::Duration::from_micros(number * 150), request).await;
        }
        ann.post("/api/posts", json!({ "title": "the connections are back" })).await.expect(200);
        let list = ann.get("/api/posts").await.expect(200).json();
        let whole = list.as_array().unwrap().iter().all(|post| post["author_name"] == "Ann" && post["title"].is_string());
        assert!(whole, "{list}");
        let events = sea_orm::Statement::from_string(
            server.database().connect().await.get_database_backend(),
            "SELECT count(*) FROM events WHERE kind = 'post.created'",
        );
        let row = server.database().connect().await.query_one_raw(events).await.unwrap().unwrap();
        let count: i64 = row.try_get_by_index(0).unwrap();
        assert!(usize::try_from(count).unwrap() >= list.as_array().unwrap().len());
        server.stop().await;
    }
}
