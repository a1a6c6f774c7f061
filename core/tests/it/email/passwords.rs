//! New passwords: by a link for who forgot the old one, by the old one for who knows it.

use std::time::Duration;

use community::actor::Role;
use futures_util::future::join_all;
use serde_json::json;

use super::people::*;
use crate::{
    mail::queue::rows,
    support::{Answer, Client, PASSWORD, Person, TestServer},
};

const NEW: &str = "battery staple";

async fn forgot(client: &Client, email: &str) -> Answer {
    client.post(FORGOT, json!({ "email": email })).await
}

async fn reset(client: &Client, token: &str, password: &str) -> Answer {
    client.post(RESET, json!({ "token": token, "password": password })).await
}

async fn change(client: &Client, current: &str, new: &str) -> Answer {
    client.post(CHANGE, json!({ "currentPassword": current, "newPassword": new })).await
}

/// The secret in the newest of `count` mails: it follows the `#`, which browsers keep to themselves.
async fn secret(server: &TestServer, email: &str, count: usize) -> String {
    let link = server.mails().wait(email, count).await.link("/posts/");
    link.split_once("/posts/#reset=").unwrap_or_else(|| panic!("{link}")).1.to_owned()
}

/// A second browser of the same person.
async fn second_browser(server: &TestServer, person: &Person) -> Client {
    let client = server.client();
    client.set_cookie(person.cookie_name, &server.new_session(person, Role::User).await);
    client.get("/api/me").await.expect(200);
    client
}

db_test! {
    async fn a37_a_forgotten_password_is_replaced_and_ends_all_sessions(db) {
        let server = TestServer::start(db).await;
        let ann = server.member("Ann").await;
        let bob = server.member("Bob").await;
        let second = second_browser(&server, &ann).await;
        forgot(&server.client(), "ANN@example.org").await.expect(200);
        let secret = secret(&server, ANN, 1).await;
        // Until then nothing has changed.
        login(&server.client(), ANN, PASSWORD).await.expect(200);
        me(&ann.client).await;

        let answer = reset(&server.client(), &secret, NEW).await.expect(200);
        assert!(answer.set_cookies().is_empty(), "whoever has the mailbox still has to sign in");
        for client in [&ann.client, &second] {
            client.get("/api/me").await.expect_error(401, "login_required");
        }
        me(&bob.client).await;
        login(&server.client(), ANN, PASSWORD).await.expect_error(401, "invalid_credentials");
        login(&server.client(), ANN, NEW).await.expect(200);
        server.stop().await;
    }

    async fn a_reset_link_works_once_also_in_parallel(db) {
        let server = without_limits(db).await;
        server.member("Ann").await;
        forgot(&server.client(), ANN).await.expect(200);
        let secret = secret(&server, ANN, 1).await;
        // A password that is refused does not use it up.
        reset(&server.client(), &secret, "short").await.expect_error(400, "invalid_request");
        let clients: Vec<_> = (0..10).map(|_| server.client()).collect();
        let answers = join_all(clients.iter().map(|client| reset(client, &secret, NEW))).await;
        assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1, "{answers:?}");
        for lost in answers.into_iter().filter(|answer| answer.status != 200) {
            lost.expect_error(400, "invalid_token");
        }
        reset(&server.client(), &secret, "a third horse").await.expect_error(400, "invalid_token");
        login(&server.client(), ANN, NEW).await.expect(200);
        server.stop().await;
    }

    async fn a_reset_link_works_for_an_hour_and_only_the_newest(db) {
        let server = without_limits(db).await;
        server.member("Ann").await;
        forgot(&server.client(), ANN).await.expect(200);
        let first = secret(&server, ANN, 1).await;
        forgot(&server.client(), ANN).await.expect(200);
        let second = secret(&server, ANN, 2).await;
        reset(&server.client(), &first, NEW).await.expect_error(400, "invalid_token");
        server.clock.advance(Duration::from_hours(1));
        reset(&server.client(), &second, NEW).await.expect_error(400, "invalid_token");
        forgot(&server.client(), ANN).await.expect(200);
        let third = secret(&server, ANN, 3).await;
        server.clock.advance(Duration::from_secs(3599));
        reset(&server.client(), &third, NEW).await.expect(200);
        for nonsense in ["", "x", &"A".repeat(43), &"A".repeat(5000)] {
            reset(&server.client(), nonsense, NEW).await.expect_error(400, "invalid_token");
        }
        server.stop().await;
    }

    async fn a_forgotten_password_is_answered_alike_for_everyone(db) {
        let server = without_limits(db).await;
        let ann = server.member("Ann").await;
        register(&server.client(), "waiting@example.org", PASSWORD).await.expect(200);
        server.mail_to("waiting@example.org").await;
        let known = visible(&forgot(&server.client(), &ann.email).await.expect(200));
        for other in ["unknown@example.org", "waiting@example.org"] {
            assert_eq!(visible(&forgot(&server.client(), other).await), known, "{other}");
        }
        forgot(&server.client(), "no address").await.expect_error(400, "invalid_request");
        server.mails().wait(&ann.email, 1).await;
        assert_eq!(server.mails().all().len(), 2, "only Ann has a password to forget");
        server.stop().await;
    }

    async fn a16_one_mailbox_gets_five_reset_mails_a_day(db) {
        let server = TestServer::start_with(db, |config| config.limits.forgot = "unlimited".parse().unwrap()).await;
        server.member("Ann").await;
        server.member("Bob").await;
        for number in 1..=8 {
            forgot(&server.client(), ANN).await.expect(200);
            // One after the other: of mails that are due at once any may be the first, and the link in the last one is followed below.
            server.mails().wait(ANN, number.min(5)).await;
        }
        forgot(&server.client(), "bob@example.org").await.expect(200);
        server.mail_to("bob@example.org").await;
        assert_eq!(rows(&server.database().connect().await).await.len(), 6, "no other is on its way");
        assert_eq!(server.mails().to(ANN).len(), 5);
        // The last one that came works: those that did not come have not replaced it.
        let last = secret(&server, ANN, 5).await;
        reset(&server.client(), &last, NEW).await.expect(200);
        server.stop().await;
    }

    async fn a37_a_changed_password_ends_all_other_sessions(db) {
        let server = TestServer::start(db).await;
        let ann = server.member("Ann").await;
        let bob = server.member("Bob").await;
        let second = second_browser(&server, &ann).await;
        forgot(&server.client(), ANN).await.expect(200);
        let pending = secret(&server, ANN, 1).await;

        change(&ann.client, "another horse", NEW).await.expect_error(401, "invalid_credentials");
        change(&ann.client, PASSWORD, "short").await.expect_error(400, "invalid_request");
        change(&server.client(), PASSWORD, NEW).await.expect_error(401, "login_required");
        me(&second).await;
        assert_eq!(change(&ann.client, PASSWORD, NEW).await.expect(200).json(), json!({ "ok": true }));
        me(&ann.client).await;
        me(&bob.client).await;
        second.get("/api/me").await.expect_error(401, "login_required");
        login(&server.client(), ANN, PASSWORD).await.expect_error(401, "invalid_credentials");
        login(&server.client(), ANN, NEW).await.expect(200);
        // A link that was asked for before, perhaps by somebody else, is worth nothing now.
        reset(&server.client(), &pending, "a third horse").await.expect_error(400, "invalid_token");
        server.stop().await;
    }
}
