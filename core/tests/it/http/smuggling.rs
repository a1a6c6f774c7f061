//! Bytes that two parsers could read in two ways, and bytes that are not HTTP/1.1 at all.

use super::{
    app::{App, Traces, config},
    raw::{Raw, ask, request},
};

/// What a smuggled request would run.
const SMUGGLED: &str = "POST /api/rooms/r-1/join HTTP/1.1\r\nHost: community.example\r\nContent-Length: 0\r\n\r\n";

/// Headers that two parsers could read in two ways.
const AMBIGUOUS: [(&str, &str); 13] = [
    ("a transfer coding that is not chunked", "Transfer-Encoding: xchunked\r\n"),
    ("chunked, but not last", "Transfer-Encoding: chunked, identity\r\n"),
    ("a folded header", "X-One: a\r\n b\r\n"),
    ("a space before the colon", "Transfer-Encoding : chunked\r\n"),
    ("two lengths", "Content-Length: 5\r\nContent-Length: 6\r\n"),
    ("a length with a sign", "Content-Length: +5\r\n"),
    ("a length in hexadecimal", "Content-Length: 0x5\r\n"),
    ("a negative length", "Content-Length: -1\r\n"),
    ("a list of lengths", "Content-Length: 5, 6\r\n"),
    ("a control character", "X-One: a\u{1}b\r\n"),
    ("a NUL", "X-One: a\0b\r\n"),
    ("a lone CR", "X-One: a\rX-Two: b\r\n"),
    ("a header without a name", ": a\r\n"),
];

/// Both ways to say how long a body is.
const CHUNKS_AND_LENGTH: [&str; 2] =
    ["Content-Length: 4\r\nTransfer-Encoding: chunked\r\n", "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n"];

/// Chunks that end somewhere, but where?
const MALFORMED_CHUNKS: [&str; 4] = ["zz\r\nab\r\n0\r\n\r\n", "2\r\nabcd\r\n0\r\n\r\n", "ffffffffffffffffff\r\n", "2;\nab\r\n0\r\n\r\n"];

/// Everything above as whole connections: what a proxy in front of the server gets to read.
pub fn corpus() -> Vec<(String, Vec<u8>)> {
    let post =
        |head: &str, rest: &str| format!("POST /api/upload HTTP/1.1\r\nHost: community.example\r\n{head}\r\n{rest}{SMUGGLED}").into_bytes();
    let ambiguous = AMBIGUOUS.iter().map(|(what, head)| ((*what).to_owned(), post(head, "")));
    let lengths = CHUNKS_AND_LENGTH.iter().map(|head| (format!("{head:?}"), post(head, "0\r\n\r\n")));
    let chunks = MALFORMED_CHUNKS.iter().map(|chunks| (format!("{chunks:?}"), post("Transfer-Encoding: chunked\r\n", chunks)));
    let length = SMUGGLED.len();
    let bodies = ["\r\n", "\n"].map(|end| {
        let head = ["GET /api/cached HTTP/1.1", "Host: community.example", &format!("Content-Length: {length}"), "", ""].join(end);
        (format!("a GET with a body, lines ended by {end:?}"), (head + SMUGGLED).into_bytes())
    });
    ambiguous.chain(lengths).chain(chunks).chain(bodies).collect()
}

#[tokio::test]
async fn c11_ambiguous_requests_are_refused_and_end_the_connection() {
    let app = App::start(config()).await;
    for (what, head) in AMBIGUOUS {
        let mut raw = Raw::open(app.address).await;
        raw.send(format!("POST /api/upload HTTP/1.1\r\nHost: community.example\r\n{head}\r\n{SMUGGLED}")).await;
        let answer = raw.answer().await.unwrap_or_else(|| panic!("{what}: closed without an answer"));
        assert_eq!(answer.status, 400, "{what}");
        assert!(raw.is_closed().await, "{what}: the connection goes on");
    }
    assert_eq!(Traces::count(&app.traces.joins), 0);
}

#[tokio::test]
async fn c11_a_length_beside_chunks_does_not_hide_a_request() {
    let app = App::start(config()).await;
    for headers in CHUNKS_AND_LENGTH {
        let mut raw = Raw::open(app.address).await;
        raw.send(format!("POST /api/upload HTTP/1.1\r\nHost: community.example\r\n{headers}\r\n0\r\n\r\n{SMUGGLED}")).await;
        let answer = raw.answer().await.unwrap();
        // Chunks win, as RFC 9112 says, and what follows them is not taken for a request.
        assert_eq!(answer.text(), "0");
        assert_eq!(answer.header("connection").as_deref(), Some("close"));
        assert!(raw.is_closed().await);
    }
    assert_eq!(Traces::count(&app.traces.joins), 0);
}

#[tokio::test]
async fn c11_malformed_chunks_end_the_connection() {
    let app = App::start(config()).await;
    for chunks in MALFORMED_CHUNKS {
        let mut raw = Raw::open(app.address).await;
        raw.send(format!("POST /api/upload HTTP/1.1\r\nHost: community.example\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}{SMUGGLED}"))
            .await;
        let answer = raw.answer().await.unwrap();
        assert_eq!(answer.status, 400, "{chunks}");
        assert!(raw.is_closed().await, "{chunks}");
    }
    assert_eq!(Traces::count(&app.traces.joins), 0);
}

#[tokio::test]
async fn c11_a_get_may_have_a_body_which_is_not_the_next_request() {
    let app = App::start(config()).await;
    let mut raw = Raw::open(app.address).await;
    let body = format!("Content-Length: {}\r\n\r\n{SMUGGLED}", SMUGGLED.len());
    raw.send(format!("GET /api/cached HTTP/1.1\r\nHost: community.example\r\n{body}")).await;
    assert_eq!(raw.answer().await.unwrap().status, 200);
    raw.send(request("GET /api/id", "Connection: close\r\n", "")).await;
    if let Some(answer) = raw.answer().await {
        assert_ne!(answer.status, 303);
    }
    assert_eq!(Traces::count(&app.traces.joins), 0);
}

#[tokio::test]
async fn c11_a_bare_line_feed_separates_no_headers_differently_for_us_than_for_a_proxy() {
    let app = App::start(config()).await;
    // RFC 9112 lets a recipient take a bare LF as the end of a line; what matters is that no second request comes out.
    let mut raw = Raw::open(app.address).await;
    raw.send(format!("GET /api/cached HTTP/1.1\nHost: community.example\nContent-Length: {}\n\n{SMUGGLED}", SMUGGLED.len())).await;
    let answer = raw.answer().await.unwrap();
    assert!(matches!(answer.status, 200 | 400));
    assert_eq!(Traces::count(&app.traces.joins), 0);
}

#[tokio::test]
async fn c12_other_protocols_are_refused() {
    let app = App::start(config()).await;
    let hello = [&[0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3][..], &[7; 64], b"\r\n\r\n"].concat();
    for (what, bytes) in [
        ("HTTP/0.9", b"GET /api/cached\r\n\r\n".to_vec()),
        ("HTTP/2 with prior knowledge", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec()),
        ("HTTP/3 in name", b"GET / HTTP/3.0\r\nHost: a\r\n\r\n".to_vec()),
        ("a TLS hello", hello),
        ("noise", vec![0, 1, 2, 3, 13, 10, 13, 10]),
    ] {
        let mut raw = Raw::open(app.address).await;
        raw.send(bytes).await;
        if let Some(answer) = raw.answer().await {
            assert_eq!(answer.status, 400, "{what}");
        }
        assert!(raw.is_closed().await, "{what}");
    }
    assert_eq!(ask(app.address, request("GET /api/cached", "", "")).await.status, 200);
}

#[tokio::test]
async fn c13_line_breaks_in_input_make_no_headers() {
    let app = App::start(config()).await;
    for path in ["/api/posts/x%0d%0aSet-Cookie:%20a=b", "/api/page?limit=%0d%0aSet-Cookie:%20a=b", "/api/%0d%0aSet-Cookie:%20a=b"] {
        let answer = ask(app.address, request(&format!("GET {path}"), "X-Request-Id: a%0d%0aSet-Cookie: a=b\r\n", "")).await;
        assert!(answer.status >= 400);
        assert_eq!(answer.header("set-cookie"), None, "{path}");
    }
}

#[tokio::test]
async fn a34_heads_have_a_largest_size() {
    let app = App::start(config()).await;
    let answer = ask(app.address, request("GET /api/me", &format!("Cookie: community_sid={}\r\n", "x".repeat(17 << 10)), "")).await;
    assert_eq!(answer.status, 431);
    let many = "X-One: a\r\n".repeat(80);
    assert_eq!(ask(app.address, request("GET /api/me", &many, "")).await.status, 431);
    let answer = ask(app.address, request("GET /api/me", &format!("Cookie: a={}\r\n", "x".repeat(8 << 10)), "")).await;
    assert_eq!((answer.status, answer.code().as_str()), (431, "headers_too_large"));
    assert_eq!(ask(app.address, request("GET /api/me", &format!("Cookie: a={}\r\n", "x".repeat(7 << 10)), "")).await.status, 401);
}
