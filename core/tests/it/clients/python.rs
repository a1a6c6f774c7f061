//! The client of python-socketio.

use std::process::Command;

use super::{BOT_TOKEN, cookie_of, room_of, server};
use crate::support::{Python, TestServer};

/// Lets `socket_story.py` play over `transport` with the server at `url`, which may be a proxy of `server`.
pub async fn play(server: &TestServer, url: &str, transport: &str) {
    let (ann, bob) = (server.member("Ann").await, server.member("Bob").await);
    let room = room_of(&ann).await;
    let mut command: Command = Python::script("socket_story.py");
    command.args([url, transport, &room, &cookie_of(&ann), &cookie_of(&bob), BOT_TOKEN]);
    Python::run_well(command).await;
}

db_test! {
    async fn python_talks_over_websocket(db) {
        let server = server(db).await;
        play(&server, &server.url(), "websocket").await;
        server.stop().await;
    }

    async fn python_talks_over_polling(db) {
        let server = server(db).await;
        play(&server, &server.url(), "polling").await;
        server.stop().await;
    }

    async fn python_begins_with_polling_and_goes_on_over_websocket(db) {
        let server = server(db).await;
        play(&server, &server.url(), "polling,websocket").await;
        server.stop().await;
    }
}
