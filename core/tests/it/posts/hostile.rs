//! Bodies and attachments of people who mean harm.

use serde_json::json;

use super::{id, write};
use crate::support::{Client, Raw, TestServer};

async fn post_bytes(client: &Client, body: Vec<u8>) -> crate::support::Answer {
    client.call("POST", "/api/posts").header("content-type", "application/json").body(body).send().await
}

/// So many fields of an object that nobody asked for.
fn fields(count: usize) -> String {
    (0..count).fold(String::new(), |fields, number| fields + &format!(",\"{number}\":0"))
}

db_test! {
    async fn d03_an_endless_body_is_cut_off(db) {
        let server = TestServer::start(db).await;
        let ann = server.member("Ann").await;
        let cookie = ann.client.cookie(ann.cookie_name).unwrap();
        let mut raw = Raw::connect(server.running().addr).await;
        let head = format!(
            "POST /api/posts HTTP/1.1\r\nHost: a\r\nCookie: {}={cookie}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n",
            ann.cookie_name
        );
        assert!(raw.send(head.as_bytes()).await);
        let piece = format!("10000\r\n{}\r\n", " ".repeat(0x10000));
        // 64 MiB on their way to a gigabyte; long before that nobody listens any more.
        let mut sent = 0;
        while sent < 1024 && raw.send(piece.as_bytes()).await {
            sent += 1;
        }
        assert!(sent < 1024, "the server swallowed {sent} pieces of 64 KiB");
        assert_eq!(ann.client.get("/api/posts").await.expect(200).json(), json!([]));
        server.stop().await;
    }

    async fn d05_attachments_are_plain_https_links(db) {
        let server = TestServer::start(db).await;
        let ann = server.member("Ann").await.client;
        let long = format!("https://files.example/{}", "x".repeat(2048));
        for bad in [
            "javascript:alert(1)", "JaVaScRiPt:alert(1)", "\tjavascript:alert(1)", "java\nscript:alert(1)", "data:text/html,<script>",
            "vbscript:x", "blob:https://files.example/1", "file:///etc/passwd", "//files.example/a", "/a.png", "a.png", "",
            "http://files.example/a.png", "ftp://files.example/a", "https://user:pass@files.example/a", "https://user@files.example/a",
            "https://", "https:///", "https://files.example/a b", " https://files.example/a", "https://files.example/\u{0}", &long,
        ] {
            let body = ann.post("/api/posts", json!({ "title": "a", "attachments": ["https://files.example/ok.png", bad] })).await;
            let error = body.expect_error(400, "invalid_request")["error"].as_str().unwrap().to_owned();
            assert!(error.contains("attachments[1]") || bad.contains('\0'), "{bad:?}: {error}");
        }
        let eleven: Vec<String> = (0..11).map(|number| format!("https://files.example/{number}")).collect();
        ann.post("/api/posts", json!({ "title": "a", "attachments": eleven })).await.expect_error(400, "invalid_request");
        for bad in [json!(["https://files.example/1", 5]), json!("https://files.example/1"), json!([["https://files.example/1"]]), json!([null])] {
            ann.post("/api/posts", json!({ "title": "a", "attachments": bad })).await.expect_error(400, "invalid_request");
        }
        let twice = json!(["https://files.example/%61", "https://FILES.example:443/%61"]);
        ann.post("/api/posts", json!({ "title": "a", "attachments": twice })).await.expect_error(400, "invalid_request");

        let own = format!("{}/uploads/cat.png", server.url());
        let good = json!(["HTTPS://Files.Example:443/a/../b.png?q=1#f", "https://münchen.example/ü", own, eleven[0]]);
        let post = ann.post("/api/posts", json!({ "title": "a", "attachments": good })).await.expect(200).json()["post"].clone();
        let stored = json!(["https://files.example/b.png?q=1#f", "https://xn--mnchen-3ya.example/%C3%BC", own, eleven[0]]);
        assert_eq!(post["attachments"], stored);
        assert_eq!(ann.get("/api/posts").await.json(), json!([post]));
        server.stop().await;
    }

    async fn d06_attachments_are_never_fetched(db) {
        let server = TestServer::start(db).await;
        let ann = server.member("Ann").await.client;
        // Where this is, somebody who wanted to fetch it would have to ask.
        let attachments = json!(["https://files.test/cat.png"]);
        let post = ann.post("/api/posts", json!({ "title": "a", "attachments": attachments })).await.expect(200).json()["post"].clone();
        for path in ["/api/posts", "/api/posts?limit=1", &format!("/api/posts/{}", id(&post)), "/", "/posts/"] {
            ann.get(path).await.expect(200);
        }
        ann.patch(&format!("/api/posts/{}", id(&post)), json!({ "title": "b" })).await.expect(200);
        let names = server.names.clone();
        server.stop().await;
        // Whatever the server began is over.
        assert_eq!(names.asked(), [""; 0], "somebody asked for the attachment");
    }

    async fn d07_broken_unicode_is_refused(db) {
        let server = TestServer::start(db).await;
        let ann = server.member("Ann").await.client;
        for bytes in [&b"\xff"[..], b"\xc0\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"a\xc3"] {
            let body = [b"{\"title\":\"".as_slice(), bytes, b"\"}"].concat();
            post_bytes(&ann, body).await.expect_error(400, "invalid_json");
        }
        for escape in [r"\ud800", r"\udc00\ud800", r"\ud800x"] {
            post_bytes(&ann, format!("{{\"title\":\"{escape}\"}}").into_bytes()).await.expect_error(400, "invalid_json");
        }
        post_bytes(&ann, "\u{feff}{\"title\":\"a\"}".as_bytes().to_vec()).await.expect_error(400, "invalid_json");
        for body in [json!({ "title": "a", "body": "x\u{0}y" }), json!({ "title": "a\u{0}" }), json!({ "title": "a", "attachments": ["https://a/\u{0}"] })] {
            ann.post("/api/posts", body).await.expect_error(400, "invalid_request");
        }
        // Odd, and yet text: it comes back as it was.
        let odd = "\u{fffe}\u{ffff}\u{1fffe}\u{10ffff}\u{feff}\u{1}\u{1b}[31m\u{7f}\u{2028}\\\"";
        let post = ann.post("/api/posts", json!({ "title": "odd", "body": odd })).await.expect(200).json()["post"].clone();
        assert_eq!(post["body"], odd);
        for path in ["/api/posts", "/api/posts?limit=5"] {
            assert_eq!(ann.get(path).await.json()[0]["body"], odd, "{path}");
        }
        server.stop().await;
    }

    async fn d09_hostile_json_costs_a_refusal(db) {
        let server = TestServer::start(db).await;
        let ann = server.member("Ann").await.client;
        let deep = format!("{{\"title\":{}1{}}}", "[".repeat(10_000), "]".repeat(10_000));
        let objects = format!("{{\"title\":\"a\",\"x\":{}1{}}}", "{\"x\":".repeat(10_000), "}".repeat(10_000));
        for body in [deep.as_str(), &objects, r#"{"title":1e400}"#, r#"{"title":1e999999}"#, r#"{"title":"a","x":1e999999}"#, "[[[[", "1e400", ""] {
            post_bytes(&ann, body.as_bytes().to_vec()).await.expect_error(400, "invalid_json");
        }
        let many = fields(20_000);
        post_bytes(&ann, format!("{{\"title\":5{many}}}").into_bytes()).await.expect_error(400, "invalid_request");
        let more = fields(1_000_000);
        post_bytes(&ann, format!("{{\"title\":\"a\"{more}}}").into_bytes()).await.expect_error(413, "payload_too_large");
        write(&ann, "still here").await;
        server.stop().await;
    }

    async fn d13_a_flood_of_posts_is_stopped(db) {
        let server = TestServer::start(db).await;
        let (ann, bob) = (server.member("Ann").await.client, server.member("Bob").await.client);
        for number in 0..60 {
            write(&ann, &format!("Post {number}")).await;
        }
        let answer = ann.post("/api/posts", json!({ "title": "one too many" })).await;
        assert_eq!(answer.header("retry-after"), Some("1"));
        assert_eq!(answer.expect_error(429, "rate_limited")["retryAfter"], 1);
        write(&bob, "Nobody else is slowed down").await;
        assert_eq!(ann.get("/api/posts").await.expect(200).json().as_array().unwrap().len(), 61);
        server.clock.advance(std::time::Duration::from_secs(1));
        write(&ann, "patience helps").await;
        ann.post("/api/posts", json!({ "title": "again too many" })).await.expect_error(429, "rate_limited");
        server.stop().await;
    }
}
