//! What is removed from a file on its way in, and what is kept.

use image::ImageDecoder;

use super::*;
use crate::support::{Db, TestServer};

/// A RIFF container with its length put right.
fn riff(chunks: &[Vec<u8>]) -> Vec<u8> {
    let content = chunks.concat();
    [b"RIFF".as_slice(), &u32::try_from(content.len() + 4).unwrap().to_le_bytes(), b"WEBP", &content].concat()
}

fn riff_chunk(name: &[u8], payload: &[u8]) -> Vec<u8> {
    let padding = if payload.len().is_multiple_of(2) { [].as_slice() } else { &[0] };
    [name, u32::try_from(payload.len()).unwrap().to_le_bytes().as_slice(), payload, padding].concat()
}

/// A segment of a JPEG.
fn segment(marker: u8, payload: &[u8]) -> Vec<u8> {
    [&[0xff, marker], u16::try_from(payload.len() + 2).unwrap().to_be_bytes().as_slice(), payload].concat()
}

/// A picture of 6 × 4 with metadata that says a lot, and things behind its end; all of it mentions Ann.
fn telling(format: ImageFormat, orientation: u8) -> Vec<u8> {
    let plain = file(6, 4, format);
    let noted = match format {
        ImageFormat::Jpeg => {
            let exif = segment(0xe1, &[b"Exif\0\0", metadata(orientation).as_slice()].concat());
            let xmp = segment(0xe1, b"http://ns.adobe.com/xap/1.0/\0<x>Ann</x>");
            with(&plain, 2, &[exif, xmp, segment(0xed, b"Photoshop 3.0\0Ann"), segment(0xfe, b"by Ann"), segment(0xe5, b"Ann")].concat())
        }
        ImageFormat::Png => {
            let text = [
                chunk(b"tEXt", b"Author\0Ann"),
                chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0Ann"),
                chunk(b"tIME", &[7, 0xea, 6, 1, 12, 0, 0]),
                chunk(b"anNn", b"Ann"),
            ];
            with(&with(&plain, 33, &text.concat()), 33, &chunk(b"eXIf", &metadata(orientation)))
        }
        ImageFormat::Gif => {
            with(&plain, plain.len() - 1, &[b"\x21\xfe\x06by Ann\0".as_slice(), b"\x21\xff\x0bXMP DataXMP\x03Ann\0"].concat())
        }
        _ => {
            let flags = [0x1c, 0, 0, 0, 5, 0, 0, 3, 0, 0];
            riff(&[
                riff_chunk(b"VP8X", &flags),
                plain[12..].to_vec(),
                riff_chunk(b"EXIF", &metadata(orientation)),
                riff_chunk(b"XMP ", b"<x>Ann</x>"),
                riff_chunk(b"anNn", b"Ann"),
            ])
        }
    };
    [noted, b"<script>Ann</script>".to_vec()].concat()
}

fn turned(bytes: &[u8], format: ImageFormat) -> image::metadata::Orientation {
    let mut decoder = image::ImageReader::with_format(Cursor::new(bytes), format).into_decoder().unwrap();
    decoder.orientation().unwrap()
}

#[tokio::test]
async fn e16_metadata_and_what_follows_a_picture_are_removed() {
    let server = TestServer::start(Db::Sqlite).await;
    let ann = server.member("Ann").await.client;
    for format in FORMATS {
        for orientation in [1, 3, 6] {
            let telling = telling(format, orientation);
            assert!(has(&telling, b"Ann"));
            let (answer, stored) = passed(&ann, &telling).await;
            assert!(
                !has(&stored, b"Ann") && !has(&stored, b"script") && !has(&stored, b"tIME"),
                "{format:?}: {}",
                String::from_utf8_lossy(&stored)
            );
            let orientation = if format == ImageFormat::Gif { 1 } else { orientation };
            assert_eq!(turned(&stored, format).to_exif(), orientation, "{format:?}");
            let shown = (answer["width"].as_u64().unwrap(), answer["height"].as_u64().unwrap());
            assert_eq!(shown, if orientation == 6 { (4, 6) } else { (6, 4) }, "{format:?}");
            let picture = image::load_from_memory_with_format(&stored, format).unwrap();
            assert_eq!((picture.width(), picture.height()), (6, 4), "{format:?}");
        }
    }
    server.stop().await;
}

#[tokio::test]
async fn e05_a_pdf_is_stored_byte_for_byte_or_not_at_all() {
    let server = TestServer::start(Db::Sqlite).await;
    let ann = server.member("Ann").await.client;
    let bare = PDF.trim_ascii_end();
    for end in ["", "\n", "\r\n", "\n\n", "\r", " \r\n", "\0\0\0"] {
        let signed = [bare, end.as_bytes()].concat();
        assert!(passed(&ann, &signed).await.1 == signed, "{end:?} became something else");
    }
    let largest = with(bare, bare.len() - 5, &vec![b'%'; (10 << 20) - bare.len()]);
    assert!(passed(&ann, &largest).await.1 == largest, "the largest became something else");
    for more in [b"PK\x03\x04 a hidden archive".as_slice(), b"\n<script>"] {
        upload(&ann, &[PDF, more].concat()).await.expect_error(400, "invalid_request");
    }
    server.stop().await;
}

#[tokio::test]
async fn pictures_stay_the_same_in_whatever_pieces_they_come() {
    let server = TestServer::start(Db::Sqlite).await;
    let ann = server.member("Ann").await.client;
    for format in FORMATS {
        let content = telling(format, 6);
        let (_, whole) = passed(&ann, &content).await;
        let form = form(&[field("file", "x", &content)]);
        let pieces: Vec<Result<Vec<u8>, std::io::Error>> = form.chunks(7).map(|piece| Ok(piece.to_vec())).collect();
        let body = reqwest::Body::wrap_stream(futures_util::stream::iter(pieces));
        let content_type = format!("multipart/form-data; boundary={BOUNDARY}");
        let answer = ann.call("POST", "/api/upload").header("content-type", content_type).body(body).send().await.expect(200).json();
        assert_eq!(ann.get(answer["url"].as_str().unwrap()).await.expect(200).body, whole, "{format:?}");
    }
    server.stop().await;
}
