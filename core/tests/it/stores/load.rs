//! Many at once.

use community::config::Span;
use futures_util::future::join_all;

use super::{
    Backend, Place,
    bodies::{connect, head},
    files::*,
    list, store_test,
    storing::sized_pdf,
    upload, url,
};
use crate::support::{DEADLINE, Db, Form, Person, Raw, eventually, within};

/// Begins an upload, and goes no further than that it is being stored.
async fn begin(place: &Place, who: &Person, body: &[u8]) -> Raw {
    let mut raw = connect(place).await;
    raw.send(&head(place, Some(who), body.len(), "")).await;
    raw.send(&body[..1 << 20]).await;
    raw
}

/// Waits until two uploads are being stored: so many halves there are.
async fn both_begun(place: &Place) {
    eventually("both to begin", || async { (place.unfinished().await.len() == 2).then_some(()) }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn e12_some_are_received_at_once_and_more_wait_a_little() {
    let place = Place::start_with(Db::Sqlite, Backend::Fs, |config| {
        (config.limits.uploads_at_a_time, config.limits.upload_wait) = (2, Span::seconds(8));
        config.http.body_idle_timeout = Span::seconds(60);
    });
    let place = place.await;
    let ann = place.server.member("Ann").await;
    let body = Form::of(&sized_pdf(2 << 20)).body();
    let (mut slow, leaving) = (begin(&place, &ann, &body).await, begin(&place, &ann, &body).await);
    both_begun(&place).await;
    let refused = Form::of(&png(&picture(4, 4)).whole()).call(&ann.client).send().await;
    let wait = refused.header("retry-after").map(str::to_owned);
    refused.expect_error(503, "upload_unavailable");
    assert!(wait.is_some_and(|wait| wait.parse::<u64>().unwrap() >= 1));
    // Whoever waits when one of them is done, has its turn. Nobody else is held up by them.
    ann.client.get("/api/me").await.expect(200);
    let file = png(&picture(4, 4)).whole();
    let waits = tokio::spawn(Form::of(&file).call(&ann.client).send());
    slow.send(&body[1 << 20..]).await;
    assert_eq!(slow.answer().await.status, 200);
    waits.await.unwrap().expect(200);
    // One whose client goes away frees its place; the other one is taken.
    let _other = begin(&place, &ann, &body).await;
    both_begun(&place).await;
    drop(leaving);
    upload(&ann.client, &file).await;
    upload(&ann.client, &file).await;
    place.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn e12_nobody_takes_the_places_of_everybody() {
    let place = Place::start_with(Db::Sqlite, Backend::Fs, |config| {
        (config.limits.uploads_at_a_time, config.limits.uploads_at_a_time_per_user) = (3, 2);
        config.limits.upload_wait = Span::seconds(1);
    });
    let place = place.await;
    place.claimed().await;
    let (ann, bob) = (place.server.member("Ann").await, place.server.member("Bob").await);
    let body = Form::of(&sized_pdf(2 << 20)).body();
    let (mut slow, _other) = (begin(&place, &ann, &body).await, begin(&place, &ann, &body).await);
    both_begun(&place).await;
    let file = png(&picture(4, 4)).whole();
    Form::of(&file).call(&ann.client).send().await.expect_error(503, "upload_unavailable");
    upload(&bob.client, &file).await;
    slow.send(&body[1 << 20..]).await;
    assert_eq!(slow.answer().await.status, 200);
    upload(&ann.client, &file).await;
    place.stop().await;
}

store_test! {
    async fn e12_a_hundred_at_once_all_arrive_or_are_told_to_come_again(db, backend) {
        let place = Place::start(db, backend).await;
        let ann = place.server.member("Ann").await.client;
        let (small, large) = (jpeg(&picture(64, 64)).whole(), sized_pdf(6 << 20));
        let files = (0..100).map(|number| if number % 10 == 0 { &large } else { &small });
        let answers = join_all(files.map(|file| Form::of(file).call(&ann).send())).await;
        let mut stored = Vec::new();
        for answer in answers {
            if answer.status == 503 {
                assert!(answer.header("retry-after").is_some());
                continue;
            }
            stored.push(place.key(&url(&answer.expect(200).json())).to_owned());
        }
        assert!(stored.len() >= 16, "only {} arrived", stored.len());
        stored.sort();
        // What was refused because the store had too much to do may be taken back later, as long as a call to it may take.
        within(3 * DEADLINE, "only what was promised to be there", || async {
            (place.keys().await == stored && place.unfinished().await.is_empty()).then_some(())
        })
        .await;
        let mut next = Some("/api/uploads?limit=30".to_owned());
        let mut listed = 0;
        while let Some(page) = next.take() {
            let answer = ann.get(&page).await.expect(200);
            listed += answer.json()["uploads"].as_array().unwrap().len();
            next = answer.next_page();
        }
        assert_eq!(listed, stored.len());
        assert!(list(&ann).await.len() <= stored.len());
        place.stop().await;
    }
}
