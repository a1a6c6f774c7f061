//! What `community doctor` says about the store.

use std::fs;

use super::Backend;
use crate::support::{Binary, Damage, Db, ObjectStores, StoreKind, Wire};

/// The line about uploads, and whether the doctor found all well.
async fn ask(binary: &Binary) -> (String, bool) {
    let output = binary.run(&["doctor"], "").await;
    let report = String::from_utf8(output.stdout).unwrap();
    let line = report
        .lines()
        .find(|line| line.split_at(9).1.starts_with("uploads"))
        .unwrap_or_else(|| panic!("nothing about uploads in:\n{report}"));
    (line.to_owned(), output.status.success())
}

#[tokio::test]
async fn the_doctor_writes_reads_and_removes_an_object() {
    let stores = ObjectStores::shared().await;
    for (backend, store) in [(Backend::S3, StoreKind::S3), (Backend::OssV1, StoreKind::Oss), (Backend::OssV4, StoreKind::Oss)] {
        let (bucket, wire) = (stores.bucket(store).await, Wire::to(stores.port(store)).await);
        let mut settings = super::crash::of_bucket(&bucket).await;
        settings.push(("COMMUNITY_UPLOADS__ENDPOINT", format!("http://127.0.0.1:{}", wire.port)));
        settings.push(("COMMUNITY_UPLOADS__BACKEND", if store == StoreKind::S3 { "s3" } else { "oss" }.to_owned()));
        settings.push(("COMMUNITY_UPLOADS__SIGNATURE", if backend == Backend::OssV1 { "v1" } else { "v4" }.to_owned()));
        let binary = Binary::prepare(Db::Sqlite, &settings).await;
        let (line, well) = ask(&binary).await;
        assert!(well && line.starts_with("ok"), "{line}");
        for method in ["PUT ", "GET ", "DELETE "] {
            assert!(wire.requests().iter().any(|request| request.starts_with(method)), "no {method}: {:?}", wire.requests());
        }
        assert!(bucket.look().await.objects.iter().all(|object| !object.key.contains("probe")), "the probe is still there");
        for (stage, damage) in [
            ("PUT ", Damage::Answer(403, "AccessDenied")),
            ("GET ", Damage::Answer(403, "AccessDenied")),
            ("PUT ", Damage::Answer(404, "NoSuchBucket")),
        ] {
            wire.damage(damage, stage);
            let (line, well) = ask(&binary).await;
            assert!(!well && line.starts_with("FAILED"), "{damage:?} at {stage}: {line}");
            let (_, secret) = stores.key();
            assert!(!line.contains(secret), "{line}");
            assert!(bucket.look().await.objects.is_empty(), "the probe is still there after {damage:?} at {stage}");
        }
        binary.stop().await;
    }
}

#[tokio::test]
async fn the_doctor_looks_at_the_folder() {
    let binary = Binary::prepare(Db::Sqlite, &[]).await;
    let (line, _) = ask(&binary).await;
    assert!(line.starts_with("ok"), "{line}");
    let folder = binary.folder().join("data/uploads");
    assert!(!folder.exists(), "it would belong to whoever asked the doctor");
    fs::write(&folder, "no folder").unwrap();
    let (line, well) = ask(&binary).await;
    assert!(!well && line.starts_with("FAILED"), "{line}");
    binary.stop().await;
    let binary = Binary::prepare(Db::Sqlite, &[("COMMUNITY_UPLOADS__DIRECTORY", "/proc/nope/uploads".to_owned())]).await;
    let (line, well) = ask(&binary).await;
    assert!(!well && line.starts_with("FAILED"), "{line}");
    binary.stop().await;
}

#[tokio::test]
async fn without_a_store_the_doctor_says_so() {
    let binary = Binary::prepare(Db::Sqlite, &[("COMMUNITY_UPLOADS__BACKEND", "none".to_owned())]).await;
    let (line, well) = ask(&binary).await;
    assert!(well && !line.starts_with("FAILED"), "{line}");
    binary.stop().await;
}
