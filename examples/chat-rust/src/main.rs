//! A chat client for the terminal: shows a room's latest messages, what is said from then on and who is writing, and sends the lines
//! that are typed. A line that ends with a backslash goes on in the next one; until then the others see that one is writing. When the
//! connection is lost it comes back, with what was missed.
//!
//!     COMMUNITY_COOKIE=… community-chat [ROOM]

#![allow(clippy::disallowed_methods, reason = "the rules of the server; an example reads its settings where it needs them")]

mod chat;
mod socket;

use std::{env, process::ExitCode, time::Duration};

use serde_json::json;
use tokio::{
    io::{AsyncBufReadExt, BufReader, stdin},
    sync::mpsc::UnboundedReceiver,
    time::sleep,
};

use self::{
    chat::{Chat, text},
    socket::{Event, Fault, Outcome, Socket, refused},
};

/// The longest pause between two attempts to connect.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

#[tokio::main]
async fn main() -> ExitCode {
    // TLS for https addresses. It can be chosen only once, and it was not chosen before.
    let _ = rustls::crypto::ring::default_provider().install_default();
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("community-chat: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Outcome {
    let url = env::var("COMMUNITY_URL").unwrap_or_else(|_| "http://127.0.0.1:3000".to_owned());
    let cookie =
        env::var("COMMUNITY_COOKIE").map_err(|_| refused("COMMUNITY_COOKIE is not set; `community user session EMAIL` prints it"))?;
    let (mut socket, mut events) = Socket::connect(&url, &cookie).await?;
    let Some(room) = env::args().nth(1) else { return list(&socket).await };
    let mut chat = Chat::of(room);
    let mut lines = BufReader::new(stdin()).lines();
    loop {
        match chat.go_on(&socket, &mut events, &mut lines).await {
            Err(Fault::Lost(reason)) => println!("({reason}; trying again)"),
            end => return end,
        }
        (socket, events) = again(&url, &cookie).await?;
    }
}

/// Connects as soon as that is possible again, unless the server says no.
async fn again(url: &str, cookie: &str) -> Outcome<(Socket, UnboundedReceiver<Event>)> {
    let mut pause = Duration::from_secs(1);
    loop {
        sleep(pause).await;
        match Socket::connect(url, cookie).await {
            Err(Fault::Lost(_)) => pause = (2 * pause).min(LONGEST_PAUSE),
            outcome => return outcome,
        }
    }
}

/// Without a room: shows which there are.
async fn list(socket: &Socket) -> Outcome {
    let answer = socket.ask("room:list", json!({})).await?;
    for room in answer["rooms"].as_array().into_iter().flatten() {
        println!("{}  {} ({} unread)", text(&room["id"]), text(&room["name"]), room["unread"]);
    }
    Ok(())
}
