//! Browsers in which an account's owner has signed in before are not slowed down by those who guess elsewhere.

use std::time::Duration;

use serde_json::json;

use super::people::*;
use crate::support::{Answer, Client, Db, PASSWORD, Person, TestServer};

const COOKIE: &str = "community_dev";
const WRONG: &str = "another horse";

/// A server that lets one network try as often as it likes, so that the account's delay alone counts.
async fn patient(db: Db) -> TestServer {
    TestServer::start_with(db, |config| {
        config.limits.login = "unlimited".parse().unwrap();
        config.limits.passwords = "unlimited".parse().unwrap();
    })
    .await
}

/// A browser in which `person` has signed in; the session is over, the device cookie stays.
async fn own_browser(server: &TestServer, person: &Person) -> Client {
    let client = server.client();
    login(&client, &person.email, PASSWORD).await.expect(200);
    client.post("/api/logout", json!({})).await.expect(200);
    assert_eq!(client.cookies().into_keys().collect::<Vec<_>>(), [COOKIE]);
    client
}

fn with_device(server: &TestServer, token: &str) -> Client {
    let client = server.client();
    client.set_cookie(COOKIE, token);
    client
}

/// Guesses until the account makes strangers wait.
async fn besiege(server: &TestServer, email: &str) {
    for _ in 0..5 {
        login(&server.client(), email, WRONG).await.expect_error(401, "invalid_credentials");
    }
    login(&server.client(), email, WRONG).await.expect_error(429, "rate_limited");
}

fn device_cookie(answer: &Answer) -> String {
    let lines = answer.set_cookies();
    lines.into_iter().find(|line| line.contains(COOKIE)).unwrap_or_else(|| panic!("no device cookie in {answer:?}"))
}

db_test! {
    async fn a27_the_owner_gets_in_from_a_browser_that_is_known(db) {
        let server = patient(db).await;
        let (ann, bob) = (server.member("Ann").await, server.member("Bob").await);
        let (known, other) = (own_browser(&server, &ann).await, own_browser(&server, &bob).await);
        besiege(&server, &ann.email).await;
        login(&known, "ANN@Example.org", PASSWORD).await.expect(200);
        assert_eq!(me(&known).await["username"], "Ann");
        // That is no news for anybody else: neither for strangers nor for other people's browsers.
        for client in [server.client(), other, with_device(&server, "nonsense"), with_device(&server, &"A".repeat(43))] {
            login(&client, &ann.email, PASSWORD).await.expect_error(429, "rate_limited");
        }
        server.stop().await;
    }

    async fn a27_a_stolen_device_cookie_guesses_no_faster(db) {
        let server = patient(db).await;
        let ann = server.member("Ann").await;
        let stolen = own_browser(&server, &ann).await;
        for _ in 0..5 {
            login(&stolen, &ann.email, WRONG).await.expect_error(401, "invalid_credentials");
        }
        let refused = login(&stolen, &ann.email, PASSWORD).await;
        assert_eq!(refused.expect_error(429, "rate_limited")["retryAfter"], 1);
        // The account itself has not been tried from anywhere else.
        login(&server.client(), &ann.email, PASSWORD).await.expect(200);
        server.clock.advance(Duration::from_secs(1));
        login(&stolen, &ann.email, WRONG).await.expect_error(401, "invalid_credentials");
        assert_eq!(login(&stolen, &ann.email, PASSWORD).await.expect_error(429, "rate_limited")["retryAfter"], 2);
        server.stop().await;
    }

    async fn a27_each_sign_in_renews_the_device_cookie(db) {
        let server = patient(db).await;
        let ann = server.member("Ann").await;
        let browser = server.client();
        let answer = login(&browser, &ann.email, PASSWORD).await.expect(200);
        let old = browser.cookie(COOKIE).unwrap();
        assert_eq!(device_cookie(&answer), format!("{COOKIE}={old}; Path=/; HttpOnly; SameSite=Lax; Max-Age=15552000"));
        server.clock.advance(Duration::from_hours(179 * 24));
        login(&browser, &ann.email, PASSWORD).await.expect(200);
        server.clock.advance(Duration::from_hours(179 * 24));
        let idle = own_browser(&server, &ann).await;
        besiege(&server, &ann.email).await;
        login(&with_device(&server, &old), &ann.email, PASSWORD).await.expect_error(429, "rate_limited");
        login(&browser, &ann.email, PASSWORD).await.expect(200);

        server.clock.advance(Duration::from_hours(180 * 24));
        besiege(&server, &ann.email).await;
        login(&idle, &ann.email, PASSWORD).await.expect_error(429, "rate_limited");
        server.stop().await;
    }

    async fn a27_an_account_knows_its_ten_newest_devices(db) {
        let server = patient(db).await;
        let ann = server.member("Ann").await;
        let mut browsers = Vec::new();
        for _ in 0..11 {
            browsers.push(own_browser(&server, &ann).await);
            server.clock.advance(Duration::from_secs(1));
        }
        besiege(&server, &ann.email).await;
        login(&browsers[0], &ann.email, PASSWORD).await.expect_error(429, "rate_limited");
        for browser in [&browsers[1], &browsers[10]] {
            login(browser, &ann.email, PASSWORD).await.expect(200);
        }
        server.stop().await;
    }

    async fn a27_a_new_password_makes_every_device_a_stranger(db) {
        let server = patient(db).await;
        let ann = server.member("Ann").await;
        let known = own_browser(&server, &ann).await;
        let change = json!({ "currentPassword": PASSWORD, "newPassword": "battery staple" });
        ann.client.post(CHANGE, change).await.expect(200);
        besiege(&server, &ann.email).await;
        login(&known, &ann.email, "battery staple").await.expect_error(429, "rate_limited");

        server.clock.advance(Duration::from_mins(15));
        login(&known, &ann.email, "battery staple").await.expect(200);
        server.client().post(FORGOT, json!({ "email": ann.email })).await.expect(200);
        let secret = server.mails().wait(&ann.email, 1).await.link("/posts/").split_once("#reset=").unwrap().1.to_owned();
        server.client().post(RESET, json!({ "token": secret, "password": PASSWORD })).await.expect(200);
        besiege(&server, &ann.email).await;
        login(&known, &ann.email, PASSWORD).await.expect_error(429, "rate_limited");
        server.stop().await;
    }

    async fn a27_the_delay_is_that_of_the_account_however_it_is_written(db) {
        let server = patient(db).await;
        let ann = server.member("Ann").await;
        // An address that nobody has is slowed down like any other.
        for email in [&ann.email, "nobody@example.org", "no address"] {
            for spelling in [email, &email.to_uppercase(), email, &email.to_uppercase(), email] {
                login(&server.client(), spelling, WRONG).await.expect_error(401, "invalid_credentials");
            }
            let refused = login(&server.client(), &email.to_uppercase(), PASSWORD).await;
            assert_eq!(refused.expect_error(429, "rate_limited")["retryAfter"], 1, "{email}");
        }
        server.stop().await;
    }

    async fn a27_the_delay_is_the_operators_to_choose(db) {
        let server = TestServer::start_with(db, |config| {
            config.limits.login_failures = 1;
            config.limits.login_longest_wait = "3s".parse().unwrap();
            config.limits.login_forgotten_after = "10s".parse().unwrap();
        })
        .await;
        let ann = server.member("Ann").await;
        let mut waits = Vec::new();
        login(&server.client(), &ann.email, WRONG).await.expect_error(401, "invalid_credentials");
        for _ in 0..3 {
            login(&server.client(), &ann.email, WRONG).await.expect_error(401, "invalid_credentials");
            let refused = login(&server.client(), &ann.email, PASSWORD).await.expect_error(429, "rate_limited");
            waits.push(refused["retryAfter"].as_u64().unwrap());
            server.clock.advance(Duration::from_secs(*waits.last().unwrap()));
        }
        assert_eq!(waits, [1, 2, 3]);
        server.clock.advance(Duration::from_mins(1));
        for _ in 0..2 {
            login(&server.client(), &ann.email, WRONG).await.expect_error(401, "invalid_credentials");
        }
        server.stop().await;
    }

    async fn a27_on_https_the_device_cookie_belongs_to_this_host_alone(db) {
        let server = TestServer::start_with(db, |config| {
            config.http.base_url = Some("https://community.example".parse().unwrap());
        })
        .await;
        let ann = server.member("Ann").await;
        let cookie = device_cookie(&login(&server.client(), &ann.email, PASSWORD).await.expect(200));
        assert!(cookie.starts_with("__Host-community_dev=") && cookie.contains("; Path=/; HttpOnly;") && cookie.ends_with("; Secure"), "{cookie}");
        server.stop().await;
    }
}
