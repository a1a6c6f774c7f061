//! What the log says about requests, and what it must not say.

use super::{
    app::{App, config},
    raw::{Raw, ask, json, request},
};
use crate::support::Log;

#[tokio::test]
async fn a24_a_line_for_each_request_without_secrets_and_addresses() {
    let (log, _guard) = Log::begin();
    let app = App::start(config()).await;
    let secret =
        "Cookie: community_sid=S3cr3tCanary\r\nAuthorization: Bearer S3cr3tCanary\r\nReferer: https://community.example/?S3cr3tCanary\r\n";
    let answer = ask(app.address, request("GET /api/email/verify?token=S3cr3tCanary", secret, "")).await;
    ask(app.address, request("GET /api/posts/u-1?token=S3cr3tCanary", secret, "")).await;
    ask(app.address, json("/api/posts", secret, r#"{"title":"broken"}"#)).await;
    let lines = log.lines("answered");
    let fields: Vec<_> =
        lines.iter().map(|line| (&line["fields"]["route"], &line["fields"]["status"], &line["fields"]["method"])).collect();
    assert_eq!(
        serde_json::to_string(&fields).unwrap(),
        r#"[["/api/email/verify",303,"GET"],["/api/posts/{id}",404,"GET"],["/api/posts",500,"POST"]]"#
    );
    assert_eq!(lines[0]["span"]["id"].as_str(), answer.header("x-request-id").as_deref());
    assert!(lines[0]["fields"]["ms"].is_u64());
    // The cause of a failure is there, under the same id, and nowhere else.
    let failed = log.lines("a request failed");
    assert_eq!(failed[0]["fields"]["cause"], "S3cr3tCanary in table posts");
    assert_eq!(failed[0]["span"]["id"], lines[2]["span"]["id"]);
    assert_eq!(log.text().matches("S3cr3tCanary").count(), 1, "{}", log.text());
    assert!(!log.text().contains("127.0.0.1"));
}

#[tokio::test]
async fn o24_nothing_breaks_out_of_its_line() {
    let (log, _guard) = Log::begin();
    let app = App::start(config()).await;
    ask(app.address, request("GET /api/%0a%1b[31mforged", "User-Agent: a\u{1b}[31m\r\n", "")).await;
    ask(app.address, request(&format!("GET /{}", "x".repeat(3000)), "", "")).await;
    ask(app.address, request(&format!("{} /", "X".repeat(300)), "", "")).await;
    let lines = log.lines("answered");
    assert!(lines.len() >= 2);
    for line in log.text().lines() {
        assert!(line.len() < 2048, "{line}");
    }
}

#[tokio::test]
async fn c12_other_protocols_do_not_fill_the_log() {
    let (log, _guard) = Log::begin();
    let app = App::start(config()).await;
    for _ in 0..5 {
        let mut raw = Raw::open(app.address).await;
        raw.send("\u{16}\u{3}\u{1}\r\n\r\n").await;
        raw.answer().await;
        assert!(raw.is_closed().await);
    }
    assert!(log.text().lines().count() <= 1, "{}", log.text());
}

#[tokio::test]
async fn an_unknown_proxy_is_mentioned_once() {
    let (log, _guard) = Log::begin();
    let app = App::start(config()).await;
    for _ in 0..3 {
        ask(app.address, request("GET /api/cached", "X-Forwarded-For: 203.0.113.7\r\n", "")).await;
    }
    assert_eq!(log.text().matches("trusted_proxies = ").count(), 1);
    assert!(!log.text().contains("203.0.113.7"));
}
