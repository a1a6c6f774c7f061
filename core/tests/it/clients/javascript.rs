//! The official client.

use serde_json::{Value, json};

use super::{BOT_TOKEN, room_of, server};
use crate::support::{Dial, Socket, Sockets, TestServer};

/// How a client reaches the server.
#[derive(Debug, Clone, Copy)]
pub enum Over {
    /// From the first request on.
    WebSocket,
    /// And nothing else.
    Polling,
    /// Polling first, as clients do by themselves.
    Both,
}

impl Over {
    fn dial(self, sockets: &Sockets) -> Dial {
        match self {
            Self::WebSocket => sockets.dial().websocket(),
            Self::Polling => sockets.dial().polling(),
            Self::Both => sockets.dial(),
        }
    }

    const fn transport(self) -> &'static str {
        match self {
            Self::WebSocket | Self::Both => "websocket",
            Self::Polling => "polling",
        }
    }
}

/// What two people and a bot do in a room of `server`, which clients reach at `url`.
pub async fn play(server: &TestServer, url: &str, over: Over) {
    let sockets = Sockets::at(url).await;
    let (ann, bob) = (server.member("Ann").await, server.member("Bob").await);
    let room = room_of(&ann).await;
    let at = |data: Value| {
        let mut data = data;
        data["roomId"] = json!(room);
        data
    };
    let refusal = over.dial(&sockets).try_connect().await.map(|_| ()).unwrap_err();
    assert_eq!(refusal.code(), "login_required", "{refusal:?}");
    let hers = over.dial(&sockets).person(&ann).first("room:list", json!({})).connect().await;
    assert_eq!(hers.first.clone().ok()["rooms"][0]["id"], room.as_str(), "an event in the instant of connecting is answered");
    let his = over.dial(&sockets).person(&bob).connect().await;

    his.emit("message:send", at(json!({ "body": "May I?" }))).await.error("not_found");
    let joined = his.emit("room:join", at(json!({}))).await.ok();
    assert_eq!(joined["room"]["members"].as_array().unwrap().len(), 2);
    assert_eq!(hers.expect("room:joined").await["user"]["id"], bob.id.as_str());
    let online = hers.emit("presence:watch", at(json!({}))).await.ok();
    assert_eq!(online["online"].as_array().unwrap().len(), 2);
    his.emit("typing", at(json!({ "on": true }))).await.ok();
    assert_eq!(hers.expect("typing").await["username"], "Bob");

    let first = said(&hers, "message:send", at(json!({ "body": "Hello" }))).await;
    assert_eq!(his.expect("message:new").await["message"], first);
    assert_eq!(hers.expect("message:new").await["message"], first);
    his.emit("room:read", at(json!({ "seq": 1 }))).await.ok();
    assert_eq!(hers.expect("room:read").await, json!({ "roomId": room, "userId": bob.id.as_str(), "seq": 1 }));
    let files = json!(["https://files.example/cat.png"]);
    let answer = said(&his, "message:send", at(json!({ "body": "Hello, Ann", "replyTo": first["id"], "attachments": files }))).await;
    assert_eq!((&hers.expect("message:new").await["message"], &answer["seq"]), (&answer, &json!(2)));
    assert_eq!(answer["attachments"], files);
    let edited = said(&hers, "message:edit", json!({ "messageId": first["id"], "body": "Hello!" })).await;
    assert_eq!(his.expect("message:edited").await["message"], edited);
    let reacted = said(&his, "message:react", json!({ "messageId": first["id"], "emoji": "👋", "on": true })).await;
    assert_eq!(hers.expect("message:reacted").await["message"], reacted);

    his.disconnect().await;
    assert_eq!(hers.expect("presence").await, json!({ "roomId": room, "userId": bob.id.as_str(), "online": false }));
    let bot = over.dial(&sockets).auth(json!({ "botToken": BOT_TOKEN, "botId": "openclaw", "botName": "OpenClaw" })).connect().await;
    bot.emit("room:join", at(json!({}))).await.ok();
    let from_bot = said(&bot, "message:send", at(json!({ "body": "I am a bot" }))).await;
    assert_eq!((&from_bot["isBot"], &from_bot["authorName"]), (&json!(true), &json!("OpenClaw")));
    let deleted = said(&hers, "message:delete", json!({ "messageId": first["id"] })).await;
    assert_eq!(bot.expect("message:deleted").await["message"], deleted);

    his.reconnect().await.unwrap();
    let resumed = his.emit("resume", json!({ "rooms": [{ "roomId": room, "rev": reacted["rev"] }] })).await.ok();
    assert_eq!(resumed["rooms"], json!([{ "roomId": room, "messages": [from_bot, deleted], "more": false }]));
    let history = his.emit("message:history", at(json!({}))).await.ok();
    assert_eq!(history["messages"], json!([deleted, answer, from_bot]));
    assert_eq!(hers.transport().await, over.transport());
    his.emit("room:leave", at(json!({}))).await.ok();
    assert_eq!(hers.expect("room:left").await["user"]["username"], "Bob");
}

/// Sends an event about a message and gives the message as it is then.
async fn said(socket: &Socket, event: &str, data: Value) -> Value {
    socket.emit(event, data).await.ok()["message"].take()
}

db_test! {
    async fn javascript_talks_over_websocket(db) {
        let server = server(db).await;
        play(&server, &server.url(), Over::WebSocket).await;
        server.stop().await;
    }

    async fn javascript_talks_over_polling(db) {
        let server = server(db).await;
        play(&server, &server.url(), Over::Polling).await;
        server.stop().await;
    }

    async fn javascript_begins_with_polling_and_goes_on_over_websocket(db) {
        let server = server(db).await;
        play(&server, &server.url(), Over::Both).await;
        server.stop().await;
    }
}
