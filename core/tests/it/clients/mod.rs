//! Clients that others wrote, and those that others copy: what the documents say about sockets holds for all of them.

mod documents;
mod examples;
mod javascript;
mod proxied;
mod python;

use community::config::{Config, Secret};
use serde_json::json;

use crate::support::{Db, Person, TestServer};

/// The token of the reference's bot.
const BOT_TOKEN: &str = "a token that nobody guesses";

/// A server with the reference's bot.
async fn server(db: Db) -> TestServer {
    TestServer::start_with(db, with_bot).await
}

fn with_bot(config: &mut Config) {
    config.chat.bot_token = Some(Secret::new(BOT_TOKEN));
}

/// The id of a new room that belongs to `person`.
async fn room_of(person: &Person) -> String {
    let answer = person.client.post("/api/rooms", json!({ "name": "Lobby" })).await.expect(200).json();
    answer["room"]["id"].as_str().unwrap().to_owned()
}

/// The `Cookie` header of a person's session.
fn cookie_of(person: &Person) -> String {
    format!("{}={}", person.cookie_name, person.client.cookie(person.cookie_name).unwrap())
}
