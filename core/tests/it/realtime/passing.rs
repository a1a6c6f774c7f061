//! Typing and presence.

use community::{
    bots::{
        actions::{Create, create},
        model::{Ability, BotName},
    },
    config::Span,
    ids::RoomId,
};
use serde_json::json;

use super::*;
use crate::support::{Db, Light, Sockets, eventually};

/// The id of the bot "Helper", and the secret of a token of its own for one room.
async fn token(server: &TestServer, room: &str) -> (String, String) {
    let rooms = Some(vec![RoomId::parse(room).unwrap()]);
    let input = Create { name: BotName::parse("Helper").unwrap(), handle: None, abilities: vec![Ability::Read], rooms };
    let (bot, _, secret) = server.store().await.write(input, |tx, input| Box::pin(create(tx, input))).await.unwrap();
    (bot.id.to_string(), secret.expose().to_owned())
}

#[tokio::test]
async fn the_others_see_who_is_typing() {
    let server = TestServer::start(Db::Sqlite).await;
    let (ann, bob, eve) = (server.member("Ann").await, server.member("Bob").await, server.member("Eve").await);
    let room = room(&[&ann, &bob]).await;
    let sockets = Sockets::at(server.url()).await;
    let (a, also_a, b, e) =
        (sockets.connect(&ann).await, sockets.connect(&ann).await, sockets.connect(&bob).await, sockets.connect(&eve).await);
    a.emit("typing", json!({ "roomId": room, "on": true })).await.ok();
    let typing = b.expect("typing").await;
    assert_eq!(typing, json!({ "roomId": room, "userId": ann.id.as_str(), "username": "Ann", "on": true }));
    // Saying so again and again tells nobody; stopping does, when it is time to tell something again.
    for _ in 0..5 {
        a.emit("typing", json!({ "roomId": room, "on": true })).await.ok();
    }
    a.emit("typing", json!({ "roomId": room, "on": false })).await.ok();
    assert_eq!(b.expect("typing").await["on"], false);
    say(&ann, &room, "Done").await;
    for socket in [&a, &also_a, &b] {
        socket.expect("message:new").await;
        assert!(socket.received().iter().all(|received| received.event != "typing"), "{:?}", socket.received());
    }
    assert!(e.received().is_empty());
    server.stop().await;
}

#[tokio::test]
async fn to_and_fro_is_told_once_in_a_while_for_each_socket_and_room() {
    let server = TestServer::start_with(Db::Sqlite, |config| {
        config.limits.enabled = false;
        config.realtime.typing_every = Span::minutes(10);
    })
    .await;
    let (ann, bob) = (server.member("Ann").await, server.member("Bob").await);
    let (one, two) = (room(&[&ann, &bob]).await, room(&[&ann, &bob]).await);
    let mut his = Light::connect(&server.url(), &bob).await;
    let mut hers = [Light::connect(&server.url(), &ann).await, Light::connect(&server.url(), &ann).await];
    for light in &mut hers {
        for on in [true, false].repeat(50) {
            light.call("typing", json!({ "roomId": one, "on": on })).await;
        }
    }
    hers[0].call("typing", json!({ "roomId": two, "on": true })).await;
    let told: Vec<Value> = his.events().await.into_iter().map(|(_, event)| json!([event["roomId"], event["on"]])).collect();
    assert_eq!(told, [json!([one, true]), json!([one, true]), json!([two, true])]);
    // Whoever goes on is told of again when it is time.
    server.clock.advance(std::time::Duration::from_secs(600));
    hers[0].call("typing", json!({ "roomId": two, "on": true })).await;
    assert_eq!(his.expect("typing").await["roomId"], json!(two));
    server.stop().await;
}

#[tokio::test]
async fn presence_counts_people_not_sockets() {
    let server = TestServer::start(Db::Sqlite).await;
    let (ann, bob) = (server.member("Ann").await, server.member("Bob").await);
    let room = room(&[&ann, &bob]).await;
    let mut watcher = Light::connect(&server.url(), &ann).await;
    let answer = watcher.call("presence:watch", json!({ "roomId": room })).await;
    assert_eq!(answer, json!({ "ok": true, "online": [ann.id.as_str()] }));
    let first = Light::connect(&server.url(), &bob).await;
    assert_eq!(watcher.expect("presence").await, json!({ "roomId": room, "userId": bob.id.as_str(), "online": true }));
    let second = Light::connect(&server.url(), &bob).await;
    first.close().await;
    let online = || async {
        let members = ann.client.get(&format!("/api/rooms/{room}")).await.expect(200).json()["room"]["members"].clone();
        members.as_array().unwrap().iter().filter(|member| member["online"] == true).count()
    };
    assert_eq!(online().await, 2);
    second.close().await;
    assert_eq!(watcher.expect("presence").await, json!({ "roomId": room, "userId": bob.id.as_str(), "online": false }));
    eventually("Bob to be gone", || async { (online().await == 1).then_some(()) }).await;
    // A connection that is cut counts like one that says goodbye.
    let third = Light::connect(&server.url(), &bob).await;
    assert_eq!(watcher.expect("presence").await["online"], true);
    drop(third);
    assert_eq!(watcher.expect("presence").await["online"], false);
    server.stop().await;
}

#[tokio::test]
async fn presence_is_told_in_each_room_by_the_connections_that_hear_it() {
    let server = TestServer::start(Db::Sqlite).await;
    let ann = server.member("Ann").await;
    let (one, two) = (room(&[&ann]).await, room(&[&ann]).await);
    let ((bot, for_one), (_, for_two)) = (token(&server, &one).await, token(&server, &two).await);
    let sockets = Sockets::at(server.url()).await;
    let watcher = sockets.connect(&ann).await;
    let watch = async |room: &str| watcher.emit("presence:watch", json!({ "roomId": room })).await.ok()["online"].clone();
    let told = |room: &str, online: bool| json!({ "roomId": room, "userId": bot, "online": online });
    for room in [&one, &two] {
        assert_eq!(watch(room).await, json!([ann.id.as_str()]));
    }

    let in_one = sockets.bot(&for_one).await;
    assert_eq!(watcher.expect("presence").await, told(&one, true));
    let in_two = sockets.bot(&for_two).await;
    assert_eq!(watcher.expect("presence").await, told(&two, true));
    let also_in_two = sockets.bot(&for_two).await;
    in_one.disconnect().await;
    assert_eq!(watcher.expect("presence").await, told(&one, false), "the third is told nowhere");
    assert_eq!(watch(&one).await, json!([ann.id.as_str()]));
    assert_eq!(watch(&two).await.as_array().unwrap().len(), 2);
    in_two.disconnect().await;
    in_one.reconnect().await.unwrap();
    assert_eq!(watcher.expect("presence").await, told(&one, true), "one of two is left, and nobody is told");
    also_in_two.disconnect().await;
    assert_eq!(watcher.expect("presence").await, told(&two, false));

    // Whoever becomes a member of a room while they are connected comes there once, however many connections they have.
    let bob = server.member("Bob").await;
    let his = [sockets.connect(&bob).await, sockets.connect(&bob).await];
    his[0].emit("room:join", json!({ "roomId": one })).await.ok();
    assert_eq!(watcher.expect("presence").await, json!({ "roomId": one, "userId": bob.id.as_str(), "online": true }));
    in_one.disconnect().await;
    assert_eq!(watcher.expect("presence").await, told(&one, false));
    server.stop().await;
}

#[tokio::test]
async fn read_markers_are_told_to_small_rooms_only() {
    let server = TestServer::start_with(Db::Sqlite, |config| config.realtime.receipts_up_to = 2).await;
    let (ann, bob, eve) = (server.member("Ann").await, server.member("Bob").await, server.member("Eve").await);
    let room = room(&[&ann, &bob, &eve]).await;
    say(&ann, &room, "Hello").await;
    let sockets = Sockets::at(server.url()).await;
    let (a, b) = (sockets.connect(&ann).await, sockets.connect(&bob).await);
    b.emit("room:read", json!({ "roomId": room, "seq": 1 })).await.ok();
    assert_eq!(a.expect("room:read").await["userId"], bob.id.as_str());
    let (e, also_b) = (sockets.connect(&eve).await, sockets.connect(&bob).await);
    say(&ann, &room, "Hello again").await;
    b.emit("room:read", json!({ "roomId": room, "seq": 2 })).await.ok();
    assert_eq!(also_b.expect("room:read").await["userId"], bob.id.as_str());
    say(&ann, &room, "Done").await;
    e.expect_where("message:new", |event| event["message"]["body"] == "Done").await;
    assert!(e.received().iter().all(|received| received.event != "room:read"));
    server.stop().await;
}
