//! How often, and how many.

use community::config::Rate;
use serde_json::json;

use super::{closed_room, id, invite, join, leave, open_room, say, send};
use crate::support::TestServer;

db_test! {
    async fn f11_nobody_is_flooded_with_invitations(db) {
        let server = TestServer::start_with(db, |config| config.limits.invites = Rate::per_hour(5)).await;
        let ann = server.member("Ann").await.client;
        let room = closed_room(&ann, "Secret").await;
        for number in 0..5 {
            invite(&ann, &room, &format!("email_{number}@example.org")).await.expect(200);
        }
        let refused = invite(&ann, &room, "email_6@example.org").await.expect_error(429, "rate_limited");
        assert!(refused["retryAfter"].as_u64().is_some_and(|seconds| seconds > 0));
        server.clock.advance(std::time::Duration::from_secs(refused["retryAfter"].as_u64().unwrap()));
        invite(&ann, &room, "email_6@example.org").await.expect(200);
        server.stop().await;
    }

    async fn f15_rooms_are_made_in_moderation_and_one_is_in_so_many_at_most(db) {
        let server = TestServer::start_with(db, |config| {
            config.limits.rooms = Rate::per_hour(6);
            config.rooms.max_memberships = 4;
        }).await;
        let (ann, bob) = (server.member("Ann").await.client, server.member("Bob").await.client);
        let mut rooms = Vec::new();
        for number in 0..4 {
            rooms.push(open_room(&ann, &format!("{number}")).await);
        }
        ann.post("/api/rooms", json!({ "name": "One more" })).await.expect_error(409, "too_many_rooms");
        let bobs = open_room(&bob, "Bob's").await;
        join(&ann, &bobs).await.expect_error(409, "too_many_rooms");
        join(&ann, &rooms[0]).await.expect(200);
        leave(&ann, &rooms[0]).await.expect(200);
        join(&ann, &bobs).await.expect(200);
        for _ in 0..1 {
            ann.post("/api/rooms", json!({ "name": "Again" })).await.expect_error(409, "too_many_rooms");
        }
        ann.post("/api/rooms", json!({ "name": "Again" })).await.expect_error(429, "rate_limited");
        server.stop().await;
    }

    async fn messages_and_their_changes_are_counted_by_person(db) {
        let server = TestServer::start_with(db, |config| {
            config.limits.messages = Rate::per_minute(5);
            config.limits.message_changes = Rate::per_minute(3);
            config.limits.joins = Rate::per_minute(2);
            config.limits.room_changes = Rate::per_minute(2);
            config.limits.read_markers = Rate::per_minute(2);
        }).await;
        let (ann, bob) = (server.member("Ann").await.client, server.member("Bob").await.client);
        let (one, two) = (open_room(&ann, "One").await, open_room(&ann, "Two").await);
        join(&bob, &one).await.expect(200);
        let first = id(&say(&ann, &one, "Hello").await);
        for number in 1..5 {
            say(&ann, if number % 2 == 0 { &one } else { &two }, "Hello").await;
        }
        send(&ann, &two, json!({ "body": "Hello" })).await.expect_error(429, "rate_limited");
        say(&bob, &one, "Hello").await;
        for number in 0..3 {
            ann.patch(&format!("/api/rooms/{one}/messages/{first}"), json!({ "body": format!("{number}") })).await.expect(200);
        }
        ann.call("PUT", &format!("/api/rooms/{one}/messages/{first}/reactions/👍")).send().await.expect_error(429, "rate_limited");
        ann.delete(&format!("/api/rooms/{one}/messages/{first}")).await.expect_error(429, "rate_limited");
        join(&bob, &one).await.expect(200);
        join(&bob, &one).await.expect_error(429, "rate_limited");
        for number in 0..2 {
            ann.patch(&format!("/api/rooms/{one}"), json!({ "name": format!("{number}") })).await.expect(200);
            ann.post(&format!("/api/rooms/{one}/read"), json!({ "seq": 1 })).await.expect(200);
        }
        ann.patch(&format!("/api/rooms/{one}"), json!({ "name": "more" })).await.expect_error(429, "rate_limited");
        ann.post(&format!("/api/rooms/{one}/read"), json!({ "seq": 1 })).await.expect_error(429, "rate_limited");
        server.stop().await;
    }
}
