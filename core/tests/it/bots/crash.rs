//! `kill -9` while a bot works, and a server that stands still: what the bot remembers and what it says is exact.

use std::fs;

use futures_util::future::join_all;
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement, TryGetable};
use serde_json::json;

use super::{ALL, present, run};
use crate::{
    plugins::support::guest,
    rooms::{open_room, read, say},
    store::member,
    support::{Binary, Client, DEADLINE, Db, eventually, full, within},
};

/// Messages that a bot answers in a room, which are fewer than bots may say there at once.
const ANSWERED: usize = 12;

/// Lets a bot say as much as it is told to.
const LIMITS: &str = "[plugins.naughty.limits]\nmessages = 1000\nbreakdowns = 1000\ncpu_per_second = \"10s\"\n";

/// A server with a configuration file that has these sections.
pub async fn server(db: Db, sections: &str) -> Binary {
    serving(Binary::prepare(db, &[unlimited()]).await, sections).await
}

/// Another server on the PostgreSQL database of `first`.
pub async fn beside(first: &Binary, sections: &str) -> Binary {
    let database = ("DATABASE_URL", first.database().url.clone());
    serving(Binary::prepare(Db::Sqlite, &[unlimited(), database]).await, sections).await
}

fn unlimited() -> (&'static str, String) {
    ("COMMUNITY_LIMITS__ENABLED", "false".to_owned())
}

async fn serving(mut binary: Binary, sections: &str) -> Binary {
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
            // As long as it takes until a server that was killed is there again and has caught up.
            within(6 * DEADLINE, "the message is acknowledged", || async {
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

/// Kills the server while a bot counts messages, in each room by itself, and answers each with its number.
async fn answer_once(db: Db, kills: usize) {
    let mut binary = server(db, &(section("naughty", "naughty_bot", &ALL) + LIMITS)).await;
    let ann = member(&binary, "Ann").await.client;
    let mut rooms = Vec::new();
    for number in 0..8 {
        let room = open_room(&ann, &format!("Room {number}")).await;
        present(&ann, &room, "naughty").await;
        rooms.push((room, format!("naughty count {number}")));
    }
    let sending = join_all(rooms.iter().map(|(room, order)| send(&ann, room, order, ANSWERED)));
    let killing = async {
        for kill in 1..=kills {
            until_answered(&ann, &rooms[0].0, kill * ANSWERED / (kills + 1)).await;
            binary.kill();
            binary.serve().await;
        }
    };
    tokio::join!(sending, killing);
    for (room, order) in &rooms {
        until_answered(&ann, room, ANSWERED).await;
        // Whatever was said or counted once more came before what is said to this.
        say(&ann, room, order).await;
        let wanted: Vec<String> = (1..=ANSWERED + 1).map(|number| number.to_string()).collect();
        assert_eq!(until_answered(&ann, room, wanted.len()).await, wanted, "{order}");
    }
    binary.stop().await;
}

/// Waits until the bot has said so much in a room; gives all of it.
async fn until_answered(client: &Client, room: &str, wanted: usize) -> Vec<String> {
    let answers = || async {
        let all = read(client, room, "").await.into_iter().filter(|message| message["isBot"] == true);
        let bodies: Vec<String> = all.map(|message| message["body"].as_str().unwrap().to_owned()).collect();
        (bodies.len() >= wanted).then_some(bodies)
    };
    within(6 * DEADLINE, "the bot answers", answers).await
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

/// What the first column of the first row says.
async fn look<T: TryGetable>(database: &DatabaseConnection, query: &str) -> T {
    let statement = Statement::from_string(DbBackend::Postgres, query);
    database.query_one_raw(statement).await.unwrap().unwrap().try_get_by_index(0).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn o17_a_bot_counts_every_message_once_across_kills_on_sqlite() {
    survive(Db::Sqlite, if full() { 20 } else { 4 }, 1000).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn o17_a_bot_counts_every_message_once_across_kills_on_postgres() {
    survive(Db::Postgres, if full() { 10 } else { 2 }, 1000).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn o17_a_bot_answers_every_message_once_across_kills_on_sqlite() {
    answer_once(Db::Sqlite, 3).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn o17_a_bot_answers_every_message_once_across_kills_on_postgres() {
    answer_once(Db::Postgres, 2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn o17_a_bot_is_taken_over_from_a_server_that_stands_still_and_answers_every_message_once() {
    let sections = section("naughty", "naughty_bot", &ALL) + LIMITS;
    let first = server(Db::Postgres, &sections).await;
    let ann = member(&first, "Ann").await.client;
    let (room, elsewhere) = (open_room(&ann, "Lobby").await, open_room(&ann, "Elsewhere").await);
    for room in [&room, &elsewhere] {
        present(&ann, room, "naughty").await;
    }
    let second = beside(&first, &sections).await;
    let there = second.client();
    ann.cookies().iter().for_each(|(name, value)| there.set_cookie(name, value));
    say(&there, &room, "naughty count calls").await;
    until_answered(&there, &room, 1).await;

    // What a bot remembers is written under this lock: while it is held, the first server cannot get further than to the beginning of
    // its write, and there it stands still. Then it has the lock, and everything that it needs but the lease.
    let database = first.database().connect().await;
    database.execute_unprepared("SELECT pg_advisory_lock(hashtextextended('plugin naughty', 0))").await.unwrap();
    say(&there, &room, "naughty count calls").await;
    let waits = "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted \
                 AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))";
    eventually("the first server writes", || async { look::<bool>(&database, waits).await.then_some(()) }).await;
    first.signal("STOP");
    let lease: String = look(&database, "SELECT lease_until FROM plugin_cursors WHERE plugin = 'naughty'").await;
    database.execute_unprepared("SELECT pg_advisory_unlock_all()").await.unwrap();
    say(&there, &elsewhere, "naughty send hello").await;
    // Once the lease has run out. Had it stopped in the middle of renewing that, PostgreSQL would end it after half a minute.
    let hello = within(6 * DEADLINE, "the second server serves the bot", || async {
        read(&there, &elsewhere, "").await.into_iter().find(|message| message["body"] == "hello")
    })
    .await;
    assert!(hello["createdAt"].as_str().unwrap() > lease.as_str(), "the lease held until {lease}: {hello}");

    first.signal("CONT");
    first.logged("serving a bot begins anew").await;
    // The write of the first server was before that of the second, which waited for the lock, and both before these.
    for client in [&there, &ann] {
        say(client, &room, "naughty count calls").await;
    }
    assert_eq!(until_answered(&ann, &room, 4).await, ["1", "2", "3", "4"]);
    assert_eq!(until_answered(&ann, &elsewhere, 1).await, ["hello"]);
    database.close().await.unwrap();
    second.stop().await;
    first.stop().await;
}
