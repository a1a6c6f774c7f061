//! Uploads: what is taken, what is kept of it, and how it is served.

mod basics;
mod cleaning;
mod leftovers;
mod refused;
mod serving;
mod thumbnails;

use std::io::Cursor;

use image::{DynamicImage, ImageFormat, Rgba, RgbaImage};
use serde_json::Value;

use crate::support::{Answer, Client};

/// What separates the fields of [`form`].
pub const BOUNDARY: &str = "----a-boundary";

/// A field of a form.
pub fn field(name: &str, file: &str, content: &[u8]) -> Vec<u8> {
    let head = format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"{file}\"\r\n\r\n");
    [head.as_bytes(), content, b"\r\n"].concat()
}

/// A form with these fields.
pub fn form(fields: &[Vec<u8>]) -> Vec<u8> {
    [fields.concat().as_slice(), format!("--{BOUNDARY}--\r\n").as_bytes()].concat()
}

/// Sends a form as it is.
pub async fn send(client: &Client, form: Vec<u8>) -> Answer {
    client.call("POST", "/api/upload").header("content-type", format!("multipart/form-data; boundary={BOUNDARY}")).body(form).send().await
}

/// Uploads a file.
pub async fn upload(client: &Client, content: &[u8]) -> Answer {
    send(client, form(&[field("file", "picture.png", content)])).await
}

/// Uploads a file that is taken, and fetches it from where it is; gives the answer and the bytes.
pub async fn passed(client: &Client, content: &[u8]) -> (Value, Vec<u8>) {
    let answer = upload(client, content).await.expect(200).json();
    let file = client.get(answer["url"].as_str().unwrap()).await.expect(200);
    assert_eq!(answer["size"].as_u64(), Some(file.body.len() as u64));
    (answer, file.body)
}

/// A picture in which no two corners look alike, opaque or not.
pub fn picture(width: u32, height: u32, alpha: u8) -> DynamicImage {
    let colour = |x: u32, y: u32| Rgba([if x < width / 2 { 255 } else { 0 }, if y < height / 2 { 255 } else { 0 }, 40, alpha]);
    RgbaImage::from_fn(width, height, colour).into()
}

/// The same as a file.
pub fn file(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    let picture = picture(width, height, 255);
    let picture = if format == ImageFormat::Jpeg { picture.to_rgb8().into() } else { picture };
    picture.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

/// Every kind of picture.
pub const FORMATS: [ImageFormat; 4] = [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::Gif, ImageFormat::WebP];

/// A PDF as far as anybody looks.
pub const PDF: &[u8] = b"%PDF-1.7\n1 0 obj <</Type /Catalog>> endobj\ntrailer <</Root 1 0 R>>\n%%EOF\n";

/// A chunk of a PNG.
pub fn chunk(name: &[u8], payload: &[u8]) -> Vec<u8> {
    let checksum = crc32fast::hash(&[name, payload].concat());
    [&u32::try_from(payload.len()).unwrap().to_be_bytes(), name, payload, &checksum.to_be_bytes()].concat()
}

/// `file` with `insert` at `at`.
pub fn with(file: &[u8], at: usize, insert: &[u8]) -> Vec<u8> {
    [&file[..at], insert, &file[at..]].concat()
}

/// Metadata with a place, an author and this orientation.
pub fn metadata(orientation: u8) -> Vec<u8> {
    let mut tiff =
        b"MM\0*\0\0\0\x08\0\x02\x01\x12\0\x03\0\0\0\x01\0\0\0\0\x01\x3b\0\x02\0\0\0\x0e\0\0\0\x26\0\0\0\0\0Ann at N48.2 E16\0".to_vec();
    tiff[19] = orientation;
    tiff
}

/// Whether `text` is anywhere in `bytes`.
pub fn has(bytes: &[u8], text: &[u8]) -> bool {
    bytes.windows(text.len()).any(|window| window == text)
}
