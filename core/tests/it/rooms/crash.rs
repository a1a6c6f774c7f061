//! `kill -9` while many write: what was acknowledged is there, in its place, and what was not can be sent again.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use serde_json::{Value, json};

use super::{id, join, open_room, read};
use crate::{
    store::member,
    support::{Binary, Call, Client, Db, eventually, full},
};

/// What clients were told before the server died.
#[derive(Default)]
struct Journal {
    /// Messages that were acknowledged, by what their clients called them.
    sent: BTreeMap<String, Value>,
    /// Those whose answer never came.
    open: Vec<String>,
}

type Shared = Arc<Mutex<Journal>>;

fn message(client: &Client, room: &str, name: &str) -> Call {
    client.call("POST", &format!("/api/rooms/{room}/messages")).json(&json!({ "body": name, "clientId": name }))
}

/// A whole answer with status 200, or nothing because the server went away.
async fn whole(call: Call) -> Option<Value> {
    let response = call.stream().await.ok()?;
    let status = response.status();
    let body = response.bytes().await.ok()?;
    assert_eq!(status, 200, "{}", String::from_utf8_lossy(&body));
    Some(serde_json::from_slice::<Value>(&body).unwrap()["message"].clone())
}

async fn keep_sending(client: Client, room: String, journal: Shared, name: String) {
    for number in 0.. {
        let name = format!("{name}-{number}");
        let answer = whole(message(&client, &room, &name)).await;
        let mut journal = journal.lock().unwrap();
        let Some(answer) = answer else { return journal.open.push(name) };
        journal.sent.insert(name, answer);
    }
}

/// Every message of a room, however many there are.
async fn all(client: &Client, room: &str) -> Vec<Value> {
    let (mut found, mut last) = (Vec::new(), 0);
    loop {
        let page = read(client, room, &format!("?after={last}&limit=200")).await;
        let Some(newest) = page.last() else { return found };
        last = newest["seq"].as_u64().unwrap();
        found.extend(page);
    }
}

async fn check(client: &Client, room: &str, journal: &Shared) {
    let open = std::mem::take(&mut journal.lock().unwrap().open);
    for name in open {
        let answer = message(client, room, &name).send().await.expect(200).json()["message"].clone();
        journal.lock().unwrap().sent.insert(name, answer);
    }
    let stored = all(client, room).await;
    for (place, message) in stored.iter().enumerate() {
        assert_eq!((message["seq"].as_u64(), message["rev"].as_u64()), (Some(place as u64 + 1), Some(place as u64 + 1)), "a gap");
    }
    let by_id: BTreeMap<String, &Value> = stored.iter().map(|message| (id(message), message)).collect();
    let journal = journal.lock().unwrap();
    assert_eq!(stored.len(), journal.sent.len(), "messages are missing, or there are others");
    for message in journal.sent.values() {
        assert_eq!(by_id.get(&id(message)), Some(&message), "what was acknowledged is lost, or elsewhere");
    }
}

async fn survive(db: Db, rounds: usize) {
    let mut binary = Binary::start(db, &[("COMMUNITY_LIMITS__ENABLED", "false".to_owned())]).await;
    let (ann, bob) = (member(&binary, "Ann").await.client, member(&binary, "Bob").await.client);
    let room = open_room(&ann, "Lobby").await;
    join(&bob, &room).await.expect(200);
    let journal = Shared::default();
    for round in 0..rounds {
        let before = journal.lock().unwrap().sent.len();
        // All as one person, so that whoever looks afterwards may send what was left open.
        let senders: Vec<_> =
            (0..8).map(|user| tokio::spawn(keep_sending(ann.clone(), room.clone(), journal.clone(), format!("{round}-{user}")))).collect();
        eventually("some messages to be acknowledged", || async {
            (journal.lock().unwrap().sent.len() > before + 30 + 7 * (round % 5)).then_some(())
        })
        .await;
        binary.kill();
        for sender in senders {
            sender.await.unwrap();
        }
        binary.serve().await;
        check(&ann, &room, &journal).await;
    }
    assert_eq!(all(&bob, &room).await.len(), journal.lock().unwrap().sent.len());
    binary.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn o17_g21_no_acknowledged_message_is_lost_on_sqlite() {
    survive(Db::Sqlite, if full() { 50 } else { 10 }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn o17_g22_no_acknowledged_message_is_lost_on_postgres() {
    survive(Db::Postgres, if full() { 20 } else { 4 }).await;
}
