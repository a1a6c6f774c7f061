//! Bodies that nobody may send, that are not what they promise, that never end, or whose sender goes away.

use std::time::Duration;

use community::config::{Size, Span};
use tokio::time::{sleep, timeout};

use super::{Backend, Place, files::*, list, store_test, storing::sized_pdf, upload, url};
use crate::support::{Db, Form, Person, Raw, eventually};

/// Clearly more than is taken in after an answer, and what the system holds beside that.
const MUCH: usize = 32 << 20;

/// The head of an upload that promises a body of this length.
pub fn head(place: &Place, who: Option<&Person>, length: usize, more: &str) -> Vec<u8> {
    let cookie = who.map_or_else(String::new, |person| {
        format!("Cookie: {}={}\r\n", person.cookie_name, person.client.cookie(person.cookie_name).unwrap())
    });
    let host = place.server.running().addr;
    format!("POST /api/upload HTTP/1.1\r\nHost: {host}\r\nContent-Type: {}\r\nContent-Length: {length}\r\n{cookie}{more}\r\n", Form::kind())
        .into_bytes()
}

pub async fn connect(place: &Place) -> Raw {
    Raw::connect(place.server.running().addr).await
}

#[tokio::test]
async fn e01_without_a_session_the_answer_does_not_wait_for_the_body_and_the_connection_ends() {
    let place = Place::start(Db::Sqlite, Backend::Fs).await;
    for begin in [&b""[..], &Form::of(&vec![b'x'; 60 << 10]).body()] {
        let mut raw = connect(&place).await;
        raw.send(&head(&place, None, 10 << 20, "")).await;
        raw.send(begin).await;
        let answer = raw.answer().await;
        assert_eq!((answer.status, answer.header("connection")), (401, Some("close")), "{}", answer.text());
        assert!(answer.text().contains("login_required"));
        // What is still taken in, so that the answer arrives, has an end.
        let (piece, mut sent) = (vec![b'x'; 64 << 10], 0);
        while sent < MUCH && raw.send(&piece).await {
            sent += piece.len();
        }
        assert!(sent < MUCH, "the server goes on reading");
        raw.closed().await;
    }
    place.stop().await;
}

#[tokio::test]
async fn e18_a_client_that_asks_first_is_not_told_to_go_on_without_a_session() {
    let place = Place::start(Db::Sqlite, Backend::Fs).await;
    let ann = place.server.member("Ann").await;
    let body = Form::of(&png(&picture(4, 4)).whole()).body();
    let mut raw = connect(&place).await;
    raw.send(&head(&place, None, body.len(), "Expect: 100-continue\r\n")).await;
    assert_eq!(raw.answer().await.status, 401);
    let mut raw = connect(&place).await;
    raw.send(&head(&place, Some(&ann), body.len(), "Expect: 100-continue\r\n")).await;
    assert_eq!(raw.answer().await.status, 100);
    raw.send(&body).await;
    assert_eq!(raw.answer().await.status, 200);
    place.stop().await;
}

#[tokio::test]
async fn c06_a_form_on_a_foreign_page_uploads_nothing() {
    let place = Place::start(Db::Sqlite, Backend::Fs).await;
    let ann = place.server.member("Ann").await;
    for more in
        ["Origin: https://evil.example\r\n", "Origin: null\r\n", "Sec-Fetch-Site: cross-site\r\n", "Referer: https://evil.example/form\r\n"]
    {
        let mut raw = connect(&place).await;
        raw.send(&head(&place, Some(&ann), 10 << 20, more)).await;
        let answer = raw.answer().await;
        assert_eq!(answer.status, 403, "{more}: {}", answer.text());
        assert!(answer.text().contains("origin_rejected"), "{}", answer.text());
        let body = Form::of(&png(&picture(4, 4)).whole()).body();
        let mut raw = connect(&place).await;
        raw.send(&head(&place, Some(&ann), body.len(), more)).await;
        raw.send(&body).await;
        assert_eq!(raw.answer().await.status, 403, "{more}");
    }
    assert_eq!(place.keys().await, [""; 0]);
    assert!(list(&ann.client).await.is_empty());
    // Its own page may.
    let own = place.server.url();
    Form::of(&png(&picture(4, 4)).whole())
        .call(&ann.client)
        .header("origin", &own)
        .header("sec-fetch-site", "same-origin")
        .send()
        .await
        .expect(200);
    place.stop().await;
}

#[tokio::test]
async fn e17_a_compressed_body_is_refused() {
    let place = Place::start(Db::Sqlite, Backend::Fs).await;
    let ann = place.server.member("Ann").await.client;
    for coding in ["gzip", "deflate", "br", "zstd", "gzip, gzip", "x-gzip"] {
        let answer = ann
            .call("POST", "/api/upload")
            .header("content-type", Form::kind())
            .header("content-encoding", coding)
            .body(bomb(100_000))
            .send()
            .await;
        answer.expect_error(415, "unsupported_media_type");
    }
    place.stop().await;
}

#[tokio::test]
async fn e03_a_length_that_lies_uploads_nothing() {
    let place = Place::start_with(Db::Sqlite, Backend::Fs, |config| config.http.body_idle_timeout = Span::millis(400)).await;
    let ann = place.server.member("Ann").await;
    let body = Form::of(&png(&picture(4, 4)).whole()).body();
    // Less than there is: the form is cut, and what follows is no request.
    let mut raw = connect(&place).await;
    raw.send(&[head(&place, Some(&ann), body.len() - 30, ""), body.clone()].concat()).await;
    let answer = raw.answer().await;
    assert_eq!(answer.status, 400, "{}", answer.text());
    // More than anybody may send: no byte is waited for.
    let mut raw = connect(&place).await;
    raw.send(&head(&place, Some(&ann), 11 << 20, "")).await;
    assert_eq!(raw.answer().await.status, 413);
    // More than there is: the form is whole, and yet the rest never comes.
    let promised = [head(&place, Some(&ann), body.len() + 10, ""), body].concat();
    let mut raw = connect(&place).await;
    raw.send(&promised).await;
    raw.finish().await;
    let answer = raw.answer().await;
    assert_eq!(answer.status, 400, "{}", answer.text());
    let mut raw = connect(&place).await;
    raw.send(&promised).await;
    assert_eq!(raw.answer().await.status, 408, "the sender is still there");
    assert!(list(&ann.client).await.is_empty());
    assert_eq!((place.keys().await, place.unfinished().await), (Vec::new(), Vec::new()));
    place.stop().await;
}

store_test! {
    async fn e09_a_body_that_trickles_is_given_up(db, backend) {
        let patience = Span::seconds(8);
        let place = Place::start_with(db, backend, |config| {
            config.limits.enabled = false;
            (config.http.body_idle_timeout, config.http.body_min_rate) = (patience, Size::kib(1));
        });
        let place = place.await;
        let ann = place.server.member("Ann").await;
        let body = Form::of(&sized_pdf(7 << 20)).body();
        let mut raw = connect(&place).await;
        raw.send(&head(&place, Some(&ann), body.len(), "")).await;
        raw.send(&body[..100]).await;
        let trickle = async {
            for byte in &body[100..] {
                // Never idle for long, and yet far below the rate.
                raw.send(&[*byte]).await;
                sleep(Duration::from_millis(50)).await;
            }
        };
        // The client writes and does not read; the server gives up meanwhile.
        timeout(patience.0 * 5 / 4, trickle).await.unwrap_err();
        let answer = timeout(patience.0 * 7 / 8, raw.answer()).await.expect("given up only now that it stops");
        assert_eq!((answer.status, answer.header("connection")), (408, Some("close")), "{}", answer.text());
        eventually("nothing to be left", || async { place.unfinished().await.is_empty().then_some(()) }).await;
        assert_eq!(place.keys().await, [""; 0]);
        assert!(list(&ann.client).await.is_empty());
        place.stop().await;
    }

    async fn e10_a_client_that_goes_away_leaves_nothing(db, backend) {
        // Whoever comes next does not wait for the places of those who went away.
        let place = Place::start_with(db, backend, |config| {
            config.limits.enabled = false;
            (config.limits.uploads_at_a_time, config.limits.uploads_at_a_time_per_user) = (32, 16);
        });
        let place = place.await;
        let ann = place.server.member("Ann").await;
        let body = Form::of(&sized_pdf(9 << 20)).body();
        let small = Form::of(&private_png(&picture(40, 30), 6).whole()).body();
        // Before the first byte, in the first part, when parts have been sent to the store, and just before the end.
        for (body, cut) in [(&small, 0), (&small, 300), (&small, small.len() - 3), (&body, 100), (&body, 1 << 20), (&body, 8 << 20), (&body, body.len() - 4)] {
            let mut raw = connect(&place).await;
            raw.send(&head(&place, Some(&ann), body.len(), "")).await;
            raw.send(&body[..cut]).await;
        }
        // Whoever comes next finds it in order.
        let answer = upload(&ann.client, &sized_pdf(6 << 20)).await;
        let key = place.key(&url(&answer)).to_owned();
        eventually("nothing to be left but what is whole", || async {
            let left = (place.keys().await, place.unfinished().await);
            (left == (vec![key.clone()], Vec::new())).then_some(())
        })
        .await;
        assert_eq!(list(&ann.client).await.len(), 1);
        place.stop().await;
    }
}
