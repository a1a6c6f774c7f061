//! Small versions of pictures.

use std::sync::Arc;

use community::{
    config::UploadsBackend,
    outbound::SystemResolver,
    uploads::{objects::Objects, thumbnails::Thumbnails},
};
use sea_orm::ConnectionTrait;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::support::{DEADLINE, Db, Log, TestServer, eventually};

/// Waits for the small version of the newest upload and fetches it.
async fn small(client: &Client) -> Answer {
    let url = eventually("a small version", || async {
        client.get("/api/uploads").await.json()["uploads"][0]["thumbnailUrl"].as_str().map(str::to_owned)
    });
    client.get(&url.await).await.expect(200)
}

db_test! {
    async fn a_picture_gets_a_small_version(db) {
        let server = TestServer::start(db).await;
        let ann = server.member("Ann").await.client;
        for format in FORMATS {
            upload(&ann, &file(600, 300, format)).await.expect(200);
            let small = small(&ann).await;
            assert_eq!(small.header("content-type"), Some("image/jpeg"), "{format:?}");
            let picture = image::load_from_memory(&small.body).unwrap();
            assert_eq!((picture.width(), picture.height()), (512, 256), "{format:?}");
        }
        let list = ann.get("/api/uploads").await.json();
        let path = format!("/api/uploads/{}", list["uploads"][0]["id"].as_str().unwrap());
        ann.delete(&path).await.expect(200);
        ann.get(list["uploads"][0]["thumbnailUrl"].as_str().unwrap()).await.expect(404);
        server.stop().await;
    }
}

#[tokio::test]
async fn pictures_that_cannot_be_read_hold_up_no_other() {
    let server = TestServer::start(Db::Sqlite).await;
    let ann = server.member("Ann").await.client;
    let png = file(6, 4, ImageFormat::Png);
    // More than are taken for an outage, all of them older than the others.
    for _ in 0..4 {
        let answer = upload(&ann, &png).await.expect(200).json();
        small(&ann).await;
        let path = server.config.uploads_directory().join(answer["url"].as_str().unwrap().split_once("/uploads/").unwrap().1);
        std::fs::remove_file(&path).unwrap();
        std::fs::create_dir(&path).unwrap();
    }
    server.database().connect().await.execute_unprepared("UPDATE uploads SET thumbnail = 'wanted'").await.unwrap();
    eventually("a small version of a later picture", || async {
        upload(&ann, &png).await.expect(200);
        let list = ann.get("/api/uploads").await.json();
        list["uploads"].as_array().unwrap().iter().any(|upload| upload["thumbnailUrl"].is_string()).then_some(())
    })
    .await;
    server.stop().await;
}

#[tokio::test]
async fn without_a_store_nobody_waits_for_pictures() {
    let server = TestServer::start(Db::Sqlite).await;
    let ann = server.member("Ann").await.client;
    upload(&ann, &file(6, 4, ImageFormat::Png)).await.expect(200);
    small(&ann).await;
    server.database().connect().await.execute_unprepared("UPDATE uploads SET thumbnail = 'wanted'").await.unwrap();
    let mut config = server.config.clone();
    config.uploads.backend = UploadsBackend::None;
    let objects = Objects::new(&Arc::new(config), Arc::new(SystemResolver), None).unwrap();
    let (log, _guard) = Log::begin();
    let working = Thumbnails::new(server.store().await.clone(), objects, u64::MAX).run(CancellationToken::new());
    assert!(timeout(DEADLINE, working).await.is_ok(), "it looks for pictures again and again");
    assert!(log.lines("a picture has to wait for its small version").is_empty(), "{}", log.text());
    server.stop().await;
}

#[tokio::test]
async fn what_shines_through_goes_on_shining_through() {
    let server = TestServer::start(Db::Sqlite).await;
    let ann = server.member("Ann").await.client;
    let mut bytes = Cursor::new(Vec::new());
    picture(40, 20, 100).write_to(&mut bytes, ImageFormat::Png).unwrap();
    upload(&ann, bytes.get_ref()).await.expect(200);
    let small = small(&ann).await;
    assert_eq!(small.header("content-type"), Some("image/png"));
    assert_eq!(image::load_from_memory(&small.body).unwrap().to_rgba8(), picture(40, 20, 100).to_rgba8());
    server.stop().await;
}

#[tokio::test]
async fn a_turned_picture_has_an_upright_small_version() {
    let server = TestServer::start(Db::Sqlite).await;
    let ann = server.member("Ann").await.client;
    let exif = [b"\xff\xe1\0\x4b".as_slice(), b"Exif\0\0", &metadata(6)].concat();
    let exif = [&exif[..2], &u16::try_from(exif.len() - 2).unwrap().to_be_bytes(), &exif[4..]].concat();
    upload(&ann, &with(&file(64, 32, ImageFormat::Jpeg), 2, &exif)).await.expect(200);
    let picture = image::load_from_memory(&small(&ann).await.body).unwrap().to_rgb8();
    assert_eq!((picture.width(), picture.height()), (32, 64));
    // What was at the lower left is at the upper left now.
    assert!(picture.get_pixel(4, 4).0[0] > 200 && picture.get_pixel(4, 4).0[1] < 60, "{:?}", picture.get_pixel(4, 4));
    server.stop().await;
}

#[tokio::test]
async fn a_picture_that_cannot_be_decoded_keeps_working() {
    let mut server = TestServer::start(Db::Sqlite).await;
    let ann = server.member("Ann").await.client;
    let png = file(6, 4, ImageFormat::Png);
    let data = png.windows(4).position(|window| window == b"IDAT").unwrap();
    let length = usize::try_from(u32::from_be_bytes(png[data - 4..data].try_into().unwrap())).unwrap();
    let broken = [&png[..data - 4], &chunk(b"IDAT", &[0x55; 20]), &png[data + length + 8..]].concat();
    let url = upload(&ann, &broken).await.expect(200).json()["url"].as_str().unwrap().to_owned();
    upload(&ann, &png).await.expect(200);
    small(&ann).await;
    let list = ann.get("/api/uploads").await.json();
    assert_eq!((&list["uploads"][1]["thumbnailUrl"], list["uploads"][1]["url"].as_str()), (&Value::Null, Some(url.as_str())));
    ann.get(&url).await.expect(200);
    server.restart().await;
    server.stop().await;
}
