//! How large and how slow bodies may be.

use std::time::Duration;

use community::config::{Size, Span};
use tokio::time::{sleep, timeout};

use super::{
    app::{App, Traces, config},
    raw::{Raw, ask, json, request},
};
use crate::support::DEADLINE;

fn chunked(path: &str) -> String {
    format!("POST {path} HTTP/1.1\r\nHost: community.example\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
}

#[tokio::test]
async fn a_declared_excess_is_refused_at_once() {
    let app = App::start(config()).await;
    let mut raw = Raw::open(app.address).await;
    raw.send("POST /api/posts HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 262145\r\n\r\n").await;
    let answer = raw.answer().await.unwrap();
    assert_eq!((answer.status, answer.code().as_str()), (413, "payload_too_large"));
    assert_eq!(answer.header("connection").as_deref(), Some("close"));
}

#[tokio::test]
async fn d03_a_streamed_excess_is_refused_after_the_cap() {
    let app = App::start(config()).await;
    let mut raw = Raw::open(app.address).await;
    raw.send(chunked("/api/posts")).await;
    let piece = format!("10000\r\n{}\r\n", " ".repeat(0x10000));
    for _ in 0..5 {
        raw.send(&piece).await;
    }
    // No last chunk: the answer does not wait for the end, which may never come.
    let answer = raw.answer().await.unwrap();
    assert_eq!((answer.status, answer.code().as_str()), (413, "payload_too_large"));
    assert_eq!(answer.header("connection").as_deref(), Some("close"));
}

#[tokio::test]
async fn the_answer_to_an_excess_survives_a_client_that_keeps_sending() {
    let app = App::start(config()).await;
    for _ in 0..10 {
        let mut raw = Raw::open(app.address).await;
        raw.send(format!("POST /api/posts HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n", 4 << 20)).await;
        // A reset in the middle would throw away what the client has not read yet, on some systems.
        assert!(raw.send(vec![b' '; 4 << 20]).await, "the connection is reset");
        assert_eq!(raw.answer().await.expect("the answer is lost").status, 413);
    }
}

#[tokio::test]
async fn whatever_a_handler_makes_of_an_excess_it_is_a_413() {
    let app = App::start(config()).await;
    let mut raw = Raw::open(app.address).await;
    raw.send(format!("{}3000\r\n{}\r\n0\r\n\r\n", chunked("/api/email/login"), "x".repeat(0x3000))).await;
    assert_eq!(raw.answer().await.unwrap().code(), "payload_too_large");
    assert_eq!(Traces::count(&app.traces.uploads), 1, "the handler ran and answered something else");
}

#[tokio::test]
async fn a07_sign_in_routes_take_less() {
    let app = App::start(config()).await;
    let large = "x".repeat(9 << 10);
    assert_eq!(ask(app.address, json("/api/email/login", "", &large)).await.status, 413);
    assert_eq!(ask(app.address, json("/api/email/login", "", &large[..8 << 10])).await.status, 200);
    assert_eq!(ask(app.address, json("/api/upload", "", &large)).await.status, 200);
}

#[tokio::test]
async fn compressed_bodies_are_refused() {
    let app = App::start(config()).await;
    for (coding, status) in [("gzip", 415), ("identity, gzip", 415), ("identity", 200)] {
        let answer = ask(app.address, json("/api/upload", &format!("Content-Encoding: {coding}\r\n"), "{}")).await;
        assert_eq!(answer.status, status, "{coding}");
    }
    let answer = ask(app.address, request("GET /api/cached", "Content-Encoding: gzip\r\n", "")).await;
    assert_eq!(answer.status, 200, "there is no body to decode");
}

#[tokio::test]
async fn a_body_that_stops_is_given_up() {
    let mut config = config();
    config.http.body_idle_timeout = Span::millis(200);
    let app = App::start(config).await;
    let mut raw = Raw::open(app.address).await;
    raw.send("POST /api/upload HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc").await;
    let answer = raw.answer().await.unwrap();
    assert_eq!((answer.status, answer.code().as_str()), (408, "request_timeout"));
    assert_eq!(answer.header("connection").as_deref(), Some("close"));
    assert!(raw.is_closed().await);
}

#[tokio::test]
async fn o05_a_body_that_trickles_is_given_up() {
    let mut config = config();
    config.http.body_idle_timeout = Span::millis(300);
    config.http.body_min_rate = Size::kib(1);
    let app = App::start(config).await;
    let mut raw = Raw::open(app.address).await;
    raw.send("POST /api/upload HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n").await;
    // Never idle for long, and yet far below the rate: it does not stop before it is given up.
    let trickle = async {
        loop {
            raw.send("x").await;
            if let Ok(answer) = timeout(Duration::from_millis(60), raw.answer()).await {
                return answer;
            }
        }
    };
    let answer = timeout(DEADLINE, trickle).await.expect("never given up");
    assert_eq!(answer.unwrap().status, 408);
}

#[tokio::test]
async fn a_slow_but_steady_body_arrives() {
    let mut config = config();
    config.http.body_idle_timeout = Span::seconds(3);
    config.http.body_min_rate = Size(1);
    let app = App::start(config).await;
    let mut raw = Raw::open(app.address).await;
    raw.send("POST /api/upload HTTP/1.1\r\nHost: a\r\nContent-Length: 8\r\n\r\n").await;
    // Never idle for that long, also on a busy machine, and yet longer in all.
    for _ in 0..8 {
        raw.send("x").await;
        sleep(Duration::from_millis(500)).await;
    }
    assert_eq!(raw.answer().await.unwrap().text(), "8");
}
