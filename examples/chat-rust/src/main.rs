//! A chat client for the terminal: shows a room's latest messages, what is said from then on and who is writing, and sends the lines
//! that are typed. A line that ends with a backslash goes on in the next one; until then the others see that one is writing.
//!
//!     COMMUNITY_COOKIE=… community-chat [ROOM]

#![allow(clippy::disallowed_methods, reason = "the rules of the server; an example reads its settings where it needs them")]

mod socket;

use std::{env, process::ExitCode};

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader, stdin};

use self::socket::{Event, Outcome, Socket};

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
    let cookie = env::var("COMMUNITY_COOKIE").map_err(|_| "COMMUNITY_COOKIE is not set; `community user session EMAIL` prints it")?;
    let (socket, mut events) = Socket::connect(&url, &cookie).await?;
    let Some(room) = env::args().nth(1) else { return list(&socket).await };
    let joined = socket.ask("room:join", json!({ "roomId": room })).await?;
    println!("— {} —", text(&joined["room"]["name"]));
    for message in joined["room"]["messages"].as_array().into_iter().flatten() {
        show(message);
    }
    have_read(&socket, &room, &joined["room"]["seq"]).await?;
    let mut lines = BufReader::new(stdin()).lines();
    let mut unfinished = String::new();
    loop {
        tokio::select! {
            event = events.recv() => {
                let event = event.ok_or("the connection is lost")?;
                heard(&room, &event);
                if event.name == "message:new" && event.data["message"]["roomId"] == room {
                    have_read(&socket, &room, &event.data["message"]["seq"]).await?;
                }
            }
            line = lines.next_line() => match line? {
                Some(line) => typed(&socket, &room, &line, &mut unfinished).await?,
                None => return Ok(()),
            },
        }
    }
}

/// Lets the server know up to where the room was shown.
async fn have_read(socket: &Socket, room: &str, seq: &Value) -> Outcome {
    socket.ask("room:read", json!({ "roomId": room, "seq": seq })).await.map(drop)
}

/// Without a room: shows which there are.
async fn list(socket: &Socket) -> Outcome {
    let answer = socket.ask("room:list", json!({})).await?;
    for room in answer["rooms"].as_array().into_iter().flatten() {
        println!("{}  {} ({} unread)", text(&room["id"]), text(&room["name"]), room["unread"]);
    }
    Ok(())
}

/// A line was typed: it is a message, or a part of one.
async fn typed(socket: &Socket, room: &str, line: &str, unfinished: &mut String) -> Outcome {
    if let Some(part) = line.strip_suffix('\\') {
        unfinished.push_str(part);
        unfinished.push('\n');
        socket.ask("typing", json!({ "roomId": room, "on": true })).await?;
        return Ok(());
    }
    let body = std::mem::take(unfinished) + line;
    if !body.trim().is_empty()
        && let Err(refusal) = socket.ask("message:send", json!({ "roomId": room, "body": body })).await
    {
        println!("! {refusal}");
    }
    Ok(())
}

fn heard(room: &str, event: &Event) {
    let data = &event.data;
    if data["roomId"] != room && data["message"]["roomId"] != room && event.name != "session:ended" {
        return;
    }
    match event.name.as_str() {
        "message:new" => show(&data["message"]),
        "message:edited" => {
            print!("(changed) ");
            show(&data["message"]);
        }
        "message:deleted" => println!("({} took back a message)", text(&data["message"]["authorName"])),
        "room:joined" => println!("({} joined)", text(&data["user"]["username"])),
        "room:left" => println!("({} left)", text(&data["user"]["username"])),
        "typing" if data["on"] == true => println!("({} is writing)", text(&data["username"])),
        "session:ended" => println!("(the server ended this: {})", text(&data["reason"])),
        _ => {}
    }
}

fn show(message: &Value) {
    if message["deleted"] != true {
        println!("{}: {}", text(&message["authorName"]), text(&message["body"]));
    }
}

/// Text from others, without the characters that would steer a terminal.
fn text(value: &Value) -> String {
    let text = value.as_str().unwrap_or_default();
    text.chars().filter(|letter| *letter == '\n' || !letter.is_control()).collect()
}
