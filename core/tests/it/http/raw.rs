//! A client that sends exactly the bytes it is given.

use std::{net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

/// How long any single step of a test may take.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// An answer as it came.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
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
pub struct Raw {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Raw {
    pub async fn open(address: SocketAddr) -> Self {
        Self { stream: TcpStream::connect(address).await.unwrap(), buffer: Vec::new() }
    }

    /// Sends; a server that has closed already is no failure.
    pub async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        let _ = self.stream.write_all(bytes.as_ref()).await;
    }

    /// The next answer; `None` if the connection ends before one began.
    pub async fn answer(&mut self) -> Option<Answer> {
        timeout(PATIENCE, self.read_answer(true)).await.expect("no answer in time")
    }

    /// The next answer, to a HEAD request.
    pub async fn answer_without_body(&mut self) -> Option<Answer> {
        timeout(PATIENCE, self.read_answer(false)).await.expect("no answer in time")
    }

    /// The next bytes, whatever they are.
    pub async fn bytes(&mut self, count: usize) -> Vec<u8> {
        while self.buffer.len() < count {
            assert!(timeout(PATIENCE, self.more()).await.expect("no bytes in time"), "the connection is closed");
        }
        self.take(count)
    }

    /// Waits until the server closes; false if it sends anything before.
    pub async fn is_closed(&mut self) -> bool {
        self.is_closed_within(PATIENCE).await
    }

    pub async fn is_closed_within(&mut self, patience: Duration) -> bool {
        self.buffer.is_empty() && timeout(patience, self.more()).await.is_ok_and(|more| !more)
    }

    async fn read_answer(&mut self, with_body: bool) -> Option<Answer> {
        let end = loop {
            if let Some(end) = self.buffer.windows(4).position(|window| window == b"\r\n\r\n") {
                break end;
            }
            if !self.more().await {
                assert!(self.buffer.is_empty(), "half an answer: {:?}", String::from_utf8_lossy(&self.buffer));
                return None;
            }
        };
        let head = String::from_utf8(self.take(end + 4)).unwrap();
        let mut lines = head.trim_end().split("\r\n");
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let headers =
            lines.map(|line| line.split_once(": ").unwrap()).map(|(name, value)| (name.to_lowercase(), value.to_owned())).collect();
        let mut answer = Answer { status, headers, body: Vec::new() };
        if with_body && !matches!(status, 100..200 | 204 | 304) {
            answer.body = self.read_body(&answer).await;
        }
        Some(answer)
    }

    async fn read_body(&mut self, answer: &Answer) -> Vec<u8> {
        if answer.header("transfer-encoding").is_some() {
            return self.read_chunks().await;
        }
        let length: usize = answer.header("content-length").unwrap().parse().unwrap();
        while self.buffer.len() < length {
            assert!(self.more().await, "half a body");
        }
        self.take(length)
    }

    async fn read_chunks(&mut self) -> Vec<u8> {
        let mut body = Vec::new();
        loop {
            let end = loop {
                match self.buffer.windows(2).position(|window| window == b"\r\n") {
                    Some(end) => break end,
                    None => assert!(self.more().await, "half a chunk"),
                }
            };
            let size = usize::from_str_radix(str::from_utf8(&self.take(end + 2)[..end]).unwrap(), 16).unwrap();
            while self.buffer.len() < size + 2 {
                assert!(self.more().await, "half a chunk");
            }
            body.extend(&self.take(size + 2)[..size]);
            if size == 0 {
                return body;
            }
        }
    }

    fn take(&mut self, length: usize) -> Vec<u8> {
        self.buffer.drain(..length).collect()
    }

    async fn more(&mut self) -> bool {
        let mut bytes = [0; 4096];
        let count = self.stream.read(&mut bytes).await.unwrap_or(0);
        self.buffer.extend(&bytes[..count]);
        count > 0
    }
}

/// One request on a connection of its own.
pub async fn ask(address: SocketAddr, request: impl AsRef<[u8]>) -> Answer {
    let mut raw = Raw::open(address).await;
    let head_only = request.as_ref().starts_with(b"HEAD ");
    raw.send(request).await;
    let answer = if head_only { raw.answer_without_body().await } else { raw.answer().await };
    answer.expect("the connection was closed without an answer")
}

/// The text of a request with these headers, each ended with `\r\n`.
pub fn request(line: &str, headers: &str, body: &str) -> String {
    let length = if body.is_empty() && line.starts_with("GET") { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
    format!("{line} HTTP/1.1\r\nHost: community.example\r\n{headers}{length}\r\n{body}")
}

/// A POST with a JSON body.
pub fn json(path: &str, headers: &str, body: &str) -> String {
    request(&format!("POST {path}"), &format!("Content-Type: application/json\r\n{headers}"), body)
}
