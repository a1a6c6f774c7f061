//! What pages of other origins may read.

use super::{
    app::{App, config},
    raw::{Answer, ask, request},
};

fn preflight(origin: &str) -> String {
    let headers = format!("Origin: {origin}\r\nAccess-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: content-type\r\n");
    request("OPTIONS /api/posts", &headers, "")
}

fn grants(answer: &Answer) -> Vec<&str> {
    answer.headers.iter().map(|(name, _)| name.as_str()).filter(|name| name.starts_with("access-control-")).collect()
}

#[tokio::test]
async fn c09_an_unlisted_origin_is_granted_nothing() {
    let app = App::start(config()).await;
    for origin in ["https://evil.example", "https://community.example", "null"] {
        let answer = ask(app.address, preflight(origin)).await;
        assert_eq!(answer.status, 403);
        assert!(grants(&answer).is_empty(), "{answer:?}");
        let answer = ask(app.address, request("GET /api/cached", &format!("Origin: {origin}\r\n"), "")).await;
        assert_eq!(answer.status, 200);
        assert!(grants(&answer).is_empty(), "{answer:?}");
    }
}

#[tokio::test]
async fn c09_a_listed_origin_is_echoed_exactly() {
    let mut config = config();
    config.cors.origins = vec!["https://app.example".to_owned()];
    let app = App::start(config).await;
    let answer = ask(app.address, preflight("https://app.example")).await;
    assert_eq!(answer.status, 204);
    assert_eq!(answer.header("access-control-allow-origin").as_deref(), Some("https://app.example"));
    assert!(answer.header("vary").unwrap().contains("Origin"));
    assert!(answer.header("access-control-allow-methods").unwrap().contains("DELETE"));
    assert!(answer.header("access-control-allow-headers").unwrap().contains("Idempotency-Key"));
    assert_eq!(answer.header("access-control-allow-credentials"), None);

    let answer = ask(app.address, request("GET /api/me", "Origin: https://app.example\r\n", "")).await;
    assert_eq!((answer.status, answer.header("access-control-allow-origin").as_deref()), (401, Some("https://app.example")));
    let answer = ask(app.address, preflight("https://app.example.evil.com")).await;
    assert!(grants(&answer).is_empty(), "{answer:?}");
}

#[tokio::test]
async fn c09_credentials_only_on_demand() {
    let mut config = config();
    config.cors.origins = vec!["https://app.example".to_owned()];
    config.cors.cross_site_cookies = true;
    let app = App::start(config).await;
    let answer = ask(app.address, preflight("https://app.example")).await;
    assert_eq!(answer.header("access-control-allow-credentials").as_deref(), Some("true"));
    let answer = ask(app.address, preflight("https://evil.example")).await;
    assert!(grants(&answer).is_empty(), "{answer:?}");
}
