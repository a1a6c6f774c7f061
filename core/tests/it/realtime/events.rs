//! What can be asked for over a socket, and how it is refused.

use std::collections::BTreeSet;

use community::realtime::protocol;
use serde_json::json;

use super::*;
use crate::{
    bots,
    support::{Db, Light, Sockets},
};

db_test! {
    async fn a_conversation_from_the_first_word_to_the_last(db) {
        let server = TestServer::start(db).await;
        let (ann, bob) = (server.member("Ann").await, server.member("Bob").await);
        let room = room(&[&ann]).await;
        let sockets = Sockets::at(server.url()).await;
        let (a, b) = (sockets.connect(&ann).await, sockets.connect(&bob).await);
        let listed = a.emit("room:list", json!({})).await.ok();
        assert_eq!(listed["rooms"][0]["id"], room.as_str(), "{listed}");
        let joined = b.emit("room:join", json!({ "roomId": room })).await.ok();
        assert_eq!(joined["room"]["id"], room.as_str(), "{joined}");
        for socket in [&a, &b] {
            let event = socket.expect_where("room:joined", |event| event["user"]["id"] == bob.id.as_str()).await;
            assert_eq!((&event["roomId"], &event["user"]["online"]), (&json!(room), &json!(true)), "{event}");
        }
        let sent = a.emit("message:send", json!({ "roomId": room, "body": "Good morning!", "clientId": "1" })).await.ok();
        let id = sent["message"]["id"].clone();
        for socket in [&a, &b] {
            let heard = socket.expect("message:new").await;
            assert_eq!(heard["message"], sent["message"]);
        }
        let answered = b.emit("message:send", json!({ "roomId": room, "body": "Hi", "replyTo": id })).await.ok();
        assert_eq!(a.expect_where("message:new", |event| event["message"]["body"] == "Hi").await["message"], answered["message"]);
        let edited = a.emit("message:edit", json!({ "messageId": id, "body": "Good evening!" })).await.ok();
        assert_eq!(b.expect("message:edited").await["message"], edited["message"]);
        let reacted = b.emit("message:react", json!({ "messageId": id, "emoji": "👋", "on": true })).await.ok();
        assert_eq!(a.expect("message:reacted").await["message"], reacted["message"]);
        assert_eq!(reacted["message"]["reactions"][0]["emoji"], "👋");
        a.emit("room:read", json!({ "roomId": room, "seq": 2 })).await.ok();
        let read = b.expect("room:read").await;
        assert_eq!(read, json!({ "roomId": room, "userId": ann.id.as_str(), "seq": 2 }));
        let deleted = a.emit("message:delete", json!({ "messageId": id })).await.ok();
        let heard = b.expect("message:deleted").await;
        assert_eq!((&heard["message"], &heard["message"]["deleted"], &heard["message"]["body"]), (&deleted["message"], &json!(true), &json!("")));
        let history = a.emit("message:history", json!({ "roomId": room })).await.ok();
        assert_eq!((history["messages"].as_array().unwrap().len(), &history["more"]), (2, &json!(false)));
        let older = a.emit("message:history", json!({ "roomId": room, "before": 2, "limit": 1 })).await.ok();
        assert_eq!(older["messages"][0]["id"], id);
        b.emit("room:leave", json!({ "roomId": room })).await.ok();
        for socket in [&a, &b] {
            let left = socket.expect("room:left").await;
            assert_eq!((&left["user"]["id"], &left["reason"]), (&json!(bob.id.as_str()), &json!("left")), "{left}");
        }
        server.stop().await;
    }

    async fn s20_a_retry_under_the_same_name_gives_the_first_message_and_is_told_once(db) {
        let server = TestServer::start(db).await;
        let ann = server.member("Ann").await;
        let room = room(&[&ann]).await;
        let mut light = Light::connect(&server.url(), &ann).await;
        let message = json!({ "roomId": room, "body": "Once", "clientId": "abc" });
        let (first, second) = (light.emit("message:send", message.clone()).await, light.emit("message:send", message.clone()).await);
        let (first, second) = (light.ack(first).await, light.ack(second).await);
        assert_eq!(first["message"]["id"], second["message"]["id"]);
        let over_http = ann.client.post(&format!("/api/rooms/{room}/messages"), json!({ "body": "Once", "clientId": "abc" })).await;
        assert_eq!(over_http.expect(200).json()["message"]["id"], first["message"]["id"]);
        let last = light.call("message:send", json!({ "roomId": room, "body": "Last" })).await;
        let mut heard = Vec::new();
        while heard.last() != Some(&json!("Last")) {
            heard.push(light.expect("message:new").await["message"]["body"].take());
        }
        assert_eq!(heard, ["Once", "Last"]);
        assert_eq!(last["message"]["seq"], 2);
        server.stop().await;
    }

    async fn events_of_rooms_and_posts_reach_those_whom_they_concern(db) {
        let server = TestServer::start(db).await;
        let (ann, bob) = (server.member("Ann").await, server.member("Bob").await);
        let sockets = Sockets::at(server.url()).await;
        let (a, b) = (sockets.connect(&ann).await, sockets.connect(&bob).await);
        let made = ann.client.post("/api/rooms", json!({ "name": "Secret" })).await.expect(200).json();
        let room = made["room"]["id"].as_str().unwrap();
        ann.client.patch(&format!("/api/rooms/{room}"), json!({ "access": "invite" })).await.expect(200);
        a.expect_where("room:changed", |event| event["access"] == "invite").await;
        ann.client.post(&format!("/api/rooms/{room}/invite"), json!({ "userId": bob.id.as_str() })).await.expect(200);
        assert_eq!(b.expect("room:invited").await["room"]["name"], "Secret");
        b.emit("room:join", json!({ "roomId": room })).await.ok();
        ann.client.patch(&format!("/api/rooms/{room}/members/{}", bob.id), json!({ "role": "moderator" })).await.expect(200);
        assert_eq!(b.expect("room:role").await["role"], "moderator");
        ann.client.delete(&format!("/api/rooms/{room}")).await.expect(200);
        for socket in [&a, &b] {
            assert_eq!(socket.expect("room:deleted").await["roomId"], room);
        }
        bob.client.post("/api/posts", json!({ "title": "News" })).await.expect(200);
        assert_eq!(a.expect("post:new").await["post"]["title"], "News");
        server.stop().await;
    }
}

#[tokio::test]
async fn every_event_of_the_document_is_answered() {
    let server = TestServer::start(Db::Sqlite).await;
    let ann = server.member("Ann").await;
    let mut light = Light::connect(&server.url(), &ann).await;
    let names: BTreeSet<&str> = protocol::CLIENT.iter().map(|event| event.name).collect();
    for name in names {
        let answer = light.call(name, json!([])).await;
        assert_eq!(answer["code"], "invalid_request", "{name}: {answer}");
    }
    server.stop().await;
}

#[tokio::test]
async fn s11_events_that_do_not_exist_are_refused_and_do_no_harm() {
    let server = TestServer::start(Db::Sqlite).await;
    let ann = server.member("Ann").await;
    let mut light = Light::connect(&server.url(), &ann).await;
    for name in ["connect", "disconnect", "__proto__", "error", "message:new", "", "MESSAGE:SEND", &"x".repeat(10_000)] {
        let answer = light.call(name, json!({})).await;
        assert_eq!((&answer["ok"], &answer["code"]), (&json!(false), &json!("invalid_event")), "{answer}");
        assert!(answer["error"].as_str().unwrap().len() < 200);
    }
    for args in ["", ",{},{}", &",1".repeat(500)] {
        light.send(&format!("42900[\"room:list\"{args}]")).await;
        assert_eq!(light.ack(900).await["code"], "invalid_event", "{args}");
    }
    for (event, data, field) in [
        ("message:send", json!({}), "roomId"),
        ("message:send", json!({ "roomId": 7, "body": "x" }), "roomId"),
        ("message:send", json!({ "roomId": "r", "body": ["x"] }), "body"),
        ("message:react", json!({ "messageId": "m", "emoji": "x", "on": "yes" }), "on"),
        ("message:history", json!({ "roomId": "r", "limit": -1 }), "limit"),
        ("resume", json!({ "rooms": [{ "roomId": "r" }] }), "rooms[0].rev"),
        ("typing", json!(null), "What the event carries must be an object."),
        ("message:send", json!("x"), "What the event carries must be an object."),
    ] {
        let answer = light.call(event, data).await;
        assert_eq!(answer["code"], "invalid_request", "{answer}");
        assert!(answer["error"].as_str().unwrap().contains(field), "{field}: {answer}");
    }
    // Without a wish for an answer there is none, and the connection goes on.
    light.send("42[\"no such event\",{}]").await;
    assert_eq!(light.call("room:list", json!({})).await["ok"], true);
    server.stop().await;
}

#[tokio::test]
async fn s18_a_room_one_is_not_in_looks_like_none() {
    // A bot that has commands and looks at what is about to be said must not give its rooms away either.
    let server = TestServer::start_with(Db::Sqlite, |config| bots::with(config, "hooks", bots::bot("all_hooks_bot", &bots::ALL))).await;
    let (ann, bob) = (server.member("Ann").await, server.member("Bob").await);
    let room = room(&[&ann]).await;
    bots::present(&ann.client, &room, "All Hooks").await;
    let message = say(&ann, &room, "Hello").await;
    let mut light = Light::connect(&server.url(), &bob).await;
    let (nowhere, nothing) = ("r-01kb3x2v5q8m4n7p9r1s3t5v7w", "m-01kb3x2v5q8m4n7p9r1s3t5v7w");
    for (event, mine) in [
        ("message:send", json!({ "roomId": room, "body": "Hello" })),
        ("message:send", json!({ "roomId": room, "body": "/pol" })),
        ("message:history", json!({ "roomId": room })),
        ("room:leave", json!({ "roomId": room })),
        ("room:read", json!({ "roomId": room, "seq": 1 })),
        ("typing", json!({ "roomId": room, "on": true })),
        ("presence:watch", json!({ "roomId": room })),
        ("message:edit", json!({ "messageId": message["id"], "body": "x" })),
        ("message:delete", json!({ "messageId": message["id"] })),
        ("message:react", json!({ "messageId": message["id"], "emoji": "👋", "on": true })),
    ] {
        let answer = light.call(event, mine.clone()).await;
        assert_eq!(answer["code"], "not_found", "{event}: {answer}");
        for id in [(&room, nowhere), (&message["id"].as_str().unwrap().to_owned(), nothing)] {
            let other: Value = serde_json::from_str(&mine.to_string().replace(id.0.as_str(), id.1)).unwrap();
            if other != mine {
                assert_eq!(light.call(event, other).await, answer, "{event} tells that there is something");
            }
        }
    }
    let resumed = light.call("resume", json!({ "rooms": [{ "roomId": room, "rev": 0 }, { "roomId": "nonsense", "rev": 0 }] })).await;
    assert_eq!(resumed, json!({ "ok": true, "rooms": [] }));
    // After leaving it is the same, whatever the socket heard before.
    light.call("room:join", json!({ "roomId": room })).await;
    light.call("room:leave", json!({ "roomId": room })).await;
    assert_eq!(light.call("message:send", json!({ "roomId": room, "body": "Hello" })).await["code"], "not_found");
    assert_eq!(light.call("typing", json!({ "roomId": room, "on": true })).await["code"], "not_found");
    server.stop().await;
}

#[tokio::test]
async fn s19_messages_that_are_none_are_refused_and_not_told() {
    let server = TestServer::start(Db::Sqlite).await;
    let ann = server.member("Ann").await;
    let room = room(&[&ann]).await;
    let mut light = Light::connect(&server.url(), &ann).await;
    for body in [
        json!(""),
        json!("   "),
        json!("x".repeat(4001)),
        json!("a\u{0}b"),
        json!({ "text": "x" }),
        json!(7),
        json!(["x"]),
        json!("\u{202e}\u{200b}"),
    ] {
        let answer = light.call("message:send", json!({ "roomId": room, "body": body })).await;
        assert_eq!(answer["code"], "invalid_request", "{body}: {answer}");
    }
    light.call("message:send", json!({ "roomId": room, "body": "x".repeat(4000) })).await;
    assert_eq!(light.expect("message:new").await["message"]["seq"], 1);
    server.stop().await;
}

#[tokio::test]
async fn s22_what_the_server_knows_is_not_taken_from_the_client() {
    let server = TestServer::start(Db::Sqlite).await;
    let (ann, bob) = (server.member("Ann").await, server.member("Bob").await);
    let room = room(&[&ann, &bob]).await;
    let mut light = Light::connect(&server.url(), &bob).await;
    let forged =
        json!({ "roomId": room, "body": "Hi", "authorId": ann.id.as_str(), "authorName": "Ann", "isBot": true, "seq": 99, "id": "m-x" });
    let answer = light.call("message:send", forged).await;
    if answer["ok"] == true {
        let message = &answer["message"];
        assert_eq!(
            (&message["authorId"], &message["authorName"], &message["isBot"]),
            (&json!(bob.id.as_str()), &json!("Bob"), &json!(false))
        );
    } else {
        assert_eq!(answer["code"], "invalid_request", "{answer}");
    }
    for event in ["message:new", "room:joined", "session:ended", "server:closing"] {
        assert_eq!(light.call(event, json!({ "message": { "authorId": ann.id.as_str() } })).await["code"], "invalid_event");
    }
    server.stop().await;
}
