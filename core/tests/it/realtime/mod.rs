//! Sockets, with the official client and with packets that it would never send.

mod abuse;
mod arbitrary;
mod connecting;
mod crowd;
mod cutoffs;
mod events;
mod flood;
mod nodes;
mod order;
mod origins;
mod passing;
pub mod polling;
mod resuming;
mod slow;
mod stopping;

use serde_json::{Value, json};

use crate::support::{Person, TestServer};

/// What a cut-off may take here: a machine that is busy with other tests is slow to notice one.
const SOON: std::time::Duration = std::time::Duration::from_secs(5);

/// A room with these people in it, made by the first.
async fn room(people: &[&Person]) -> String {
    let made = people[0].client.post("/api/rooms", json!({ "name": "Lobby" })).await.expect(200).json();
    let id = made["room"]["id"].as_str().unwrap().to_owned();
    for person in &people[1..] {
        person.client.call("POST", &format!("/api/rooms/{id}/join")).send().await.expect(200);
    }
    id
}

/// Sends a message over HTTP.
async fn say(person: &Person, room: &str, body: &str) -> Value {
    person.client.post(&format!("/api/rooms/{room}/messages"), json!({ "body": body })).await.expect(200).json()["message"].take()
}

/// Lets time pass until limits have grown back.
fn rest(server: &TestServer) {
    server.clock.advance(std::time::Duration::from_secs(120));
}
