//! `kill -9` under load: what was acknowledged is there, what was not can be sent again.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use sea_orm::{ConnectionTrait, DbBackend, Statement};
use serde_json::{Value, json};

use super::member;
use crate::support::{Binary, Client, Db, PASSWORD, eventually, full};

/// What clients were told before the server died.
#[derive(Default)]
struct Journal {
    /// Keys and ids of posts that were acknowledged.
    posts: BTreeMap<String, String>,
    /// Keys of posts whose answer never came.
    open: Vec<String>,
    /// Addresses whose registration was acknowledged.
    registered: Vec<String>,
    /// Cookies of sessions.
    sessions: Vec<String>,
    /// Whether this round had each kind.
    round: (usize, usize, usize),
}

type Shared = Arc<Mutex<Journal>>;

/// A whole answer with status 200, or nothing because the server went away.
async fn whole(call: crate::support::Call) -> Option<(Value, Option<String>)> {
    let response = call.stream().await.ok()?;
    let status = response.status();
    let cookie = response.headers().get("set-cookie").map(|value| value.to_str().unwrap().split(';').next().unwrap().to_owned());
    let body = response.bytes().await.ok()?;
    assert_eq!(status, 200, "{}", String::from_utf8_lossy(&body));
    Some((serde_json::from_slice(&body).unwrap(), cookie))
}

fn post(client: &Client, key: &str) -> crate::support::Call {
    client.call("POST", "/api/posts").header("idempotency-key", key).json(&json!({ "title": key, "body": "x".repeat(500) }))
}

async fn keep_posting(client: Client, journal: Shared, name: String) {
    for number in 0.. {
        let key = format!("{name}-{number}");
        let answer = whole(post(&client, &key)).await;
        let mut journal = journal.lock().unwrap();
        let Some((answer, _)) = answer else { return journal.open.push(key) };
        journal.posts.insert(key, answer["post"]["id"].as_str().unwrap().to_owned());
        journal.round.0 += 1;
    }
}

async fn keep_registering(client: Client, journal: Shared, round: usize) {
    for number in 0.. {
        let address = format!("new-{round}-{number}@example.org");
        let body = json!({ "email": address, "password": PASSWORD });
        // From everywhere: no address of the network may ask for more than five mails.
        let call =
            client.call("POST", "/api/email/register").header("x-forwarded-for", format!("10.{round}.{}.{}", number / 250, number % 250));
        if whole(call.json(&body)).await.is_none() {
            return;
        }
        let mut journal = journal.lock().unwrap();
        journal.registered.push(address);
        journal.round.1 += 1;
    }
}

async fn keep_signing_in(client: Client, journal: Shared) {
    loop {
        let call =
            client.call("POST", "/api/email/login").without_cookies().json(&json!({ "email": "ann@example.org", "password": PASSWORD }));
        let Some((_, cookie)) = whole(call).await else { return };
        let mut journal = journal.lock().unwrap();
        journal.sessions.push(cookie.expect("signing in sets no cookie"));
        journal.round.2 += 1;
    }
}

/// Load until enough of everything was acknowledged, and then the end without warning.
async fn crash(binary: &mut Binary, ann: &Client, journal: &Shared, round: usize) {
    journal.lock().unwrap().round = (0, 0, 0);
    let mut clients: Vec<_> =
        (0..6).map(|user| tokio::spawn(keep_posting(ann.clone(), journal.clone(), format!("{round}-{user}")))).collect();
    clients.push(tokio::spawn(keep_registering(ann.stranger(), journal.clone(), round)));
    clients.push(tokio::spawn(keep_signing_in(ann.stranger(), journal.clone())));
    // A different amount each time, so that the end comes at different points.
    eventually("some of everything to be acknowledged", || async {
        let (posts, registered, sessions) = journal.lock().unwrap().round;
        (posts > 20 + 7 * (round % 5) && registered > round % 2 && sessions > round % 3).then_some(())
    })
    .await;
    binary.kill();
    for client in clients {
        client.await.unwrap();
    }
}

async fn check(binary: &Binary, ann: &Client, journal: &Shared) {
    let connection = binary.database().connect().await;
    if binary.database().kind() == Db::Sqlite {
        let query = Statement::from_string(DbBackend::Sqlite, "PRAGMA integrity_check");
        let found: String = connection.query_one_raw(query).await.unwrap().unwrap().try_get_by_index(0).unwrap();
        assert_eq!(found, "ok");
    }
    let query = Statement::from_string(connection.get_database_backend(), "SELECT subject FROM registrations");
    let rows = connection.query_all_raw(query).await.unwrap();
    let registered: Vec<String> = rows.iter().map(|row| row.try_get_by_index(0).unwrap()).collect();
    connection.close().await.unwrap();

    // What was never answered is sent again under its key: it is one post, whether it had been written or not.
    let open = std::mem::take(&mut journal.lock().unwrap().open);
    for key in open {
        let answer = post(ann, &key).send().await.expect(200).json();
        journal.lock().unwrap().posts.insert(key, answer["post"]["id"].as_str().unwrap().to_owned());
    }
    let list = ann.get("/api/posts").await.expect(200).json();
    let stored: BTreeMap<String, String> = list
        .as_array()
        .unwrap()
        .iter()
        .map(|post| (post["title"].as_str().unwrap().to_owned(), post["id"].as_str().unwrap().to_owned()))
        .collect();
    assert_eq!(list.as_array().unwrap().len(), stored.len(), "a post is there twice");
    let sessions = {
        let journal = journal.lock().unwrap();
        assert_eq!(stored, journal.posts, "posts are missing, or there are others");
        for address in &journal.registered {
            assert!(registered.contains(address), "the registration of {address} is lost");
        }
        journal.sessions.clone()
    };
    for cookie in sessions.iter().rev().take(5) {
        ann.call("GET", "/api/me").without_cookies().header("cookie", cookie).send().await.expect(200);
    }
}

async fn survive(db: Db, rounds: usize) {
    let settings = [
        ("COMMUNITY_LIMITS__ENABLED", "false".to_owned()),
        ("COMMUNITY_HTTP__TRUSTED_PROXIES", "127.0.0.1".to_owned()),
        ("COMMUNITY_SESSIONS__MAX_PER_USER", "1000".to_owned()),
        // However slow the machine is, whoever signs in gets their turn.
        ("COMMUNITY_AUTH__HASH_WAIT", "1m".to_owned()),
    ];
    let mut binary = Binary::start(db, &settings).await;
    let ann = member(&binary, "Ann").await.client;
    let journal = Shared::default();
    for round in 0..rounds {
        crash(&mut binary, &ann, &journal, round).await;
        binary.serve().await;
        check(&binary, &ann, &journal).await;
    }
    let sessions = journal.lock().unwrap().sessions.clone();
    for cookie in &sessions {
        ann.call("GET", "/api/me").without_cookies().header("cookie", cookie).send().await.expect(200);
    }
    assert!(sessions.len() >= rounds && journal.lock().unwrap().posts.len() > 20 * rounds);
    binary.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn o17_g21_nothing_acknowledged_is_lost_on_sqlite() {
    survive(Db::Sqlite, if full() { 100 } else { 20 }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn o17_g22_nothing_acknowledged_is_lost_on_postgres() {
    survive(Db::Postgres, if full() { 20 } else { 5 }).await;
}
