//! What happens when the server is asked to stop.

use std::time::{Duration, Instant};

use community::config::Span;
use tokio::net::TcpStream;

use super::{
    app::{App, config},
    raw::{Raw, request},
};
use crate::support::eventually;

#[tokio::test]
async fn o16_requests_in_flight_finish_and_nothing_new_is_accepted() {
    let mut config = config();
    config.http.shutdown_timeout = Span::seconds(5);
    let app = App::start(config).await;
    let mut idle = Raw::open(app.address).await;
    idle.send(request("GET /api/cached", "", "")).await;
    idle.answer().await.unwrap();

    let mut raw = Raw::open(app.address).await;
    raw.send(request("GET /api/slow", "", "")).await;
    app.traces.begun.notified().await;
    app.stop.cancel();
    assert!(idle.is_closed().await, "an idle connection is closed at once");
    // A process that another test is starting may still have the socket for a moment.
    eventually("nothing new to be accepted", || async { TcpStream::connect(app.address).await.is_err().then_some(()) }).await;
    app.traces.go_on.notify_one();
    let answer = raw.answer().await.unwrap();
    assert_eq!((answer.text().as_str(), answer.header("connection").as_deref()), ("done", Some("close")));
    assert!(raw.is_closed().await);
    app.ended().await;
}

#[tokio::test]
async fn o16_what_does_not_finish_in_time_is_cut() {
    let app = App::start(config()).await;
    let mut raw = Raw::open(app.address).await;
    raw.send(request("GET /api/slow", "", "")).await;
    app.traces.begun.notified().await;
    let started = Instant::now();
    app.stop.cancel();
    app.ended().await;
    assert!(started.elapsed() < Duration::from_secs(3));
    assert!(raw.is_closed().await);
}

#[tokio::test]
async fn o16_many_requests_in_flight_all_finish() {
    let mut config = config();
    config.http.shutdown_timeout = Span::seconds(5);
    let app = App::start(config).await;
    let mut open = Vec::new();
    for _ in 0..100 {
        let mut raw = Raw::open(app.address).await;
        raw.send(request("GET /api/slow", "", "")).await;
        app.traces.begun.notified().await;
        open.push(raw);
    }
    app.stop.cancel();
    app.traces.go_on.notify_waiters();
    for raw in &mut open {
        assert_eq!(raw.answer().await.unwrap().status, 200);
    }
    app.ended().await;
}
