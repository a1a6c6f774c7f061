//! Too much of everything.

use serde_json::json;

use super::*;
use crate::support::{Db, Light};

#[tokio::test]
async fn s12_a_flood_of_events_is_refused_and_then_ended_and_others_do_not_notice() {
    let server = TestServer::start_with(Db::Sqlite, |config| {
        config.limits.socket_events = "20/10 seconds".parse().unwrap();
        config.limits.socket_refused = 50;
    })
    .await;
    let (ann, bob) = (server.member("Ann").await, server.member("Bob").await);
    let mut other = Light::connect(&server.url(), &bob).await;
    let mut light = Light::connect(&server.url(), &ann).await;
    for _ in 0..20 {
        assert_eq!(light.call("room:list", json!({})).await["ok"], true);
    }
    let refused = light.call("room:list", json!({})).await;
    assert_eq!((&refused["code"], refused["retryAfter"].as_u64()), (&json!("rate_limited"), Some(1)), "{refused}");
    // It grows back.
    server.clock.advance(std::time::Duration::from_millis(500));
    assert_eq!(light.call("room:list", json!({})).await["ok"], true);
    for _ in 0..51 {
        light.emit("room:list", json!({})).await;
    }
    assert_eq!(light.expect("session:ended").await["reason"], "rate_limited");
    light.closed().await;
    assert_eq!(other.call("room:list", json!({})).await["ok"], true);
    server.stop().await;
}

#[tokio::test]
async fn s12_who_floods_is_told_so_and_not_taken_for_one_who_does_not_read() {
    let server = TestServer::start(Db::Sqlite).await;
    let ann = server.member("Ann").await;
    for event in ["nothing", "room:list"] {
        let mut light = Light::connect(&server.url(), &ann).await;
        for _ in 0..600 {
            light.emit(event, json!({})).await;
        }
        assert_eq!(light.expect("session:ended").await["reason"], "rate_limited");
        let packets = light.closed().await;
        let acks: Vec<&str> = packets.iter().filter_map(|packet| packet.strip_prefix("43")?.split_once('[')).map(|(id, _)| id).collect();
        assert!(!acks.is_empty());
        assert_eq!(acks.iter().collect::<std::collections::HashSet<_>>().len(), acks.len(), "each once");
    }
    let mut light = Light::connect(&server.url(), &ann).await;
    let mut ids = Vec::new();
    for number in 0..290 {
        let event = if number % 2 == 0 { "nothing" } else { "room:list" };
        ids.push(light.emit(event, json!({})).await);
    }
    for id in ids {
        light.ack(id).await;
    }
    server.stop().await;
}

#[tokio::test]
async fn s12_resuming_costs_what_it_takes() {
    let server = TestServer::start_with(Db::Sqlite, |config| {
        config.limits.rooms = "1000/minute".parse().unwrap();
        config.limits.socket_events = "2/10 seconds".parse().unwrap();
    })
    .await;
    let (ann, bob) = (server.member("Ann").await, server.member("Bob").await);
    let mut rooms = Vec::new();
    for _ in 0..120 {
        let id = room(&[&ann]).await;
        say(&ann, &id, "Hello").await;
        rooms.push(json!({ "roomId": id, "rev": 0 }));
    }
    // Rooms that one does not hear cost nothing and are not there; one that is named often is there once.
    let mut outside = Light::connect(&server.url(), &bob).await;
    let answer = outside.call("resume", json!({ "rooms": rooms })).await;
    assert_eq!(answer, json!({ "ok": true, "rooms": [] }));
    let mut light = Light::connect(&server.url(), &ann).await;
    let often: Vec<_> = rooms.iter().take(1).cycle().take(900).collect();
    let answer = light.call("resume", json!({ "rooms": often })).await;
    assert_eq!(answer["rooms"].as_array().unwrap().len(), 1, "{answer}");
    // Fifty come with the event itself, and fifty more with what is left to be spent. The client asks again for the others.
    server.clock.advance(std::time::Duration::from_secs(10));
    let answer = light.call("resume", json!({ "rooms": rooms })).await;
    let pages = answer["rooms"].as_array().unwrap();
    assert_eq!(pages.len(), 120);
    for (number, page) in pages.iter().enumerate() {
        let told = (page["messages"].as_array().unwrap().len(), page["more"] == true);
        assert_eq!(told, if number < 100 { (1, false) } else { (0, true) }, "{number}");
    }
    assert_eq!(light.call("room:list", json!({})).await["code"], "rate_limited");
    server.stop().await;
}

#[tokio::test]
async fn a_small_script_that_sends_a_hundred_messages_at_once_meets_no_limit() {
    let server = TestServer::start(Db::Sqlite).await;
    let ann = server.member("Ann").await;
    let room = room(&[&ann]).await;
    let mut light = Light::connect(&server.url(), &ann).await;
    let mut ids = Vec::new();
    for number in 0..100 {
        ids.push(light.emit("message:send", json!({ "roomId": room, "body": format!("{number}") })).await);
    }
    for (number, id) in ids.into_iter().enumerate() {
        let answer = light.ack(id).await;
        assert_eq!(
            (&answer["message"]["body"], answer["message"]["seq"].as_u64()),
            (&json!(number.to_string()), Some(number as u64 + 1)),
            "{answer}"
        );
    }
    server.stop().await;
}

#[tokio::test]
async fn a_flood_of_bytes_is_slowed_down_and_not_kept_in_memory() {
    let server =
        TestServer::start_with(Db::Sqlite, |config| config.limits.socket_bytes_per_second = community::config::Size::kib(64)).await;
    let ann = server.member("Ann").await;
    // What grows back counts from the moment of connecting.
    let started = std::time::Instant::now();
    let mut light = Light::connect(&server.url(), &ann).await;
    let mut last = 0;
    for _ in 0..5 {
        last = light.emit("nothing", json!({ "filler": "x".repeat(30_000) })).await;
    }
    light.ack(last).await;
    // 150 kB at 64 KiB a second, the first 64 KiB of which are free.
    assert!(started.elapsed() > std::time::Duration::from_millis(1000), "{:?}", started.elapsed());
    server.stop().await;
}

#[tokio::test]
async fn rest_and_sockets_share_one_limit_for_messages() {
    let server = TestServer::start_with(Db::Sqlite, |config| config.limits.messages = "4/minute".parse().unwrap()).await;
    let ann = server.member("Ann").await;
    let room = room(&[&ann]).await;
    let mut light = Light::connect(&server.url(), &ann).await;
    for _ in 0..2 {
        say(&ann, &room, "Hello").await;
        assert_eq!(light.call("message:send", json!({ "roomId": room, "body": "Hello" })).await["ok"], true);
    }
    let refused = light.call("message:send", json!({ "roomId": room, "body": "Hello" })).await;
    assert_eq!(refused["code"], "rate_limited", "{refused}");
    ann.client.post(&format!("/api/rooms/{room}/messages"), json!({ "body": "Hello" })).await.expect_error(429, "rate_limited");
    server.stop().await;
}
