//! Clients that do not keep up.

use std::time::{Duration, Instant};

use community::config::Span;
use serde_json::json;

use super::{
    polling::{at, connected},
    *,
};
use crate::support::{Db, Light, Opening, Sockets};

#[tokio::test]
async fn s15_a_client_that_does_not_read_is_let_go_and_the_others_miss_nothing() {
    let server = TestServer::start_with(Db::Sqlite, |config| {
        config.limits.enabled = false;
        config.limits.socket_unsent = 16;
        config.limits.socket_slow_grace = Span::millis(300);
    })
    .await;
    let (ann, bob) = (server.member("Ann").await, server.member("Bob").await);
    let room = room(&[&ann, &bob]).await;
    let sockets = Sockets::at(server.url()).await;
    let slow = sockets.dial().person(&bob).websocket().option("reconnection", json!(false)).connect().await;
    slow.pause(true).await;
    let mut fast = Light::connect(&server.url(), &ann).await;
    let body = "x".repeat(4000);
    let online = || async {
        let details = ann.client.get(&format!("/api/rooms/{room}")).await.expect(200).json();
        details["room"]["members"].as_array().unwrap().iter().filter(|member| member["online"] == true).count()
    };
    assert_eq!(online().await, 2);
    let (mut sent, started) = (0, Instant::now());
    // What the kernel holds for a client that does not read is some megabytes.
    while online().await == 2 {
        for _ in 0..50 {
            fast.emit("message:send", json!({ "roomId": room, "body": body })).await;
            sent += 1;
        }
        for _ in 0..50 {
            fast.expect("message:new").await;
        }
        assert!(started.elapsed() < Duration::from_secs(60), "{sent} messages and it is still there");
    }
    fast.call("message:send", json!({ "roomId": room, "body": "last" })).await;
    let last = fast.expect("message:new").await;
    assert_eq!(last["message"]["seq"], sent + 1, "the others get every message once");
    // It comes back and has lost nothing.
    slow.pause(false).await;
    slow.disconnected().await;
    slow.reconnect().await.unwrap();
    let mut seen = 0;
    loop {
        let answer = slow.emit("resume", json!({ "rooms": [{ "roomId": room, "rev": seen }] })).await.ok();
        let messages = answer["rooms"][0]["messages"].as_array().unwrap().clone();
        for message in &messages {
            seen += 1;
            assert_eq!(message["rev"], seen);
        }
        if answer["rooms"][0]["more"] == false {
            break;
        }
    }
    assert_eq!(seen, sent + 1);
    server.stop().await;
}

#[tokio::test]
async fn s15_a_client_that_reads_stays_however_much_is_committed_at_once() {
    let server = TestServer::start_with(Db::Sqlite, |config| {
        config.limits.enabled = false;
        config.limits.socket_unsent = 16;
        config.limits.socket_at_once = 32;
    })
    .await;
    let reader = server.member("Reader").await;
    let mut writers = Vec::new();
    for number in 0..8 {
        writers.push(server.member(&format!("Writer {number}")).await);
    }
    let room = room(&std::iter::once(&reader).chain(&writers).collect::<Vec<_>>()).await;
    let mut light = Light::connect(&server.url(), &reader).await;
    let mut lights = Vec::new();
    for writer in &writers {
        lights.push(Light::connect(&server.url(), writer).await);
    }
    for round in 0..5_u64 {
        for light in &mut lights {
            for _ in 0..20 {
                light.emit("message:send", json!({ "roomId": room, "body": "now" })).await;
            }
        }
        for place in 1..=160 {
            assert_eq!(light.expect("message:new").await["message"]["seq"], round * 160 + place);
        }
    }
    server.stop().await;
}

#[tokio::test]
async fn s15_a_client_that_falls_behind_for_a_moment_hears_why_it_goes() {
    let server = TestServer::start_with(Db::Sqlite, |config| {
        config.limits.enabled = false;
        config.limits.socket_unsent = 8;
        // It reads again only after all that was sent, and does not answer pings until then. The connection stays that long, too.
        config.limits.socket_slow_grace = Span::seconds(20);
        config.realtime.ping_interval = Span::minutes(10);
    })
    .await;
    let (ann, bob) = (server.member("Ann").await, server.member("Bob").await);
    let room = room(&[&ann, &bob]).await;
    let opening = Opening::of(&bob).patience(Duration::from_secs(60));
    let mut slow = Light::connect_with(&server.url(), opening, None).await.unwrap();
    let mut fast = Light::connect(&server.url(), &ann).await;
    let body = "x".repeat(4000);
    let details = || async { ann.client.get(&format!("/api/rooms/{room}")).await.expect(200).json()["room"]["members"].clone() };
    let mut sent = 0;
    while details().await.as_array().unwrap().iter().all(|member| member["online"] == true) {
        for _ in 0..50 {
            fast.call("message:send", json!({ "roomId": room, "body": body })).await;
            sent += 1;
        }
        assert!(sent < 10_000, "it is never full");
    }
    // It reads again: what waited comes in order, without a gap, and then the reason.
    let mut seen = 0;
    let reason = loop {
        let Some(packet) = slow.next_packet().await else { panic!("it was never told why; {seen} messages came") };
        let Some(event) = packet.strip_prefix("42") else { continue };
        let event: Value = serde_json::from_str(event).unwrap();
        if event[0] == "session:ended" {
            break event[1]["reason"].clone();
        }
        if event[0] == "message:new" {
            seen += 1;
            assert_eq!(event[1]["message"]["seq"], seen);
        }
    };
    assert_eq!(reason, "slow_consumer");
    assert!(seen < sent);
    slow.closed().await;
    server.stop().await;
}

/// Whether somebody types may be left out, a message may not: what waits of the one must leave place for the other.
#[tokio::test]
async fn s15_a_client_that_does_not_read_for_a_moment_stays_however_much_others_type() {
    let server = TestServer::start_with(Db::Sqlite, |config| {
        config.limits.enabled = false;
        config.realtime.typing_every = Span::millis(0);
    })
    .await;
    let (ann, bob) = (server.member("Ann").await, server.member("Bob").await);
    let room = room(&[&ann, &bob]).await;
    // Nothing reaches who polls and does not ask for it.
    let sid = connected(&bob).await;
    let mut writers = [Light::connect(&server.url(), &ann).await, Light::connect(&server.url(), &ann).await];
    for number in 0..300 {
        for light in &mut writers {
            light.call("typing", json!({ "roomId": room, "on": number % 2 == 0 })).await;
        }
    }
    say(&ann, &room, "Here I am").await;
    say(&ann, &room, "Finally").await;
    let packets = read_until(&bob, &sid, "Finally").await;
    assert!(packets.iter().any(|packet| packet.contains("Here I am")), "{packets:?}");
    assert!(packets.iter().all(|packet| !packet.contains("session:ended")), "{packets:?}");
    let typing = packets.iter().filter(|packet| packet.contains("\"typing\"")).count();
    assert!((1..=100).contains(&typing), "{typing} of 600");
    server.stop().await;
}

#[tokio::test]
async fn s15_who_is_behind_and_who_is_not_get_the_same_once_and_in_one_order() {
    let server = TestServer::start_with(Db::Sqlite, |config| config.limits.enabled = false).await;
    let (ann, bob, eve) = (server.member("Ann").await, server.member("Bob").await, server.member("Eve").await);
    let room = room(&[&ann, &bob, &eve]).await;
    let behind = connected(&bob).await;
    let mut lights = Vec::new();
    for person in [&ann, &eve, &eve, &eve, &eve] {
        lights.push(Light::connect(&server.url(), person).await);
    }
    for _ in 0..100 {
        lights[0].call("message:send", json!({ "roomId": room, "body": "on and on" })).await;
    }
    lights[0].call("typing", json!({ "roomId": room, "on": true })).await;
    ann.client.post("/api/posts", json!({ "title": "News" })).await.expect(200);
    for (number, light) in lights.iter_mut().enumerate() {
        assert_eq!(light.expect("post:new").await["post"]["title"], "News");
        let events = light.events().await;
        let seqs: Vec<u64> = events.iter().filter_map(|(_, event)| event["message"]["seq"].as_u64()).collect();
        assert!(seqs.into_iter().eq(1..=100), "{number}");
        let told = events.iter().filter(|(name, _)| name == "typing" || name == "post:new").count();
        assert_eq!(told, usize::from(number > 0), "Eve's were told once who types, and everybody of the post");
    }
    let packets = read_until(&bob, &behind, "post:new").await;
    let events = packets.iter().filter_map(|packet| serde_json::from_str::<Value>(packet.strip_prefix("42")?).ok());
    let told: Vec<String> =
        events.map(|event| event[1]["message"]["seq"].as_u64().map_or(event[0].to_string(), |seq| seq.to_string())).collect();
    let expected: Vec<String> = (1..=100).map(|seq| seq.to_string()).chain(["\"post:new\"".to_owned()]).collect();
    assert_eq!(told, expected, "of what may be left out, nothing to who is behind");
    server.stop().await;
}

/// What a client that polls gets, up to a packet with `last` in it.
async fn read_until(person: &Person, sid: &str, last: &str) -> Vec<String> {
    let mut packets: Vec<String> = Vec::new();
    while !packets.iter().any(|packet| packet.contains(last)) {
        let answer = person.client.get(&at(sid)).await.expect(200).text();
        packets.extend(answer.split('\u{1e}').map(str::to_owned));
    }
    packets
}

#[tokio::test]
async fn s15_a_connection_nobody_reads_from_is_gone_for_good() {
    let server = TestServer::start_with(Db::Sqlite, |config| {
        config.limits.enabled = false;
        config.limits.socket_unsent = 8;
        config.limits.socket_slow_grace = Span::millis(100);
    })
    .await;
    let (ann, bob) = (server.member("Ann").await, server.member("Bob").await);
    let room = room(&[&ann, &bob]).await;
    let slow = Light::connect(&server.url(), &bob).await;
    let mut fast = Light::connect(&server.url(), &ann).await;
    let body = "x".repeat(4000);
    let watched = fast.call("presence:watch", json!({ "roomId": room })).await;
    assert_eq!(watched["online"].as_array().unwrap().len(), 2);
    let mut gone = false;
    for _ in 0..200 {
        for _ in 0..25 {
            fast.call("message:send", json!({ "roomId": room, "body": body })).await;
        }
        gone = !bob_is_online(&ann, &room).await;
        if gone {
            break;
        }
    }
    assert!(gone);
    let event = fast.expect("presence").await;
    assert_eq!(event, json!({ "roomId": room, "userId": bob.id.as_str(), "online": false }));
    drop(slow);
    server.stop().await;
}

async fn bob_is_online(person: &Person, room: &str) -> bool {
    let details = person.client.get(&format!("/api/rooms/{room}")).await.expect(200).json();
    details["room"]["members"].as_array().unwrap().iter().any(|member| member["username"] == "Bob" && member["online"] == true)
}
