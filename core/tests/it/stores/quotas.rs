//! How much one person may upload.

use std::{convert::Infallible, time::Duration};

use community::config::Size;
use futures_util::{future::join_all, stream};
use reqwest::Body;

use super::{Backend, Place, files::*, list, storing::sized_pdf, upload};
use crate::support::{Form, patient};

const DAY: Duration = Duration::from_secs(24 * 3600);

db_test! {
    async fn e13_files_are_counted_by_the_day(db) {
        let place = Place::start_with(db, Backend::Fs, |config| {
            patient(config);
            config.limits.uploads_per_day = 3;
        })
        .await;
        let (ann, bob) = (place.server.member("Ann").await.client, place.server.member("Bob").await.client);
        let file = png(&picture(4, 4)).whole();
        // At the same moment, and never one too many.
        let answers = join_all((0..20).map(|_| Form::of(&file).call(&ann).send())).await;
        assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 3);
        for answer in answers.into_iter().filter(|answer| answer.status != 200) {
            let wait: u64 = answer.header("retry-after").unwrap().parse().unwrap();
            assert!((86_000..=86_400).contains(&wait), "{wait}");
            assert_eq!(answer.expect_error(429, "rate_limited")["retryAfter"], wait);
        }
        assert_eq!((list(&ann).await.len(), place.keys().await.len()), (3, 3));
        // Removing one gives nothing back: who uploads and removes without end would never be stopped.
        let id = list(&ann).await[0]["id"].as_str().unwrap().to_owned();
        ann.delete(&format!("/api/uploads/{id}")).await.expect(200);
        Form::of(&file).call(&ann).send().await.expect_error(429, "rate_limited");
        upload(&bob, &file).await;
        // What was refused does not count.
        place.server.clock.advance(DAY + Duration::from_secs(1));
        for _ in 0..3 {
            Form::of(b"<svg/>").call(&ann).send().await.expect(400);
        }
        for _ in 0..3 {
            upload(&ann, &file).await;
        }
        Form::of(&file).call(&ann).send().await.expect_error(429, "rate_limited");
        place.stop().await;
    }

    async fn e13_bytes_are_counted_by_the_day(db) {
        let place = Place::start_with(db, Backend::Fs, |config| config.limits.upload_bytes_per_day = Size::mib(12)).await;
        let ann = place.server.member("Ann").await.client;
        upload(&ann, &sized_pdf(9 << 20)).await;
        upload(&ann, &sized_pdf(1 << 20)).await;
        Form::of(&sized_pdf(9 << 20)).call(&ann).send().await.expect_error(429, "rate_limited");
        place.server.clock.advance(DAY + Duration::from_secs(1));
        upload(&ann, &sized_pdf(9 << 20)).await;
        // Three are left: enough for a small file, if only it is known to be small.
        let file = sized_pdf(1 << 20);
        let body = Body::wrap_stream(stream::iter([Ok::<_, Infallible>(Form::of(&file).body())]));
        let chunked = ann.call("POST", "/api/upload").header("content-type", Form::kind()).body(body).send().await;
        let refusal = chunked.expect_error(429, "rate_limited");
        assert!(refusal["error"].as_str().unwrap().contains("Content-Length"), "{refusal}");
        upload(&ann, &file).await;
        let refusal = Form::of(&sized_pdf(3 << 20)).call(&ann).send().await.expect_error(429, "rate_limited");
        assert!(!refusal["error"].as_str().unwrap().contains("Content-Length"), "{refusal}");
        place.stop().await;
    }
}
