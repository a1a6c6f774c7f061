//! A store that is away, slow, full or out of its mind: the client is told in time, and nothing half done is ever seen.

use std::{
    fs,
    time::{Duration, Instant},
};

use community::config::{Config, Span};

use super::{Backend, Place, files::*, list, store_test, storing::sized_pdf, upload, url};
use crate::support::{Client, Damage, Db, Form, eventually, free_port};

/// What anybody may have to wait for an answer, with something for a busy machine.
const PATIENCE: Duration = Duration::from_secs(15 + 10);

/// One upload that must be refused in time.
async fn refused(client: &Client, file: &[u8], what: &str) {
    let began = Instant::now();
    let answer = Form::of(file).call(client).send().await;
    assert!(began.elapsed() < PATIENCE, "{what} took {:?}", began.elapsed());
    assert!(answer.header("retry-after").is_some(), "{what}: {:?}", answer.headers);
    let body = answer.expect_error(503, "upload_unavailable");
    for secret in ["127.0.0.1", "http", "Damaged", "SlowDown", "AKIA", "opendal"] {
        assert!(!body.to_string().contains(secret), "{what}: {body}");
    }
}

/// The first line of a request in each stage of storing a small file and a large one.
fn stages() -> [(&'static str, Vec<u8>); 4] {
    let large = || sized_pdf(9 << 20);
    [("PUT ", png(&picture(4, 4)).whole()), ("?uploads", large()), ("partNumber=", large()), ("?uploadId=", large())]
}

store_test! {
    remote:
    async fn e11_whatever_the_store_answers_a_file_that_is_not_there_has_no_address(db, backend) {
        let place = Place::start(db, backend).await;
        let ann = place.server.member("Ann").await.client;
        for (stage, file) in stages() {
            let answers = [(500, "InternalError"), (503, "SlowDown"), (403, "AccessDenied"), (404, "NoSuchBucket"), (400, "RequestTimeout"), (302, "Found")];
            for (status, code) in answers {
                place.wire().damage(Damage::Answer(status, code), stage);
                refused(&ann, &file, &format!("{status} to {stage}")).await;
            }
            place.wire().damage(Damage::HalfRequest, stage);
            refused(&ann, &file, &format!("half a request at {stage}")).await;
            place.wire().heal();
        }
        assert!(list(&ann).await.is_empty());
        assert_eq!(place.keys().await, [""; 0]);
        // One fault is nothing to tell anybody.
        for (stage, file) in stages() {
            for damage in [Damage::Answer(503, "SlowDown"), Damage::Answer(500, "InternalError"), Damage::Late(Duration::from_millis(300))] {
                place.wire().damage_times(damage, stage, 1);
                let answer = upload(&ann, &file).await;
                assert!(place.audit(&url(&answer)).await.0 == file, "{damage:?} at {stage}");
            }
        }
        assert_eq!(place.keys().await.len(), list(&ann).await.len());
        place.stop().await;
    }

    async fn e11_an_answer_that_was_lost_is_no_false_promise(db, backend) {
        let mut place = Place::start(db, backend).await;
        let ann = place.server.member("Ann").await.client;
        for (stage, file) in stages() {
            place.wire().damage(Damage::LostAnswer, stage);
            refused(&ann, &file, &format!("answers lost at {stage}")).await;
        }
        place.wire().heal();
        assert!(list(&ann).await.is_empty());
        // The objects are there, although nobody knows; the janitor finds them.
        crate::stores::janitor::clean(&mut place).await;
        eventually("no object without an upload", || async { place.keys().await.is_empty().then_some(()) }).await;
        place.stop().await;
    }

    async fn e11_a_store_that_says_nothing_is_given_up(db, backend) {
        let place = Place::start(db, backend).await;
        let ann = place.server.member("Ann").await.client;
        place.wire().damage(Damage::Silence, "");
        let file = png(&picture(4, 4)).whole();
        let large = sized_pdf(9 << 20);
        tokio::join!(refused(&ann, &file, "a silent store"), refused(&ann, &large, "a silent store, a large file"));
        // Everything else goes on.
        ann.get("/api/uploads").await.expect(200);
        ann.get("/api/me").await.expect(200);
        place.wire().heal();
        let answer = upload(&ann, &file).await;
        place.audit(&url(&answer)).await;
        place.stop().await;
    }

    async fn e11_the_time_that_a_store_has_for_a_file_is_counted_together(db, backend) {
        for (timeout, fits) in [(3, false), (20, true)] {
            let place = Place::start_with(db, backend, |config| config.uploads.store_timeout = Span::seconds(timeout)).await;
            let ann = place.server.member("Ann").await.client;
            let file = sized_pdf(9 << 20);
            // Each of the two parts is in time.
            place.wire().damage(Damage::Late(Duration::from_millis(1800)), "partNumber=");
            if fits {
                upload(&ann, &file).await;
            } else {
                refused(&ann, &file, "a store that is slow twice").await;
            }
            place.stop().await;
        }
    }

    async fn e11_a_store_that_is_not_there_costs_an_answer_and_no_start(db, backend) {
        let nowhere: [fn(&mut Config); 3] = [
            |config| config.uploads.endpoint = Some(format!("http://127.0.0.1:{}", free_port()).parse().unwrap()),
            |config| config.uploads.endpoint = Some("http://store.invalid".parse().unwrap()),
            |config| config.uploads.bucket = Some("no-such-bucket".to_owned()),
        ];
        for change in nowhere {
            let place = Place::begin_with(db, backend, change).await;
            let ann = place.server.member("Ann").await.client;
            refused(&ann, &png(&picture(4, 4)).whole(), "a store that is not there").await;
            assert!(list(&ann).await.is_empty());
            place.server.client().get("/readyz").await.expect(200);
            place.stop().await;
        }
    }
}

#[tokio::test]
async fn e11_a_folder_that_is_gone_costs_an_answer_and_works_again_when_it_is_back() {
    let place = Place::start(Db::Sqlite, Backend::Fs).await;
    let ann = place.server.member("Ann").await.client;
    let file = png(&picture(4, 4)).whole();
    let first = upload(&ann, &file).await;
    let (folder, aside) = (place.folder(), place.folder().with_extension("aside"));
    fs::rename(&folder, &aside).unwrap();
    fs::write(&folder, "no folder").unwrap();
    refused(&ann, &file, "a file in place of the folder").await;
    place.fetch(&url(&first)).await.expect_error(404, "not_found");
    fs::remove_file(&folder).unwrap();
    fs::rename(&aside, &folder).unwrap();
    place.audit(&url(&first)).await;
    place.audit(&url(&upload(&ann, &file).await)).await;
    place.stop().await;
}

#[tokio::test]
async fn without_a_store_the_answer_is_503() {
    let none = |config: &mut Config| config.uploads.backend = community::config::UploadsBackend::None;
    let place = Place::begin_with(Db::Sqlite, Backend::Fs, none).await;
    let ann = place.server.member("Ann").await.client;
    Form::of(&png(&picture(4, 4)).whole()).call(&ann).send().await.expect_error(503, "upload_unavailable");
    place.server.client().call("POST", "/api/upload").send().await.expect_error(401, "login_required");
    assert!(list(&ann).await.is_empty());
    place.stop().await;
}
