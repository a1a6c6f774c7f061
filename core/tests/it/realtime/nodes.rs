//! Several nodes with one database: whoever is on another one hears the same, and once.

use std::sync::{Arc, Mutex, Weak};

use community::{
    ids::{MemberId, RoomId},
    realtime::{
        fanout::{Fanout, Join},
        hub::Hub,
        wire::Frame,
    },
};
use serde_json::json;

use super::*;
use crate::support::{Db, Light};

/// Hands what passes to the hubs of all nodes, as a broker between them would.
#[derive(Default)]
struct Broker(Mutex<Vec<Weak<Hub>>>);

impl Broker {
    fn hubs(&self) -> Vec<Arc<Hub>> {
        self.0.lock().unwrap().iter().filter_map(Weak::upgrade).collect()
    }
}

impl Fanout for Broker {
    fn to_others(&self, room: &RoomId, frame: &Frame, except: &MemberId) {
        self.hubs().iter().for_each(|hub| hub.to_others(room, frame, except));
    }

    fn to_watchers(&self, room: &RoomId, frame: &Frame) {
        self.hubs().iter().for_each(|hub| hub.to_watchers(room, frame));
    }
}

fn joined() -> Join {
    let broker = Arc::<Broker>::default();
    Arc::new(move |hub: &Arc<Hub>| -> Arc<dyn Fanout> {
        broker.0.lock().unwrap().push(Arc::downgrade(hub));
        broker.clone()
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_logged_and_what_passes_reaches_everyone_on_every_node_once() {
    let server = TestServer::start_joined(Db::Postgres, joined(), |_| ()).await;
    let node = server.another_node().await;
    let (ann, bob) = (server.member("Ann").await, server.member("Bob").await);
    let room = room(&[&ann, &bob]).await;
    let mut hers = Light::connect(&server.url(), &ann).await;
    hers.call("presence:watch", json!({ "roomId": room })).await;
    let mut his = Light::connect(&format!("http://{}", node.addr), &bob).await;
    assert_eq!(hers.expect("presence").await, json!({ "roomId": room, "userId": bob.id.as_str(), "online": true }));
    his.call("typing", json!({ "roomId": room, "on": true })).await;
    assert_eq!(hers.expect("typing").await["username"], "Bob");
    for number in 0..5 {
        let light = if number % 2 == 0 { &mut hers } else { &mut his };
        light.call("message:send", json!({ "roomId": room, "body": format!("{number}") })).await;
    }
    for light in [&mut hers, &mut his] {
        for seq in 1..=5 {
            assert_eq!(light.expect("message:new").await["message"]["seq"], seq);
        }
        let more = light.events().await;
        // That Bob joined may come late as well.
        assert!(more.iter().all(|(name, _)| matches!(name.as_str(), "room:read" | "room:joined")), "{more:?}");
    }
    his.close().await;
    assert_eq!(hers.expect("presence").await["online"], false);
    node.stop().await;
    server.stop().await;
}
