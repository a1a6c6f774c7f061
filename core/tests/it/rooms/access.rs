//! Who sees a room, and who can come in.

use std::time::Duration;

use futures_util::future::join_all;
use sea_orm::{ConnectionTrait, Statement};
use serde_json::json;

use super::{NOWHERE, closed_room, details, events, id, invite, join, leave, listed, members, open_room, own, read, roles, say, send};
use crate::{
    bots,
    support::{Answer, Client, Person, TestServer},
};

/// Everything that can be asked of a room, with what a member may find there.
async fn everything(client: &Client, room: &str, message: &str) -> Vec<Answer> {
    let member = "usr-01kb3x2v5q8m4n7p9r1s3t5v7w";
    let room = format!("/api/rooms/{room}");
    vec![
        client.get(&room).await,
        client.patch(&room, json!({ "name": "Mine" })).await,
        client.delete(&room).await,
        client.call("POST", &format!("{room}/leave")).send().await,
        client.post(&format!("{room}/invite"), json!({ "userId": member })).await,
        client.post(&format!("{room}/read"), json!({ "seq": 1 })).await,
        client.delete(&format!("{room}/members/{member}")).await,
        client.delete(&format!("{room}/members/nonsense!")).await,
        client.patch(&format!("{room}/members/{member}"), json!({ "role": "owner" })).await,
        client.get(&format!("{room}/messages")).await,
        client.get(&format!("{room}/messages?limit=5&before=9")).await,
        client.post(&format!("{room}/messages"), json!({ "body": "Hi" })).await,
        client.post(&format!("{room}/messages"), json!({ "body": "/pol" })).await,
        client.get(&format!("{room}/members?limit=5")).await,
        client.patch(&format!("{room}/messages/{message}"), json!({ "body": "Hi" })).await,
        client.delete(&format!("{room}/messages/{message}")).await,
        client.call("PUT", &format!("{room}/messages/{message}/reactions/👍")).send().await,
        client.delete(&format!("{room}/messages/{message}/reactions/👍")).await,
    ]
}

/// A client with a new session, once the old one has ended.
async fn again(server: &TestServer, person: &Person) -> Client {
    let client = server.client();
    client.set_cookie(person.cookie_name, &server.new_session(person, community::actor::Role::User).await);
    client
}

/// Everything that a member can do to messages, at once: new ones, and edits, reactions and deletions of those in `own`.
async fn race(client: &Client, room: &str, own: &[String], round: usize) -> Vec<Answer> {
    let sent = join_all((0..6).map(|number| send(client, room, json!({ "body": format!("{number}") }))));
    let changed = join_all(own.iter().map(async |message| {
        let path = format!("/api/rooms/{room}/messages/{message}");
        let (body, reaction) = (json!({ "body": format!("changed in round {round}") }), format!("{path}/reactions/👍"));
        let reacting = client.call("PUT", &reaction);
        tokio::join!(client.patch(&path, body), reacting.send(), client.delete(&path))
    }));
    let (mut answers, changed) = tokio::join!(sent, changed);
    answers.extend(changed.into_iter().flat_map(|(edited, reacted, deleted)| [edited, reacted, deleted]));
    answers
}

/// What the log says was done to messages, and who came and left, in order.
async fn kinds(server: &TestServer) -> Vec<String> {
    let connection = server.database().connect().await;
    let query = "SELECT kind FROM events WHERE kind LIKE 'message.%' OR kind IN ('room.left', 'room.joined') ORDER BY position";
    let rows = connection.query_all_raw(Statement::from_string(connection.get_database_backend(), query)).await.unwrap();
    let kinds = rows.iter().map(|row| row.try_get_by_index(0).unwrap()).collect();
    connection.close().await.unwrap();
    kinds
}

db_test! {
    async fn f01_nobody_does_anything_without_a_session(db) {
        let server = TestServer::start(db).await;
        let ann = server.member("Ann").await.client;
        let room = open_room(&ann, "Lobby").await;
        let message = id(&say(&ann, &room, "Hello").await);
        let stranger = server.client();
        stranger.get("/api/rooms").await.expect_error(401, "login_required");
        stranger.post("/api/rooms", json!({ "name": "Mine" })).await.expect_error(401, "login_required");
        join(&stranger, &room).await.expect_error(401, "login_required");
        for answer in everything(&stranger, &room, &message).await {
            answer.expect_error(401, "login_required");
        }
        server.stop().await;
    }

    async fn f02_to_who_is_outside_a_room_looks_like_none(db) {
        let server = TestServer::start(db).await;
        let (ann, eve) = (server.member("Ann").await.client, server.member("Eve").await.client);
        let room = open_room(&ann, "Lobby").await;
        let message = id(&say(&ann, &room, "Hello").await);
        let (there, nowhere) = (everything(&eve, &room, &message).await, everything(&eve, NOWHERE, "m-01kb3x2v5q8m4n7p9r1s3t5v7w").await);
        for (one, other) in there.into_iter().zip(nowhere) {
            let asked = one.asked.clone();
            assert_eq!((one.status, &one.body), (404, &other.body), "{asked}: {}", one.text());
            assert_eq!(other.status, 404, "{asked}");
            one.expect_error(404, "not_found");
        }
        assert_eq!(own(&eve).await, Vec::<String>::new());
        assert_eq!(details(&ann, &room).await["name"], "Lobby", "and nothing was changed");
        server.stop().await;
    }

    async fn f02_bots_in_a_room_do_not_give_it_away(db) {
        // One that has commands and looks at what is about to be said.
        let server = TestServer::start_with(db, |config| bots::with(config, "hooks", bots::bot("all_hooks_bot", &bots::ALL))).await;
        let (ann, eve) = (server.member("Ann").await.client, server.member("Eve").await.client);
        let room = closed_room(&ann, "Secret").await;
        bots::present(&ann, &room, "All Hooks").await;
        let (message, nothing) = (id(&say(&ann, &room, "Hello").await), "m-01kb3x2v5q8m4n7p9r1s3t5v7w");
        let (there, nowhere) = (everything(&eve, &room, &message).await, everything(&eve, NOWHERE, nothing).await);
        for (one, other) in there.into_iter().zip(nowhere) {
            assert_eq!((one.status, &one.body, other.status), (404, &other.body, 404), "{}: {}", one.asked, one.text());
        }
        // Nor does a message of it that is looked for in a room of one's own.
        let own = open_room(&eve, "Mine").await;
        let edit = async |message: &str| {
            let path = format!("/api/rooms/{own}/messages/{message}");
            eve.patch(&path, json!({ "body": "reject me" })).await.expect(404).body
        };
        assert_eq!(edit(&message).await, edit(nothing).await);
        server.stop().await;
    }

    async fn f02_an_admin_sees_no_room_but_can_keep_order(db) {
        let server = TestServer::start(db).await;
        let (ann, bob, admin) = (server.member("Ann").await.client, server.member("Bob").await, server.admin("Root").await.client);
        let room = closed_room(&ann, "Secret").await;
        invite(&ann, &room, bob.id.as_str()).await.expect(200);
        join(&bob.client, &room).await.expect(200);
        let message = say(&bob.client, &room, "Spam").await;
        admin.get(&format!("/api/rooms/{room}")).await.expect_error(404, "not_found");
        admin.get(&format!("/api/rooms/{room}/messages")).await.expect_error(404, "not_found");
        send(&admin, &room, json!({ "body": "Hi" })).await.expect_error(404, "not_found");
        let deleted = admin.delete(&format!("/api/rooms/{room}/messages/{}", id(&message))).await.expect(200).json();
        assert_eq!((&deleted["message"]["deleted"], &deleted["message"]["body"]), (&json!(true), &json!("")));
        admin.delete(&format!("/api/rooms/{room}/members/{}", bob.id)).await.expect(200);
        assert_eq!(members(&ann, &room).await, roles(&[("Ann", "owner")]));
        admin.delete(&format!("/api/rooms/{room}")).await.expect(200);
        ann.get(&format!("/api/rooms/{room}")).await.expect_error(404, "not_found");
        server.stop().await;
    }

    async fn f03_what_cannot_be_an_id_is_not_there(db) {
        let server = TestServer::start(db).await;
        let ann = server.member("Ann").await.client;
        let long = "r".repeat(4000);
        for bad in ["r-1", "%00", "r-01KB3X2V5Q8M4N7P9R1S3T5V7W", "%F0%9F%98%80", "'%20OR%201=1--", "%2e%2e", "r-01kb3x2v5q8m4n7p9r1s3t5v7w%00", &long] {
            for answer in everything(&ann, bad, "m-1").await {
                assert!(matches!(answer.status, 404 | 400 | 405), "{} answered {}", answer.asked, answer.status);
            }
            ann.get(&format!("/api/rooms/{bad}/messages")).await.expect_error(404, "not_found");
        }
        let room = open_room(&ann, "Lobby").await;
        for bad in ["m-1", "%00", "x"] {
            ann.delete(&format!("/api/rooms/{room}/messages/{bad}")).await.expect_error(404, "not_found");
        }
        server.stop().await;
    }

    async fn f04_an_open_room_is_open_and_an_invite_room_is_not_there(db) {
        let server = TestServer::start(db).await;
        let (ann, bob) = (server.member("Ann").await, server.member("Bob").await);
        let (open, closed) = (open_room(&ann.client, "Lobby").await, closed_room(&ann.client, "Secret").await);
        let room = join(&bob.client, &open).await.expect(200).json()["room"].clone();
        assert_eq!((&room["id"], &room["role"], &room["memberCount"]), (&json!(open), &json!("member"), &json!(2)));
        let (hidden, nowhere) = (join(&bob.client, &closed).await.expect(404), join(&bob.client, NOWHERE).await.expect(404));
        assert_eq!(hidden.body, nowhere.body);

        // Whoever had an invitation is told that it is too old, or was taken back.
        invite(&ann.client, &closed, bob.id.as_str()).await.expect(200);
        server.clock.advance(Duration::from_hours(24 * 91));
        let bob_id = bob.id.clone();
        let (ann, bob) = (again(&server, &ann).await, again(&server, &bob).await);
        join(&bob, &closed).await.expect_error(403, "invite_required");
        invite(&ann, &closed, bob_id.as_str()).await.expect(200);
        ann.delete(&format!("/api/rooms/{closed}/members/{bob_id}")).await.expect(200);
        join(&bob, &closed).await.expect_error(403, "invite_required");
        assert!(listed(&bob, "invites").await.is_empty());
        invite(&ann, &closed, bob_id.as_str()).await.expect(200);
        join(&bob, &closed).await.expect(200);
        server.stop().await;
    }

    async fn f05_joining_once_or_fifty_times_at_once_is_joining_once(db) {
        let server = TestServer::start_with(db, |config| {
            config.database.connections = 20;
            config.database.acquire_timeout = community::config::Span::seconds(10);
        }).await;
        let (ann, bob) = (server.member("Ann").await.client, server.member("Bob").await);
        let room = closed_room(&ann, "Secret").await;
        invite(&ann, &room, bob.id.as_str()).await.expect(200);
        for answer in join_all((0..50).map(|_| join(&bob.client, &room))).await {
            answer.expect(200);
        }
        join(&bob.client, &room).await.expect(200);
        assert_eq!(members(&ann, &room).await, roles(&[("Ann", "owner"), ("Bob", "member")]));
        let joined = events(&server, "room.joined").await;
        let bobs = joined.iter().filter(|(_, data)| data["member"] == bob.id.as_str()).count();
        assert_eq!((bobs, listed(&bob.client, "invites").await.len()), (1, 0));
        server.stop().await;
    }

    async fn f12_f16_who_was_removed_is_out_at_once_and_stays_out(db) {
        let server = TestServer::start(db).await;
        let (owner, bob) = (server.member("Ann").await, server.member("Bob").await);
        let ann = owner.client;
        let room = open_room(&ann, "Lobby").await;
        join(&bob.client, &room).await.expect(200);
        let message = id(&say(&bob.client, &room, "Hello").await);
        assert_eq!(own(&bob.client).await, std::slice::from_ref(&room));
        ann.delete(&format!("/api/rooms/{room}/members/{}", bob.id)).await.expect(200);
        assert_eq!(own(&bob.client).await, Vec::<String>::new());
        for answer in everything(&bob.client, &room, &message).await {
            answer.expect_error(404, "not_found");
        }
        // An open room, too, is open again only with an invitation, and one of somebody who keeps order.
        join(&bob.client, &room).await.expect_error(403, "invite_required");
        let cem = server.member("Cem").await.client;
        join(&cem, &room).await.expect(200);
        invite(&cem, &room, bob.id.as_str()).await.expect_error(403, "forbidden");
        invite(&ann, &room, bob.id.as_str()).await.expect(200);
        join(&bob.client, &room).await.expect(200);
        let left = events(&server, "room.left").await;
        assert_eq!(left, [(room, json!({ "member": bob.id.as_str(), "reason": "removed", "by": owner.id.as_str() }))]);
        server.stop().await;
    }

    async fn f12_nothing_is_taken_after_a_removal_was_answered(db) {
        let server = TestServer::start_with(db, |config| {
            config.limits.enabled = false;
            config.database.connections = 20;
            config.database.acquire_timeout = community::config::Span::seconds(10);
        }).await;
        let (ann, bob) = (server.member("Ann").await.client, server.member("Bob").await);
        let room = open_room(&ann, "Lobby").await;
        let out = format!("/api/rooms/{room}/members/{}", bob.id);
        for round in 0..5 {
            join(&bob.client, &room).await.expect(200);
            let mut own = Vec::new();
            for number in 0..4 {
                own.push(id(&say(&bob.client, &room, &format!("{number}")).await));
            }
            let (racing, removed) = tokio::join!(race(&bob.client, &room, &own, round), ann.delete(&out));
            removed.expect(200);
            let taken: Vec<_> = racing.into_iter().filter(|answer| answer.status == 200).map(|answer| id(&answer.json()["message"])).collect();
            let stored: Vec<_> = read(&ann, &room, "?limit=200").await.iter().map(id).collect();
            assert!(taken.iter().all(|id| stored.contains(id)), "{taken:?} {stored:?}");
            // In the log nothing of Bob's comes after his removal.
            let kinds = kinds(&server).await;
            assert_eq!(kinds.last().map(String::as_str), Some("room.left"), "{kinds:?}");
            invite(&ann, &room, bob.id.as_str()).await.expect(200);
        }
        server.stop().await;
    }

    async fn a_person_who_left_can_come_back(db) {
        let server = TestServer::start(db).await;
        let (ann, bob) = (server.member("Ann").await.client, server.member("Bob").await.client);
        let room = open_room(&ann, "Lobby").await;
        join(&bob, &room).await.expect(200);
        leave(&bob, &room).await.expect(200);
        leave(&bob, &room).await.expect_error(404, "not_found");
        join(&bob, &room).await.expect(200);
        server.stop().await;
    }

    async fn c07_a_foreign_page_joins_no_room(db) {
        let server = TestServer::start(db).await;
        let (ann, bob) = (server.member("Ann").await.client, server.member("Bob").await.client);
        let room = open_room(&ann, "Lobby").await;
        for (name, value) in [("origin", "https://evil.example"), ("origin", "null"), ("sec-fetch-site", "cross-site"), ("referer", "https://evil.example/")] {
            let call = bob.call("POST", &format!("/api/rooms/{room}/join")).header(name, value);
            call.send().await.expect_error(403, "origin_rejected");
        }
        assert_eq!(own(&bob).await, Vec::<String>::new());
        // An empty body without a content type is what the contract says.
        join(&bob, &room).await.expect(200);
        server.stop().await;
    }

    async fn a31_who_signs_in_anew_keeps_their_rooms_and_the_old_session_is_out(db) {
        let server = TestServer::start(db).await;
        let ann = server.member("Ann").await;
        let room = open_room(&ann.client, "Lobby").await;
        let old = server.client();
        old.set_cookie(ann.cookie_name, &ann.client.cookie(ann.cookie_name).unwrap());
        ann.client.post("/api/email/login", json!({ "email": ann.email, "password": crate::support::PASSWORD })).await.expect(200);
        assert_eq!(own(&ann.client).await, std::slice::from_ref(&room));
        old.get(&format!("/api/rooms/{room}")).await.expect_error(401, "login_required");
        server.stop().await;
    }
}
