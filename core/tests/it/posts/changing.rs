//! Reading, changing and deleting one post.

use std::time::Duration;

use serde_json::{Value, json};

use super::{id, write};
use crate::support::{TestServer, patient};

const UNKNOWN: &str = "/api/posts/u-01kb3x2v5q8m4n7p9r1s3t5v7w";
const MALFORMED: [&str; 6] = [
    "/api/posts/1",
    "/api/posts/u-",
    "/api/posts/u-01KB3X2V5Q8M4N7P9R1S3T5V7W",
    "/api/posts/usr-01kb3x2v5q8m4n7p9r1s3t5v7w",
    "/api/posts/u-01kb3x2v5q8m4n7p9r1s3t5v7w%00",
    "/api/posts/%27%20OR%201=1",
];

db_test! {
    async fn a_post_is_read_by_everyone(db) {
        let server = TestServer::start(db).await;
        let ann = server.member("Ann").await;
        let body = json!({ "title": " Hello ", "body": "line\nline", "attachments": ["https://files.example/cat.png"] });
        let answer = ann.client.post("/api/posts", body).await.expect(200).json();
        let post = &answer["post"];
        let expected = json!({
            "id": post["id"], "author_id": ann.id.as_str(), "author_name": "Ann", "title": "Hello", "body": "line\nline",
            "attachments": ["https://files.example/cat.png"], "created_at": server.now().to_string(), "edited_at": null,
        });
        assert_eq!((&answer["ok"], post), (&Value::Bool(true), &expected));
        assert_eq!(server.client().get(&format!("/api/posts/{}", id(post))).await.expect(200).json(), answer);
        assert_eq!(server.client().get("/api/posts").await.expect(200).json(), json!([expected]));
        let least = write(&ann.client, "Only a title").await;
        assert_eq!((&least["body"], &least["attachments"]), (&json!(""), &json!([])));
        server.stop().await;
    }

    async fn its_author_changes_a_post(db) {
        let server = TestServer::start(db).await;
        let ann = server.member("Ann").await.client;
        let body = json!({ "title": "Hello", "body": "text", "attachments": ["https://files.example/1"] });
        let made = ann.post("/api/posts", body).await.expect(200).json()["post"].clone();
        let path = format!("/api/posts/{}", id(&made));
        server.clock.advance(Duration::from_secs(5));
        let edited = ann.patch(&path, json!({ "title": "Hello again" })).await.expect(200).json()["post"].clone();
        let mut expected = made.clone();
        expected["title"] = json!("Hello again");
        expected["edited_at"] = json!(server.now().to_string());
        assert_eq!(edited, expected);
        ann.patch(&path, json!({ "body": "", "attachments": [] })).await.expect(200);
        (expected["body"], expected["attachments"]) = (json!(""), json!([]));
        assert_eq!(ann.get(&path).await.json()["post"], expected);
        assert_eq!(ann.get("/api/posts").await.json(), json!([expected]));
        for bad in [json!({ "title": "" }), json!({ "title": 1 }), json!({ "attachments": ["javascript:1"] }), json!({ "body": "x".repeat((64 << 10) + 1) })] {
            ann.patch(&path, bad).await.expect_error(400, "invalid_request");
        }
        assert_eq!(ann.get(&path).await.json()["post"], expected);
        server.stop().await;
    }

    async fn what_says_the_same_is_not_edited(db) {
        let server = TestServer::start(db).await;
        let ann = server.member("Ann").await.client;
        let post = write(&ann, "Hello").await;
        let path = format!("/api/posts/{}", id(&post));
        let list = ann.get("/api/posts").await.expect(200);
        let tag = list.header("etag").unwrap();
        for same in [json!({}), json!({ "title": " Hello " }), json!({ "title": "Hello", "body": "", "attachments": [] })] {
            assert_eq!(ann.patch(&path, same).await.expect(200).json()["post"], post);
        }
        assert_eq!(ann.call("GET", "/api/posts").header("if-none-match", tag).send().await.status, 304, "whoever has the list has it still");
        server.stop().await;
    }

    async fn the_log_says_who_deleted_a_post(db) {
        let server = TestServer::start(db).await;
        let (ann, root) = (server.member("Ann").await, server.admin("Root").await);
        let post = write(&ann.client, "Hello").await;
        root.client.delete(&format!("/api/posts/{}", id(&post))).await.expect(200);
        let deleted = || async {
            let log = server.store().await.log_after(community::store::Position::START, 100).await.unwrap();
            log.into_iter().find(|entry| entry.event.kind == "post.deleted").map(|entry| entry.event.data)
        };
        let data: Value = serde_json::from_str(&crate::support::eventually("the event", deleted).await).unwrap();
        assert_eq!((&data["author"], &data["by"]), (&json!(ann.id.as_str()), &json!(root.id.as_str())));
        server.stop().await;
    }

    async fn others_change_nothing_and_admins_everything(db) {
        let server = TestServer::start(db).await;
        let (ann, bob, root) = (server.member("Ann").await.client, server.member("Bob").await.client, server.admin("Root").await.client);
        let post = write(&ann, "Hello").await;
        let path = format!("/api/posts/{}", id(&post));
        for nobody in [server.client(), ann.stranger()] {
            nobody.patch(&path, json!({ "title": "x" })).await.expect_error(401, "login_required");
            nobody.delete(&path).await.expect_error(401, "login_required");
        }
        bob.patch(&path, json!({ "title": "x" })).await.expect_error(403, "forbidden");
        bob.delete(&path).await.expect_error(403, "forbidden");
        assert_eq!(ann.get(&path).await.json()["post"], post);
        let edited = root.patch(&path, json!({ "title": "Moderated" })).await.expect(200).json()["post"].clone();
        assert_eq!((&edited["title"], &edited["author_name"]), (&json!("Moderated"), &json!("Ann")));
        assert_eq!(root.delete(&path).await.expect(200).json(), json!({ "ok": true }));
        ann.get(&path).await.expect_error(404, "not_found");
        server.stop().await;
    }

    async fn a_deleted_post_is_gone(db) {
        let server = TestServer::start(db).await;
        let ann = server.member("Ann").await.client;
        let path = format!("/api/posts/{}", id(&write(&ann, "Hello").await));
        ann.delete(&path).await.expect(200);
        ann.get(&path).await.expect_error(404, "not_found");
        ann.delete(&path).await.expect_error(404, "not_found");
        ann.patch(&path, json!({ "title": "x" })).await.expect_error(404, "not_found");
        assert_eq!(ann.get("/api/posts").await.json(), json!([]));
        assert_eq!(ann.get("/api/posts?limit=5").await.json(), json!([]));
        server.stop().await;
    }

    async fn unknown_and_malformed_ids_are_not_found(db) {
        let server = TestServer::start(db).await;
        let ann = server.member("Ann").await.client;
        for path in [&[UNKNOWN][..], &MALFORMED].concat() {
            ann.get(path).await.expect_error(404, "not_found");
            ann.patch(path, json!({ "title": "x" })).await.expect_error(404, "not_found");
            ann.delete(path).await.expect_error(404, "not_found");
        }
        server.stop().await;
    }

    async fn two_edits_at_once_keep_a_whole_post(db) {
        let server = TestServer::start_with(db, patient).await;
        let ann = server.member("Ann").await.client;
        let path = format!("/api/posts/{}", id(&write(&ann, "0").await));
        let edits = (1..=20).map(|number| {
            let (ann, path) = (ann.clone(), path.clone());
            async move { ann.patch(&path, json!({ "title": number.to_string(), "body": number.to_string() })).await.expect(200) }
        });
        futures_util::future::join_all(edits).await;
        let post = ann.get(&path).await.json()["post"].clone();
        assert_eq!(post["title"], post["body"]);
        server.stop().await;
    }
}
