//! The headers of every answer.

use super::{
    app::{App, config},
    raw::{Answer, ask, json, request},
};

const ALWAYS: [(&str, &str); 8] = [
    ("strict-transport-security", "max-age=31536000"),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("x-frame-options", "DENY"),
    ("cross-origin-resource-policy", "same-origin"),
    ("permissions-policy", "camera=(), microphone=(), geolocation=(), browsing-topics=()"),
    ("vary", "Cookie, Origin"),
    ("content-security-policy", "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"),
];

fn requests() -> Vec<(u16, String)> {
    let get = |path: &str| request(&format!("GET {path}"), "", "");
    vec![
        (200, get("/api/cached")),
        (304, request("GET /api/cached", "If-None-Match: \"1\"\r\n", "")),
        (200, request("HEAD /api/cached", "", "")),
        (303, get("/api/email/verify")),
        (204, request("GET /api/logout", "Purpose: prefetch\r\n", "")),
        (400, json("/api/posts", "", "{")),
        (401, get("/api/me")),
        (403, json("/api/posts", "Origin: https://evil.example\r\n", "{}")),
        (404, get("/api/nothing")),
        (404, get("/nothing")),
        (405, request("DELETE /api/posts", "", "")),
        (405, request("HEAD /api/logout", "", "")),
        (413, json("/api/posts", "", &" ".repeat(300 << 10))),
        (414, get(&format!("/{}", "x".repeat(5000)))),
        (415, request("POST /api/posts", "", "{}")),
        (429, json("/api/posts", "", r#"{"title":"limited"}"#)),
        (500, get("/api/panic")),
        (503, get("/api/posts/away")),
    ]
}

fn audit(what: &str, answer: &Answer) {
    for (name, value) in ALWAYS {
        assert_eq!(answer.header(name).as_deref(), Some(value), "{what}: {name}");
    }
    assert_eq!(answer.header("x-request-id").unwrap().len(), 26, "{what}");
    assert!(answer.header("cache-control").is_some(), "{what}");
    for name in ["server", "x-powered-by", "access-control-allow-origin"] {
        assert_eq!(answer.header(name), None, "{what}: {name}");
    }
}

#[tokio::test]
async fn c14_every_answer_has_them() {
    let app = App::start(config()).await;
    for (status, request) in requests() {
        let answer = ask(app.address, &request).await;
        assert_eq!(answer.status, status, "{request:.80}");
        audit(&format!("{status} to {request:.40}"), &answer);
    }
}

#[tokio::test]
async fn c16_nothing_can_be_framed() {
    let app = App::start(config()).await;
    let answer = ask(app.address, request("GET /page", "", "")).await;
    let policy = answer.header("content-security-policy").unwrap();
    assert!(policy.contains("frame-ancestors 'none'") && policy.contains("script-src 'self';"), "{policy}");
    assert!(policy.contains("connect-src 'self' wss://community.example;"), "{policy}");
    assert_eq!(answer.header("x-frame-options").as_deref(), Some("DENY"));
    assert_eq!(answer.header("cross-origin-opener-policy").as_deref(), Some("same-origin"));
}

#[tokio::test]
async fn c17_only_what_says_so_is_cached() {
    let app = App::start(config()).await;
    let answer = ask(app.address, request("GET /api/me?x=1", "", "")).await;
    assert_eq!(answer.header("cache-control").as_deref(), Some("no-store"));
    let answer = ask(app.address, request("GET /api/cached", "", "")).await;
    assert_eq!(answer.header("cache-control").as_deref(), Some("public, max-age=0, must-revalidate"));
    assert_eq!(answer.header("vary").as_deref(), Some("Cookie, Origin"));
}

#[tokio::test]
async fn a_server_without_https_does_not_ask_for_it() {
    let mut config = config();
    config.http.base_url = Some("http://127.0.0.1:3000".parse().unwrap());
    let app = App::start(config).await;
    let answer = ask(app.address, request("GET /page", "", "")).await;
    assert_eq!(answer.header("strict-transport-security"), None);
    assert!(answer.header("content-security-policy").unwrap().contains("connect-src 'self' ws://127.0.0.1:3000;"));
}
