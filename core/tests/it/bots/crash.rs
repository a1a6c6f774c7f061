//! `kill -9` while a bot works: what it remembers is exact.

use std::fs;

use futures_util::future::join_all;
use serde_json::json;

use super::run;
use crate::{
    plugins::support::guest,
    rooms::{open_room, say},
    store::member,
    support::{Binary, Client, Db, eventually, full},
};

/// A server with a configuration file that has these sections.
pub async fn server(db: Db, sections: &str) -> Binary {
    let mut binary = Binary::prepare(db, &[("COMMUNITY_LIMITS__ENABLED", "false".to_owned())]).await;
    fs::write(binary.folder().join("community.toml"), sections).unwrap();
    binary.serve().await;
    binary
}

/// The section of a test guest that hears every room.
pub fn section(id: &str, name: &str, grants: &[&str]) -> String {
    let (component, grants) = (guest(name).display().to_string(), json!(grants));
    format!("[plugins.{id}]\ncomponent = \"{component}\"\ndev = true\nrooms = \"all\"\ngrants = {grants}\n")
}

/// Sends `count` messages at once from several tasks; those whose answer does not come are sent again under the same name.
async fn send(client: &Client, room: &str, name: &str, count: usize) {
    let path = format!("/api/rooms/{room}/messages");
    let each = |number: usize| {
        let message = json!({ "body": name, "clientId": format!("{name}-{number}") });
        let path = path.clone();
        async move {
            eventually("the message is acknowledged", || async {
                let answer = client.call("POST", &path).json(&message).stream().await.ok()?;
                (answer.status() == 200).then_some(())
            })
            .await;
        }
    };
    for chunk in (0..count).collect::<Vec<_>>().chunks(32) {
        join_all(chunk.iter().map(|number| each(*number))).await;
    }
}

async fn survive(db: Db, kills: usize, messages: usize) {
    let mut binary = server(db, &section("counting", "counting_bot", &["store"])).await;
    let ann = member(&binary, "Ann").await.client;
    let room = open_room(&ann, "Lobby").await;
    say(&ann, &room, "is anybody there?").await;
    eventually("the bot comes", || async { (crate::rooms::members(&ann, &room).await.len() == 2).then_some(()) }).await;
    let each = messages / kills;
    for kill in 0..kills {
        let name = format!("round {kill}");
        let sending = send(&ann, &room, &name, each);
        let killing = async {
            // Somewhere in the middle, another place each time.
            let enough = kill * each + each / 4 + kill * 3 % (each / 2);
            until_counted(&ann, &room, enough + 1).await;
            binary.kill();
            binary.serve().await;
        };
        tokio::join!(sending, killing);
    }
    let wanted = each * kills + 1;
    until_counted(&ann, &room, wanted).await;
    assert_eq!(run(&ann, &room, "/count").await, wanted.to_string(), "and once");
    let usage = community::plugins::queries::usage(&binary.database().connect().await, "counting").await.unwrap();
    assert_eq!(usage.entries, i64::try_from(wanted).unwrap() + 1, "an entry for each, and the sum");
    binary.stop().await;
}

/// Waits until the bot has counted so many. After a kill on PostgreSQL it takes a while until another process may serve it.
async fn until_counted(client: &Client, room: &str, wanted: usize) {
    for _ in 0..10 * wanted {
        let counting = eventually("the bot answers", || async { counted(client, room).await });
        let some = counting.await;
        let more = async { eventually("more are counted", || async { counted(client, room).await.filter(|count| *count > some) }).await };
        if some >= wanted || more.await >= wanted {
            return;
        }
    }
    eventually("all are counted", || async { counted(client, room).await.filter(|count| *count >= wanted) }).await;
}

/// What the bot has counted, if the server answers.
async fn counted(client: &Client, room: &str) -> Option<usize> {
    let path = format!("/api/rooms/{room}/messages");
    let answer = client.call("POST", &path).json(&json!({ "body": "/count" })).stream().await.ok()?;
    let answer: serde_json::Value = serde_json::from_slice(&answer.bytes().await.ok()?).ok()?;
    answer["message"]["body"].as_str()?.parse().ok()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn o17_a_bot_counts_every_message_once_across_kills_on_sqlite() {
    survive(Db::Sqlite, if full() { 20 } else { 4 }, 1000).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn o17_a_bot_counts_every_message_once_across_kills_on_postgres() {
    survive(Db::Postgres, if full() { 10 } else { 2 }, 1000).await;
}
