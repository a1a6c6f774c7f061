//! Polling by hand: what the official client would never do.

use community::config::{Size, Span};
use serde_json::json;

use super::*;
use crate::support::{Client, Db, Opening, eventually};

/// The id in the answer that opens a session.
pub fn sid(opened: &str) -> String {
    let open: Value = serde_json::from_str(opened.strip_prefix('0').unwrap()).unwrap();
    open["sid"].as_str().unwrap().to_owned()
}

/// Opens a session over polling.
pub async fn open(client: &Client) -> String {
    sid(&client.get("/socket.io/?EIO=4&transport=polling").await.expect(200).text())
}

/// The address of a session.
pub fn at(sid: &str) -> String {
    format!("/socket.io/?EIO=4&transport=polling&sid={sid}")
}

/// Opens a session and connects it.
pub async fn connected(person: &Person) -> String {
    let sid = open(&person.client).await;
    person.client.call("POST", &at(&sid)).body("40").send().await.expect(200);
    loop {
        let packets = person.client.get(&at(&sid)).await.expect(200).text();
        if packets.contains("40{") {
            return sid;
        }
    }
}

#[tokio::test]
async fn s09_bodies_have_a_limit_and_so_have_the_packets_in_them() {
    let server = TestServer::start_with(Db::Sqlite, |config| {
        config.limits.socket_events = "20/10 seconds".parse().unwrap();
        config.limits.socket_refused = 20;
    })
    .await;
    let ann = server.member("Ann").await;
    let sid = connected(&ann).await;
    let answer = ann.client.call("POST", &at(&sid)).body("4".repeat((64 << 10) + 1)).send().await;
    answer.expect(413);
    let sid = connected(&ann).await;
    let many = vec!["421[\"room:list\",{}]"; 3000].join("\u{1e}");
    ann.client.call("POST", &at(&sid)).body(many).send().await;
    // What still waits for it, are answers to those that it may send; then it is gone.
    eventually("the session to end", || async { (ann.client.get(&at(&sid)).await.status == 400).then_some(()) }).await;
    server.stop().await;
}

#[tokio::test]
async fn s12_whatever_is_within_the_limits_is_answered_once_however_fast_it_comes() {
    let server = TestServer::start(Db::Sqlite).await;
    let ann = server.member("Ann").await;
    let (room, sid) = (room(&[&ann]).await, connected(&ann).await);
    // Half of them are answered at once, the others are refused at once.
    let event = |id: usize| json!([if id.is_multiple_of(2) { "typing" } else { "nothing" }, { "roomId": room, "on": true }]);
    let all: Vec<String> = (0..290).map(|id| format!("42{id}{}", event(id))).collect();
    ann.client.call("POST", &at(&sid)).body(all.join("\u{1e}")).send().await.expect(200);
    let mut answered = Vec::new();
    while answered.len() < all.len() {
        let packets = ann.client.get(&at(&sid)).await.expect(200).text();
        assert!(!packets.contains("session:ended"), "{packets}");
        let acks = packets.split('\u{1e}').filter_map(|packet| packet.strip_prefix("43")?.split_once('['));
        answered.extend(acks.map(|(id, _)| id.parse::<usize>().unwrap()));
    }
    answered.sort_unstable();
    assert!(answered.into_iter().eq(0..290), "each once");
    server.stop().await;
}

#[tokio::test]
async fn s16_two_requests_at_once_end_a_session_and_none_comes_after_its_end() {
    let server = TestServer::start(Db::Sqlite).await;
    let ann = server.member("Ann").await;
    let sid = connected(&ann).await;
    let waiting = tokio::spawn({
        let (client, address) = (ann.client.clone(), at(&sid));
        async move { client.get(&address).await }
    });
    // Whichever of the two comes second ends both.
    eventually("a second request to be refused", || async { (ann.client.get(&at(&sid)).await.status == 400).then_some(()) }).await;
    waiting.await.unwrap();
    ann.client.get(&at(&sid)).await.expect(400);
    let sid = connected(&ann).await;
    ann.client.call("POST", &at(&sid)).body("1").send().await.expect(200);
    ann.client.get(&at(&sid)).await.expect(400);
    server.stop().await;
}

#[tokio::test]
async fn s16_an_abandoned_session_goes_by_itself() {
    let server = TestServer::start_with(Db::Sqlite, |config| {
        config.realtime.ping_interval = Span::millis(200);
        // Who is not abandoned yet has this long for its next request.
        config.realtime.ping_timeout = Span::seconds(6);
    })
    .await;
    let ann = server.member("Ann").await;
    let room = room(&[&ann]).await;
    let sid = connected(&ann).await;
    let online =
        || async { ann.client.get(&format!("/api/rooms/{room}")).await.expect(200).json()["room"]["members"][0]["online"].clone() };
    assert_eq!(online().await, true);
    eventually("presence to end", || async { (online().await == false).then_some(()) }).await;
    ann.client.get(&at(&sid)).await.expect(400);
    server.stop().await;
}

#[tokio::test]
async fn s17_an_upgrade_is_finished_in_time_or_ends_the_session_and_happens_once() {
    let server = TestServer::start_with(Db::Sqlite, |config| config.realtime.upgrade_timeout = Span::seconds(2)).await;
    let ann = server.member("Ann").await;
    let query = |sid: &str| format!("sid={sid}");
    // Never finished.
    let sid = connected(&ann).await;
    let mut light = Opening::of(&ann).query(&query(&sid)).open(&server.url()).await.unwrap();
    light.send("2probe").await;
    assert_eq!(light.next_packet().await.as_deref(), Some("3probe"));
    assert_eq!(Opening::of(&ann).query(&query(&sid)).open(&server.url()).await.err(), Some(400), "a second upgrade");
    light.closed().await;
    eventually("the session to end", || async { (ann.client.get(&at(&sid)).await.status == 400).then_some(()) }).await;
    // Broken off.
    let sid = connected(&ann).await;
    let mut light = Opening::of(&ann).query(&query(&sid)).open(&server.url()).await.unwrap();
    light.send("nonsense").await;
    light.closed().await;
    eventually("the session to end", || async { (ann.client.get(&at(&sid)).await.status == 400).then_some(()) }).await;
    // Somebody else's.
    let sid = connected(&ann).await;
    let bob = server.member("Bob").await;
    assert_eq!(Opening::of(&bob).query(&query(&sid)).open(&server.url()).await.err(), Some(403));
    assert_eq!(Opening::default().query(&query(&sid)).open(&server.url()).await.err(), Some(403));
    // Done well, and then again.
    let mut light = Opening::of(&ann).query(&query(&sid)).open(&server.url()).await.unwrap();
    light.send("2probe").await;
    light.next_packet().await;
    light.send("5").await;
    assert_eq!(light.call("room:list", json!({})).await["ok"], true);
    assert_eq!(Opening::of(&ann).query(&query(&sid)).open(&server.url()).await.err(), Some(400));
    ann.client.get(&at(&sid)).await.expect(400);
    assert_eq!(light.call("room:list", json!({})).await["ok"], true);
    server.stop().await;
}

#[tokio::test]
async fn s30_ids_of_before_a_restart_are_unknown_and_clients_come_back_by_themselves() {
    let mut server = TestServer::start_with(Db::Sqlite, |config| config.limits.socket_message = Size::kib(64)).await;
    let mut ann = server.member("Ann").await;
    let earlier = connected(&ann).await;
    server.restart().await;
    let session = ann.client.cookie(ann.cookie_name).unwrap();
    ann.client = server.client();
    ann.client.set_cookie(ann.cookie_name, &session);
    for sid in [earlier.as_str(), "AAAAAAAAAAAAAAAA", "x", "", "%00", &"y".repeat(1000)] {
        let answer = ann.client.get(&at(sid)).await.expect(400);
        assert_eq!(answer.json()["code"], "1", "{sid}");
    }
    assert_eq!(Opening::of(&ann).query(&format!("sid={earlier}")).open(&server.url()).await.err(), Some(400));
    // The session of before is fine; only the connection is another.
    assert_ne!(connected(&ann).await, earlier);
    server.stop().await;
}
