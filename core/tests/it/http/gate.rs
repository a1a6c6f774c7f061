//! Requests refused by their first line and headers.

use super::{
    app::{App, Traces, config},
    raw::{ask, request},
};

#[tokio::test]
async fn a22_head_does_not_run_a_get_that_changes_something() {
    let app = App::start(config()).await;
    for path in ["/api/email/verify?token=t", "/api/logout", "/api/login", "/api/callback", "/api/discord/login", "/api/discord/callback"] {
        let answer = ask(app.address, request(&format!("HEAD {path}"), "", "")).await;
        assert_eq!(answer.status, 405, "{path}");
        let allow = answer.header("allow").unwrap();
        assert!(allow.contains("GET") && !allow.contains("HEAD"), "{path}: {allow}");
    }
    assert_eq!((Traces::count(&app.traces.verified), Traces::count(&app.traces.logouts)), (0, 0));
}

#[tokio::test]
async fn a22_prefetch_does_not_run_a_get_that_changes_something() {
    let app = App::start(config()).await;
    for purpose in ["Sec-Purpose: prefetch", "Sec-Purpose: prefetch;prerender", "Purpose: prefetch", "X-Moz: prefetch"] {
        for path in ["/api/email/verify?token=t", "/api/logout"] {
            let answer = ask(app.address, request(&format!("GET {path}"), &format!("{purpose}\r\n"), "")).await;
            assert_eq!(answer.status, 204, "{purpose} {path}");
        }
    }
    assert_eq!((Traces::count(&app.traces.verified), Traces::count(&app.traces.logouts)), (0, 0));
    assert_eq!(ask(app.address, request("GET /api/email/verify?token=t", "", "")).await.status, 303);
    assert_eq!(Traces::count(&app.traces.verified), 1);
}

#[tokio::test]
async fn a22_what_a_page_shows_as_a_part_of_itself_does_not_run_a_get_that_changes_something() {
    let app = App::start(config()).await;
    for dest in ["image", "iframe", "object", "style", "video"] {
        for path in ["/api/email/verify?token=t", "/api/logout", "/api/login"] {
            let answer = ask(app.address, request(&format!("GET {path}"), &format!("Sec-Fetch-Dest: {dest}\r\n"), "")).await;
            assert_eq!(answer.status, 204, "{dest} {path}");
        }
    }
    assert_eq!((Traces::count(&app.traces.verified), Traces::count(&app.traces.logouts)), (0, 0));
    let followed = ask(app.address, request("GET /api/email/verify?token=t", "Sec-Fetch-Dest: document\r\n", "")).await;
    assert_eq!((followed.status, Traces::count(&app.traces.verified)), (303, 1));
}

#[tokio::test]
async fn other_heads_answer_like_get_without_a_body() {
    let app = App::start(config()).await;
    let answer = ask(app.address, request("HEAD /api/cached", "", "")).await;
    assert_eq!((answer.status, answer.header("etag").as_deref()), (200, Some("\"1\"")));
    assert_eq!(ask(app.address, request("HEAD /api/nothing", "", "")).await.status, 404);
}

#[tokio::test]
async fn addresses_have_a_longest_length() {
    let app = App::start(config()).await;
    let answer = ask(app.address, request(&format!("GET /api/cached?{}", "x".repeat(5000)), "", "")).await;
    assert_eq!((answer.status, answer.code().as_str()), (414, "uri_too_long"));
    let answer = ask(app.address, request(&format!("GET /api/cached?{}", "x".repeat(4000)), "", "")).await;
    assert_eq!(answer.status, 200);
}

#[tokio::test]
async fn a39_the_host_header_is_required_and_never_used() {
    let app = App::start(config()).await;
    assert_eq!(ask(app.address, "GET /api/cached HTTP/1.1\r\n\r\n").await.status, 400);
    assert_eq!(ask(app.address, "GET /api/cached HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n").await.status, 400);
    let spoofed = "GET /page HTTP/1.1\r\nHost: evil.example\r\nX-Forwarded-Host: evil.example\r\n\r\n";
    let answer = ask(app.address, spoofed).await;
    assert!(!format!("{answer:?}").contains("evil.example"));
}

#[tokio::test]
async fn methods_that_nobody_needs_are_refused() {
    let app = App::start(config()).await;
    let trace = ask(app.address, request("TRACE /api/cached", "Cookie: community_sid=x\r\n", "")).await;
    assert_eq!((trace.status, trace.code().as_str()), (405, "method_not_allowed"));
    assert_eq!(ask(app.address, "CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example\r\n\r\n").await.status, 405);
    assert_eq!(ask(app.address, request("BREW /api/cached", "", "")).await.status, 405);
}
