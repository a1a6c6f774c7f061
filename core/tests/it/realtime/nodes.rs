//! Several nodes with one database: whoever is on another one hears the same, and once.

use std::{
    sync::{Arc, Mutex, MutexGuard, Weak},
    time::Duration,
};

use community::{
    realtime::{
        fanout::{Fanout, Join, Word},
        hub::Hub,
    },
    serve::Running,
};
use sea_orm::{ConnectionTrait, TransactionTrait};
use serde_json::json;

use super::*;
use crate::support::{Client, Db, Light, eventually};

/// Hands the words of each node to the hubs of all, also its own, as a broker between them would.
#[derive(Default)]
struct Broker {
    hubs: Mutex<Vec<Weak<Hub>>>,
    /// The node that nobody hears at the moment, by the order in which they began.
    unheard: Mutex<Option<usize>>,
}

impl Broker {
    fn join(self: &Arc<Self>) -> Join {
        let broker = Arc::clone(self);
        Arc::new(move |hub: &Arc<Hub>| -> Arc<dyn Fanout> {
            let mut hubs = broker.hubs();
            hubs.push(Arc::downgrade(hub));
            Arc::new(Way { broker: Arc::clone(&broker), from: hubs.len() - 1 })
        })
    }

    fn hubs(&self) -> MutexGuard<'_, Vec<Weak<Hub>>> {
        self.hubs.lock().unwrap()
    }

    fn cut_off(&self, node: Option<usize>) {
        *self.unheard.lock().unwrap() = node;
    }
}

/// The way of one node to the others.
struct Way {
    broker: Arc<Broker>,
    from: usize,
}

impl Fanout for Way {
    fn say(&self, word: Word) {
        if *self.broker.unheard.lock().unwrap() == Some(self.from) {
            return;
        }
        let hubs = self.broker.hubs().clone();
        hubs.iter().filter_map(Weak::upgrade).for_each(|hub| hub.hear(word.clone()));
    }
}

fn url(node: &Running) -> String {
    format!("http://{}", node.addr)
}

/// Who is there in a room as `light` sees it, which watches it from now on.
async fn watch(light: &mut Light, room: &str) -> Vec<String> {
    let answer = light.call("presence:watch", json!({ "roomId": room })).await;
    let mut online: Vec<String> = serde_json::from_value(answer["online"].clone()).unwrap();
    online.sort();
    online
}

/// How many members of a room are online as `client` sees it.
async fn online(client: &Client, room: &str) -> usize {
    let members = client.get(&format!("/api/rooms/{room}")).await.expect(200).json()["room"]["members"].clone();
    members.as_array().unwrap().iter().filter(|member| member["online"] == true).count()
}

/// The same person's client on another node.
fn at(node: &Running, person: &Person) -> Client {
    let client = Client::new(url(node));
    client.set_cookie(person.cookie_name, &person.client.cookie(person.cookie_name).unwrap());
    client
}

/// Waits until so many sockets are connected to a node.
async fn sockets(node: &Running, wanted: usize) {
    let metrics = Client::new(format!("http://{}", node.metrics_addr.unwrap()));
    let wanted = format!("community_sockets {wanted}\n");
    eventually("the sockets to be counted", || async { metrics.get("/metrics").await.text().contains(&wanted).then_some(()) }).await;
}

fn with_metrics(config: &mut community::config::Config) {
    config.metrics.listen = Some(([127, 0, 0, 1], 0).into());
}

fn of(room: &str, person: &Person, online: bool) -> Value {
    json!({ "roomId": room, "userId": person.id.as_str(), "online": online })
}

fn sorted(people: &[&Person]) -> Vec<String> {
    let mut ids: Vec<_> = people.iter().map(|person| person.id.as_str().to_owned()).collect();
    ids.sort();
    ids
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_logged_and_what_passes_reaches_everyone_on_every_node_once() {
    let server = TestServer::start_joined(Db::Postgres, Arc::<Broker>::default().join(), |_| ()).await;
    let node = server.another_node().await;
    let (ann, bob) = (server.member("Ann").await, server.member("Bob").await);
    let room = room(&[&ann, &bob]).await;
    let mut hers = Light::connect(&server.url(), &ann).await;
    assert_eq!(watch(&mut hers, &room).await, sorted(&[&ann]));
    let mut his = Light::connect(&url(&node), &bob).await;
    assert_eq!(hers.expect("presence").await, of(&room, &bob, true));
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
    assert_eq!(hers.expect("presence").await, of(&room, &bob, false));
    node.stop().await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_on_two_nodes_is_gone_once_they_are_gone_from_both() {
    let server = TestServer::start_joined(Db::Postgres, Arc::<Broker>::default().join(), with_metrics).await;
    let (ann, bob) = (server.member("Ann").await, server.member("Bob").await);
    let room = room(&[&ann, &bob]).await;
    let first = Light::connect(&server.url(), &bob).await;
    // A node that comes later learns who is there.
    let node = server.another_node().await;
    let mut hers = Light::connect(&url(&node), &ann).await;
    let elsewhere = at(&node, &ann);
    eventually("the node to learn who is there", || async { (online(&elsewhere, &room).await == 2).then_some(()) }).await;
    assert_eq!(watch(&mut hers, &room).await, sorted(&[&ann, &bob]));
    assert_eq!(online(&ann.client, &room).await, 2);

    let second = Light::connect(&url(&node), &bob).await;
    first.close().await;
    sockets(server.running(), 0).await;
    assert_eq!((online(&ann.client, &room).await, online(&at(&node, &ann), &room).await), (2, 2));
    let third = Light::connect(&server.url(), &bob).await;
    second.close().await;
    sockets(&node, 1).await;
    assert_eq!(watch(&mut hers, &room).await, sorted(&[&ann, &bob]));
    let told = hers.events().await;
    assert!(told.iter().all(|(name, _)| name != "presence"), "nobody came or went: {told:?}");
    third.close().await;
    assert_eq!(hers.expect("presence").await, of(&room, &bob, false));
    assert_eq!((online(&ann.client, &room).await, online(&at(&node, &ann), &room).await), (1, 1));

    // Who leaves the room is not there any more, on whichever node they are.
    let mut his = Light::connect(&server.url(), &bob).await;
    assert_eq!(hers.expect("presence").await, of(&room, &bob, true));
    bob.client.call("POST", &format!("/api/rooms/{room}/leave")).send().await.expect(200);
    for light in [&mut his, &mut hers] {
        light.expect("room:left").await;
    }
    assert_eq!(watch(&mut hers, &room).await, sorted(&[&ann]));
    node.stop().await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn those_on_a_node_that_falls_silent_are_gone_and_are_there_again_when_it_is_heard() {
    let broker = Arc::<Broker>::default();
    let server = TestServer::start_joined(Db::Postgres, broker.join(), with_metrics).await;
    let node = server.another_node().await;
    let (ann, bob, eve) = (server.member("Ann").await, server.member("Bob").await, server.member("Eve").await);
    let room = room(&[&ann, &bob, &eve]).await;
    let mut hers = Light::connect(&server.url(), &ann).await;
    assert_eq!(watch(&mut hers, &room).await, sorted(&[&ann]));
    let his = Light::connect(&url(&node), &bob).await;
    assert_eq!(hers.expect("presence").await, of(&room, &bob, true));

    // A word that is lost is noticed by the next ones.
    broker.cut_off(Some(1));
    his.close().await;
    sockets(&node, 0).await;
    broker.cut_off(None);
    server.clock.advance(Duration::from_secs(8));
    assert_eq!(hers.expect("presence").await, of(&room, &bob, false));
    let his = Light::connect(&url(&node), &bob).await;
    assert_eq!(hers.expect("presence").await, of(&room, &bob, true));

    broker.cut_off(Some(1));
    server.clock.advance(Duration::from_secs(31));
    assert_eq!(hers.expect("presence").await, of(&room, &bob, false));
    // What the node says meanwhile is lost.
    his.close().await;
    let _eves = Light::connect(&url(&node), &eve).await;
    broker.cut_off(None);
    server.clock.advance(Duration::from_secs(10));
    assert_eq!(hers.expect("presence").await, of(&room, &eve, true));
    assert_eq!(watch(&mut hers, &room).await, sorted(&[&ann, &eve]));
    node.stop().await;
    assert_eq!(hers.expect("presence").await, of(&room, &eve, false));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_was_removed_hears_nothing_even_if_a_node_learns_only_later_that_they_had_come() {
    let server = TestServer::start_joined(Db::Postgres, Arc::<Broker>::default().join(), |_| ()).await;
    let node = server.another_node().await;
    let (ann, bob) = (server.member("Ann").await, server.member("Bob").await);
    let room = room(&[&ann]).await;
    let mut his = Light::connect(&url(&node), &bob).await;
    let mut hers = Light::connect(&url(&node), &ann).await;
    // While it is open, other nodes hear of nothing that is committed after it began.
    let connection = server.database().connect().await;
    let open = connection.begin().await.unwrap();
    open.execute_unprepared("SELECT pg_current_xact_id()").await.unwrap();
    bob.client.call("POST", &format!("/api/rooms/{room}/join")).send().await.expect(200);
    at(&node, &ann).call("DELETE", &format!("/api/rooms/{room}/members/{}", bob.id)).send().await.expect(200);
    open.rollback().await.unwrap();
    connection.close().await.unwrap();
    say(&ann, &room, "He is gone.").await;
    hers.expect("message:new").await;
    his.call("presence:watch", json!({ "roomId": room })).await["code"].as_str().map_or_else(|| panic!("he hears the room"), drop);
    let told = his.events().await;
    assert!(told.iter().all(|(name, _)| name != "message:new"), "{told:?}");
    node.stop().await;
    server.stop().await;
}
