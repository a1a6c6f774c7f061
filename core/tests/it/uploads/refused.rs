//! What is not taken, and that nothing of it stays.

use std::{fs, path::Path};

use super::*;
use crate::support::{Db, TestServer};

/// Every file below `folder`, but for those that come and go by themselves.
pub fn files(folder: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    entries
        .flat_map(|entry| {
            let path = entry.unwrap().path();
            if path.is_dir() { files(&path) } else { vec![path.display().to_string()] }
        })
        .filter(|path| !path.contains("owner-") && !path.contains("-small."))
        .collect()
}

#[tokio::test]
async fn e02_e04_e08_what_is_no_file_or_of_another_type_is_refused() {
    let server = TestServer::start(Db::Sqlite).await;
    let ann = server.member("Ann").await.client;
    let png = file(6, 4, ImageFormat::Png);
    let one = |content: &[u8]| form(&[field("file", "x.png", content)]);
    let mut many = vec![field("other", "x", b"x"); 20];
    many.push(field("file", "x.png", &png));
    let whole = one(&png);
    for (case, body) in [
        ("nothing", Vec::new()),
        ("no field", form(&[])),
        ("another field", form(&[field("other", "x.png", &png)])),
        ("empty", one(b"")),
        ("text", one(b"hello")),
        ("html", one(b"<!doctype html><script>alert(1)</script>")),
        ("svg", one(b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>")),
        ("program", one(b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0")),
        ("bitmap", one(&[b"BM".as_slice(), &[0; 80]].concat())),
        ("late PDF", one(&[b"\n\n".as_slice(), PDF].concat())),
        ("two files", form(&[field("file", "x.png", &png), field("file", "y.png", &png)])),
        ("many fields", form(&many)),
        ("long name", form(&[field(&"n".repeat(64 << 10), "x.png", &png)])),
        ("not closed", whole[..whole.len() - 20].to_vec()),
        ("cut off", whole[..whole.len() / 2].to_vec()),
        ("preamble", [vec![b'x'; 1 << 20], whole.clone()].concat()),
    ] {
        let answer = send(&ann, body).await;
        assert_eq!(answer.status, 400, "{case}: {}", answer.text());
        answer.expect_error(400, "invalid_request");
    }
    for content_type in
        ["multipart/form-data", "application/json", "text/plain", &format!("multipart/form-data; boundary={}", "b".repeat(71))]
    {
        ann.call("POST", "/api/upload")
            .header("content-type", content_type)
            .body(whole.clone())
            .send()
            .await
            .expect_error(400, "invalid_request");
    }
    ann.call("POST", "/api/upload").send().await.expect_error(400, "invalid_request");
    send(&ann, form(&[field("note", "", b"before"), field("file", "x.png", &png), field("note", "", b"after")])).await.expect(200);
    assert_eq!(files(&server.config.uploads_directory()).len(), 1);
    server.stop().await;
}

#[tokio::test]
async fn e06_pictures_that_would_not_fit_into_memory_are_refused() {
    let server = TestServer::start_with(Db::Sqlite, |config| config.uploads.max_frames = 4).await;
    let ann = server.member("Ann").await.client;
    let mut png = file(6, 4, ImageFormat::Png);
    png[16..24].copy_from_slice(&[0, 0, 0xff, 0xff, 0, 0, 0xff, 0xff]);
    let mut jpeg = file(6, 4, ImageFormat::Jpeg);
    let frame = jpeg.windows(2).position(|window| window == [0xff, 0xc0]).unwrap();
    jpeg[frame + 5..frame + 9].fill(0xff);
    let mut gif = file(6, 4, ImageFormat::Gif);
    gif[6..10].fill(0xff);
    let mut webp = file(6, 4, ImageFormat::WebP);
    webp[21..25].fill(0xff);
    let gif_frames = file(6, 4, ImageFormat::Gif);
    let body = gif_frames.iter().position(|byte| *byte == 0x2c).unwrap();
    let frames = [&gif_frames[..body], &gif_frames[body..gif_frames.len() - 1].repeat(5), &[0x3b]].concat();
    for (case, content) in [("png", png), ("jpeg", jpeg), ("gif", gif), ("webp", webp), ("frames", frames)] {
        let answer = upload(&ann, &content).await;
        assert_eq!(answer.status, 400, "{case}: {}", answer.text());
    }
    assert_eq!(files(&server.config.uploads_directory()), Vec::<String>::new());
    server.stop().await;
}

#[tokio::test]
async fn e05_what_is_not_complete_is_refused() {
    let server = TestServer::start_with(Db::Sqlite, |config| config.limits.enabled = false).await;
    let ann = server.member("Ann").await.client;
    for (name, content) in
        FORMATS.map(|format| (format!("{format:?}"), file(6, 4, format))).into_iter().chain([("PDF".to_owned(), PDF.to_vec())])
    {
        for length in (1..content.len() - 2).step_by(content.len() / 12 + 1) {
            let answer = upload(&ann, &content[..length]).await;
            assert_eq!(answer.status, 400, "{name} cut at {length} of {}: {}", content.len(), answer.text());
        }
    }
    assert_eq!(files(&server.config.uploads_directory()), Vec::<String>::new());
    server.stop().await;
}

db_test! {
    async fn e03_ten_mebibytes_are_taken_and_not_one_byte_more(db) {
        let server = TestServer::start(db).await;
        let ann = server.member("Ann").await.client;
        let png = file(6, 4, ImageFormat::Png);
        let filled = |size: usize| with(&png, 33, &chunk(b"iCCP", &vec![7; size - png.len() - 12]));
        let (answer, _) = passed(&ann, &filled(10 << 20)).await;
        assert_eq!(answer["size"].as_u64(), Some(10 << 20));
        upload(&ann, &filled((10 << 20) + 1)).await.expect_error(413, "payload_too_large");
        // What would be cut off counts as well.
        upload(&ann, &[png, vec![0; 10 << 20]].concat()).await.expect_error(413, "payload_too_large");
        assert_eq!(files(&server.config.uploads_directory()).len(), 1);
        server.stop().await;
    }

    async fn e13_a_day_has_its_quota(db) {
        let server = TestServer::start_with(db, |config| config.limits.uploads_per_day = 2).await;
        let (ann, bob) = (server.member("Ann").await.client, server.member("Bob").await.client);
        let id = upload(&ann, PDF).await.expect(200).json()["id"].as_str().unwrap().to_owned();
        upload(&ann, b"refused").await.expect(400);
        server.clock.advance(std::time::Duration::from_hours(1));
        upload(&ann, PDF).await.expect(200);
        ann.delete(&format!("/api/uploads/{id}")).await.expect(200);
        let refusal = upload(&ann, PDF).await.expect_error(429, "rate_limited");
        assert_eq!(refusal["retryAfter"].as_u64(), Some(23 * 3600), "{refusal}");
        upload(&bob, PDF).await.expect(200);
        server.clock.advance(std::time::Duration::from_hours(23));
        upload(&ann, PDF).await.expect(200);
        server.stop().await;
    }

    async fn e13_bytes_are_counted_as_well(db) {
        let server = TestServer::start_with(db, |config| config.limits.upload_bytes_per_day = community::config::Size::kib(1)).await;
        let ann = server.member("Ann").await.client;
        upload(&ann, PDF).await.expect(200);
        upload(&ann, &[PDF, &[b' '; 1000]].concat()).await.expect_error(429, "rate_limited");
        server.stop().await;
    }

    async fn a_server_without_a_store_says_so(db) {
        let server = TestServer::start_with(db, |config| config.uploads.backend = community::config::UploadsBackend::None).await;
        let ann = server.member("Ann").await.client;
        upload(&ann, PDF).await.expect_error(503, "upload_unavailable");
        server.client().call("POST", "/api/upload").send().await.expect_error(401, "login_required");
        server.stop().await;
    }

    async fn e11_a_store_that_is_down_costs_a_503_and_nothing_else(db) {
        let server = TestServer::start_with(db, |config| config.uploads.directory = Some("/proc/nowhere".into())).await;
        let ann = server.member("Ann").await.client;
        upload(&ann, PDF).await.expect_error(503, "upload_unavailable");
        assert_eq!(ann.get("/api/uploads").await.expect(200).json()["uploads"], Value::Array(Vec::new()));
        server.stop().await;
    }
}
