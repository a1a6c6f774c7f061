//! Who is let in, and how the others are told.

use std::time::Duration;

use community::config::{Secret, Span};
use serde_json::{Value, json};

use super::*;
use crate::support::{Light, Opening, Sockets, eventually};

const TOKEN: &str = "0123456789abcdef0123456789abcdef";

db_test! {
    async fn every_transport_connects_and_hears_its_rooms_without_joining_them(db) {
        let server = TestServer::start(db).await;
        let (ann, bob) = (server.member("Ann").await, server.member("Bob").await);
        let room = room(&[&ann, &bob]).await;
        let sockets = Sockets::at(server.url()).await;
        let websocket = sockets.dial().person(&ann).websocket().connect().await;
        let polling = sockets.dial().person(&ann).polling().connect().await;
        let upgraded = sockets.connect(&ann).await;
        eventually("the upgrade", || async { (upgraded.transport().await == "websocket").then_some(()) }).await;
        say(&bob, &room, "Hello").await;
        for socket in [&websocket, &polling, &upgraded] {
            let heard = socket.expect("message:new").await;
            assert_eq!((&heard["message"]["body"], &heard["message"]["authorName"]), (&json!("Hello"), &json!("Bob")), "{heard}");
        }
        let transports = [websocket.transport().await, polling.transport().await, upgraded.transport().await];
        assert_eq!(transports, ["websocket", "polling", "websocket"]);
        server.stop().await;
    }

    async fn the_bot_of_the_configuration_connects_as_the_reference_says(db) {
        let server = TestServer::start_with(db, |config| config.chat.bot_token = Some(Secret::new(TOKEN))).await;
        let ann = server.member("Ann").await;
        let room = room(&[&ann]).await;
        let sockets = Sockets::at(server.url()).await;
        let person = sockets.connect(&ann).await;
        let bot = sockets.dial().auth(json!({ "botToken": TOKEN, "botId": "openclaw", "botName": "OpenClaw" })).connect().await;
        bot.emit("room:join", json!({ "roomId": room })).await.ok();
        person.expect_where("room:joined", |event| event["user"]["username"] == "OpenClaw").await;
        bot.emit("message:send", json!({ "roomId": room, "body": "Hello" })).await.ok();
        let heard = person.expect("message:new").await;
        assert_eq!((&heard["message"]["isBot"], &heard["message"]["authorName"]), (&json!(true), &json!("OpenClaw")), "{heard}");
        say(&ann, &room, "Hello bot").await;
        bot.expect_where("message:new", |event| event["message"]["body"] == "Hello bot").await;
        server.stop().await;
    }
}

async fn refusal(server: &TestServer, opening: Opening, auth: Option<Value>) -> Value {
    Light::connect_with(&server.url(), opening, auth).await.err().expect("it was let in")
}

#[tokio::test]
async fn s01_who_says_nothing_about_themselves_is_refused_and_disconnected() {
    // Also the official client has to ask within this time, and Node may have to start first.
    let server = TestServer::start_with(crate::support::Db::Sqlite, |config| config.limits.socket_connect_timeout = Span::seconds(8)).await;
    let mut nobody = Opening::default().open(&server.url()).await.unwrap();
    nobody.opened().await;
    nobody.send("40").await;
    let answer = nobody.packet(|packet| packet.starts_with("44")).await;
    let message: Value = serde_json::from_str(&answer[2..]).unwrap();
    let error: Value = serde_json::from_str(message["message"].as_str().unwrap()).unwrap();
    assert_eq!((&error["ok"], &error["code"]), (&json!(false), &json!("login_required")), "{error}");
    nobody.closed().await;
    // Who does not even ask goes the same way.
    let mut silent = Opening::default().open(&server.url()).await.unwrap();
    silent.opened().await;
    silent.closed().await;
    let sockets = Sockets::at(server.url()).await;
    let refused = sockets.dial().websocket().option("reconnection", json!(false)).try_connect().await.err().unwrap();
    assert!(refused.message.contains("login_required"), "{refused:?}");
    server.stop().await;
}

#[tokio::test]
async fn s05_wrong_bot_tokens_are_refused() {
    let server = TestServer::start_with(crate::support::Db::Sqlite, |config| config.chat.bot_token = Some(Secret::new(TOKEN))).await;
    for token in [json!("wrong"), json!(""), json!("x".repeat(50_000)), json!(&TOKEN[..31]), json!(format!("{TOKEN}0"))] {
        let error =
            refusal(&server, Opening::default(), Some(json!({ "botToken": token, "botId": "openclaw", "botName": "OpenClaw" }))).await;
        assert_eq!(error["code"], "invalid_bot_token", "{error}");
        rest(&server);
    }
    for token in [json!([TOKEN]), json!({ "a": TOKEN }), json!(7)] {
        let error = refusal(&server, Opening::default(), Some(json!({ "botToken": token }))).await;
        assert_eq!(error["code"], "invalid_request", "{error}");
        assert!(error["error"].as_str().unwrap().contains("botToken"), "{error}");
    }
    for auth in [json!([]), json!("text"), json!(3)] {
        // Some of these the library takes for no `auth` at all.
        let error = refusal(&server, Opening::default(), Some(auth)).await;
        assert!(matches!(error["code"].as_str(), Some("invalid_request" | "login_required")), "{error}");
    }
    server.stop().await;
}

#[tokio::test]
async fn s05_without_a_token_in_the_configuration_no_token_is_right() {
    let server = TestServer::start(crate::support::Db::Sqlite).await;
    for token in ["", "null", "undefined"] {
        let error = refusal(&server, Opening::default(), Some(json!({ "botToken": token, "botId": "openclaw" }))).await;
        assert_eq!(error["code"], "invalid_bot_token", "{error}");
        rest(&server);
    }
    server.stop().await;
}

#[tokio::test]
async fn s05_guessing_tokens_is_slowed_down() {
    let server = TestServer::start_with(crate::support::Db::Sqlite, |config| config.chat.bot_token = Some(Secret::new(TOKEN))).await;
    let mut codes = Vec::new();
    for guess in 0..8 {
        let auth = json!({ "botToken": format!("guess-{guess}"), "botId": "openclaw" });
        codes.push(refusal(&server, Opening::default(), Some(auth)).await["code"].as_str().unwrap().to_owned());
    }
    assert!(codes.contains(&"rate_limited".to_owned()), "{codes:?}");
    server.stop().await;
}

#[tokio::test]
async fn s06_a_bot_takes_nobodys_place() {
    let server = TestServer::start_with(crate::support::Db::Sqlite, |config| config.chat.bot_token = Some(Secret::new(TOKEN))).await;
    let ann = server.member("Ann").await;
    for id in [json!(ann.id.as_str()), json!("system"), json!("x".repeat(10_000)), json!("<b>bot</b>"), json!("a b")] {
        let auth = json!({ "botToken": TOKEN, "botId": id, "botName": "Bot" });
        match Light::connect_with(&server.url(), Opening::default(), Some(auth)).await {
            Err(error) => assert!(matches!(error["code"].as_str(), Some("invalid_request" | "name_taken")), "{error}"),
            Ok(mut bot) => {
                let room = room(&[&ann]).await;
                bot.call("room:join", json!({ "roomId": room })).await;
                let sent = bot.call("message:send", json!({ "roomId": room, "body": "I am Ann" })).await;
                assert_ne!(sent["message"]["authorId"], ann.id.as_str(), "{sent}");
                assert_eq!(sent["message"]["isBot"], true, "{sent}");
            }
        }
        rest(&server);
    }
    server.stop().await;
}

#[tokio::test]
async fn s27_monstrous_headers_are_refused() {
    let server = TestServer::start(crate::support::Db::Sqlite).await;
    let mut raw = crate::support::Raw::connect(server.running().addr).await;
    let filler = "x".repeat(400_000);
    let request = format!(
        "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nX-Filler: {filler}\r\n\r\n"
    );
    raw.send(request.as_bytes()).await;
    assert_eq!(raw.answer().await.status, 431);
    server.stop().await;
}

#[tokio::test]
async fn s14_sockets_have_caps_for_all_for_one_client_and_for_one_user() {
    let server = TestServer::start_with(crate::support::Db::Sqlite, |config| {
        config.http.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
        // What protects memory holds for whoever wants no limits, too.
        config.limits.enabled = false;
        config.limits.sockets = 6;
        config.limits.sockets_per_client = 3;
        config.limits.sockets_per_user = 2;
        // All of them have to be there before the first goes.
        config.limits.socket_connect_timeout = Span::seconds(5);
    })
    .await;
    let from = |address: &str| Opening::default().header("X-Forwarded-For", address).patience(Duration::from_secs(30));
    let mut open = Vec::new();
    for _ in 0..3 {
        open.push(from("192.0.2.1").open(&server.url()).await.unwrap());
    }
    assert_eq!(from("192.0.2.1").open(&server.url()).await.err(), Some(503));
    for host in 2..5 {
        open.push(from(&format!("192.0.2.{host}")).open(&server.url()).await.unwrap());
    }
    let answer = server.client().call("GET", "/socket.io/?EIO=4&transport=polling").header("X-Forwarded-For", "192.0.2.9").send().await;
    assert_eq!(answer.header("retry-after"), Some("5"));
    answer.expect_error(503, "too_many_connections");
    // Those that say nothing about themselves do not keep their place.
    for light in &mut open {
        light.closed().await;
    }
    let ann = server.member("Ann").await;
    let mut first = Light::connect(&server.url(), &ann).await;
    let mut second = Light::connect(&server.url(), &ann).await;
    let mut third = Light::connect(&server.url(), &ann).await;
    assert_eq!(first.expect("session:ended").await["reason"], "too_many");
    assert_eq!(second.call("room:list", json!({})).await["ok"], true);
    assert_eq!(third.call("room:list", json!({})).await["ok"], true);
    server.stop().await;
}

#[tokio::test]
async fn handshakes_have_a_limit_for_each_client() {
    let server =
        TestServer::start_with(crate::support::Db::Sqlite, |config| config.limits.socket_handshakes = "2/minute".parse().unwrap()).await;
    let open = || async { server.client().get("/socket.io/?EIO=4&transport=polling").await };
    open().await.expect(200);
    open().await.expect(200);
    let refused = open().await;
    assert!(refused.header("retry-after").is_some());
    refused.expect_error(429, "rate_limited");
    server.clock.advance(Duration::from_secs(60));
    open().await.expect(200);
    server.stop().await;
}
