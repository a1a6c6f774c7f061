//! `Idempotency-Key`: a request that is sent again makes one post.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{id, ids};
use crate::support::{Answer, Client, TestServer, patient};

async fn send(client: &Client, key: &str, title: &str) -> Answer {
    client.call("POST", "/api/posts").header("idempotency-key", key).json(&json!({ "title": title })).send().await
}

async fn count(client: &Client) -> usize {
    ids(&client.get("/api/posts").await.expect(200).json()).len()
}

db_test! {
    async fn d14_a_retried_post_is_one_post(db) {
        let server = TestServer::start(db).await;
        let (ann, bob) = (server.member("Ann").await.client, server.member("Bob").await.client);
        let first = send(&ann, "key-1", "Hello").await.expect(200).json();
        server.clock.advance(Duration::from_secs(30));
        assert_eq!(send(&ann, "key-1", "Hello").await.expect(200).json(), first);
        send(&ann, "key-1", "Something else").await.expect_error(409, "conflict");
        assert_eq!(count(&ann).await, 1);
        // A key belongs to its user, and another key is another request.
        assert_ne!(send(&bob, "key-1", "Hello").await.expect(200).json()["post"]["id"], first["post"]["id"]);
        assert_ne!(send(&ann, "key-2", "Hello").await.expect(200).json()["post"]["id"], first["post"]["id"]);
        assert_eq!(count(&ann).await, 3);
        server.stop().await;
    }

    async fn d14_the_answer_is_the_post_as_it_is_now(db) {
        let server = TestServer::start(db).await;
        let ann = server.member("Ann").await.client;
        let first = send(&ann, "key-1", "Hello").await.expect(200).json();
        ann.patch(&format!("/api/posts/{}", id(&first["post"])), json!({ "title": "Edited" })).await.expect(200);
        assert_eq!(send(&ann, "key-1", "Hello").await.expect(200).json()["post"]["title"], "Edited");
        assert_eq!(count(&ann).await, 1);
        server.stop().await;
    }

    async fn d14_a_retry_does_not_bring_a_deleted_post_back(db) {
        let server = TestServer::start(db).await;
        let ann = server.member("Ann").await.client;
        let first = send(&ann, "key-1", "Hello").await.expect(200).json();
        ann.delete(&format!("/api/posts/{}", id(&first["post"]))).await.expect(200);
        let told = send(&ann, "key-1", "Hello").await.expect_error(409, "conflict");
        assert!(told["error"].as_str().unwrap().contains("was deleted"), "{told}");
        assert_eq!(count(&ann).await, 0);
        send(&ann, "key-2", "Hello").await.expect(200);
        server.stop().await;
    }

    async fn d14_fifty_at_once_are_one_post(db) {
        let server = TestServer::start_with(db, patient).await;
        let ann = server.member("Ann").await.client;
        let answers = join_all((0..50).map(|_| send(&ann, "key-1", "Hello"))).await;
        let made: Vec<Value> = answers.into_iter().map(|answer| answer.expect(200).json()).collect();
        assert!(made.iter().all(|answer| answer == &made[0]));
        assert_eq!(count(&ann).await, 1);
        server.stop().await;
    }

    async fn d14_a_key_is_forgotten_after_a_day(db) {
        // Longer than a session of this test would live without use.
        let server = TestServer::start(db).await;
        let ann = server.member("Ann").await.client;
        let first = send(&ann, "key-1", "Hello").await.expect(200).json();
        server.clock.advance(Duration::from_hours(24));
        assert_eq!(send(&ann, "key-1", "Hello").await.expect(200).json(), first);
        server.clock.advance(Duration::from_secs(1));
        let second = send(&ann, "key-1", "Other words").await.expect(200).json();
        assert_ne!(second["post"]["id"], first["post"]["id"]);
        assert_eq!(count(&ann).await, 2);
        server.stop().await;
    }

    async fn d14_malformed_keys_are_refused(db) {
        let server = TestServer::start(db).await;
        let ann = server.member("Ann").await.client;
        let long = "k".repeat(129);
        for key in ["", " ", "two words", "ümlaut", &long] {
            send(&ann, key, "Hello").await.expect_error(400, "invalid_request");
        }
        send(&ann, &long[..128], "Hello").await.expect(200);
        assert_eq!(count(&ann).await, 1);
        server.stop().await;
    }

    async fn d14_a_refused_request_leaves_its_key_free(db) {
        let server = TestServer::start(db).await;
        let ann = server.member("Ann").await.client;
        send(&ann, "key-1", "").await.expect_error(400, "invalid_request");
        send(&ann, "key-1", "Hello").await.expect(200);
        server.stop().await;
    }
}
