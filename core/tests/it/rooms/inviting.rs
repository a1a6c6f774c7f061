//! Invitations, of people who are here and of those who are not yet.

use std::time::Duration;

use community::{
    accounts::{actions, model::Profile},
    ids::UserId,
    sessions::{self, cookie, model::SessionPlan},
};
use futures_util::future::join_all;
use serde_json::json;

use super::{closed_room, events, invite, join, leave, listed, open_room, own, say};
use crate::support::{Client, TestServer};

/// Signs in whomever a provider vouches for.
async fn enter(server: &TestServer, provider: &str, subject: &str, change: impl FnOnce(&mut Profile)) -> (UserId, Client) {
    let mut profile = Profile {
        provider: provider.to_owned(),
        subject: subject.to_owned(),
        handle: None,
        email: None,
        email_verified: false,
        avatar: None,
        username: "Somebody".to_owned(),
    };
    change(&mut profile);
    let found = server.store().await.write(profile.clone(), |tx, profile| Box::pin(actions::sign_in(tx, profile))).await.unwrap();
    let plan = SessionPlan { client: "test".to_owned(), replaces: None, rules: server.config.sessions.clone() };
    let new = plan.of(&found.user.id, found.user.role, provider, &found.identity.id);
    let (_, token) = server.store().await.write(new, |tx, new| Box::pin(sessions::actions::start(tx, new))).await.unwrap();
    let client = server.client();
    client.set_cookie(cookie::of_site(&server.config.base_url(), &server.config.cors).name(), token.expose());
    (found.user.id, client)
}

async fn invited(client: &Client) -> Vec<String> {
    listed(client, "invites").await.iter().map(super::id).collect()
}

db_test! {
    async fn an_invitation_is_listed_accepted_or_declined(db) {
        let server = TestServer::start(db).await;
        let (ann, bob) = (server.member("Ann").await.client, server.member("Bob").await);
        let (one, two) = (closed_room(&ann, "One").await, closed_room(&ann, "Two").await);
        for room in [&one, &two] {
            invite(&ann, room, bob.id.as_str()).await.expect(200);
        }
        let mut list = invited(&bob.client).await;
        list.sort();
        assert_eq!(list, [one.clone(), two.clone()]);
        assert_eq!(listed(&bob.client, "invites").await[0]["role"], json!(null));
        leave(&bob.client, &one).await.expect(200);
        join(&bob.client, &one).await.expect_error(404, "not_found");
        join(&bob.client, &two).await.expect(200);
        assert_eq!((invited(&bob.client).await, own(&bob.client).await), (Vec::new(), vec![two]));
        server.stop().await;
    }

    async fn f06_who_is_outside_invites_nobody(db) {
        let server = TestServer::start(db).await;
        let (ann, bob, eve) = (server.member("Ann").await.client, server.member("Bob").await, server.member("Eve").await.client);
        let room = open_room(&ann, "Lobby").await;
        invite(&eve, &room, bob.id.as_str()).await.expect_error(404, "not_found");
        join(&bob.client, &room).await.expect(200);
        ann.delete(&format!("/api/rooms/{room}/members/{}", bob.id)).await.expect(200);
        invite(&bob.client, &room, "email_eve@example.org").await.expect_error(404, "not_found");
        assert!(events(&server, "room.invited").await.is_empty());
        server.stop().await;
    }

    async fn f07_inviting_who_is_in_changes_nothing(db) {
        let server = TestServer::start(db).await;
        let (ann, bob) = (server.member("Ann").await, server.member("Bob").await);
        let room = open_room(&ann.client, "Lobby").await;
        join(&bob.client, &room).await.expect(200);
        for whom in [ann.id.as_str(), bob.id.as_str(), "email_ann@example.org", "email_BOB@example.org"] {
            invite(&ann.client, &room, whom).await.expect(200);
        }
        assert!(events(&server, "room.invited").await.is_empty());
        server.stop().await;
    }

    async fn f08_the_answer_says_nothing_of_who_is_there(db) {
        let server = TestServer::start(db).await;
        let (ann, _bob) = (server.member("Ann").await.client, server.member("Bob").await);
        let room = closed_room(&ann, "Secret").await;
        let known = invite(&ann, &room, "email_bob@example.org").await.expect(200);
        for whom in ["email_nobody@x.com", "usr-01kb3x2v5q8m4n7p9r1s3t5v7w", "bot-01kb3x2v5q8m4n7p9r1s3t5v7w", "discord_123456789012345678", "reddit_nobody", "t2_abc"] {
            assert_eq!(invite(&ann, &room, whom).await.expect(200).body, known.body, "{whom}");
        }
        assert_eq!(known.json(), json!({ "ok": true }));
        assert_eq!(events(&server, "room.invited").await.len(), 1);
        server.stop().await;
    }

    async fn f08_an_invitation_that_waited_counts_also_after_an_own_one_has_expired(db) {
        let server = TestServer::start(db).await;
        let ann = server.member("Ann").await;
        let room = closed_room(&ann.client, "Secret").await;
        let (bob, _) = enter(&server, "discord", "123456789012345678", |_| ()).await;
        invite(&ann.client, &room, bob.as_str()).await.expect(200);
        server.clock.advance(Duration::from_hours(24 * 91));
        ann.client.set_cookie(ann.cookie_name, &server.new_session(&ann, community::actor::Role::User).await);
        invite(&ann.client, &room, "t2_xyz").await.expect(200);
        let profile = Profile {
            provider: "reddit".to_owned(),
            subject: "t2_xyz".to_owned(),
            handle: None,
            email: None,
            email_verified: false,
            avatar: None,
            username: "Bob".to_owned(),
        };
        let (_, present) = enter(&server, "discord", "123456789012345678", |_| ()).await;
        let list = present.get("/api/sessions").await.expect(200).json();
        let session = list["sessions"].as_array().unwrap().iter().find(|session| session["current"] == true).unwrap();
        let input = (bob, profile, community::ids::SessionId::parse(session["id"].as_str().unwrap()).unwrap());
        server.store().await.write(input, |tx, (bob, profile, keep)| Box::pin(actions::link(tx, bob, profile, keep))).await.unwrap();
        let (_, bob) = enter(&server, "discord", "123456789012345678", |_| ()).await;
        assert_eq!(invited(&bob).await, std::slice::from_ref(&room));
        join(&bob, &room).await.expect(200);
        server.stop().await;
    }

    async fn f08_an_invitation_waits_for_the_first_sign_in_through_that_provider(db) {
        let server = TestServer::start(db).await;
        let ann = server.member("Ann").await.client;
        let room = closed_room(&ann, "Secret").await;
        for whom in ["123456789012345678", "reddit_Some_One", "t2_xyz", "email_New@Example.org", "email_link@example.org"] {
            invite(&ann, &room, whom).await.expect(200);
        }
        // Somebody else with that address, or with that name elsewhere, gets nothing.
        for (provider, subject) in [("discord", "223456789012345678"), ("github", "123456789012345678"), ("oidc", "new@example.org")] {
            let (_, other) = enter(&server, provider, subject, |profile| {
                profile.handle = Some("Some_One".to_owned());
                profile.email = Some("new@example.org".to_owned());
                profile.email_verified = true;
            }).await;
            assert!(invited(&other).await.is_empty(), "{provider}");
            join(&other, &room).await.expect_error(404, "not_found");
        }
        let (_, unverified) = enter(&server, "email", "new@example.org", |profile| profile.email = Some("new@example.org".to_owned())).await;
        assert!(invited(&unverified).await.is_empty(), "an address that nobody verified is nobody's");

        let (_, discord) = enter(&server, "discord", "123456789012345678", |_| ()).await;
        let (_, by_name) = enter(&server, "reddit", "t2_one", |profile| profile.handle = Some("some_one".to_owned())).await;
        let (_, by_id) = enter(&server, "reddit", "t2_xyz", |profile| profile.handle = Some("other".to_owned())).await;
        let link = server.member("Link").await.client;
        for client in [&discord, &by_name, &by_id, &link] {
            assert_eq!(invited(client).await, std::slice::from_ref(&room));
            join(client, &room).await.expect(200);
        }
        // Each was claimed once.
        let (_, second) = enter(&server, "reddit", "t2_two", |profile| profile.handle = Some("some_one".to_owned())).await;
        assert!(invited(&second).await.is_empty());
        // Whoever has an account already is found by the same forms.
        let other = closed_room(&ann, "Other").await;
        for whom in ["discord_123456789012345678", "Some_One", "reddit_t2_xyz", "email_LINK@example.org"] {
            invite(&ann, &other, whom).await.expect(200);
        }
        for client in [&discord, &by_id, &link] {
            assert_eq!(invited(client).await, std::slice::from_ref(&other));
        }
        server.stop().await;
    }

    async fn f08_an_invitation_that_waited_too_long_is_not_claimed(db) {
        let server = TestServer::start(db).await;
        let ann = server.member("Ann").await.client;
        let room = closed_room(&ann, "Secret").await;
        invite(&ann, &room, "discord_123456789012345678").await.expect(200);
        invite(&ann, &room, "discord_223456789012345678").await.expect(200);
        ann.delete(&format!("/api/rooms/{room}/members/discord_223456789012345678")).await.expect(200);
        ann.delete(&format!("/api/rooms/{room}/members/discord_223456789012345678")).await.expect_error(404, "not_found");
        let (_, uninvited) = enter(&server, "discord", "223456789012345678", |_| ()).await;
        assert!(invited(&uninvited).await.is_empty());
        server.clock.advance(Duration::from_hours(24 * 90));
        let (_, late) = enter(&server, "discord", "123456789012345678", |_| ()).await;
        assert!(invited(&late).await.is_empty());
        join(&late, &room).await.expect_error(404, "not_found");
        server.stop().await;
    }

    async fn f08_a_linked_identity_brings_its_invitations(db) {
        let server = TestServer::start(db).await;
        let (ann, bob) = (server.member("Ann").await.client, server.member("Bob").await);
        let room = closed_room(&ann, "Secret").await;
        invite(&ann, &room, "discord_123456789012345678").await.expect(200);
        let list = bob.client.get("/api/sessions").await.expect(200).json();
        let session = community::ids::SessionId::parse(list["sessions"][0]["id"].as_str().unwrap()).unwrap();
        let profile = Profile {
            provider: "discord".to_owned(), subject: "123456789012345678".to_owned(), handle: None, email: None, email_verified: false, avatar: None, username: "bob".to_owned(),
        };
        let work = (bob.id.clone(), profile, session);
        server.store().await.write(work, |tx, (user, profile, keep)| Box::pin(actions::link(tx, user, profile, keep))).await.unwrap();
        assert_eq!(invited(&bob.client).await, [room]);
        server.stop().await;
    }

    async fn f09_malformed_invitations_are_refused(db) {
        let server = TestServer::start(db).await;
        let ann = server.member("Ann").await.client;
        let room = open_room(&ann, "Lobby").await;
        let long = "x".repeat(10_000);
        for bad in [json!(["a"]), json!({ "a": 1 }), json!(null), json!(5), json!(long), json!(""), json!("email_a@x.com\r\nBcc: b@x.com"), json!("email_a"), json!("a b"), json!("usr_1!")] {
            let answer = ann.post(&format!("/api/rooms/{room}/invite"), json!({ "userId": bad })).await;
            answer.expect_error(400, "invalid_request");
        }
        ann.post(&format!("/api/rooms/{room}/invite"), json!({})).await.expect_error(400, "invalid_request");
        server.stop().await;
    }

    async fn f10_fifty_invitations_at_once_are_one(db) {
        let server = TestServer::start_with(db, |config| {
            config.database.connections = 20;
            config.database.acquire_timeout = community::config::Span::seconds(10);
        }).await;
        let (ann, bob) = (server.member("Ann").await.client, server.member("Bob").await);
        let room = closed_room(&ann, "Secret").await;
        let forms = ["email_bob@example.org", bob.id.as_str()];
        for answer in join_all((0..50).map(|number| invite(&ann, &room, forms[number % 2]))).await {
            answer.expect(200);
        }
        assert_eq!((events(&server, "room.invited").await.len(), invited(&bob.client).await.len()), (1, 1));
        server.stop().await;
    }

    async fn f19_members_are_known_by_nothing_but_their_id_and_name(db) {
        let server = TestServer::start(db).await;
        let (ann, bob) = (server.member("Ann").await.client, server.member("Bob").await);
        let room = open_room(&ann, "Lobby").await;
        invite(&ann, &room, "email_bob@example.org").await.expect(200);
        let joined = join(&bob.client, &room).await.expect(200);
        say(&bob.client, &room, "Hello").await;
        for answer in [joined, ann.get(&format!("/api/rooms/{room}")).await, ann.get("/api/rooms").await, ann.get(&format!("/api/rooms/{room}/messages")).await] {
            let text = answer.expect(200).text();
            assert!(!text.contains("example.org") && !text.contains("email"), "{text}");
        }
        server.stop().await;
    }
}
