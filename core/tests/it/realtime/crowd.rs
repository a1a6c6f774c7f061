//! A thousand clients that talk in the instant in which they connect.

use std::time::Duration;

use super::*;
use crate::support::{Db, Opening};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_clients_that_send_as_they_connect_all_get_their_answer() {
    let server = TestServer::start_with(Db::Sqlite, |config| {
        config.limits.enabled = false;
        config.limits.sockets_per_user = 2000;
        // An unoptimised server takes its time.
        config.limits.socket_connect_timeout = community::config::Span::seconds(60);
        config.http.header_read_timeout = community::config::Span::seconds(60);
    })
    .await;
    let ann = server.member("Ann").await;
    let room = room(&[&ann]).await;
    // As long as the server has for the last of them.
    let opening = Opening::of(&ann).patience(Duration::from_secs(60));
    let mut clients = Vec::new();
    for number in 0..1000 {
        let (url, opening, room) = (server.url(), opening.clone(), room.clone());
        clients.push(tokio::spawn(async move {
            let mut light = opening.open(&url).await.unwrap();
            light.send("40").await;
            light.packet(|packet| packet.starts_with("40")).await;
            light.send(&format!("421[\"presence:watch\",{{\"roomId\":\"{room}\"}}]")).await;
            let answer = light.packet(|packet| packet.starts_with("431[") || packet.starts_with("44")).await;
            assert!(answer.starts_with("431[{\"ok\":true"), "{number}: {answer}");
        }));
    }
    for client in clients {
        client.await.unwrap();
    }
    server.stop().await;
}
