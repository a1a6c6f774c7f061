//! The end of a session by its owner, and by nobody else.

use std::time::Duration;

use serde_json::json;

use crate::support::{Person, Raw, TestServer};

const ME: &str = "/api/me";
const LOGOUT: &str = "/api/logout";

fn cookie_of(person: &Person) -> String {
    format!("{}={}", person.cookie_name, person.client.cookie(person.cookie_name).unwrap())
}

db_test! {
    async fn a22_head_and_prefetch_log_nobody_out(db) {
        let server = TestServer::start(db).await;
        let ann = server.member("Ann").await;
        ann.client.call("HEAD", LOGOUT).send().await.expect(405);
        ann.client.call("GET", LOGOUT).header("sec-purpose", "prefetch").send().await.expect(204);
        ann.client.call("GET", LOGOUT).header("purpose", "prefetch").send().await.expect(204);
        ann.client.get(ME).await.expect(200);
        server.stop().await;
    }

    async fn a35_another_site_logs_nobody_out(db) {
        let server = TestServer::start(db).await;
        let ann = server.member("Ann").await;
        for (header, value) in [("sec-fetch-site", "cross-site"), ("sec-fetch-site", "same-site"), ("referer", "https://evil.example/")] {
            let answer = ann.client.call("GET", LOGOUT).header(header, value).send().await;
            assert!(answer.set_cookies().is_empty());
            assert_eq!(answer.expect_redirect(), "/");
        }
        let posted = ann.client.call("POST", LOGOUT).header("origin", "https://evil.example").json(&json!({})).send().await;
        posted.expect_error(403, "origin_rejected");
        ann.client.get(ME).await.expect(200);
        server.stop().await;
    }

    async fn a35_a_link_and_a_button_of_the_own_pages_log_out(db) {
        let server = TestServer::start(db).await;
        let (ann, bob) = (server.member("Ann").await, server.member("Bob").await);
        let linked = ann.client.call("GET", LOGOUT).header("sec-fetch-site", "same-origin").send().await;
        assert_eq!(linked.set_cookies(), [format!("{}=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0", ann.cookie_name)]);
        assert_eq!(linked.expect_redirect(), "/");
        // A program sends no body.
        assert_eq!(bob.client.call("POST", LOGOUT).send().await.expect(200).json(), json!({ "ok": true }));
        for person in [&ann, &bob] {
            assert!(person.client.cookies().is_empty());
            person.client.get(ME).await.expect_error(401, "login_required");
        }
        // Without a session there is nothing to end, and that is no error.
        assert_eq!(ann.client.get(LOGOUT).await.expect_redirect(), "/");
        ann.client.call("POST", LOGOUT).send().await.expect(200);
        server.stop().await;
    }

    async fn a36_a_cookie_is_dead_for_ever_after_logging_out(db) {
        let mut server = TestServer::start(db).await;
        let ann = server.member("Ann").await;
        let cookie = cookie_of(&ann);
        ann.client.get(LOGOUT).await.expect_redirect();
        for _ in 0..2 {
            server.client().call("GET", ME).header("cookie", &cookie).send().await.expect_error(401, "login_required");
            server.restart().await;
        }
        server.stop().await;
    }

    async fn a36_a_request_under_way_does_not_bring_the_session_back(db) {
        let server = TestServer::start(db).await;
        let ann = server.member("Ann").await;
        let cookie = cookie_of(&ann);
        // Long enough for the request to write down that the session was used.
        server.clock.advance(Duration::from_mins(10));
        let body = r#"{"title":"slow"}"#;
        let mut slow = Raw::connect(server.running().addr).await;
        let head = format!(
            "POST /api/posts HTTP/1.1\r\nhost: x\r\ncookie: {cookie}\r\ncontent-type: application/json\r\n\
             expect: 100-continue\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        assert!(slow.send(head.as_bytes()).await);
        // The server asks for the body, so it knows by now who sends the request.
        assert_eq!(slow.answer().await.status, 100);
        ann.client.get(LOGOUT).await.expect_redirect();
        assert!(slow.send(body.as_bytes()).await);
        assert_eq!(slow.answer().await.status, 200, "what was begun in the session is finished");
        server.client().call("GET", ME).header("cookie", &cookie).send().await.expect_error(401, "login_required");
        server.stop().await;
    }
}
