//! Requests that pages of other sites make with a visitor's cookies.

use super::{
    app::{App, Traces, config},
    raw::{ask, json, request},
};

const POST: &str = r#"{"title":"a"}"#;

async fn rejects(headers: &str) {
    let app = App::start(config()).await;
    let answer = ask(app.address, json("/api/posts", &format!("Cookie: community_sid=x\r\n{headers}"), POST)).await;
    assert_eq!((answer.status, answer.code().as_str()), (403, "origin_rejected"), "{headers}");
    assert_eq!(Traces::count(&app.traces.posts), 0);
}

async fn allows(headers: &str) {
    let app = App::start(config()).await;
    let answer = ask(app.address, json("/api/posts", headers, POST)).await;
    assert_eq!(answer.status, 200, "{headers}: {answer:?}");
    assert_eq!(Traces::count(&app.traces.posts), 1);
}

#[tokio::test]
async fn c01_a_foreign_origin_is_rejected() {
    rejects("Origin: https://evil.example\r\n").await;
    allows("Origin: https://community.example\r\n").await;
}

#[tokio::test]
async fn c02_the_null_origin_is_rejected() {
    rejects("Origin: null\r\n").await;
}

#[tokio::test]
async fn c03_a_cross_site_request_without_origin_is_rejected() {
    rejects("Sec-Fetch-Site: cross-site\r\n").await;
    rejects("Sec-Fetch-Site: sideways\r\n").await;
    rejects("Sec-Fetch-Site: same-origin\r\nSec-Fetch-Site: same-origin\r\n").await;
    allows("Sec-Fetch-Site: same-origin\r\n").await;
    allows("Sec-Fetch-Site: none\r\n").await;
}

#[tokio::test]
async fn c04_the_referer_decides_when_nothing_else_does() {
    rejects("Referer: https://evil.example/community.example\r\n").await;
    rejects("Referer: nonsense\r\n").await;
    allows("Referer: https://community.example/posts/\r\n").await;
    // No browser, so no cookies but those the client was given on purpose.
    allows("").await;
}

#[tokio::test]
async fn c05_a_sibling_subdomain_is_rejected_unless_listed() {
    let sibling = "Origin: https://other.community.example\r\nSec-Fetch-Site: same-site\r\n";
    rejects(sibling).await;
    let mut config = config();
    config.cors.origins = vec!["https://other.community.example".to_owned()];
    let app = App::start(config).await;
    assert_eq!(ask(app.address, json("/api/posts", sibling, POST)).await.status, 200);
}

#[tokio::test]
async fn c06_a_form_upload_from_a_foreign_page_is_rejected_before_its_body() {
    let app = App::start(config()).await;
    let head = "POST /api/upload HTTP/1.1\r\nHost: community.example\r\nOrigin: https://evil.example\r\n\
                Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 100000\r\n\r\n";
    let answer = ask(app.address, head).await;
    assert_eq!((answer.status, answer.code().as_str()), (403, "origin_rejected"));
}

#[tokio::test]
async fn c07_a_cross_site_request_without_body_is_rejected() {
    let app = App::start(config()).await;
    let join = |headers| request("POST /api/rooms/r-1/join", headers, "");
    assert_eq!(ask(app.address, join("Origin: https://evil.example\r\n")).await.status, 403);
    assert_eq!(ask(app.address, join("Sec-Fetch-Site: cross-site\r\n")).await.status, 403);
    assert_eq!(Traces::count(&app.traces.joins), 0);
    assert_eq!(ask(app.address, join("")).await.status, 303);
    assert_eq!(Traces::count(&app.traces.joins), 1);
}

#[tokio::test]
async fn c08_origins_that_only_resemble_ours_are_rejected() {
    for origin in [
        "https://community.example.evil.com",
        "https://community.example:444",
        "https://community.example:443",
        "http://community.example",
        "HTTPS://COMMUNITY.EXAMPLE",
        "https://community.example.",
        "https://community.example/",
        "https://community.example, https://community.example",
        "",
    ] {
        rejects(&format!("Origin: {origin}\r\n")).await;
    }
    let app = App::start(config()).await;
    let mut bytes = json("/api/posts", "Origin: https://community.example#\r\n", POST).into_bytes();
    let mark = bytes.iter().position(|byte| *byte == b'#').unwrap();
    bytes[mark] = 0xff;
    let answer = ask(app.address, bytes).await;
    assert_eq!((answer.status, answer.code().as_str()), (403, "origin_rejected"));
    assert_eq!(app.metrics.panics(), 0);
}

#[tokio::test]
async fn c10_methods_cannot_be_overridden() {
    let app = App::start(config()).await;
    let overridden = request("GET /api/posts/u-1?_method=DELETE", "X-HTTP-Method-Override: DELETE\r\nX-Method-Override: DELETE\r\n", "");
    assert_eq!(ask(app.address, overridden).await.code(), "not_found");
    // Were the header believed, the foreign page would not be noticed.
    rejects("X-HTTP-Method-Override: GET\r\nOrigin: https://evil.example\r\n").await;
}

#[tokio::test]
async fn a33_a_foreign_page_cannot_sign_a_visitor_in() {
    let app = App::start(config()).await;
    let answer = ask(app.address, json("/api/email/login", "Origin: https://evil.example\r\nSec-Fetch-Site: cross-site\r\n", "{}")).await;
    assert_eq!((answer.status, answer.code().as_str()), (403, "origin_rejected"));
    assert_eq!(Traces::count(&app.traces.uploads), 0);
}

#[tokio::test]
async fn a_foreign_page_cannot_open_a_socket() {
    let app = App::start(config()).await;
    let handshake = "Connection: Upgrade\r\nUpgrade: websocket\r\nOrigin: https://evil.example\r\n";
    assert_eq!(ask(app.address, request("GET /api/me", handshake, "")).await.code(), "origin_rejected");
}
