//! Open, connect, event, upgrade, close, in any order, again and again: whatever clients do, the server answers the next one, and nobody
//! stays behind.

use std::time::Duration;

use community::{config::Span, random::Random};
use futures_util::future::join_all;
use serde_json::json;
use tokio::time::sleep;

use super::*;
use crate::support::{Client, DEADLINE, Db, Light, Opening, full, seed, within};

/// A client in any state.
#[derive(Default)]
struct Wild {
    polling: Option<String>,
    socket: Option<Light>,
}

impl Wild {
    async fn step(&mut self, dice: u8, server: &TestServer, ann: &Person, room: &str) {
        match dice % 16 {
            0 => self.polling = Some(polling::open(&ann.client).await),
            1 => self.socket = Opening::of(ann).open(&server.url()).await.ok(),
            2 => self.socket = Some(Light::connect(&server.url(), ann).await),
            3 | 4 => self.upgrade(server, ann, dice).await,
            5 => self.socket = None,
            6 => self.post(&ann.client, "1").await,
            7 => self.poll_with_another(&ann.client).await,
            packet => self.send(&ann.client, &packets(room)[usize::from(packet) - 8]).await,
        }
    }

    /// Begins an upgrade, and finishes it, breaks it off or says nonsense.
    async fn upgrade(&mut self, server: &TestServer, ann: &Person, dice: u8) {
        let Some(sid) = self.polling.take() else { return };
        let Ok(mut socket) = Opening::of(ann).query(&format!("sid={sid}")).open(&server.url()).await else { return };
        match dice / 64 {
            0 => {}
            1 => {
                socket.send("2probe").await;
            }
            2 => {
                socket.send("2probe").await;
                socket.send("5").await;
            }
            _ => {
                socket.send("42[\"too early\"]").await;
            }
        }
        self.socket = Some(socket);
    }

    async fn post(&self, client: &Client, body: &str) {
        let Some(sid) = &self.polling else { return };
        let path = format!("/socket.io/?EIO=4&transport=polling&sid={sid}");
        let answer = client.call("POST", &path).body(body.to_owned()).send().await;
        assert!(matches!(answer.status, 200 | 400 | 413), "{}: {}", answer.status, answer.text());
    }

    async fn poll_with_another(&self, client: &Client) {
        let Some(sid) = &self.polling else { return };
        let path = format!("/socket.io/?EIO=4&transport=polling&sid={sid}");
        // Together they end the session, whatever state it is in; one alone could wait for a ping.
        let (one, other) = tokio::join!(client.get(&path), client.get(&path));
        assert!([one.status, other.status].iter().all(|status| matches!(status, 200 | 400)), "{} {}", one.status, other.status);
    }

    async fn send(&mut self, client: &Client, packet: &str) {
        if let Some(socket) = &mut self.socket {
            socket.send(packet).await;
        }
        self.post(client, packet).await;
    }
}

fn packets(room: &str) -> [String; 8] {
    [
        "40".to_owned(),
        "41".to_owned(),
        "3".to_owned(),
        "2".to_owned(),
        "40/admin,".to_owned(),
        "421[\"room:list\",{}]".to_owned(),
        format!("422[\"message:send\",{{\"roomId\":\"{room}\",\"body\":\"wild\"}}]"),
        "42[\"nothing\"]".to_owned(),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_order_things_come_in_nobody_stays_behind() {
    let seed = seed();
    // More than are opened, which three of sixteen steps do.
    let (steps, places, stay) = if full() { (625, 1200, 10) } else { (40, 150, 4) };
    let server = TestServer::start_with(Db::Sqlite, |config| {
        config.limits.enabled = false;
        config.limits.sockets = places;
        // Who only opens a connection keeps its place so long, and in this time all places are taken at the end.
        config.limits.socket_connect_timeout = Span::seconds(stay);
        config.realtime.upgrade_timeout = Span::millis(500);
        config.realtime.ping_interval = Span::millis(500);
        config.realtime.ping_timeout = Span::seconds(stay);
        config.metrics.listen = Some(([127, 0, 0, 1], 0).into());
    })
    .await;
    let (ann, bob) = (server.member("Ann").await, server.member("Bob").await);
    let room = room(&[&ann, &bob]).await;
    // All at once, so that they also come between each other's steps.
    let clients = join_all((0..8).map(async |number| {
        let (random, mut client) = (Random::seeded(seed.wrapping_add(number)), Wild::default());
        for _ in 0..steps {
            let [dice] = random.bytes::<1>();
            client.step(dice, &server, &ann, &room).await;
        }
        client
    }))
    .await;
    // The server is well: somebody else connects and talks.
    let mut light = Light::connect(&server.url(), &bob).await;
    assert_eq!(light.call("message:send", json!({ "roomId": room, "body": "Hello" })).await["ok"], true);
    light.close().await;
    drop(clients);
    let metrics = Client::new(format!("http://{}", server.running().metrics_addr.unwrap()));
    // Whose connection breaks while they are let in is found by their silence, which takes 20 s and more.
    within(9 * DEADLINE, "everybody to be gone", || async {
        let text = metrics.get("/metrics").await.text();
        (text.contains("community_sockets 0\n")).then_some(())
    })
    .await;
    // Nor does anybody who was never let in keep a place: all are there to be taken, and no more.
    let url = server.url();
    within(9 * DEADLINE, "every place to be free", || async {
        let taken = join_all((0..places).map(|_| Opening::default().open(&url))).await;
        let one_more = Opening::default().open(&url).await;
        if taken.iter().all(Result::is_ok) && one_more.err() == Some(503) {
            return Some(());
        }
        drop(taken);
        // No sooner are these places free again themselves.
        sleep(Duration::from_secs(stay + 1)).await;
        None
    })
    .await;
    assert!(metrics.get("/metrics").await.text().contains("community_http_panics_total 0\n"));
    server.stop().await;
}
