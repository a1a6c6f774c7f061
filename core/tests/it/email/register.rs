//! Registering: what is answered, what is mailed, and what an address that is taken gives away.

use std::time::Duration;

use community::email::PROVIDER;
use futures_util::future::join_all;
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement, TransactionTrait};
use serde_json::json;

use super::people::*;
use crate::support::{Db, PASSWORD, TestServer, eventually};

db_test! {
    async fn a01_registering_sends_a_mail_and_signs_nobody_in(db) {
        let server = TestServer::start(db).await;
        let client = server.client();
        let answer = client.post(REGISTER, form(ANN, PASSWORD, "Ann")).await.expect(200);
        assert_eq!(answer.json(), json!({ "ok": true, "message": "Please check your email to verify your account." }));
        assert!(answer.set_cookies().is_empty(), "{:?}", answer.set_cookies());
        client.get("/api/me").await.expect_error(401, "login_required");

        let mail = server.mail_to(ANN).await;
        let link = mail.link(VERIFY);
        assert!(link.starts_with(&server.url()) && mail.html.unwrap().contains(&link), "{link}");
        assert_eq!(client.get(&link).await.expect_redirect(), SIGNED_IN);
        let me = me(&client).await;
        assert!(me["id"].as_str().unwrap().starts_with("usr-"), "{me}");
        let rest = json!({ "id": me["id"], "username": "Ann", "provider": PROVIDER, "email": ANN, "role": "user" });
        assert_eq!(me, rest);
        server.stop().await;
    }

    async fn a02_broken_bodies_are_refused_and_the_last_of_two_keys_counts(db) {
        let server = TestServer::start(db).await;
        let post = |body: &'static str| {
            server.client().call("POST", REGISTER).header("content-type", "application/json").body(body).send()
        };
        for broken in ["", "{", r#"{"email":"ann@example.org","password":"correct"#, "{}x", r#"{"email":NaN,"password":"correct horse"}"#] {
            post(broken).await.expect_error(400, "invalid_json");
        }
        for other in ["[]", "null", "\"x\"", r#"{"password":"correct horse"}"#, r#"{"email":null,"password":"correct horse"}"#] {
            post(other).await.expect_error(400, "invalid_request");
        }
        post(r#"{"email":"first@example.org","password":"correct horse","email":"last@example.org"}"#).await.expect(200);
        server.mail_to("last@example.org").await;
        assert_eq!(server.mails().all().len(), 1);
        server.stop().await;
    }

    async fn a03_what_a_form_of_another_page_can_send_is_refused(db) {
        let server = TestServer::start(db).await;
        let body = form(ANN, PASSWORD, "Ann").to_string();
        for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"] {
            let call = server.client().call("POST", REGISTER).header("content-type", kind).body(body.clone());
            call.send().await.expect_error(415, "unsupported_media_type");
        }
        server.client().call("POST", REGISTER).body(body).send().await.expect_error(415, "unsupported_media_type");
        server.stop().await;
    }

    async fn a11_an_address_that_is_taken_is_refused(db) {
        let server = TestServer::start(db).await;
        let ann = server.member("Ann").await;
        register(&server.client(), &ann.email, "another horse").await.expect_error(400, "email_taken");
        login(&server.client(), &ann.email, "another horse").await.expect_error(401, "invalid_credentials");
        login(&server.client(), &ann.email, PASSWORD).await.expect(200);
        server.stop().await;
    }

    async fn a11_a_cautious_server_does_not_say_that_an_address_is_taken(db) {
        let server = TestServer::start_with(db, |config| config.auth.enumeration_safe = true).await;
        let ann = server.member("Ann").await;
        let free = register(&server.client(), "free@example.org", PASSWORD).await;
        let taken = register(&server.client(), &ann.email, PASSWORD).await;
        assert_eq!(visible(&free), visible(&taken));
        let notice = server.mail_to(&ann.email).await;
        assert!(!notice.raw.contains("token=") && notice.text.contains("has an account already"), "{}", notice.raw);
        // Both count for the network, so that the quota does not tell either.
        for _ in 0..3 {
            register(&server.client(), &ann.email, PASSWORD).await.expect(200);
        }
        register(&server.client(), &ann.email, PASSWORD).await.expect_error(429, "rate_limited");
        server.stop().await;
    }

    async fn a11_on_a_cautious_server_the_password_does_not_tell_either_whether_an_address_was_free(db) {
        let server = TestServer::start_with(db, |config| config.auth.enumeration_safe = true).await;
        let ann = server.member("Ann").await;
        let mut answers = Vec::new();
        for email in ["free@example.org", &ann.email] {
            register(&server.client(), email, "another horse").await.expect(200);
            // Both slow down whoever goes on, too.
            let mut seen = Vec::new();
            for _ in 0..6 {
                seen.push(visible(&login(&server.client(), email, "another horse").await));
            }
            answers.push(seen);
            server.clock.advance(Duration::from_mins(1));
        }
        assert_eq!(answers[0].iter().map(|answer| answer.0).collect::<Vec<_>>(), [401, 401, 401, 401, 401, 429]);
        assert_eq!(answers[0], answers[1]);
        // Who follows the link signs in as anywhere.
        let link = link(&server, "free@example.org", 1).await;
        assert_eq!(server.client().get(&link).await.expect_redirect(), SIGNED_IN);
        server.clock.advance(Duration::from_mins(1));
        login(&server.client(), "free@example.org", "another horse").await.expect(200);
        server.stop().await;
    }

    async fn a11_an_address_that_is_taken_costs_a_hash_like_any_other(db) {
        let server = TestServer::start_with(db, |config| {
            config.limits.enabled = false;
            config.auth.hash_threads = Some(1);
            config.auth.hash_queue = 1;
        })
        .await;
        let ann = server.member("Ann").await;
        let clients: Vec<_> = (0..30).map(|_| server.client()).collect();
        let answers = join_all(clients.iter().map(|client| register(client, &ann.email, PASSWORD))).await;
        let busy = answers.iter().filter(|answer| answer.status == 503).count();
        assert!(busy > 0, "thirty registrations at once did not fill a queue of one");
        assert_eq!(answers.iter().filter(|answer| answer.status == 400).count(), 30 - busy);
        server.stop().await;
    }

    async fn a12_who_registers_a_strange_address_first_keeps_nothing(db) {
        let server = TestServer::start(db).await;
        register(&server.client(), ANN, "mallory's password").await.expect(200);
        let first = link(&server, ANN, 1).await;
        register(&server.client(), ANN, PASSWORD).await.expect(200);
        let second = link(&server, ANN, 2).await;
        assert_eq!(server.client().get(&first).await.expect_redirect(), INVALID);
        assert_eq!(server.client().get(&second).await.expect_redirect(), SIGNED_IN);
        login(&server.client(), ANN, "mallory's password").await.expect_error(401, "invalid_credentials");
        login(&server.client(), ANN, PASSWORD).await.expect(200);
        server.stop().await;
    }

    async fn a39_links_in_mails_come_from_the_configuration(db) {
        let server = TestServer::start_with(db, |config| {
            config.http.base_url = Some("https://community.example".parse().unwrap());
        })
        .await;
        for (number, host) in ["evil.example", "community.example:1@evil.example"].into_iter().enumerate() {
            let email = format!("ann{number}@example.org");
            let call = server.client().call("POST", REGISTER).header("host", host).header("x-forwarded-host", "evil.example");
            call.header("x-forwarded-proto", "gopher").json(&form(&email, PASSWORD, "Ann")).send().await.expect(200);
            let mail = server.mail_to(&email).await;
            assert!(mail.link(VERIFY).starts_with("https://community.example/api/email/verify?token="), "{}", mail.text);
            assert!(!mail.raw.contains("evil.example"), "{}", mail.raw);
        }
        server.stop().await;
    }
}

/// The number that a query of PostgreSQL answers.
async fn number(connection: &DatabaseConnection, query: &str) -> i64 {
    let row = connection.query_one_raw(Statement::from_string(DbBackend::Postgres, query)).await.unwrap().unwrap();
    row.try_get_by_index(0).unwrap()
}

/// On PostgreSQL alone two writes run side by side.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a12_a_link_that_is_sent_again_brings_no_earlier_password_back() {
    let server = TestServer::start(Db::Postgres).await;
    register(&server.client(), ANN, "mallory's password").await.expect(200);
    let (ours, aside) = (server.database().connect().await, server.database().connect().await);
    // Mallory asks for the link again and has read the registration when Ann registers.
    let ann = ours.begin().await.unwrap();
    ann.execute_unprepared("SELECT 1 FROM registrations FOR UPDATE").await.unwrap();
    let mallory = server.client();
    let resent = tokio::spawn(async move { mallory.post(RESEND, json!({ "email": ANN })).await });
    let waiting = "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    eventually("the second link to wait for Ann", || async { (number(&aside, waiting).await == 1).then_some(()) }).await;
    ann.execute_unprepared("UPDATE registrations SET phc = 'of Ann', username = 'Ann', token_hash = 'of Ann'").await.unwrap();
    ann.commit().await.unwrap();
    resent.await.unwrap().expect(200);
    let hers = "SELECT COUNT(*) FROM registrations WHERE phc = 'of Ann' AND username = 'Ann' AND token_hash = 'of Ann'";
    assert_eq!(number(&aside, hers).await, 1, "her registration stands as she made it");
    server.stop().await;
}

/// Whoever registers and whoever asks for the link again wait for each other.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a12_registrations_of_one_address_wait_for_each_other() {
    let server = without_limits(Db::Postgres).await;
    register(&server.client(), ANN, PASSWORD).await.expect(200);
    let (ours, aside) = (server.database().connect().await, server.database().connect().await);
    let held = ours.begin().await.unwrap();
    let lock = format!("SELECT pg_advisory_xact_lock(hashtextextended('registration {ANN}', 0))");
    held.execute_unprepared(&lock).await.unwrap();
    let (one, two) = (server.client(), server.client());
    let waiting = "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'advisory'";
    // One after the other: the hash of a password takes a busy machine a while, and nobody may wait for a lock for ever.
    let registered = tokio::spawn(async move { register(&one, ANN, PASSWORD).await });
    eventually("the registration to wait", || async { (number(&aside, waiting).await == 1).then_some(()) }).await;
    let resent = tokio::spawn(async move { two.post(RESEND, json!({ "email": ANN })).await });
    eventually("both to wait", || async { (number(&aside, waiting).await == 2).then_some(()) }).await;
    held.commit().await.unwrap();
    registered.await.unwrap().expect(200);
    resent.await.unwrap().expect(200);
    server.stop().await;
}
