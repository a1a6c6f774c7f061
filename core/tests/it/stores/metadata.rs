//! What a picture says about its owner stays with its owner.

use image::{ImageDecoder, ImageReader};

use super::{Place, files::*, store_test, upload, url};

/// The picture as it is shown, turned as its file says.
fn shown(bytes: &[u8]) -> image::DynamicImage {
    let mut decoder = ImageReader::new(std::io::Cursor::new(bytes)).with_guessed_format().unwrap().into_decoder().unwrap();
    let orientation = decoder.orientation().unwrap();
    let mut image = image::DynamicImage::from_decoder(decoder).unwrap();
    image.apply_orientation(orientation);
    image
}

store_test! {
    async fn e16_place_and_person_are_removed_and_the_picture_looks_the_same(db, backend) {
        let place = Place::start(db, backend).await;
        let ann = place.server.member("Ann").await.client;
        let picture = picture(40, 30);
        for file in [private_png(&picture, 6), private_jpeg(&picture, 6), private_gif(&picture, 3), private_webp(&picture, 6)] {
            let (kind, bytes) = (file.kind, file.whole());
            assert!(bytes.windows(CANARY.len()).any(|window| window == CANARY.as_bytes()), "the file has nothing to hide");
            let answer = upload(&ann, &bytes).await;
            let (stored, facts) = place.audit(&url(&answer)).await;
            // In WebP, whose length stands at its beginning, what is removed leaves its room.
            assert!(stored.len() < bytes.len() || kind == Kind::Webp);
            assert_eq!(answer["size"], stored.len(), "{answer}");
            assert_eq!(facts.orientation, if kind == Kind::Gif { 1 } else { 6 }, "{kind:?}");
            assert_eq!(shown(&stored), shown(&bytes), "{kind:?}");
            assert_eq!(place.fetch(&url(&answer)).await.expect(200).header("content-type"), Some(kind.mime()));
        }
        place.stop().await;
    }
}

#[tokio::test]
async fn e16_every_way_to_turn_a_picture_is_kept() {
    let place = Place::start(crate::support::Db::Sqlite, super::Backend::Fs).await;
    let ann = place.server.member("Ann").await.client;
    let picture = picture(40, 30);
    for orientation in 1..=8 {
        for file in [private_png(&picture, orientation), private_jpeg(&picture, orientation), private_webp(&picture, orientation)] {
            let answer = upload(&ann, &file.whole()).await;
            let (stored, facts) = place.audit(&url(&answer)).await;
            assert_eq!(facts.orientation, orientation, "{:?}", file.kind);
            assert_eq!(shown(&stored), shown(&file.whole()), "{:?} {orientation}", file.kind);
        }
    }
    place.stop().await;
}

#[tokio::test]
async fn e16_an_orientation_that_cannot_be_read_costs_the_picture_nothing_else() {
    let place = Place::start(crate::support::Db::Sqlite, super::Backend::Fs).await;
    let ann = place.server.member("Ann").await.client;
    let picture = picture(40, 30);
    let whole = exif(6);
    let loops = [whole[..8].to_vec(), vec![0xff; 40]].concat();
    for broken in [Vec::new(), whole[..7].to_vec(), whole[..20].to_vec(), exif(0), exif(9), loops, CANARY.repeat(900).into_bytes()] {
        let framed = [b"Exif\0\0".to_vec(), broken.clone()].concat();
        let files = [png(&picture).with(2, vec![chunk(b"eXIf", &broken)]), jpeg(&picture).with(2, vec![segment(0xe1, &framed)])];
        for file in files {
            let answer = upload(&ann, &file.whole()).await;
            assert_eq!(place.audit(&url(&answer)).await.1.orientation, 1);
        }
    }
    place.stop().await;
}
