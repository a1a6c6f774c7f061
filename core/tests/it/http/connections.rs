//! How many connections there may be, and what becomes of those that do nothing.

use std::{
    net::{SocketAddr, UdpSocket},
    sync::Arc,
    time::{Duration, Instant},
};

use community::{
    config::Span,
    http::{metrics::Metrics, server::Server},
};
use tokio::{net::TcpListener, time::sleep};
use tokio_util::sync::CancellationToken;

use super::{
    app::{App, config, endpoint},
    raw::{Raw, ask, request},
};
use crate::support::DEADLINE;

fn get() -> String {
    request("GET /api/cached", "", "")
}

#[tokio::test]
async fn o05_heads_that_trickle_are_cut_off_and_others_served() {
    let mut config = config();
    // Half of it is enough for everybody else, also on a busy machine.
    let patience = Span::seconds(4);
    config.http.header_read_timeout = patience;
    let app = App::start(config).await;
    let mut slow = Vec::new();
    for _ in 0..200 {
        let mut raw = Raw::open(app.address).await;
        raw.send("GET /api/cached HTTP/1.1\r\nHost: a\r\nX-").await;
        slow.push(raw);
    }
    let started = Instant::now();
    assert_eq!(ask(app.address, get()).await.status, 200);
    assert!(started.elapsed() < patience.0 / 2, "others wait for the slow ones");
    // Another byte does not buy more time.
    sleep(patience.0 / 2).await;
    let again = Instant::now();
    for raw in &mut slow {
        raw.send("a").await;
    }
    for raw in &mut slow {
        assert!(raw.is_closed_within(patience.0).await);
    }
    assert!(again.elapsed() < patience.0, "only after {:?}", again.elapsed());
}

#[tokio::test]
async fn o05_a_connection_that_says_nothing_is_closed() {
    let mut config = config();
    config.http.header_read_timeout = Span::millis(200);
    let app = App::start(config).await;
    assert!(Raw::open(app.address).await.is_closed_within(DEADLINE / 4).await);
}

#[tokio::test]
async fn o06_connections_over_the_cap_wait_and_are_served_later() {
    let mut config = config();
    config.http.max_connections = 2;
    let app = App::start(config).await;
    let (mut first, mut second) = (Raw::open(app.address).await, Raw::open(app.address).await);
    for raw in [&mut first, &mut second] {
        raw.send(get()).await;
        assert_eq!(raw.answer().await.unwrap().status, 200);
    }
    let mut third = Raw::open(app.address).await;
    third.send(get()).await;
    assert!(!third.is_closed_within(Duration::from_millis(200)).await);
    drop(first);
    assert_eq!(third.answer().await.unwrap().status, 200);
}

#[tokio::test]
async fn connections_from_one_address_have_a_cap() {
    let address = outer_address().expect("loopback has no cap: this test needs a machine with another network address");
    let mut config = config();
    config.http.max_connections_per_ip = 3;
    let (stop, metrics) = (CancellationToken::new(), Metrics::new());
    let listener = TcpListener::bind(address).await.unwrap();
    let address = listener.local_addr().unwrap();
    let app = endpoint(&config, &Arc::default(), &metrics);
    let task = tokio::spawn(Server::new(&config.http, &metrics).run(listener, app, stop.clone()));
    let mut held = Vec::new();
    for _ in 0..3 {
        let mut raw = Raw::open(address).await;
        raw.send(get()).await;
        assert_eq!(raw.answer().await.unwrap().status, 200);
        held.push(raw);
    }
    let answer = Raw::open(address).await.answer().await.unwrap();
    assert_eq!((answer.status, answer.code().as_str()), (503, "too_many_connections"));
    assert_eq!(answer.header("retry-after").as_deref(), Some("5"));
    for name in ["content-security-policy", "referrer-policy", "x-frame-options", "cross-origin-resource-policy", "x-content-type-options"]
    {
        assert!(answer.header(name).is_some(), "{name}");
    }
    held.pop();
    sleep(Duration::from_millis(100)).await;
    assert_eq!(ask(address, get()).await.status, 200);
    stop.cancel();
    task.await.unwrap();
}

/// An address of this machine other than loopback, if it has one. Nothing is sent to find it.
fn outer_address() -> Option<SocketAddr> {
    let socket = UdpSocket::bind("0.0.0.0:0").ok()?;
    socket.connect("192.0.2.1:9").ok()?;
    let ip = socket.local_addr().ok()?.ip();
    (!ip.is_loopback() && !ip.is_unspecified()).then(|| SocketAddr::new(ip, 0))
}

#[tokio::test]
async fn an_upgraded_connection_passes_the_layers_and_keeps_its_place() {
    let app = App::start(config()).await;
    let mut raw = Raw::open(app.address).await;
    raw.send(request("GET /socket", "Connection: Upgrade\r\nUpgrade: websocket\r\n", "")).await;
    assert_eq!(raw.answer().await.unwrap().status, 101);
    assert!(app.metrics.text().contains("community_http_connections 1"));
    raw.send("ping").await;
    assert_eq!(raw.rest().await, b"ping");
    drop(raw);
    let started = Instant::now();
    while !app.metrics.text().contains("community_http_connections 0") {
        assert!(started.elapsed() < Duration::from_secs(5), "the place is not given back");
        sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_client_that_does_not_read_is_cut_off() {
    let mut config = config();
    config.http.write_timeout = Span::millis(300);
    let app = App::start(config).await;
    let mut raw = Raw::open(app.address).await;
    raw.send(request("GET /api/flood", "", "")).await;
    sleep(Duration::from_millis(200)).await;
    assert!(app.metrics.text().contains("community_http_connections 1"));
    let started = Instant::now();
    while !app.metrics.text().contains("community_http_connections 0") {
        assert!(started.elapsed() < Duration::from_secs(5), "the connection stays");
        sleep(Duration::from_millis(20)).await;
    }
    drop(raw);
}
