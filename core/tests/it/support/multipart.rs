//! Forms as browsers send them, and as no browser would.

use super::{Call, Client};

const BOUNDARY: &str = "----community-test-7MA4YWxkTrZu0gW";

/// A `multipart/form-data` body in the making.
#[derive(Debug, Clone, Default)]
pub struct Form(Vec<u8>);

impl Form {
    /// A form with this one file, as `curl -F file=@…` sends it.
    pub fn of(file: &[u8]) -> Self {
        Self::default().file("photo.png", "application/octet-stream", file)
    }

    /// One more part with the field name `file`.
    #[must_use]
    pub fn file(self, name: &str, kind: &str, bytes: &[u8]) -> Self {
        self.part(format!("Content-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\nContent-Type: {kind}"), bytes)
    }

    /// One more field of text.
    #[must_use]
    pub fn field(self, name: &str, text: &str) -> Self {
        self.part(format!("Content-Disposition: form-data; name=\"{name}\""), text.as_bytes())
    }

    /// One more part with headers as they are, without the blank line.
    #[must_use]
    pub fn part(mut self, headers: impl AsRef<[u8]>, bytes: &[u8]) -> Self {
        self.0.extend_from_slice(format!("--{BOUNDARY}\r\n").as_bytes());
        for piece in [headers.as_ref(), b"\r\n\r\n", bytes, b"\r\n"] {
            self.0.extend_from_slice(piece);
        }
        self
    }

    /// The parts of another one after these.
    #[must_use]
    pub fn merge(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// The whole body.
    pub fn body(self) -> Vec<u8> {
        [self.0, format!("--{BOUNDARY}--\r\n").into_bytes()].concat()
    }

    /// The body as it is so far, without an end.
    pub fn unfinished(self) -> Vec<u8> {
        self.0
    }

    /// The content type that goes with the body.
    pub fn kind() -> String {
        format!("multipart/form-data; boundary={BOUNDARY}")
    }

    /// A request with this form.
    pub fn call(self, client: &Client) -> Call {
        client.call("POST", "/api/upload").header("content-type", Self::kind()).body(self.body())
    }
}
