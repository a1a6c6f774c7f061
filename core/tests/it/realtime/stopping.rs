//! The server stops, and comes back.

use std::time::{Duration, Instant};

use serde_json::json;

use super::*;
use crate::support::{Binary, Db, Light, Opening, PASSWORD, Sockets};

#[tokio::test]
async fn s30_clients_are_told_when_to_come_back_and_then_do() {
    let mut server = TestServer::start(Db::Sqlite).await;
    let ann = server.member("Ann").await;
    let room = room(&[&ann]).await;
    let mut moments = Vec::new();
    let mut lights = Vec::new();
    for _ in 0..5 {
        lights.push(Light::connect(&server.url(), &ann).await);
    }
    let sockets = Sockets::at(server.url()).await;
    let (websocket, polling) =
        (sockets.dial().person(&ann).websocket().connect().await, sockets.dial().person(&ann).polling().connect().await);
    let stopping = Instant::now();
    server.restart().await;
    assert!(stopping.elapsed() < Duration::from_secs(20), "{:?}", stopping.elapsed());
    for light in &mut lights {
        moments.push(light.expect("server:closing").await["retryMs"].as_u64().unwrap());
        light.closed().await;
    }
    assert!(moments.iter().all(|moment| *moment <= 5000), "{moments:?}");
    moments.dedup();
    assert!(moments.len() > 1, "everybody would come back at once: {moments:?}");
    // Polling hears it only if it asks within the moment that is left.
    assert!(websocket.expect("server:closing").await["retryMs"].is_u64());
    // The client takes it for a lost connection, which it tries to get back, and not for a farewell.
    assert_eq!(websocket.disconnected().await, "transport close");
    // Between two requests polling finds nobody there any more, which is an error of the transport.
    assert_ne!(polling.disconnected().await, "io server disconnect");
    let again = Opening::of(&ann).query("sid=AAAAAAAAAAAAAAAA").open(&server.url()).await;
    assert_eq!(again.err(), Some(400), "an id of before means nothing");
    let mut light = Light::connect(&server.url(), &ann).await;
    assert_eq!(light.call("message:history", json!({ "roomId": room })).await["ok"], true);
    server.stop().await;
}

#[tokio::test]
async fn an_official_client_comes_back_by_itself_after_a_restart() {
    let mut binary = Binary::start(Db::Sqlite, &[]).await;
    let arguments = ["user", "create", "--email", "ann@example.org", "--username", "Ann", "--password-stdin"];
    binary.run_well(&arguments, PASSWORD).await;
    let session = binary.run_well(&["user", "session", "ann@example.org"], "").await;
    let sockets = Sockets::at(binary.base_url()).await;
    let options = json!(50);
    let dial =
        sockets.dial().header("Cookie", session.trim()).option("reconnection", json!(true)).option("reconnectionDelay", options.clone());
    let dial = dial.option("reconnectionDelayMax", options);
    let socket = dial.connect().await;
    assert!(binary.terminate().await.success());
    socket.disconnected().await;
    binary.serve().await;
    let answer = socket.emit("room:list", json!({})).await.ok();
    assert_eq!(answer["rooms"], json!([]));
    binary.stop().await;
}
