//! One shape for everything that goes wrong.

use super::{
    app::{App, config},
    raw::{ask, json, request},
};

#[tokio::test]
async fn unknown_paths_and_wrong_methods_have_the_shape() {
    let app = App::start(config()).await;
    let answer = ask(app.address, request("GET /api/nothing", "", "")).await;
    assert_eq!((answer.status, answer.code().as_str()), (404, "not_found"));
    let answer = ask(app.address, request("DELETE /api/posts", "", "")).await;
    assert_eq!((answer.status, answer.code().as_str()), (405, "method_not_allowed"));
    assert_eq!(answer.header("allow").as_deref(), Some("POST"));
    let answer = ask(app.address, request("PUT /api/posts/u-1", "", "")).await;
    assert_eq!((answer.status, answer.header("allow").as_deref()), (405, Some("GET, HEAD")));
}

#[tokio::test]
async fn application_errors_keep_code_and_delay() {
    let app = App::start(config()).await;
    let answer = ask(app.address, json("/api/posts", "", r#"{"title":"limited"}"#)).await;
    assert_eq!((answer.status, answer.code().as_str()), (429, "rate_limited"));
    assert_eq!(answer.header("retry-after").as_deref(), Some("7"));
    assert!(answer.text().contains(r#""retryAfter":7"#), "{}", answer.text());
    let answer = ask(app.address, request("GET /api/posts/u-1", "", "")).await;
    assert_eq!(answer.text(), r#"{"ok":false,"error":"There is no such post.","code":"not_found"}"#);
    let answer = ask(app.address, request("GET /api/me", "", "")).await;
    assert_eq!((answer.status, answer.code().as_str()), (401, "login_required"));
    let answer = ask(app.address, request("GET /api/posts/away", "", "")).await;
    assert_eq!((answer.status, answer.code().as_str()), (503, "unavailable"));
}

#[tokio::test]
async fn parameters_are_named() {
    let app = App::start(config()).await;
    for (query, sentence) in [
        ("", "limit is missing."),
        ("?limit=abc", "limit must be a whole number in range."),
        ("?limit=99999999999999999999", "limit must be a whole number in range."),
        ("?limit=-99999999999999999999", "limit must be a whole number in range."),
        ("?limit=0", "limit must be at least 1."),
        ("?limit=201", "limit must be at most 200."),
    ] {
        let answer = ask(app.address, request(&format!("GET /api/page{query}"), "", "")).await;
        assert_eq!((answer.status, answer.code().as_str(), answer.sentence().as_str()), (400, "invalid_request", sentence));
    }
}

#[tokio::test]
async fn o04_a_panic_costs_one_request() {
    let app = App::start(config()).await;
    for _ in 0..3 {
        let answer = ask(app.address, request("GET /api/panic", "", "")).await;
        assert_eq!((answer.status, answer.code().as_str()), (500, "internal"));
        assert!(!answer.text().contains("S3cr3tCanary"));
        assert!(answer.header("x-request-id").is_some());
    }
    assert_eq!(app.metrics.panics(), 3);
    assert!(app.metrics.text().contains("community_http_panics_total 3"));
    assert_eq!(ask(app.address, request("GET /api/cached", "", "")).await.status, 200);
}

#[tokio::test]
async fn o03_causes_are_not_shown() {
    let app = App::start(config()).await;
    let answer = ask(app.address, json("/api/posts", "", r#"{"title":"broken"}"#)).await;
    assert_eq!((answer.status, answer.code().as_str()), (500, "internal"));
    assert!(!answer.text().contains("S3cr3tCanary"));
    let answer = ask(app.address, request("GET /api/teapot", "", "")).await;
    assert_eq!((answer.status, answer.code().as_str()), (418, "invalid_request"));
    assert!(!answer.text().contains("S3cr3tCanary"));
}
