//! HTTP by hand, for requests that no client library would send.

use std::net::SocketAddr;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use super::DEADLINE;

/// A connection on which a test writes what it likes.
pub struct Raw {
    stream: TcpStream,
    unread: Vec<u8>,
}

/// What came back: as much as could be read before the answer was whole or the connection closed.
#[derive(Debug)]
pub struct RawAnswer {
    /// The status code; 0 if there was no HTTP answer.
    pub status: u16,
    /// Status line and headers as sent.
    pub head: String,
    /// The body as sent (of a chunked one everything that came).
    pub body: Vec<u8>,
    /// True if the server closed the connection.
    pub closed: bool,
}

impl Raw {
    /// Connects.
    pub async fn connect(address: SocketAddr) -> Self {
        Self { stream: TcpStream::connect(address).await.unwrap(), unread: Vec::new() }
    }

    /// Writes bytes; false if the server has closed the connection.
    pub async fn send(&mut self, bytes: &[u8]) -> bool {
        self.stream.write_all(bytes).await.is_ok()
    }

    /// Says that nothing more will be sent.
    pub async fn finish(&mut self) {
        self.stream.shutdown().await.unwrap();
    }

    /// Reads the next answer.
    pub async fn answer(&mut self) -> RawAnswer {
        let mut closed = false;
        loop {
            if let Some(answer) = self.take_answer(closed) {
                return answer;
            }
            closed = !self.fill().await;
        }
    }

    /// Waits until the server closes the connection, and gives what it still sent.
    pub async fn closed(&mut self) -> Vec<u8> {
        while self.fill().await {}
        std::mem::take(&mut self.unread)
    }

    /// Reads more; false at the end of the connection.
    async fn fill(&mut self) -> bool {
        let mut buffer = vec![0; 16 * 1024];
        match timeout(DEADLINE, self.stream.read(&mut buffer)).await {
            Ok(Ok(0) | Err(_)) => false,
            Ok(Ok(count)) => {
                self.unread.extend_from_slice(&buffer[..count]);
                true
            }
            Err(_) => panic!("the server neither answered nor closed the connection: {:?}", String::from_utf8_lossy(&self.unread)),
        }
    }

    /// The answer, if it is whole or nothing more can come.
    fn take_answer(&mut self, closed: bool) -> Option<RawAnswer> {
        let end = self.unread.windows(4).position(|window| window == b"\r\n\r\n").map(|at| at + 4);
        let Some(end) = end else {
            return closed.then(|| RawAnswer { status: 0, head: String::new(), body: std::mem::take(&mut self.unread), closed });
        };
        let head = String::from_utf8_lossy(&self.unread[..end]).into_owned();
        let length: Option<usize> = header(&head, "content-length").and_then(|length| length.parse().ok());
        let chunked = header(&head, "transfer-encoding").is_some();
        let body_end = match length {
            Some(length) if self.unread.len() >= end + length => end + length,
            None if !chunked && !closed => end,
            None if self.unread.ends_with(b"\r\n0\r\n\r\n") => self.unread.len(),
            _ if closed => self.unread.len(),
            _ => return None,
        };
        let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0);
        let body = self.unread[end..body_end].to_vec();
        self.unread.drain(..body_end);
        Some(RawAnswer { status, head, body, closed })
    }
}

impl RawAnswer {
    /// A header by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        header(&self.head, name)
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let lines = head.lines().filter_map(|line| line.split_once(':'));
    lines.into_iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
}
