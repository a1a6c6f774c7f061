//! What pages of other sites can do with a visitor's session: nothing.

use serde_json::json;

use crate::{
    posts::{id, ids, write},
    support::{Client, TestServer},
};

/// What a browser says of a request that a foreign page makes.
const FOREIGN: [&[(&str, &str)]; 6] = [
    &[("origin", "https://evil.example")],
    &[("origin", "null")],
    &[("sec-fetch-site", "cross-site")],
    &[("sec-fetch-site", "same-site"), ("origin", "http://127.0.0.1:1")],
    &[("origin", "http://127.0.0.1"), ("referer", "http://127.0.0.1/")],
    &[("referer", "https://evil.example/")],
];

/// Some of what a visitor can change, as a foreign page would try it. `every_route.rs` walks over the rest with one foreign origin.
fn attempts(post: &str) -> Vec<(&'static str, String)> {
    vec![
        ("POST", "/api/posts".to_owned()),
        ("PATCH", format!("/api/posts/{post}")),
        ("DELETE", format!("/api/posts/{post}")),
        ("PATCH", "/api/me".to_owned()),
        ("POST", "/api/logout".to_owned()),
        ("DELETE", "/api/sessions".to_owned()),
        ("POST", "/api/email/login".to_owned()),
        ("POST", "/api/email/change-password".to_owned()),
        ("POST", "/api/email/link".to_owned()),
    ]
}

async fn tries(client: &Client, headers: &[(&str, &str)], method: &str, path: &str) -> crate::support::Answer {
    let call = client.call(method, path).json(&json!({ "title": "forged" }));
    headers.iter().fold(call, |call, (name, value)| call.header(name, value)).send().await
}

db_test! {
    async fn c01_c02_c03_c04_a_foreign_page_changes_nothing(db) {
        let server = TestServer::start(db).await;
        let ann = server.member("Ann").await.client;
        let post = write(&ann, "Hello").await;
        for headers in FOREIGN {
            for (method, path) in attempts(&id(&post)) {
                tries(&ann, headers, method, &path).await.expect_error(403, "origin_rejected");
            }
            // A link ends nothing either, it only leads home.
            let call = headers.iter().fold(ann.call("GET", "/api/logout"), |call, (name, value)| call.header(name, value));
            let answer = call.send().await;
            assert!(answer.set_cookies().is_empty(), "{headers:?} takes the cookie");
            assert_eq!(answer.expect_redirect(), "/");
        }
        assert_eq!(ann.get("/api/posts").await.json(), json!([post]));
        ann.get("/api/me").await.expect(200);
        server.stop().await;
    }

    async fn c09_only_listed_origins_may_read_and_write(db) {
        let server = TestServer::start_with(db, |config| config.cors.origins = vec!["https://app.example".to_owned()]).await;
        let ann = server.member("Ann").await.client;
        let preflight = |origin: &'static str, path: &'static str| {
            let call = server.client().call("OPTIONS", path).header("origin", origin).header("access-control-request-method", "POST");
            call.header("access-control-request-headers", "content-type,idempotency-key").send()
        };
        for path in ["/api/posts", "/api/me", "/api/email/login", "/api/sessions"] {
            let refused = preflight("https://evil.example", path).await;
            assert!(refused.headers.keys().all(|name| !name.as_str().starts_with("access-control-")), "{path}");
            let granted = preflight("https://app.example", path).await.expect(204);
            assert_eq!(granted.header("access-control-allow-origin"), Some("https://app.example"), "{path}");
            assert_eq!(granted.header("access-control-allow-credentials"), None, "{path}");
        }
        let made = tries(&ann, &[("origin", "https://app.example")], "POST", "/api/posts").await.expect(200);
        assert_eq!(made.header("access-control-allow-origin"), Some("https://app.example"));
        let read = server.client().call("GET", "/api/posts").header("origin", "https://app.example").send().await.expect(200);
        assert_eq!((read.header("access-control-allow-origin"), ids(&read.json()).len()), (Some("https://app.example"), 1));
        let read = server.client().call("GET", "/api/posts").header("origin", "https://evil.example").send().await.expect(200);
        assert_eq!(read.header("access-control-allow-origin"), None);
        server.stop().await;
    }
}
