//! Requests written byte by byte, and answers taken apart for looking at.

use std::{net::SocketAddr, time::Duration};

use tokio::time::timeout;

use crate::support::{self, RawAnswer};

/// An answer as it came.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    fn new(raw: RawAnswer) -> Self {
        let lines = raw.head.lines().skip(1).filter_map(|line| line.split_once(": "));
        let headers: Vec<_> = lines.map(|(name, value)| (name.to_lowercase(), value.to_owned())).collect();
        let chunked = headers.iter().any(|(name, _)| name == "transfer-encoding");
        let body = if chunked { unchunked(&raw.body) } else { raw.body };
        Self { status: raw.status, headers, body }
    }

    /// The values of a header, joined.
    pub fn header(&self, name: &str) -> Option<String> {
        let values: Vec<&str> = self.headers.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str()).collect();
        (!values.is_empty()).then(|| values.join(", "))
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    /// The `code` of the one shape of errors, after checking that it is that shape.
    pub fn code(&self) -> String {
        let body: serde_json::Value = serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("not JSON: {self:?}"));
        assert_eq!(body["ok"], false, "{body}");
        assert!(body["error"].as_str().is_some_and(|sentence| sentence.ends_with('.')), "{body}");
        assert_eq!(self.header("content-type").as_deref(), Some("application/json; charset=utf-8"));
        body["code"].as_str().unwrap().to_owned()
    }

    /// The sentence of the one shape of errors.
    pub fn sentence(&self) -> String {
        let body: serde_json::Value = serde_json::from_slice(&self.body).unwrap();
        body["error"].as_str().unwrap().to_owned()
    }
}

/// One connection.
pub struct Raw(support::Raw);

impl Raw {
    pub async fn open(address: SocketAddr) -> Self {
        Self(support::Raw::connect(address).await)
    }

    /// Sends; false if the server has closed the connection.
    pub async fn send(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        self.0.send(bytes.as_ref()).await
    }

    /// The next answer; `None` if the connection ends before one began.
    pub async fn answer(&mut self) -> Option<Answer> {
        let answer = self.0.answer().await;
        (answer.status != 0).then(|| Answer::new(answer))
    }

    /// Waits until the server closes; false if it sends anything before.
    pub async fn is_closed(&mut self) -> bool {
        self.rest().await.is_empty()
    }

    /// The same with an end to the patience.
    pub async fn is_closed_within(&mut self, patience: Duration) -> bool {
        timeout(patience, self.is_closed()).await.unwrap_or(false)
    }

    /// All that the server still sends until it closes.
    pub async fn rest(&mut self) -> Vec<u8> {
        self.0.closed().await
    }
}

/// The data in a body sent in chunks.
fn unchunked(mut chunks: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    while let Some(end) = chunks.windows(2).position(|window| window == b"\r\n") {
        let size = usize::from_str_radix(str::from_utf8(&chunks[..end]).unwrap(), 16).unwrap();
        body.extend(&chunks[end + 2..end + 2 + size]);
        chunks = &chunks[end + 2 + size + 2..];
    }
    body
}

/// One request on a connection of its own.
pub async fn ask(address: SocketAddr, request: impl AsRef<[u8]>) -> Answer {
    let mut raw = Raw::open(address).await;
    raw.send(request).await;
    raw.answer().await.expect("the connection was closed without an answer")
}

/// The text of a request with these headers, each ended with `\r\n`.
pub fn request(line: &str, headers: &str, body: &str) -> String {
    let length = if body.is_empty() && line.starts_with("GET") { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
    // Without this, nobody could tell where an answer ends whose length is that of a body that does not come.
    let close = if line.starts_with("HEAD") { "Connection: close\r\n" } else { "" };
    format!("{line} HTTP/1.1\r\nHost: community.example\r\n{headers}{close}{length}\r\n{body}")
}

/// A POST with a JSON body.
pub fn json(path: &str, headers: &str, body: &str) -> String {
    request(&format!("POST {path}"), &format!("Content-Type: application/json\r\n{headers}"), body)
}
