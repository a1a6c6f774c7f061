//! Uploads: what is taken, what is kept of it, and how it is served.

mod basics;

use crate::support::{Answer, Client};

/// What separates the fields of [`form`].
pub const BOUNDARY: &str = "----a-boundary";

/// A form with one file in the field `file`.
pub fn form(name: &str, content: &[u8]) -> Vec<u8> {
    let head = format!(
        "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\nContent-Type: application/octet-stream\r\n\r\n"
    );
    [head.as_bytes(), content, format!("\r\n--{BOUNDARY}--\r\n").as_bytes()].concat()
}

/// Sends a form as it is.
pub async fn send(client: &Client, form: Vec<u8>) -> Answer {
    client.call("POST", "/api/upload").header("content-type", format!("multipart/form-data; boundary={BOUNDARY}")).body(form).send().await
}

/// Uploads a file.
pub async fn upload(client: &Client, content: &[u8]) -> Answer {
    send(client, form("picture.png", content)).await
}

/// A small PNG: a red pixel.
pub const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x02\0\0\0\x90wS\xde\0\0\0\x0cIDATx\x9cc\xf8\xcf\xc0\0\0\x03\x01\x01\0\xc9\xfe\x92\xef\0\0\0\0IEND\xaeB`\x82";
