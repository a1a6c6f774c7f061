//! Answers without end, and other answers that want to be expensive.

use std::time::Duration;

use community::{
    config::{OutboundSection, Size, Span},
    outbound::{ErrorKind, OutboundError},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{Instant, MissedTickBehavior, interval},
};

use super::{client, get, peer::Peer, private};
use crate::support::{DEADLINE, eventually};

/// Short bounds, so that a test need not wait for long ones.
fn short(section: &mut OutboundSection) {
    section.connect_timeout = Span::millis(400);
    section.timeout = Span::millis(400);
}

/// How a request to `peer` fails. Afterwards nothing is left of the connection.
async fn failure(peer: &Peer, change: impl FnOnce(&mut OutboundSection)) -> OutboundError {
    let begun = Instant::now();
    let error = get(&client(change), &private(&[&peer.entry()]), &peer.url("/?code=S3cr3tCanary")).await.unwrap_err();
    assert!(begun.elapsed() < DEADLINE && !error.to_string().contains("S3cr3tCanary"), "{error}");
    eventually("the connection to be closed", || async { (peer.open() == 0).then_some(()) }).await;
    error
}

/// Writes `piece` for ever, and waits in between if `pause` is not zero. Ends when the client closes.
async fn drip(mut stream: TcpStream, piece: &[u8], pause: Duration) {
    let mut clock = interval(pause.max(Duration::from_micros(1)));
    clock.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        if !pause.is_zero() {
            clock.tick().await;
        }
        if stream.write_all(piece).await.is_err() {
            return;
        }
    }
}

/// Says nothing until the client closes.
async fn silence(mut stream: TcpStream) {
    let _ = stream.read_to_end(&mut Vec::new()).await;
}

#[tokio::test]
async fn p10_a_body_without_end_is_cut_at_the_cap() {
    let chunk = format!("400\r\n{}\r\n", "x".repeat(0x400)).into_bytes();
    for head in ["HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n"] {
        let chunk = chunk.clone();
        let peer = Peer::start(move |mut stream: TcpStream| {
            let chunk = chunk.clone();
            async move {
                stream.write_all(head.as_bytes()).await.unwrap();
                drip(stream, &chunk, Duration::ZERO).await;
            }
        })
        .await;
        let error = failure(&peer, |_| ()).await;
        assert_eq!(error.kind, ErrorKind::TooLarge, "{error}");
        assert!(error.to_string().contains("256 KiB"), "{error}");
    }
}

#[tokio::test]
async fn p10_ten_gigabytes_are_not_even_begun() {
    let peer = Peer::start(|mut stream: TcpStream| async move {
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\n").await.unwrap();
        silence(stream).await;
    })
    .await;
    assert_eq!(failure(&peer, |_| ()).await.kind, ErrorKind::TooLarge);
}

#[tokio::test]
async fn p10_a_body_may_be_as_long_as_the_cap() {
    for (length, fits) in [(1024, true), (1025, false)] {
        let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{}", "x".repeat(length));
        let peer = Peer::answering(answer).await;
        let outbound = client(|section| section.max_response = Size::kib(1));
        let outcome = get(&outbound, &private(&[&peer.entry()]), &peer.url("/")).await;
        assert_eq!(outcome.is_ok_and(|answer| answer.body().len() == length), fits, "{length}");
    }
}

#[tokio::test]
async fn p10_a_trickle_and_silence_end_in_time() {
    let trickle = Peer::start(|mut stream: TcpStream| async move {
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n").await.unwrap();
        drip(stream, b"x", Duration::from_millis(50)).await;
    })
    .await;
    assert_eq!(failure(&trickle, short).await.kind, ErrorKind::Timeout);
    let slow_head = Peer::start(|stream| drip(stream, b"H", Duration::from_millis(500))).await;
    assert_eq!(failure(&slow_head, short).await.kind, ErrorKind::Timeout);
    let silent = Peer::start(silence).await;
    assert_eq!(failure(&silent, short).await.kind, ErrorKind::Timeout);
    let preliminary = Peer::start(|stream| drip(stream, b"HTTP/1.1 100 Continue\r\n\r\n", Duration::from_millis(5))).await;
    assert_eq!(failure(&preliminary, short).await.kind, ErrorKind::Timeout);
}

#[tokio::test]
async fn p10_a_head_without_end_is_cut_at_the_cap() {
    let many = format!("HTTP/1.1 200 OK\r\n{}\r\n", "a: b\r\n".repeat(100_000));
    let some = format!("HTTP/1.1 200 OK\r\n{}Content-Length: 0\r\n\r\n", "a: b\r\n".repeat(100));
    let long = format!("HTTP/1.1 200 OK\r\na: {}\r\n\r\n", "b".repeat(40 << 10));
    for head in [many, some, long] {
        let peer = Peer::answering(head).await;
        let error = failure(&peer, |_| ()).await;
        assert_eq!(error.kind, ErrorKind::TooLarge, "{error}");
    }
    let endless = Peer::start(|mut stream: TcpStream| async move {
        stream.write_all(b"HTTP/1.1 200 OK\r\na: ").await.unwrap();
        drip(stream, &[b'b'; 1000], Duration::ZERO).await;
    })
    .await;
    assert_eq!(failure(&endless, |_| ()).await.kind, ErrorKind::TooLarge);
}

#[tokio::test]
async fn p10_what_is_compressed_stays_compressed() {
    // Ten bytes of it would be a kilobyte of zeros.
    let bomb = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\x63\x60\x18\x05\xa3\x60\x14\x0c\x77\x00\x00";
    let mut answer = format!("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n", bomb.len()).into_bytes();
    answer.extend(bomb);
    let peer = Peer::answering(answer).await;
    let answer = get(&client(|_| ()), &private(&[&peer.entry()]), &peer.url("/")).await.unwrap();
    assert_eq!(answer.body(), bomb);
    assert!(peer.requests()[0].contains("accept-encoding: identity\r\n"));
}

#[tokio::test]
async fn p10_what_is_not_http_or_ends_early_is_no_answer() {
    for broken in [
        "",
        "SSH-2.0-OpenSSH_9.2\r\n",
        "HTTP/1.1 200 OK\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        "HTTP/1.1 200 OK\r\nbad header\r\n\r\n",
        "HTTP/2 200\r\n\r\n",
    ] {
        let peer = Peer::answering(broken).await;
        let error = failure(&peer, |_| ()).await;
        assert_eq!(error.kind, ErrorKind::Protocol, "{broken:?}: {error}");
    }
}

#[tokio::test]
async fn p10_only_so_many_requests_run_at_the_same_time() {
    let peer = Peer::start(|mut stream: TcpStream| async move {
        tokio::task::yield_now().await;
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await.unwrap();
        silence(stream).await;
    })
    .await;
    let (outbound, allowed) = (client(|section| section.concurrency = 2), private(&[&peer.entry()]));
    let answers = futures_util::future::join_all((0..10).map(|_| async { get(&outbound, &allowed, &peer.url("/")).await })).await;
    assert!(answers.iter().all(Result::is_ok));
    // Of a connection that was just closed the peer may not know yet.
    assert!(peer.most_open() <= 4, "{}", peer.most_open());
}

#[tokio::test]
async fn p10_bots_leave_a_quarter_to_people_who_sign_in() {
    let (stalled, well) = (Peer::start(silence).await, Peer::answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await);
    let outbound = client(|section| section.concurrency = 4);
    let allowed = private(&[&stalled.entry(), &well.entry()]);
    let bots: Vec<_> = (0..8)
        .map(|_| {
            let (outbound, allowed, url) = (outbound.clone(), allowed.clone(), stalled.url("/"));
            let request = hyper::Request::get(url).body(Vec::new()).unwrap();
            tokio::spawn(async move { outbound.send_for_bot("bot", DEADLINE, &allowed, request).await })
        })
        .collect();
    eventually("the bots to wait", || async { (stalled.most_open() == 3).then_some(()) }).await;
    get(&outbound, &allowed, &well.url("/")).await.unwrap();
    assert_eq!(stalled.most_open(), 3);
    bots.iter().for_each(tokio::task::JoinHandle::abort);
}

#[tokio::test]
async fn p10_waiting_for_a_turn_counts_as_time() {
    let peer = Peer::start(silence).await;
    // Half of it is for the turn, which is far apart from the whole also on a busy machine.
    let outbound = client(|section| {
        section.timeout = Span::seconds(4);
        section.concurrency = 1;
    });
    let allowed = private(&[&peer.entry()]);
    let url = peer.url("/");
    let (one, two) = tokio::join!(get(&outbound, &allowed, &url), get(&outbound, &allowed, &url));
    let mut kinds = [one, two].map(|outcome| format!("{:?}", outcome.unwrap_err().kind));
    kinds.sort();
    assert_eq!(kinds, ["Busy", "Timeout"], "that it was not asked is not the other server's fault");
    assert_eq!(peer.most_open(), 1);
}
