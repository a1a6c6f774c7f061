//! Rooms: who is in them, who can come, what is said there, and that nobody else learns of it.

mod access;
mod bots;
mod counting;
mod crash;
mod hostile;
mod inviting;
mod limits;
mod messages;
mod ownership;
mod paging;

use serde_json::{Value, json};

use crate::support::{Answer, Client};

/// An id that no room has.
pub const NOWHERE: &str = "r-01kb3x2v5q8m4n7p9r1s3t5v7w";

/// Makes an open room and gives its id.
pub async fn open_room(client: &Client, name: &str) -> String {
    let room = client.post("/api/rooms", json!({ "name": name })).await.expect(200).json();
    room["room"]["id"].as_str().unwrap().to_owned()
}

/// Makes a room for who is invited, and gives its id.
pub async fn closed_room(client: &Client, name: &str) -> String {
    let room = client.post("/api/rooms", json!({ "name": name, "access": "invite" })).await.expect(200).json();
    room["room"]["id"].as_str().unwrap().to_owned()
}

/// Asks to join.
pub async fn join(client: &Client, room: &str) -> Answer {
    client.call("POST", &format!("/api/rooms/{room}/join")).send().await
}

/// Leaves.
pub async fn leave(client: &Client, room: &str) -> Answer {
    client.call("POST", &format!("/api/rooms/{room}/leave")).send().await
}

/// Invites whoever this names.
pub async fn invite(client: &Client, room: &str, whom: &str) -> Answer {
    client.post(&format!("/api/rooms/{room}/invite"), json!({ "userId": whom })).await
}

/// Sends a message and gives it.
pub async fn say(client: &Client, room: &str, body: &str) -> Value {
    send(client, room, json!({ "body": body })).await.expect(200).json()["message"].clone()
}

/// Sends a message.
pub async fn send(client: &Client, room: &str, message: Value) -> Answer {
    client.post(&format!("/api/rooms/{room}/messages"), message).await
}

/// Messages of a room, with this query.
pub async fn read(client: &Client, room: &str, query: &str) -> Vec<Value> {
    let answer = client.get(&format!("/api/rooms/{room}/messages{query}")).await.expect(200).json();
    answer["messages"].as_array().unwrap().clone()
}

/// The details of a room.
pub async fn details(client: &Client, room: &str) -> Value {
    client.get(&format!("/api/rooms/{room}")).await.expect(200).json()["room"].clone()
}

/// The ids of one's own rooms, in order.
pub async fn own(client: &Client) -> Vec<String> {
    listed(client, "rooms").await.iter().map(id).collect()
}

/// The rooms, or the invites, of the list.
pub async fn listed(client: &Client, part: &str) -> Vec<Value> {
    client.get("/api/rooms").await.expect(200).json()[part].as_array().unwrap().clone()
}

/// The id of something.
pub fn id(thing: &Value) -> String {
    thing["id"].as_str().unwrap().to_owned()
}

/// The members of a room by name, with their roles.
pub async fn members(client: &Client, room: &str) -> Vec<(String, String)> {
    let details = details(client, room).await;
    let member = |member: &Value| (member["username"].as_str().unwrap().to_owned(), member["role"].as_str().unwrap().to_owned());
    details["members"].as_array().unwrap().iter().map(member).collect()
}

/// What [`members`] gives, written shortly.
pub fn roles(wanted: &[(&str, &str)]) -> Vec<(String, String)> {
    wanted.iter().map(|(name, role)| ((*name).to_owned(), (*role).to_owned())).collect()
}

/// What the log says of a kind of event: subject and details.
pub async fn events(server: &crate::support::TestServer, kind: &str) -> Vec<(String, Value)> {
    use sea_orm::{ConnectionTrait, Statement};
    let connection = server.database().connect().await;
    let query = format!("SELECT subject, data FROM events WHERE kind = '{kind}' ORDER BY position");
    let rows = connection.query_all_raw(Statement::from_string(connection.get_database_backend(), query)).await.unwrap();
    let text = |row: &sea_orm::QueryResult, index| row.try_get_by_index::<String>(index).unwrap();
    let events = rows.iter().map(|row| (text(row, 0), serde_json::from_str(&text(row, 1)).unwrap())).collect();
    connection.close().await.unwrap();
    events
}
