//! How long it takes until everybody who is connected has a new post, beside a message of the same length for everybody in a room.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use serde_json::json;
use tokio::{sync::Semaphore, time::timeout};

use super::seed::Members;
use crate::{
    Outcome,
    load::{self, Requests, percentile},
    process::Process,
    socket::Socket,
    table::{Budget, Figure, Table, Unit},
};

/// Of each.
const TIMES: usize = 40;
/// How long the last may take to have it.
const PATIENCE: Duration = Duration::from_secs(30);
/// As long as a message may be, in letters of four bytes: 16 kB.
const LETTERS: usize = 4000;

/// Writes posts and messages by turns, while all `members` listen, who are in `room`.
pub async fn measure(server: &Process, members: &Members, room: &str, table: &mut Table) -> Outcome {
    let heard = Arc::new(Semaphore::new(0));
    let mut sockets = Vec::with_capacity(members.cookies.len());
    for cookie in &members.cookies {
        let heard = Arc::clone(&heard);
        let hear = move |event: &[u8]| {
            if event.starts_with(b"[\"post:new\"") || event.starts_with(b"[\"message:new\"") {
                heard.add_permits(1);
            }
        };
        sockets.push(Socket::connect(server.addr, cookie, hear).await?);
    }
    let body = "\u{20000}".repeat(LETTERS);
    let post = Requests::post("/api/posts", [json!({ "title": "News", "body": body }).to_string()], &members.cookies[0]);
    let path = format!("/api/rooms/{room}/messages");
    let message = Requests::post(&path, [json!({ "body": body }).to_string()], &members.cookies[0]);
    let (mut posts, mut messages) = (Vec::with_capacity(TIMES), Vec::with_capacity(TIMES));
    for _ in 0..TIMES {
        posts.push(until_all_have(server, &post, &heard, sockets.len()).await?);
        messages.push(until_all_have(server, &message, &heard, sockets.len()).await?);
    }
    posts.sort_unstable();
    messages.sort_unstable();
    let subject = format!("a post of 16 kB until the last of {} sockets has it, p50", sockets.len());
    let figure = Figure::new(subject, Unit::Millis, percentile(&posts, 50)).beside("as a message of one room", percentile(&messages, 50));
    table.add(figure.budget(Budget::AtMostTimes(1.5)));
    Ok(())
}

/// How long it takes from the request until so many have heard of it.
async fn until_all_have(server: &Process, request: &Requests, heard: &Semaphore, all: usize) -> Outcome<Duration> {
    let since = Instant::now();
    load::ask(server.addr, request).await?;
    let everybody = timeout(PATIENCE, heard.acquire_many(u32::try_from(all)?)).await;
    everybody.map_err(|_| "not everybody heard of a post or a message")??.forget();
    Ok(since.elapsed())
}
