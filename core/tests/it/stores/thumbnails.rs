//! Small versions of pictures.

use image::DynamicImage;
use serde_json::Value;

use super::{Backend, Place, files::*, list, store_test, upload, url};
use crate::support::{Client, Db, eventually};

async fn place(db: Db, backend: Backend) -> Place {
    Place::start_with(db, backend, |config| {
        config.limits.enabled = false;
        config.uploads.thumbnail_megapixels = 24;
    })
    .await
}

/// The address of the newest upload's small version, when it is there.
async fn small(client: &Client, upload: &Value) -> String {
    let made = || async {
        let uploads = list(client).await;
        let found = uploads.iter().find(|other| other["id"] == upload["id"]).unwrap();
        found["thumbnailUrl"].as_str().map(str::to_owned)
    };
    eventually("a small version", made).await
}

/// The small version itself.
async fn shown(place: &Place, client: &Client, upload: &Value) -> (DynamicImage, String) {
    let address = small(client, upload).await;
    let answer = place.fetch(&address).await.expect(200);
    let kind = answer.header("content-type").unwrap().to_owned();
    assert_eq!(audit::audit(&answer.body).unwrap().orientation, 1);
    (image::load_from_memory(&answer.body).unwrap(), kind)
}

/// The colour at a corner: red grows to the right, green downwards.
fn corner(image: &DynamicImage, right: bool, bottom: bool) -> (bool, bool) {
    let image = image.to_rgb8();
    let pixel = image.get_pixel(if right { image.width() - 1 } else { 0 }, if bottom { image.height() - 1 } else { 0 });
    (pixel[0] > 128, pixel[1] > 128)
}

store_test! {
    async fn a_picture_gets_a_small_version_a_moment_later(db, backend) {
        let place = place(db, backend).await;
        let ann = place.server.member("Ann").await.client;
        let large = picture(1024, 600);
        for file in [png(&large), private_jpeg(&large, 1), gif(&large, 1), webp(&large)] {
            let answer = upload(&ann, &file.whole()).await;
            assert_eq!(answer["thumbnailUrl"], Value::Null, "it is made afterwards");
            let (image, kind) = shown(&place, &ann, &answer).await;
            assert_eq!((image.width(), image.height()), (512, 300), "{:?}", file.kind);
            assert_eq!(kind, "image/jpeg", "{:?}", file.kind);
        }
        // What can be seen through stays so.
        let mut clear = large.to_rgba8();
        clear.get_pixel_mut(0, 0)[3] = 0;
        let answer = upload(&ann, &png(&clear.into()).whole()).await;
        let (image, kind) = shown(&place, &ann, &answer).await;
        assert_eq!((kind.as_str(), image.color().has_alpha()), ("image/png", true));
        // With the picture goes its small version.
        let address = small(&ann, &answer).await;
        ann.delete(&format!("/api/uploads/{}", answer["id"].as_str().unwrap())).await.expect(200);
        place.fetch(&address).await.expect(404);
        assert_eq!(place.keys().await.len(), 8);
        place.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn small_versions_are_turned_as_the_picture_is_shown() {
    let place = place(Db::Sqlite, Backend::Fs).await;
    let ann = place.server.member("Ann").await.client;
    let answer = upload(&ann, &private_jpeg(&picture(1024, 600), 6).whole()).await;
    assert_eq!((&answer["width"], &answer["height"]), (&600.into(), &1024.into()), "as it is shown");
    let (image, _) = shown(&place, &ann, &answer).await;
    assert_eq!((image.width(), image.height()), (300, 512));
    // Turned to the right by a quarter: what was at the bottom left is at the top left.
    assert_eq!(corner(&image, false, false), (false, true));
    assert_eq!(corner(&image, true, false), (false, false));
    assert_eq!(corner(&image, false, true), (true, true));
    place.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn e06_what_cannot_be_decoded_has_no_small_version_and_holds_nobody_up() {
    let place = place(Db::Sqlite, Backend::Fs).await;
    let ann = place.server.member("Ann").await.client;
    // Correct to the eye of the container, but nothing for a decoder; more pixels than are decoded; bombs.
    let mut scrambled = jpeg(&picture(64, 64));
    let scan = scrambled.pieces.len() - 2;
    scrambled.pieces[scan].fill(0x5a);
    let broken = [
        png_claiming(40, 40).whole(),
        scrambled.whole(),
        gif_frames(512).whole(),
        png_claiming(10_000, 5_000).whole(),
        png_claiming(800, 800).with(2, vec![chunk(b"IDAT", &bomb(1 << 20))]).whole(),
        png(&picture(8, 8)).with(2, vec![chunk(b"iCCP", &[b"x\0\0".to_vec(), bomb(1 << 20)].concat())]).whole(),
    ];
    let mut kept = Vec::new();
    for file in &broken {
        kept.push(upload(&ann, file).await);
    }
    let good = upload(&ann, &png(&picture(600, 600)).whole()).await;
    small(&ann, &good).await;
    for answer in kept {
        place.fetch(&url(&answer)).await.expect(200);
    }
    // Decoders differ in what they make of broken data; of the picture with too many pixels none was asked.
    let listed = list(&ann).await;
    let flood = listed.iter().find(|upload| upload["width"] == 10_000).unwrap();
    assert!(flood["thumbnailUrl"].is_null());
    place.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn e06_a_good_picture_with_too_many_pixels_has_no_small_version() {
    let place = Place::start_with(Db::Sqlite, Backend::Fs, |config| config.uploads.thumbnail_megapixels = 1).await;
    let ann = place.server.member("Ann").await.client;
    let (large, fits) = (upload(&ann, &png(&picture(1200, 1000)).whole()).await, upload(&ann, &png(&picture(1000, 1000)).whole()).await);
    // They have their turns in this order.
    small(&ann, &fits).await;
    let listed = list(&ann).await;
    assert!(listed.iter().find(|upload| upload["id"] == large["id"]).unwrap()["thumbnailUrl"].is_null());
    place.audit(&url(&large)).await;
    place.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn small_versions_that_are_still_to_be_made_are_made_after_a_restart() {
    let mut place = place(Db::Sqlite, Backend::S3).await;
    let ann = place.server.member("Ann").await;
    // The picture is there, but cannot be read again for now.
    place.wire().damage(crate::support::Damage::Answer(503, "SlowDown"), "GET ");
    let answer = upload(&ann.client, &png(&picture(600, 600)).whole()).await;
    eventually("somebody to try", || async {
        place.wire().requests().iter().any(|line| line.starts_with("GET /") && line.contains(".png")).then_some(())
    })
    .await;
    assert_eq!(list(&ann.client).await[0]["thumbnailUrl"], Value::Null);
    place.wire().heal();
    place.server.restart().await;
    let again = place.server.client();
    again.set_cookie(ann.cookie_name, &ann.client.cookie(ann.cookie_name).unwrap());
    let (image, _) = shown(&place, &again, &answer).await;
    assert_eq!(image.width(), 512);
    place.stop().await;
}
