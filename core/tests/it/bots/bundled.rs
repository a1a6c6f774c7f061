//! The bots that come with the server, each switched on by one line.

use std::time::Duration;

use community::config::PluginSection;
use serde_json::json;

use super::{heard, patient, present, run, said, scene, with};
use crate::{
    outbound::peer::Peer,
    rooms::{id, join, read, say, send},
    support::{TestServer, eventually},
};

/// A bundled bot that hears every room.
pub fn section(settings: &[(&str, &str)]) -> PluginSection {
    let settings = settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let rooms = serde_json::from_str("\"all\"").unwrap();
    PluginSection { enabled: Some(true), rooms, settings, before_message: patient(), ..PluginSection::default() }
}

db_test! {
    async fn the_assistant_helps_welcomes_and_reminds(db) {
        let server = TestServer::start_with(db, |config| with(config, "openclaw", section(&[]))).await;
        let (ann, room) = scene(&server).await;
        present(&ann.client, &room, "OpenClaw").await;
        let help = run(&ann.client, &room, "/help").await;
        for command in ["/poll", "/remind", "/reminders", "/forget"] {
            assert!(help.contains(command), "{help}");
        }
        assert!(!help.contains("/ask"), "there is no language model: {help}");
        let ben = server.member("Ben").await;
        join(&ben.client, &room).await.expect(200);
        heard(&ann.client, &room, "a welcome", |message| message["body"].as_str().unwrap().contains("Welcome to Lobby, Ben!")).await;
        run(&ann.client, &room, "/remind in 10m Take a break").await;
        assert!(run(&ann.client, &room, "/reminders").await.contains("Take a break"));
        server.clock.advance(Duration::from_secs(601));
        heard(&ann.client, &room, "the reminder", |message| {
            let body = message["body"].as_str().unwrap();
            body.contains("Take a break") && message["isBot"] == true
        }).await;
        assert!(!run(&ann.client, &room, "/reminders").await.contains("Take a break"));
        server.stop().await;
    }

    async fn the_assistant_holds_polls(db) {
        let server = TestServer::start_with(db, |config| with(config, "openclaw", section(&[]))).await;
        let (ann, room) = scene(&server).await;
        present(&ann.client, &room, "OpenClaw").await;
        send(&ann.client, &room, json!({ "body": "/poll \"Tea?\" yes no" })).await.expect(200);
        let poll = heard(&ann.client, &room, "the poll with its numbers", |message| {
            message["body"].as_str().unwrap().contains("Tea?") && message["reactions"].as_array().unwrap().len() == 2
        }).await;
        let emoji = poll["reactions"][0]["emoji"].as_str().unwrap();
        ann.client.call("PUT", &format!("/api/rooms/{room}/messages/{}/reactions/{emoji}", id(&poll))).send().await.expect(200);
        send(&ann.client, &room, json!({ "body": "/poll-close" })).await.expect(200);
        heard(&ann.client, &room, "the result", |message| {
            let body = message["body"].as_str().unwrap();
            message["id"] != poll["id"] && message["isBot"] == true && body.contains("yes") && body.contains('1')
        }).await;
        server.stop().await;
    }

    async fn p12_the_assistant_asks_a_language_model_with_a_secret_that_it_does_not_see(db) {
        let body = json!({ "choices": [{ "message": { "role": "assistant", "content": "Because of the air." } }] }).to_string();
        let answer = format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len());
        let peer = Peer::answering(answer).await;
        let url = format!("http://127.0.0.1:{}/v1/chat/completions", peer.port());
        let server = TestServer::start_with(db, |config| {
            let mut section = section(&[("chat_url", &url), ("chat_model", "small"), ("chat_secret", "KeyCanary-5d1e"), ("chat_timeout", "4")]);
            section.allow_hosts = vec![format!("127.0.0.1:{}", peer.port())];
            section.allow_private = true;
            with(config, "openclaw", section);
        }).await;
        let (ann, room) = scene(&server).await;
        present(&ann.client, &room, "OpenClaw").await;
        send(&ann.client, &room, json!({ "body": "/ask Why is the sky blue?" })).await.expect(200);
        heard(&ann.client, &room, "the answer", |message| message["body"].as_str().unwrap().contains("Because of the air.")).await;
        let request = peer.requests().remove(0);
        assert!(request.to_lowercase().contains("authorization: bearer keycanary-5d1e"), "{request}");
        assert!(request.contains("Why is the sky blue?") && request.contains("\"small\""), "{request}");
        assert!(!format!("{:?}", read(&ann.client, &room, "").await).contains("KeyCanary"));
        server.stop().await;
    }

    async fn the_moderator_refuses_words_links_and_floods(db) {
        let settings = [("words", "spam* casino"), ("link_action", "rewrite"), ("link_hosts", "example.com"), ("flood_messages", "4"), ("flood_seconds", "10")];
        let server = TestServer::start_with(db, |config| with(config, "moderator", section(&settings))).await;
        let (ann, room) = scene(&server).await;
        present(&ann.client, &room, "Moderator").await;
        let ben = server.member("Ben").await;
        join(&ben.client, &room).await.expect(200);
        send(&ben.client, &room, json!({ "body": "Buy from these ＳＰÄMMERS" })).await.expect_error(403, "message_rejected");
        let linked = say(&ben.client, &room, "See https://evil.example/x and https://example.com/y").await;
        let body = linked["body"].as_str().unwrap();
        assert!(!body.contains("evil.example") && body.contains("https://example.com/y"), "{body}");
        assert_eq!(say(&ann.client, &room, "spam is what owners may talk about").await["body"], "spam is what owners may talk about");
        let refused = eventually("a flood is refused", || async {
            let answer = send(&ben.client, &room, json!({ "body": "again" })).await;
            (answer.status == 403).then_some(answer)
        }).await;
        refused.expect_error(403, "message_rejected");
        server.clock.advance(Duration::from_secs(30));
        say(&ben.client, &room, "calmer now").await;
        let log = run(&ann.client, &room, "/modlog").await;
        assert!(log.contains("Ben"), "{log}");
        send(&ben.client, &room, json!({ "body": "/modlog" })).await.expect_error(409, "command_failed");
        server.stop().await;
    }

    async fn the_moderator_refuses_though_there_is_no_space_for_its_log(db) {
        let server = TestServer::start_with(db, |config| {
            let mut section = section(&[("words", "spam"), ("flood_messages", "0")]);
            section.limits.stored_keys = 6;
            with(config, "moderator", section);
        }).await;
        let (ann, room) = scene(&server).await;
        present(&ann.client, &room, "Moderator").await;
        let ben = server.member("Ben").await;
        join(&ben.client, &room).await.expect(200);
        for _ in 0..12 {
            // No two have the same moment, or they would have the same key.
            server.clock.advance(Duration::from_millis(5));
            send(&ben.client, &room, json!({ "body": "spam" })).await.expect_error(403, "message_rejected");
        }
        let usage = community::plugins::queries::usage(server.store().await.reader(), "moderator").await.unwrap();
        assert_eq!(usage.entries, 6);
        // Nor does it help to be many at the same moment.
        let (cat, dan) = (server.member("Cat").await, server.member("Dan").await);
        for person in [&cat, &dan] {
            join(&person.client, &room).await.expect(200);
        }
        let all = [&ben, &cat, &dan].into_iter().cycle().take(9).map(|person| send(&person.client, &room, json!({ "body": "more spam" })));
        for answer in futures_util::future::join_all(all).await {
            answer.expect_error(403, "message_rejected");
        }
        server.stop().await;
    }

    async fn the_moderator_looks_at_commands(db) {
        let server = TestServer::start_with(db, |config| {
            with(config, "openclaw", section(&[]));
            with(config, "moderator", section(&[("words", "spam"), ("link_action", "rewrite"), ("flood_messages", "3")]));
        }).await;
        let (ann, room) = scene(&server).await;
        present(&ann.client, &room, "OpenClaw").await;
        present(&ann.client, &room, "Moderator").await;
        let ben = server.member("Ben").await;
        join(&ben.client, &room).await.expect(200);
        send(&ben.client, &room, json!({ "body": "/poll \"spam spam\" spam more" })).await.expect_error(403, "message_rejected");
        send(&ben.client, &room, json!({ "body": "/poll \"Is https://evil.example/x nice?\" yes no" })).await.expect(200);
        let poll = heard(&ann.client, &room, "the poll", |message| message["body"].as_str().unwrap().contains("nice?")).await;
        assert!(!poll["body"].as_str().unwrap().contains("evil.example"), "{poll}");
        // Commands are counted like everything that somebody types.
        send(&ben.client, &room, json!({ "body": "/help" })).await.expect(200);
        send(&ben.client, &room, json!({ "body": "/help" })).await.expect_error(403, "message_rejected");
        server.stop().await;
    }

    async fn what_was_said_already_is_not_looked_at_or_run_again(db) {
        let server = TestServer::start_with(db, |config| {
            with(config, "openclaw", section(&[]));
            with(config, "moderator", section(&[("flood_messages", "2"), ("flood_seconds", "60")]));
        }).await;
        let (ann, room) = scene(&server).await;
        present(&ann.client, &room, "OpenClaw").await;
        present(&ann.client, &room, "Moderator").await;
        let ben = server.member("Ben").await;
        join(&ben.client, &room).await.expect(200);
        let again = json!({ "body": "hello", "clientId": "one" });
        let first = send(&ben.client, &room, again.clone()).await.expect(200).json();
        for _ in 0..5 {
            assert_eq!(send(&ben.client, &room, again.clone()).await.expect(200).json()["message"]["id"], first["message"]["id"]);
        }
        send(&ben.client, &room, json!({ "body": "hello", "clientId": "two" })).await.expect(200);
        send(&ben.client, &room, json!({ "body": "hello", "clientId": "three" })).await.expect_error(403, "message_rejected");
        // The owner's poll: what it said first comes back.
        let poll = json!({ "body": "/poll \"Tea?\" yes no", "clientId": "poll" });
        send(&ann.client, &room, poll.clone()).await.expect(200);
        let said = heard(&ann.client, &room, "the poll", |message| message["body"].as_str().unwrap().contains("Tea?")).await;
        let again = send(&ann.client, &room, poll).await.expect(200).json();
        assert_eq!((&again["message"]["id"], &again["command"]["audience"]), (&said["id"], &json!("room")));
        let polls = read(&ann.client, &room, "").await.iter().filter(|message| message["body"].as_str().unwrap().contains("Tea?")).count();
        assert_eq!(polls, 1);
        // A command that is sent again is looked at as little.
        let cat = server.member("Cat").await;
        join(&cat.client, &room).await.expect(200);
        for _ in 0..4 {
            let again = json!({ "body": "/poll \"Cats?\" yes no", "clientId": "cats" });
            send(&cat.client, &room, again).await.expect(200);
        }
        // Who is not in the room any more learns nothing.
        ann.client.delete(&format!("/api/rooms/{room}/members/{}", ben.id)).await.expect(200);
        send(&ben.client, &room, json!({ "body": "hello", "clientId": "one" })).await.expect_error(404, "not_found");
        server.stop().await;
    }

    async fn a_wrong_setting_keeps_a_bot_off_and_is_named(db) {
        let server = TestServer::start_with(db, |config| with(config, "moderator", section(&[("flood_mesages", "4")]))).await;
        let (ann, room) = scene(&server).await;
        say(&ann.client, &room, "nobody looks").await;
        said(&ann.client, &room, "nobody looks").await;
        let list = crate::plugins::support::load([("moderator", section(&[("flood_mesages", "4")]))]).await;
        let status = list.status().into_iter().find(|status| status.id == "moderator").unwrap();
        assert!(status.reason.as_ref().unwrap().contains("did you mean flood_messages?"), "{status:?}");
        server.stop().await;
    }
}
