//! What a post may say.

use serde_json::{Value, json};

use super::{id, write};
use crate::support::TestServer;

/// The sentence of a refusal, after checking its shape.
fn refused(answer: crate::support::Answer, code: &str) -> String {
    answer.expect_error(400, code)["error"].as_str().unwrap().to_owned()
}

db_test! {
    async fn d01_posting_needs_a_session(db) {
        let server = TestServer::start(db).await;
        server.client().post("/api/posts", json!({ "title": "Hello" })).await.expect_error(401, "login_required");
        let stranger = server.client();
        stranger.set_cookie("community_sid", &"x".repeat(43));
        stranger.post("/api/posts", json!({ "title": "Hello" })).await.expect_error(401, "login_required");
        assert_eq!(server.client().get("/api/posts").await.expect(200).json(), json!([]));
        server.stop().await;
    }

    async fn d02_a_post_needs_a_title(db) {
        let server = TestServer::start(db).await;
        let ann = server.member("Ann").await.client;
        for title in ["", "   ", "\t\n", "\u{200b}\u{feff}\u{2060}", "\u{3164}", "\u{202e}", "\u{ad}", "\u{2800} \u{2800}", "\u{e0041}"] {
            let sentence = refused(ann.post("/api/posts", json!({ "title": title })).await, "invalid_request");
            assert!(sentence.starts_with("title required"), "{title:?}: {sentence}");
        }
        for body in [json!({}), json!({ "title": null }), json!({ "title": 5 }), json!({ "title": ["Hello"] }), json!({ "title": "a\u{0}b" })] {
            let sentence = refused(ann.post("/api/posts", body.clone()).await, "invalid_request");
            assert!(sentence.contains("title") || sentence.contains("U+0000"), "{body}: {sentence}");
        }
        for title in ["two\nlines", "a\u{7}bell", "\u{85}x\u{85}y"] {
            refused(ann.post("/api/posts", json!({ "title": title })).await, "invalid_request");
        }
        assert_eq!(ann.get("/api/posts").await.json(), json!([]));
        server.stop().await;
    }

    async fn d03_titles_and_texts_have_a_largest_size(db) {
        let server = TestServer::start(db).await;
        let ann = server.member("Ann").await.client;
        let (title, body) = ("ü".repeat(200), "ü".repeat(32 << 10));
        let post = ann.post("/api/posts", json!({ "title": title, "body": body })).await.expect(200).json();
        assert_eq!((post["post"]["title"].as_str(), post["post"]["body"].as_str()), (Some(title.as_str()), Some(body.as_str())));
        refused(ann.post("/api/posts", json!({ "title": format!("{title}x") })).await, "invalid_request");
        refused(ann.post("/api/posts", json!({ "title": "a", "body": format!("{body}x") })).await, "invalid_request");
        let padded = format!("{{\"title\":\"a\"{}}}", " ".repeat(256 << 10));
        let answer = ann.call("POST", "/api/posts").header("content-type", "application/json").body(padded).send().await;
        answer.expect_error(413, "payload_too_large");
        assert_eq!(ann.get("/api/posts").await.json().as_array().unwrap().len(), 1);
        server.stop().await;
    }

    async fn d04_markup_is_kept_as_text(db) {
        let server = TestServer::start(db).await;
        let ann = server.member("Ann").await.client;
        let title = "<script>alert(1)</script>";
        let body = "<img src=x onerror=alert(1)> [x](javascript:alert(1)) </script><svg/onload=alert(1)> {{7*7}} ${7*7} \"'&";
        let made = ann.post("/api/posts", json!({ "title": title, "body": body })).await.expect(200);
        let list = server.client().get("/api/posts").await.expect(200);
        assert_eq!(list.json()[0], made.json()["post"]);
        assert_eq!((list.json()[0]["title"].as_str(), list.json()[0]["body"].as_str()), (Some(title), Some(body)));
        assert_eq!(list.header("content-type"), Some("application/json; charset=utf-8"));
        assert_eq!(list.header("x-content-type-options"), Some("nosniff"));
        for path in ["/", "/posts/"] {
            let page = server.client().get(path).await.expect(200);
            let text = page.text();
            assert!(text.contains("alert(1)"), "{path} does not show the post");
            for tag in ["<script>alert", "<img src=x", "<svg/onload", "href=\"javascript:"] {
                assert!(!text.contains(tag), "{path} has {tag}");
            }
            let policy = page.header("content-security-policy").unwrap();
            assert!(policy.contains("script-src 'self'") && !policy.contains("unsafe-inline"), "{policy}");
        }
        server.stop().await;
    }

    async fn d08_titles_neither_reorder_nor_pile_up(db) {
        let server = TestServer::start(db).await;
        let ann = server.member("Ann").await.client;
        let post = write(&ann, "safe\u{202e}gnp.exe\u{2066}\u{200f}").await;
        assert_eq!(post["title"], "safegnp.exe");
        let pile = format!("Z{}", "\u{301}".repeat(9));
        refused(ann.post("/api/posts", json!({ "title": pile })).await, "invalid_request");
        refused(ann.post("/api/posts", json!({ "title": "a", "body": format!("Z{}", "\u{301}".repeat(30_000)) })).await, "invalid_request");
        // Languages that need marks, and right-to-left ones, are welcome.
        for title in ["ภาษาไทยที่นี่", "नमस्ते दुनिया", "مرحبا بالعالم", "e\u{301}\u{323}", "👩‍👩‍👧‍👦", "日本語"] {
            assert_eq!(write(&ann, title).await["title"], title);
        }
        server.stop().await;
    }

    async fn d10_fields_of_the_server_cannot_be_set(db) {
        let server = TestServer::start(db).await;
        let (ann, bob) = (server.member("Ann").await, server.member("Bob").await);
        let forged = json!({
            "title": "Hello", "id": "u-01kb3x2v5q8m4n7p9r1s3t5v7w", "author_id": bob.id.as_str(), "author_name": "Bob",
            "created_at": "2000-01-01T00:00:00.000Z", "edited_at": "2000-01-01T00:00:00.000Z", "pinned": true, "role": "admin",
        });
        let post = ann.client.post("/api/posts", forged.clone()).await.expect(200).json()["post"].clone();
        assert_ne!(post["id"], forged["id"]);
        assert_eq!((post["author_id"].as_str(), post["author_name"].as_str()), (Some(ann.id.as_str()), Some("Ann")));
        assert_eq!((post["created_at"].as_str(), &post["edited_at"]), (Some(server.now().to_string().as_str()), &Value::Null));
        assert!(post.get("pinned").is_none());
        let path = format!("/api/posts/{}", post["id"].as_str().unwrap());
        let edited = ann.client.patch(&path, forged).await.expect(200).json()["post"].clone();
        for field in ["id", "author_id", "author_name", "created_at"] {
            assert_eq!(edited[field], post[field], "{field}");
        }
        assert_eq!(ann.client.get("/api/me").await.json()["user"]["role"], "user");
        server.stop().await;
    }

    async fn d16_nobodys_address_is_shown(db) {
        let server = TestServer::start(db).await;
        let ann = server.member("Ann").await;
        let post = write(&ann.client, "Hello").await;
        let (stranger, one) = (server.client(), format!("/api/posts/{}", id(&post)));
        for path in ["/api/posts", "/api/posts?limit=1", &one, "/", "/posts/"] {
            let text = stranger.get(path).await.expect(200).text();
            assert!(text.contains("Ann"), "{path} does not name the author");
            assert!(!text.contains("example.org") && !text.contains("ann@"), "{path} shows the address");
        }
        assert!(post["author_id"].as_str().unwrap().starts_with("usr-"));
        server.stop().await;
    }
}
