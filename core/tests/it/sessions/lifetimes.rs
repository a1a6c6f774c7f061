//! How long sessions live, and what the clock does to them.

use std::time::Duration;

use community::{actor::Role, clock::Timestamp};
use sea_orm::{ConnectionTrait, Statement};
use serde_json::{Value, json};

use crate::support::{Client, PASSWORD, Person, TestServer, eventually};

const ME: &str = "/api/me";
const MINUTE: Duration = Duration::from_mins(1);
const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

async fn sessions(client: &Client) -> Vec<Value> {
    client.get("/api/sessions").await.expect(200).json()["sessions"].as_array().unwrap().clone()
}

async fn browser(server: &TestServer, person: &Person, role: Role) -> Client {
    let client = server.client();
    client.set_cookie(person.cookie_name, &server.new_session(person, role).await);
    client
}

async fn sign_in(server: &TestServer, person: &Person) -> Client {
    let client = server.client();
    client.post("/api/email/login", json!({ "email": person.email, "password": PASSWORD })).await.expect(200);
    client
}

async fn expect_over(client: &Client) {
    client.get(ME).await.expect_error(401, "login_required");
}

db_test! {
    async fn a34_an_unused_session_ends_after_a_week(db) {
        let mut server = TestServer::start(db).await;
        let ann = server.member("Ann").await;
        let second = browser(&server, &ann, Role::User).await;
        server.clock.advance(Duration::from_mins(7 * 24 * 60 - 1));
        ann.client.get(ME).await.expect(200);
        server.clock.advance(MINUTE);
        ann.client.get(ME).await.expect(200);
        expect_over(&second).await;
        assert_eq!(sessions(&ann.client).await.len(), 1, "what is over is not listed");
        // Sweeping removes only what is over.
        server.restart().await;
        let again = server.client();
        again.set_cookie(ann.cookie_name, &ann.client.cookie(ann.cookie_name).unwrap());
        again.get(ME).await.expect(200);
        server.stop().await;
    }

    async fn what_cannot_be_cleaned_up_keeps_nothing_else_from_it(db) {
        let mut server = TestServer::start(db).await;
        let ann = server.member("Ann").await;
        let connection = server.database().connect().await;
        let count = async |table: &str| {
            let query = Statement::from_string(connection.get_database_backend(), format!("SELECT count(*) FROM {table}"));
            connection.query_one_raw(query).await.unwrap().unwrap().try_get_by_index::<i64>(0).unwrap()
        };
        // The ends of these sessions are news.
        let old = "events WHERE kind <> 'session.ended'";
        assert!(count("sessions").await > 0 && count(old).await > 0);
        // A row that nobody can read, and a table that is not there.
        connection.execute_unprepared("UPDATE sessions SET created_at = 'yesterday'").await.unwrap();
        connection.execute_unprepared("ALTER TABLE mails RENAME TO mails_aside").await.unwrap();
        server.clock.advance(40 * DAY);
        server.restart().await;
        eventually("the rest to be gone", || async { (count("sessions").await == 0 && count(old).await == 0).then_some(()) }).await;
        let again = server.client();
        again.set_cookie(ann.cookie_name, &ann.client.cookie(ann.cookie_name).unwrap());
        expect_over(&again).await;
        connection.close().await.unwrap();
        server.stop().await;
    }

    async fn a34_a_used_session_ends_after_thirty_days(db) {
        let server = TestServer::start(db).await;
        let ann = server.member("Ann").await;
        for _ in 0..29 {
            server.clock.advance(DAY);
            ann.client.get(ME).await.expect(200);
        }
        server.clock.advance(Duration::from_mins(24 * 60 - 1));
        ann.client.get(ME).await.expect(200);
        server.clock.advance(MINUTE);
        expect_over(&ann.client).await;
        server.stop().await;
    }

    async fn an_admins_session_is_shorter(db) {
        let server = TestServer::start(db).await;
        let root = server.admin("Root").await;
        let second = browser(&server, &root, Role::Admin).await;
        for _ in 0..24 {
            server.clock.advance(29 * MINUTE);
            root.client.get(ME).await.expect(200);
        }
        expect_over(&second).await;
        server.clock.advance(Duration::from_mins(12 * 60 - 24 * 29));
        expect_over(&root.client).await;
        server.stop().await;
    }

    async fn a_use_is_written_down_every_five_minutes(db) {
        let server = TestServer::start(db).await;
        let ann = server.member("Ann").await;
        let begun = server.now();
        let last_seen = async || Timestamp::parse(sessions(&ann.client).await[0]["lastSeenAt"].as_str().unwrap()).unwrap();
        server.clock.advance(Duration::from_secs(299));
        ann.client.get(ME).await.expect(200);
        assert_eq!(last_seen().await, begun);
        server.clock.advance(Duration::from_secs(1));
        ann.client.get(ME).await.expect(200);
        assert_eq!(last_seen().await, begun.plus(5 * MINUTE));
        server.stop().await;
    }

    async fn the_twenty_first_session_ends_the_oldest(db) {
        let server = TestServer::start(db).await;
        let (ann, bob) = (server.member("Ann").await, server.member("Bob").await);
        let mut later = Vec::new();
        for _ in 0..19 {
            server.clock.advance(Duration::from_secs(1));
            later.push(browser(&server, &ann, Role::User).await);
        }
        ann.client.get(ME).await.expect(200);
        server.clock.advance(Duration::from_secs(1));
        let newest = sign_in(&server, &ann).await;
        expect_over(&ann.client).await;
        for client in later.iter().chain([&newest, &bob.client]) {
            client.get(ME).await.expect(200);
        }
        assert_eq!(sessions(&newest).await.len(), 20);
        server.stop().await;
    }

    async fn sessions_that_are_over_take_nobodys_place(db) {
        let server = TestServer::start(db).await;
        let ann = server.member("Ann").await;
        server.clock.advance(Duration::from_secs(1));
        for _ in 0..19 {
            browser(&server, &ann, Role::User).await;
        }
        // Only the first one is used. When the others have run out, it must not have to go for a new one.
        server.clock.advance(6 * DAY);
        ann.client.get(ME).await.expect(200);
        server.clock.advance(DAY);
        let newest = sign_in(&server, &ann).await;
        ann.client.get(ME).await.expect(200);
        newest.get(ME).await.expect(200);
        assert_eq!(sessions(&newest).await.len(), 2);
        server.stop().await;
    }

    async fn a38_a_clock_that_jumps_logs_nobody_out(db) {
        let server = TestServer::start(db).await;
        let ann = server.member("Ann").await;
        server.clock.rewind(HOUR);
        ann.client.get(ME).await.expect(200);
        let early = sign_in(&server, &ann).await;
        server.clock.advance(2 * HOUR);
        for client in [&ann.client, &early] {
            client.get(ME).await.expect(200);
        }
        server.clock.rewind(2 * HOUR);
        for client in [&ann.client, &early] {
            client.get(ME).await.expect(200);
            client.post("/api/posts", json!({ "title": "still here" })).await.expect(200);
        }
        server.stop().await;
    }

    async fn a38_a_new_session_is_not_the_oldest_because_the_clock_was_set_back(db) {
        let server = TestServer::start(db).await;
        let ann = server.member("Ann").await;
        for _ in 0..19 {
            browser(&server, &ann, Role::User).await;
        }
        server.clock.rewind(HOUR);
        let newest = sign_in(&server, &ann).await;
        newest.get(ME).await.expect(200);
        assert_eq!(sessions(&newest).await.len(), 20);
        server.stop().await;
    }
}
