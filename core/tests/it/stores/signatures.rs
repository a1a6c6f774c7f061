//! Requests to a store are signed as it wants them, and another key gets in nowhere.

use community::config::{OssSignature, Secret};

use super::{Backend, Place, files::*, store_test, storing::sized_pdf, upload, url};
use crate::support::{Damage, Db, Form};

#[tokio::test]
async fn oss_is_asked_with_the_signature_that_the_operator_chose() {
    for (backend, used) in [(Backend::OssV1, "v1"), (Backend::OssV4, "v4")] {
        let place = Place::start(Db::Sqlite, backend).await;
        let ann = place.server.member("Ann").await.client;
        upload(&ann, &sized_pdf(9 << 20)).await;
        let answer = upload(&ann, &png(&picture(4, 4)).whole()).await;
        ann.delete(&format!("/api/uploads/{}", answer["id"].as_str().unwrap())).await.expect(200);
        let seen = place.bucket().look().await.seen;
        assert!(seen[used] >= 4, "{seen:?}");
        // The doubtful look whether something is there, and may find that it is not.
        assert!(seen.keys().all(|name| name == used || name == "NoSuchKey"), "{seen:?}");
        place.stop().await;
    }
}

#[tokio::test]
async fn v4_is_what_an_operator_gets_who_says_nothing() {
    let place = Place::start_with(Db::Sqlite, Backend::OssV1, |config| {
        config.uploads.signature = community::config::UploadsSection::default().signature;
    });
    let place = place.await;
    assert_eq!(place.server.config.uploads.signature, OssSignature::V4);
    upload(&place.server.member("Ann").await.client, &pdf().whole()).await;
    assert!(place.bucket().look().await.seen.contains_key("v4"));
    place.stop().await;
}

store_test! {
    remote:
    async fn a_wrong_secret_or_region_is_a_503_and_no_file(db, backend) {
        for change in [("secret", "wrong"), ("region", "eu-central-1")] {
            // V1 knows no region, and this S3 does not look at it.
            if change.0 == "region" && backend != Backend::OssV4 {
                continue;
            }
            let place = Place::begin_with(db, backend, |config| match change {
                ("region", region) => config.uploads.region = Some(region.to_owned()),
                (_, secret) => config.uploads.secret_access_key = Some(Secret::new(secret.to_owned())),
            });
            let place = place.await;
            let ann = place.server.member("Ann").await.client;
            for file in [png(&picture(4, 4)).whole(), sized_pdf(9 << 20)] {
                Form::of(&file).call(&ann).send().await.expect_error(503, "upload_unavailable");
            }
            assert_eq!(place.keys().await, [""; 0]);
            place.stop().await;
        }
    }

    async fn d06_an_attachment_is_never_fetched_from_the_store(db, backend) {
        let place = Place::start(db, backend).await;
        let (ann, bob) = (place.server.member("Ann").await.client, place.server.member("Bob").await.client);
        let address = url(&upload(&ann, &png(&picture(4, 4)).whole()).await);
        // The janitor's first round asks the store, too.
        place.claimed().await;
        let before = place.wire().requests().len();
        // Whoever asks would wait for ever.
        place.wire().damage(Damage::Silence, "");
        let post = bob.post("/api/posts", serde_json::json!({ "title": "Look", "attachments": [address] })).await.expect(200).json();
        assert_eq!(post["post"]["attachments"][0], address.as_str());
        bob.get("/api/posts").await.expect(200);
        place.server.client().get(&format!("/api/posts/{}", post["post"]["id"].as_str().unwrap())).await.expect(200);
        assert_eq!(place.wire().requests().len(), before, "{:?}", place.wire().requests());
        place.stop().await;
    }
}
