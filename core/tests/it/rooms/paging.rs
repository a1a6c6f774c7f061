//! Reading a room: back and forth, and what has changed since.

use std::{collections::BTreeMap, sync::Arc};

use community::random::Random;
use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{closed_room, details, id, invite, join, open_room, own, read, say, send};
use crate::support::{Client, TestServer};

fn seqs(messages: &[Value]) -> Vec<u64> {
    messages.iter().map(|message| message["seq"].as_u64().unwrap()).collect()
}

/// Reads on from `rev` until there is nothing more, some at a time.
async fn catch_up(client: &Client, room: &str, mut rev: u64, state: &mut BTreeMap<String, Value>) -> u64 {
    loop {
        let answer = client.get(&format!("/api/rooms/{room}/messages?changedSince={rev}&limit=7")).await.expect(200).json();
        for message in answer["messages"].as_array().unwrap() {
            let next = message["rev"].as_u64().unwrap();
            assert!(next > rev, "rev {next} comes after {rev}");
            rev = next;
            state.insert(id(message), message.clone());
        }
        if answer["more"] == false {
            return rev;
        }
    }
}

/// One thing that somebody does to the room, as chance will have it.
async fn act(client: &Client, room: &str, random: &Random) {
    let [what, which] = random.bytes::<2>();
    let all = read(client, room, "?limit=200").await;
    let own = all.get(usize::from(which) % all.len().max(1)).map(id);
    let path = |message: &str| format!("/api/rooms/{room}/messages/{message}");
    match (what % 8, own) {
        (0, Some(message)) => drop(client.patch(&path(&message), json!({ "body": format!("edited {which}") })).await),
        (1, Some(message)) => drop(client.delete(&path(&message)).await),
        (2, Some(message)) => drop(client.call("PUT", &format!("{}/reactions/👍", path(&message))).send().await),
        (3, Some(message)) => drop(client.call("DELETE", &format!("{}/reactions/👍", path(&message))).send().await),
        _ => drop(send(client, room, json!({ "body": format!("said {which}"), "clientId": format!("c-{which}") })).await.expect(200)),
    }
}

db_test! {
    async fn f13_pages_are_asked_for_properly(db) {
        let server = TestServer::start(db).await;
        let ann = server.member("Ann").await.client;
        let room = open_room(&ann, "Lobby").await;
        for query in [
            "limit=0", "limit=-1", "limit=abc", "limit=1.5", "limit=1&limit=2", "before=x", "before=-1", "after=1&after=2", "before=1&after=2",
            "changedSince=1&before=2", "changedSince=x", "limit=99999999999999999999",
        ] {
            ann.get(&format!("/api/rooms/{room}/messages?{query}")).await.expect_error(400, "invalid_request");
        }
        for query in ["limit=201", "limit=1000000000", "limit=%31", "limit=200", "before=18446744073709551615", "after=18446744073709551615", "changedSince=0", "unknown=1"] {
            ann.get(&format!("/api/rooms/{room}/messages?{query}")).await.expect(200);
        }
        server.stop().await;
    }

    async fn f13_f17_a_page_has_a_hundred_messages_and_never_more_than_two(db) {
        let server = TestServer::start_with(db, |config| config.limits.enabled = false).await;
        let ann = server.member("Ann").await.client;
        let room = open_room(&ann, "Lobby").await;
        for number in 0..230 {
            say(&ann, &room, &format!("{number}")).await;
        }
        assert_eq!(seqs(&read(&ann, &room, "").await), (131..=230).collect::<Vec<_>>());
        assert_eq!(seqs(&read(&ann, &room, "?limit=500").await), (31..=230).collect::<Vec<_>>());
        let details = details(&ann, &room).await;
        assert_eq!((details["messages"].as_array().unwrap().len(), &details["more"]), (100, &json!(true)));
        server.stop().await;
    }

    async fn pages_go_back_and_forth_without_gaps(db) {
        let server = TestServer::start_with(db, |config| config.limits.enabled = false).await;
        let ann = server.member("Ann").await.client;
        let room = open_room(&ann, "Lobby").await;
        for number in 0..25 {
            say(&ann, &room, &format!("{number}")).await;
        }
        let page = async |query: &str| {
            let answer = ann.get(&format!("/api/rooms/{room}/messages{query}")).await.expect(200).json();
            (seqs(answer["messages"].as_array().unwrap()), answer["more"].as_bool().unwrap())
        };
        assert_eq!(page("?limit=10").await, ((16..=25).collect(), true));
        assert_eq!(page("?limit=10&before=16").await, ((6..=15).collect(), true));
        assert_eq!(page("?limit=10&before=6").await, ((1..=5).collect(), false));
        assert_eq!(page("?before=1").await, (vec![], false));
        assert_eq!(page("?limit=10&after=0").await, ((1..=10).collect(), true));
        assert_eq!(page("?limit=10&after=15").await, ((16..=25).collect(), false));
        assert_eq!(page("?after=25").await, (vec![], false));
        assert_eq!(page("?limit=25").await, ((1..=25).collect(), false));
        server.stop().await;
    }

    async fn all_members_of_a_room_can_be_read_page_by_page(db) {
        let server = TestServer::start(db).await;
        let (ann, eve) = (server.member("Ann").await.client, server.member("Eve").await.client);
        let room = open_room(&ann, "Lobby").await;
        let mut all = vec!["Ann".to_owned()];
        for number in 0..6 {
            let person = server.member(&format!("Person{number}")).await;
            join(&person.client, &room).await.expect(200);
            all.push(person.username);
        }
        let (mut names, mut ids, mut query) = (Vec::new(), Vec::new(), "?limit=3".to_owned());
        loop {
            let page = ann.get(&format!("/api/rooms/{room}/members{query}")).await.expect(200).json();
            let members = page["members"].as_array().unwrap();
            names.extend(members.iter().map(|member| member["username"].as_str().unwrap().to_owned()));
            ids.extend(members.iter().map(id));
            if page["more"] == false {
                assert_eq!(members.len(), 1);
                break;
            }
            assert_eq!(members.len(), 3);
            query = format!("?limit=3&after={}", id(&members[2]));
        }
        names.sort();
        assert_eq!((names, ids.is_sorted()), (all, true));
        for query in ["limit=0", "limit=x", "after=nobody", "limit=1&limit=2"] {
            ann.get(&format!("/api/rooms/{room}/members?{query}")).await.expect_error(400, "invalid_request");
        }
        eve.get(&format!("/api/rooms/{room}/members")).await.expect_error(404, "not_found");
        server.stop().await;
    }

    async fn all_rooms_can_be_read_page_by_page(db) {
        let server = TestServer::start(db).await;
        let (ann, bob) = (server.member("Ann").await.client, server.member("Bob").await);
        let mut made = Vec::new();
        for number in 0..7 {
            server.clock.advance(std::time::Duration::from_secs(u64::from(number % 2 == 0)));
            made.push(open_room(&ann, &format!("Room {number}")).await);
        }
        let invited = closed_room(&bob.client, "Secret").await;
        invite(&bob.client, &invited, "email_ann@example.org").await.expect(200);
        let (mut seen, mut query) = (Vec::new(), "?limit=3".to_owned());
        loop {
            let page = ann.get(&format!("/api/rooms{query}")).await.expect(200).json();
            assert_eq!(page["invites"].as_array().unwrap().len(), usize::from(seen.is_empty()), "invitations come with the first page");
            seen.extend(page["rooms"].as_array().unwrap().iter().map(id));
            let Some(next) = page["next"].as_str() else { break };
            query = format!("?limit=3&before={next}");
        }
        assert_eq!(seen, own(&ann).await);
        seen.sort();
        made.sort();
        assert_eq!(seen, made);
        for query in ["limit=0", "limit=x", "before=r-1", "before=2026-01-01T00:00:00.000Z_x"] {
            ann.get(&format!("/api/rooms?{query}")).await.expect_error(400, "invalid_request");
        }
        server.stop().await;
    }

    async fn whoever_asks_what_changed_since_misses_nothing(db) {
        let server = TestServer::start_with(db, |config| {
            config.limits.enabled = false;
            config.database.connections = 20;
            config.database.acquire_timeout = community::config::Span::seconds(10);
        }).await;
        let (ann, bob, eve) = (server.member("Ann").await.client, server.member("Bob").await.client, server.member("Eve").await.client);
        let room = open_room(&ann, "Lobby").await;
        for client in [&bob, &eve] {
            join(client, &room).await.expect(200);
        }
        let random = Arc::new(Random::seeded(7));
        let writers = join_all([&ann, &bob, &ann, &bob].map(async |client| {
            for _ in 0..30 {
                act(client, &room, &random).await;
            }
        }));
        let mut state = BTreeMap::new();
        let reader = async {
            let mut rev = 0;
            for _ in 0..20 {
                rev = catch_up(&eve, &room, rev, &mut state).await;
            }
            rev
        };
        let (_, rev) = tokio::join!(writers, reader);
        catch_up(&eve, &room, rev, &mut state).await;
        let mut seen: Vec<Value> = state.into_values().collect();
        seen.sort_by_key(|message| message["seq"].as_u64());
        let stored = read(&ann, &room, "?limit=200").await;
        assert_eq!(seen, stored);
        assert_eq!(seqs(&stored), (1..=stored.len() as u64).collect::<Vec<_>>());
        server.stop().await;
    }
}
