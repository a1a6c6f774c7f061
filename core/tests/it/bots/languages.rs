//! The same bot in three languages, as `examples/` has it, answering in a room through the official Socket.IO client.

use std::collections::HashSet;

use community::config::{PluginSection, Span};
use serde_json::json;

use super::{present, scene};
use crate::{
    bots::with,
    plugins::support::built,
    support::{Db, Sockets, TestServer},
};

/// Asks the bot `name`, which is the component `component`, for some dice.
async fn roll(name: &str, component: &str) {
    let server = TestServer::start_with(Db::Sqlite, |config| {
        let mut section = PluginSection {
            component: Some(built(component).display().to_string()),
            dev: true,
            grants: vec!["chat-write".to_owned()],
            rooms: serde_json::from_str("\"all\"").unwrap(),
            ..Default::default()
        };
        // Python is large, and the compiler of an unoptimised build slow; interpreters need more CPU time there, too.
        section.limits.compile = Span::minutes(10);
        (section.limits.cpu, section.limits.wall_clock) = (Span::seconds(5), Span::seconds(20));
        with(config, name, section);
    })
    .await;
    let (ann, room) = scene(&server).await;
    present(&ann.client, &room, name).await;
    let socket = Sockets::at(server.url()).await.connect(&ann).await;
    let mut rolls = HashSet::new();
    for _ in 0..4 {
        let asked = socket.emit("message:send", json!({ "roomId": room, "body": "!roll 1000" })).await.ok();
        let answer = socket.expect_where("message:new", |event| event["message"]["replyTo"] == asked["message"]["id"]).await;
        let answer = &answer["message"];
        let number: u32 = answer["body"].as_str().unwrap().strip_prefix("🎲 ").unwrap().parse().unwrap();
        assert!((1..=1000).contains(&number) && answer["isBot"] == true && answer["authorName"] == name, "{answer}");
        rolls.insert(number);
        server.clock.advance(std::time::Duration::from_secs(1));
    }
    assert!(rolls.len() > 1, "chance that always says {rolls:?}");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_example_bot_in_rust_answers() {
    roll("rusty", "dice").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_example_bot_in_javascript_answers() {
    roll("scripted", "dice_javascript").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_example_bot_in_python_answers() {
    roll("snake", "dice_python").await;
}
