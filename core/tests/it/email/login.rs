//! Signing in: what it says, what it sets, and what it ignores.

use community::{
    accounts::{self, model::Profile},
    actor::Role,
    config::Span,
    email::PROVIDER,
};
use serde_json::json;

use super::people::*;
use crate::support::{PASSWORD, TestServer};

db_test! {
    async fn a25_an_unknown_address_a_wrong_password_and_none_look_alike(db) {
        let mut server = without_limits(db).await;
        let ann = server.member("Ann").await;
        let profile = Profile {
            provider: PROVIDER.to_owned(),
            subject: "bob@example.org".to_owned(),
            handle: None,
            email: Some("bob@example.org".to_owned()),
            email_verified: true,
            avatar: None,
            username: "Bob".to_owned(),
        };
        let store = server.store().await;
        store.write(profile, |tx, profile| Box::pin(accounts::actions::create(tx, profile, Role::User))).await.unwrap();
        let known = login(&server.client(), &ann.email, "another horse").await;
        assert_eq!(visible(&known).0, 401);
        assert!(known.set_cookies().is_empty());
        let others = ["unknown@example.org", "bob@example.org", "no address"];
        for other in others {
            assert_eq!(visible(&login(&server.client(), other, "another horse").await), visible(&known), "{other}");
        }
        known.expect_error(401, "invalid_credentials");
        // Nor do they differ in how long they take: each costs a hash, for which nobody has the time now.
        server.config.auth.hash_wait = Span::seconds(0);
        server.restart().await;
        for email in others.into_iter().chain([ann.email.as_str()]) {
            login(&server.client(), email, "another horse").await.expect_error(503, "unavailable");
        }
        server.stop().await;
    }

    async fn a26_only_who_knows_the_password_learns_that_the_address_is_unverified(db) {
        let server = TestServer::start(db).await;
        register(&server.client(), ANN, PASSWORD).await.expect(200);
        let error = login(&server.client(), ANN, PASSWORD).await.expect_error(403, "email_not_verified");
        assert_eq!(error["resend"], true);
        let wrong = login(&server.client(), ANN, "another horse").await.expect_error(401, "invalid_credentials");
        assert!(wrong.get("resend").is_none(), "{wrong}");
        server.stop().await;
    }

    async fn a30_a_cookie_from_elsewhere_does_not_become_a_session(db) {
        let server = TestServer::start(db).await;
        let ann = server.member("Ann").await;
        let planted = "A".repeat(43);
        let client = server.client();
        client.set_cookie(ann.cookie_name, &planted);
        let answer = login(&client, &ann.email, PASSWORD).await.expect(200);
        assert_eq!(answer.json(), json!({ "ok": true, "redirect": SIGNED_IN }));
        let [cookie, _device] = &answer.set_cookies()[..] else { panic!("{:?}", answer.set_cookies()) };
        assert!(cookie.ends_with("; Path=/; HttpOnly; SameSite=Lax; Max-Age=2592000"), "{cookie}");
        assert_ne!(client.cookie(ann.cookie_name).unwrap(), planted);
        assert_eq!(me(&client).await["username"], "Ann");
        let attacker = server.client();
        attacker.set_cookie(ann.cookie_name, &planted);
        attacker.get("/api/me").await.expect_error(401, "login_required");
        server.stop().await;
    }

    async fn a30_on_https_the_cookie_belongs_to_this_host_alone(db) {
        let server = TestServer::start_with(db, |config| {
            config.http.base_url = Some("https://community.example".parse().unwrap());
        })
        .await;
        let ann = server.member("Ann").await;
        let client = server.client();
        // One that a page without https could have set.
        client.set_cookie("community_sid", &ann.client.cookie(ann.cookie_name).unwrap());
        client.get("/api/me").await.expect_error(401, "login_required");
        let answer = login(&client, &ann.email, PASSWORD).await.expect(200);
        let cookie = answer.set_cookies().remove(0);
        assert!(cookie.starts_with("__Host-community_sid=") && cookie.contains("; Path=/;") && cookie.ends_with("; Secure"), "{cookie}");
        let removal = client.post("/api/logout", json!({})).await.expect(200).set_cookies().remove(0);
        assert_eq!(removal, "__Host-community_sid=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0; Secure");
        server.stop().await;
    }

    async fn a31_signing_in_as_another_ends_the_old_session(db) {
        let server = TestServer::start(db).await;
        let (ann, bob) = (server.member("Ann").await, server.member("Bob").await);
        let old = ann.client.cookie(ann.cookie_name).unwrap();
        login(&ann.client, &bob.email, PASSWORD).await.expect(200);
        assert_eq!(me(&ann.client).await["username"], "Bob");
        let replay = server.client();
        replay.set_cookie(ann.cookie_name, &old);
        replay.get("/api/me").await.expect_error(401, "login_required");
        assert_eq!(me(&bob.client).await["username"], "Bob");
        // A failed attempt ends nothing.
        login(&ann.client, &bob.email, "another horse").await.expect_error(401, "invalid_credentials");
        assert_eq!(me(&ann.client).await["username"], "Bob");
        server.stop().await;
    }

    async fn a32_what_is_not_asked_for_changes_nothing(db) {
        let server = TestServer::start(db).await;
        let extra = json!({
            "email": ANN, "password": PASSWORD, "username": "Ann", "isAdmin": true, "role": "admin", "verified": true,
            "provider": "discord", "id": "usr-1",
        });
        let client = server.client();
        // Refusing unknown fields would be as good.
        let registered = client.post(REGISTER, extra.clone()).await.expect(200);
        assert!(registered.set_cookies().is_empty());
        client.post(LOGIN, extra.clone()).await.expect_error(403, "email_not_verified");
        client.get(&link(&server, ANN, 1).await).await.expect_redirect();
        client.post(LOGIN, extra).await.expect(200);
        let me = me(&client).await;
        assert_eq!((&me["role"], &me["provider"]), (&json!("user"), &json!("email")));
        assert_ne!(me["id"], "usr-1");
        server.stop().await;
    }

    async fn a33_a_page_of_another_site_signs_nobody_in(db) {
        let server = TestServer::start(db).await;
        let ann = server.member("Ann").await;
        let body = json!({ "email": ann.email, "password": PASSWORD });
        for (header, value) in [("origin", "https://evil.example"), ("sec-fetch-site", "cross-site"), ("origin", "null")] {
            for path in [LOGIN, REGISTER, RESEND, FORGOT, RESET, CHANGE] {
                let answer = server.client().call("POST", path).header(header, value).json(&body).send().await;
                assert!(answer.set_cookies().is_empty());
                answer.expect_error(403, "origin_rejected");
            }
        }
        let own = server.client().call("POST", LOGIN).header("origin", server.url()).header("sec-fetch-site", "same-origin");
        own.json(&body).send().await.expect(200);
        server.stop().await;
    }
}
