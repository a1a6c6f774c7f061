//! A client that loses its connection again and again has in the end exactly what the room has.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use community::random::Random;
use serde_json::json;

use super::*;
use crate::support::{Binary, Client, Db, PASSWORD, Socket, Sockets, full, patient, seed};

/// What a client knows of a room that does what the guide says (`realtime/guide.rs`, "Lose nothing").
#[derive(Default)]
struct Mirror {
    messages: BTreeMap<String, Value>,
    /// Nothing is missing up to here.
    rev: u64,
    /// Changes that came before their turn.
    ahead: Vec<u64>,
}

impl Mirror {
    /// Takes what has come as events.
    fn hear(&mut self, socket: &Socket) {
        for received in socket.take_received() {
            if received.event.starts_with("message:") {
                let message = &received.data["message"];
                self.keep(message);
                self.ahead.push(message["rev"].as_u64().unwrap());
                self.advance(self.rev);
            }
        }
    }

    fn keep(&mut self, message: &Value) {
        let known = self.messages.entry(message["id"].as_str().unwrap().to_owned()).or_default();
        if known["rev"].as_u64() < message["rev"].as_u64() {
            *known = message.clone();
        }
    }

    fn advance(&mut self, rev: u64) {
        self.rev = self.rev.max(rev);
        self.ahead.retain(|each| *each > self.rev);
        self.ahead.sort_unstable();
        while self.ahead.first() == Some(&(self.rev + 1)) {
            self.rev = self.ahead.remove(0);
        }
    }

    /// Asks for what was missed, to the end or for so many pages. What happens meanwhile is heard before, between and after them.
    async fn resume(&mut self, socket: &Socket, room: &str, pages: usize) {
        for _ in 0..pages {
            self.hear(socket);
            let answer = socket.emit("resume", json!({ "rooms": [{ "roomId": room, "rev": self.rev }] })).await.ok();
            self.hear(socket);
            let missed = &answer["rooms"][0];
            let messages = missed["messages"].as_array().unwrap();
            for message in messages {
                self.keep(message);
            }
            if let Some(last) = messages.last() {
                self.advance(last["rev"].as_u64().unwrap());
            }
            if missed["more"] == false {
                return;
            }
        }
    }

    /// The messages by their place.
    fn in_order(&self) -> Vec<Value> {
        let mut all: Vec<Value> = self.messages.values().cloned().collect();
        all.sort_by_key(|message| message["seq"].as_u64());
        all
    }
}

/// The room as the server has it.
async fn truth(client: &Client, room: &str) -> Vec<Value> {
    let (mut all, mut after) = (Vec::new(), 0);
    loop {
        let page = client.get(&format!("/api/rooms/{room}/messages?limit=200&after={after}")).await.expect(200).json();
        all.extend(page["messages"].as_array().unwrap().iter().cloned());
        after = all.len();
        if page["more"] == false {
            return all;
        }
    }
}

/// Writes, edits, deletes and reacts until `stop`, through every trouble. Gives how many messages were acknowledged.
async fn write(client: Client, room: String, name: String, random: Random, stop: Arc<AtomicBool>) -> usize {
    let mut own: Vec<String> = Vec::new();
    let mut sent = 0;
    while !stop.load(Ordering::Relaxed) {
        let [dice, which] = random.bytes::<2>();
        let target = own.get(usize::from(which) % own.len().max(1)).cloned();
        let base = format!("/api/rooms/{room}/messages");
        let (method, path, body) = match (dice % 8, target) {
            (0, Some(id)) => ("PATCH", format!("{base}/{id}"), json!({ "body": format!("edited {dice}") })),
            (1, Some(id)) => ("DELETE", format!("{base}/{id}"), json!(null)),
            (2, Some(id)) => ("PUT", format!("{base}/{id}/reactions/👍"), json!(null)),
            (3, Some(id)) => ("DELETE", format!("{base}/{id}/reactions/👍"), json!(null)),
            _ => ("POST", base, json!({ "body": format!("{name} {sent}"), "clientId": format!("{name}-{sent}") })),
        };
        let call = client.call(method, &path);
        let call = if body.is_null() { call } else { call.json(&body) };
        match call.stream().await {
            Ok(answer) if answer.status() == 200 && method == "POST" => {
                if let Ok(answer) = answer.json::<Value>().await {
                    own.push(answer["message"]["id"].as_str().unwrap().to_owned());
                    sent += 1;
                }
            }
            // A message that is deleted cannot be changed any more.
            Ok(answer) if answer.status() == 404 => own.retain(|id| !path.contains(id.as_str())),
            Ok(answer) if answer.status().is_server_error() || answer.status() == 200 => {}
            Ok(answer) => panic!("{method} {path}: {}", answer.status()),
            Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
        tokio::time::sleep(Duration::from_millis(u64::from(which) / 8)).await;
    }
    sent
}

/// To the end.
const ALL: usize = usize::MAX;

db_test! {
    async fn a_client_that_is_cut_off_at_random_ends_with_exactly_what_the_room_has(db) {
        let (seed, cuts) = (seed(), if full() { 200 } else { 12 });
        let server = TestServer::start_with(db, |config| {
            patient(config);
            config.limits.enabled = false;
        });
        let server = server.await;
        let ann = server.member("Ann").await;
        let mut writers = Vec::new();
        for number in 0..20 {
            writers.push(server.member(&format!("Writer{number}")).await);
        }
        let everybody: Vec<&Person> = std::iter::once(&ann).chain(&writers).collect();
        let room = room(&everybody).await;
        let stop = Arc::new(AtomicBool::new(false));
        let writing: Vec<_> = writers.iter().zip(0..).map(|(person, number)| {
            let random = Random::seeded(seed.wrapping_add(number));
            tokio::spawn(write(person.client.clone(), room.clone(), person.username.clone(), random, stop.clone()))
        }).collect();

        let random = Random::seeded(seed);
        let sockets = Sockets::at(server.url()).await;
        let transports = [json!(["websocket"]), json!(["polling"]), json!(["polling", "websocket"])];
        let mut mirror = Mirror::default();
        let mut socket = sockets.connect(&ann).await;
        for cut in 0..cuts {
            let [wait, how, pages] = random.bytes::<3>();
            // Some cuts come into a resume: before its first answer is used, or after a page or two.
            mirror.resume(&socket, &room, if pages < 128 { ALL } else { usize::from(pages % 3) }).await;
            if pages >= 128 {
                drop(socket.emit("resume", json!({ "rooms": [{ "roomId": room, "rev": mirror.rev }] })));
            }
            tokio::time::sleep(Duration::from_millis(u64::from(wait))).await;
            mirror.hear(&socket);
            if how % 2 == 0 {
                socket.cut().await;
                mirror.hear(&socket);
                // Now and then long enough for several pages.
                tokio::time::sleep(Duration::from_millis(if how < 64 { 1500 } else { 0 })).await;
                socket.reconnect().await.unwrap();
            } else {
                drop(socket);
                socket = sockets.dial().person(&ann).option("transports", transports[cut % 3].clone()).connect().await;
            }
        }
        mirror.resume(&socket, &room, ALL).await;
        stop.store(true, Ordering::Relaxed);
        let mut sent = 0;
        for writer in writing {
            sent += writer.await.unwrap();
        }
        // From here on nothing is missed, so what comes as events suffices.
        let last = say(&ann, &room, "The end").await;
        let end = socket.expect_where("message:new", |event| event["message"]["id"] == last["id"]);
        // It looks at the events itself, so resume instead of taking them twice.
        end.await;
        mirror.resume(&socket, &room, ALL).await;
        let truth = truth(&ann.client, &room).await;
        assert_eq!(truth.len(), sent + 1);
        assert_eq!(mirror.in_order(), truth);
        server.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_of_a_server_that_is_killed_again_and_again_ends_with_exactly_what_the_room_has() {
    let (seed, kills) = (seed(), if full() { 20 } else { 3 });
    let mut binary = Binary::start(Db::Sqlite, &[("COMMUNITY_LIMITS__ENABLED", "false".to_owned())]).await;
    let arguments = ["user", "create", "--email", "ann@example.org", "--username", "Ann", "--password-stdin"];
    binary.run_well(&arguments, PASSWORD).await;
    let session = binary.run_well(&["user", "session", "ann@example.org"], "").await;
    let ann = binary.client();
    let (name, value) = session.trim().split_once('=').unwrap();
    ann.set_cookie(name, value);
    let room = ann.post("/api/rooms", json!({ "name": "Lobby" })).await.expect(200).json()["room"]["id"].as_str().unwrap().to_owned();
    let stop = Arc::new(AtomicBool::new(false));
    let writing: Vec<_> = (0..20)
        .map(|number| {
            let random = Random::seeded(seed.wrapping_add(number));
            tokio::spawn(write(ann.clone(), room.clone(), format!("Writer{number}"), random, stop.clone()))
        })
        .collect();
    let random = Random::seeded(seed);
    let mut mirror = Mirror::default();
    for _ in 0..kills {
        let sockets = Sockets::at(binary.base_url()).await;
        let socket = sockets.dial().header("Cookie", session.trim()).connect().await;
        let [wait, pages] = random.bytes::<2>();
        mirror.resume(&socket, &room, if pages < 128 { ALL } else { usize::from(pages % 3) }).await;
        tokio::time::sleep(Duration::from_millis(200 + 2 * u64::from(wait))).await;
        binary.kill();
        mirror.hear(&socket);
        binary.serve().await;
    }
    stop.store(true, Ordering::Relaxed);
    let mut sent = 0;
    for writer in writing {
        sent += writer.await.unwrap();
    }
    let sockets = Sockets::at(binary.base_url()).await;
    let socket = sockets.dial().header("Cookie", session.trim()).connect().await;
    mirror.resume(&socket, &room, ALL).await;
    let truth = truth(&ann, &room).await;
    assert!(truth.len() >= sent, "{sent} messages were acknowledged, {} are there", truth.len());
    assert_eq!(mirror.in_order(), truth);
    assert!(truth.iter().zip(1..).all(|(message, seq)| message["seq"] == seq), "without gaps");
    binary.stop().await;
}
