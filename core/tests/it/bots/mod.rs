//! Bots that are plugins: what they hear, what they may do, what becomes of those that break down, and that none of it is lost.

mod acting;
mod bundled;
mod commands;
pub mod crash;
mod hearing;
mod hooks;
mod languages;
mod letters;
mod misbehaving;
mod operating;
mod outside;
mod remembering;

use community::config::{BeforeMessage, Config, PluginSection, Span};
use serde_json::Value;

use crate::{
    plugins::support,
    rooms,
    support::{Client, Person, TestServer, eventually},
};

/// Everything that can be granted.
pub const ALL: [&str; 10] =
    ["chat-read", "chat-write", "posts-read", "posts-write", "members", "moderation", "store", "secrets", "schedule", "http"];

/// How bots look at messages here: a message that they have no time to look at is said, and the usual 200 ms are not enough for every
/// machine.
pub fn patient() -> BeforeMessage {
    BeforeMessage { budget: Span::seconds(5), ..BeforeMessage::default() }
}

/// A section for a component of `plugins/test-guests` with these grants, hearing every room.
pub fn bot(name: &str, grants: &[&str]) -> PluginSection {
    let grants = grants.iter().map(|grant| (*grant).to_owned()).collect();
    let rooms = serde_json::from_str("\"all\"").unwrap();
    PluginSection { grants, rooms, before_message: patient(), ..support::section(name) }
}

/// Adds a bot to a configuration.
pub fn with(config: &mut Config, id: &str, section: PluginSection) {
    config.plugins.insert(id.to_owned(), section);
}

/// Ann with a room of her own on a server with these bots.
pub async fn scene(server: &TestServer) -> (Person, String) {
    let ann = server.member("Ann").await;
    let room = rooms::open_room(&ann.client, "Lobby").await;
    (ann, room)
}

/// The client of somebody after the server began anew.
pub fn again(server: &TestServer, person: &Person) -> Client {
    let client = server.client();
    client.set_cookie(person.cookie_name, &person.client.cookie(person.cookie_name).unwrap());
    client
}

/// Waits for a message in a room of which this holds.
pub async fn heard(client: &Client, room: &str, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    eventually(what, || async { rooms::read(client, room, "").await.into_iter().find(|message| wanted(message)) }).await
}

/// Waits for a message with this text.
pub async fn said(client: &Client, room: &str, text: &str) -> Value {
    heard(client, room, &format!("somebody says {text:?}"), |message| message["body"] == text).await
}

/// Runs a command and gives what it answered.
pub async fn run(client: &Client, room: &str, command: &str) -> String {
    let answer = rooms::send(client, room, serde_json::json!({ "body": command })).await.expect(200).json();
    answer["message"]["body"].as_str().unwrap().to_owned()
}

/// Waits until a bot that hears every room is in this one, which it is as soon as something was said there.
pub async fn present(client: &Client, room: &str, bot: &str) {
    rooms::say(client, room, "is anybody there?").await;
    eventually("the bot comes", || async { rooms::members(client, room).await.into_iter().find(|(name, _)| name == bot) }).await;
}
