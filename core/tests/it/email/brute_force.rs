//! Guessing passwords, and drowning the server in them.

use std::time::Duration;

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHasher, phc::PasswordHash},
};
use community::config::{AuthSection, PluginSection, Rate, Span};
use futures_util::future::join_all;
use sea_orm::ConnectionTrait;
use serde_json::json;

use super::people::*;
use crate::support::{Binary, Client, PASSWORD, TestServer};

async fn guess(client: &Client, from: u32, email: &str, password: &str) -> crate::support::Answer {
    post_from(client, &format!("198.51.{}.{}", from / 256, from % 256), LOGIN, json!({ "email": email, "password": password })).await
}

fn retry_after(answer: &crate::support::Answer) -> u64 {
    answer.header("retry-after").unwrap_or_else(|| panic!("{answer:?}")).parse().unwrap()
}

/// What a hash with these parameters looks like in the database.
fn hash_with(memory: u32, passes: u32) -> String {
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(memory, passes, 1, None).unwrap());
    let phc: PasswordHash = argon2.hash_password_with_salt(PASSWORD.as_bytes(), b"a salt of 16 b..").unwrap();
    phc.to_string()
}

db_test! {
    async fn a27_one_address_has_ten_attempts_a_minute(db) {
        let server = TestServer::start(db).await;
        let ann = server.member("Ann").await;
        for number in 0..10 {
            login(&server.client(), &format!("a{number}@example.org"), "another horse").await.expect_error(401, "invalid_credentials");
        }
        let refused = login(&server.client(), &ann.email, PASSWORD).await;
        assert_eq!(retry_after(&refused), 6);
        refused.expect_error(429, "rate_limited");
        server.clock.advance(Duration::from_secs(6));
        login(&server.client(), &ann.email, PASSWORD).await.expect(200);
        server.stop().await;
    }

    async fn a27_one_account_is_guessed_ever_slower_from_however_many_addresses(db) {
        let server = TestServer::start_with(db, |config| {
            config.http.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
        })
        .await;
        let ann = server.member("Ann").await;
        let client = server.client();
        for number in 0..5 {
            guess(&client, number, &ann.email, "another horse").await.expect_error(401, "invalid_credentials");
        }
        let mut waits = Vec::new();
        for number in 5..13 {
            // Neither another spelling nor the right password changes that.
            let refused = guess(&client, 2 * number, "ANN@example.org", PASSWORD).await;
            waits.push(retry_after(&refused));
            refused.expect_error(429, "rate_limited");
            server.clock.advance(Duration::from_secs(*waits.last().unwrap()));
            guess(&client, 2 * number + 1, &ann.email, "another horse").await.expect_error(401, "invalid_credentials");
        }
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60]);
        // Nobody else is slowed down, and the owner gets in when the time is over.
        guess(&client, 100, "bob@example.org", "another horse").await.expect_error(401, "invalid_credentials");
        server.clock.advance(Duration::from_mins(1));
        guess(&client, 101, &ann.email, PASSWORD).await.expect(200);
        guess(&client, 102, &ann.email, "another horse").await.expect_error(401, "invalid_credentials");
        guess(&client, 103, &ann.email, PASSWORD).await.expect(200);
        server.stop().await;
    }

    async fn a28_a_flood_of_logins_is_shed_and_everything_else_goes_on(db) {
        let server = TestServer::start_with(db, |config| {
            crate::support::patient(config);
            config.plugins.insert("email".to_owned(), crate::plugins::support::unhurried(PluginSection::default()));
            config.limits.enabled = false;
            config.auth.hash_threads = Some(1);
            config.auth.hash_queue = 2;
        })
        .await;
        let ann = server.member("Ann").await;
        let flood = (0..60).map(|number| {
            let (client, email) = (server.client(), ann.email.clone());
            // Accounts that do not exist cost as much as those that do.
            let email = if number % 2 == 0 { email } else { format!("a{number}@example.org") };
            async move { login(&client, &email, PASSWORD).await }
        });
        let readers = (0..20).map(|_| {
            let client = server.client();
            async move { client.get("/api/posts").await }
        });
        let (flood, readers) = tokio::join!(join_all(flood), join_all(readers));
        for answer in readers {
            answer.expect(200);
        }
        let (busy, done): (Vec<_>, Vec<_>) = flood.into_iter().partition(|answer| answer.status == 503);
        assert!(!busy.is_empty() && !done.is_empty(), "{} were turned away, {} were not", busy.len(), done.len());
        assert!(done.iter().all(|answer| matches!(answer.status, 200 | 401)), "{done:?}");
        for answer in busy {
            assert_eq!(retry_after(&answer), 1);
            answer.expect_error(503, "unavailable");
        }
        login(&server.client(), &ann.email, PASSWORD).await.expect(200);
        server.stop().await;
    }

    async fn a28_what_the_server_has_no_time_for_is_no_wrong_password(db) {
        let mut server = TestServer::start_with(db, |config| {
            config.limits.login = Rate::UNLIMITED;
            // Nobody is ever hashed in time.
            config.auth.hash_wait = Span::seconds(0);
        })
        .await;
        let ann = server.member("Ann").await;
        for _ in 0..12 {
            login(&server.client(), &ann.email, PASSWORD).await.expect_error(503, "unavailable");
        }
        server.config.auth.hash_wait = AuthSection::default().hash_wait;
        server.restart().await;
        login(&server.client(), &ann.email, PASSWORD).await.expect(200);
        server.stop().await;
    }

    async fn a29_a_stored_hash_that_asks_for_too_much_is_not_computed(db) {
        let binary = Binary::start(db, &[("COMMUNITY_LIMITS__ENABLED", "false".to_owned())]).await;
        let create = ["user", "create", "--email", ANN, "--password-stdin"];
        binary.run_well(&create, PASSWORD).await;
        let client = binary.client();
        login(&client, ANN, PASSWORD).await.expect(200);
        let connection = binary.database().connect().await;
        let store = async |phc: &str| {
            connection.execute_unprepared(&format!("UPDATE passwords SET phc = '{phc}'")).await.unwrap();
        };
        // The harmless one first, to see that this is how a stored hash is replaced.
        store(&hash_with(64, 10)).await;
        login(&client, ANN, PASSWORD).await.expect(200);
        let monstrous = hash_with(64, 1).replace("m=64,", "m=4194304,");
        for phc in [hash_with(64, 11), hash_with(64 * 1024 + 8, 1), monstrous] {
            store(&phc).await;
            login(&client, ANN, PASSWORD).await.expect_error(401, "invalid_credentials");
        }
        binary.logged("asks for more memory or time than any of ours").await;
        store("no hash").await;
        login(&client, ANN, PASSWORD).await.expect_error(401, "invalid_credentials");
        binary.logged("a stored password hash cannot be read").await;
        assert!(!binary.log().contains("$argon2id$"));
        connection.close().await.unwrap();
        binary.stop().await;
    }
}

#[test]
fn a28_without_a_setting_half_of_the_processors_hash_and_few_wait() {
    let section = AuthSection::default();
    let half = (std::thread::available_parallelism().unwrap().get() / 2).max(1);
    assert_eq!((section.hash_threads(), section.hash_queue), (half, 32));
}
