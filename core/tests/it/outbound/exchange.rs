//! What goes over the wire, and what comes back.

use hyper::{Method, Request};

use super::{Names, assert_refused, client, client_with, get, peer::Peer, private};

#[tokio::test]
async fn a_request_arrives_as_it_was_meant() {
    let peer = Peer::answering("HTTP/1.1 201 Created\r\nX-Answer: yes\r\nContent-Length: 5\r\n\r\nhello").await;
    let request = Request::post(peer.url("/token?a=b%20c#fragment"))
        .header("Authorization", "Basic YTpi")
        .header("Content-Type", "application/x-www-form-urlencoded")
        .body(b"code=x".to_vec())
        .unwrap();
    let answer = client(|_| ()).send("test", &private(&[&peer.entry()]), request).await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.body().as_slice()), (201, &b"hello"[..]));
    assert_eq!(answer.headers()["x-answer"], "yes");
    let seen = &peer.requests()[0];
    assert!(seen.starts_with("POST /token?a=b%20c HTTP/1.1\r\n") && seen.ends_with("\r\n\r\ncode=x"), "{seen}");
    for header in [
        format!("host: id.example:{}", peer.port()),
        "authorization: Basic YTpi".to_owned(),
        "content-length: 6".to_owned(),
        "accept-encoding: identity".to_owned(),
        "connection: close".to_owned(),
        format!("user-agent: openclaw-community/{} (+https://community.example)", env!("CARGO_PKG_VERSION")),
    ] {
        assert_eq!(seen.matches(&format!("\r\n{header}\r\n")).count(), 1, "{header} in {seen}");
    }
}

#[tokio::test]
async fn headers_that_are_not_the_callers_are_left_out() {
    let peer = Peer::answering("HTTP/1.1 204 No Content\r\n\r\n").await;
    let theirs = ["host", "connection", "te", "upgrade", "cookie", "expect", "proxy-authorization", "proxy-connection", "accept-encoding"];
    let mut request = Request::get(peer.url("/")).header("User-Agent", "mine/1.0 (by someone)");
    for name in theirs {
        request = request.header(name, "S3cr3tCanary");
    }
    let request = request.header("Transfer-Encoding", "chunked").header("Content-Length", "7").body(Vec::new()).unwrap();
    client(|_| ()).send("test", &private(&[&peer.entry()]), request).await.unwrap();
    let seen = &peer.requests()[0];
    assert!(!seen.contains("S3cr3tCanary") && !seen.contains("chunked") && !seen.contains("content-length: 7"), "{seen}");
    assert!(seen.contains("user-agent: mine/1.0 (by someone)\r\n"), "{seen}");
}

#[tokio::test]
async fn a_tunnel_is_not_opened() {
    let peer = Peer::answering("HTTP/1.1 200 OK\r\n\r\n").await;
    let request = Request::builder().method(Method::CONNECT).uri(peer.url("/")).body(Vec::new()).unwrap();
    assert_refused(client(|_| ()).send("test", &private(&[&peer.entry()]), request).await, "CONNECT");
    assert!(peer.requests().is_empty());
}

#[tokio::test]
async fn errors_and_odd_answers_are_answers() {
    for (answer, status, body) in [
        ("HTTP/1.1 500 Oh no\r\nContent-Length: 2\r\n\r\nno", 500, "no"),
        ("HTTP/1.1 404 Not Found\r\n\r\nuntil the end", 404, "until the end"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", 200, "hello"),
        ("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 200, ""),
        ("HTTP/1.0 200 OK\r\n\r\nold", 200, "old"),
    ] {
        let peer = Peer::answering(answer).await;
        let got = get(&client(|_| ()), &private(&[&peer.entry()]), &peer.url("/")).await.unwrap();
        assert_eq!((got.status().as_u16(), String::from_utf8_lossy(got.body()).as_ref()), (status, body), "{answer:?}");
    }
}

#[tokio::test]
async fn each_request_has_a_connection_and_a_lookup_of_its_own() {
    let peer = Peer::answering("HTTP/1.1 204 No Content\r\n\r\n").await;
    let names = Names::answering(&[&["127.0.0.1"]]);
    let outbound = client_with(names.clone(), |_| ());
    for _ in 0..3 {
        get(&outbound, &private(&[&peer.entry()]), &peer.url("/")).await.unwrap();
    }
    assert_eq!((names.asked(), peer.requests().len()), (3, 3));
}
