//! What bots do beside talking: reading, posts of their own, order in rooms where they are moderators, and so much in one call.

use std::time::Duration;

use community::config::Rate;
use serde_json::json;

use super::{ALL, bot, heard, present, said, scene, with};
use crate::{
    rooms::{id, join, members, read, say, send},
    support::{TestServer, eventually},
};

db_test! {
    async fn a_bot_writes_posts_and_takes_its_own_away(db) {
        let server = TestServer::start_with(db, |config| {
            let mut section = bot("naughty_bot", &ALL);
            section.limits.attempts = 1;
            with(config, "naughty", section);
        }).await;
        let (ann, room) = scene(&server).await;
        present(&ann.client, &room, "naughty").await;
        ann.client.post("/api/posts", json!({ "title": "By Ann" })).await.expect(200);
        say(&ann.client, &room, "naughty post By a bot").await;
        let posts = || async { ann.client.get("/api/posts").await.expect(200).json().as_array().unwrap().clone() };
        let post = eventually("the post", || async { posts().await.into_iter().find(|post| post["title"] == "By a bot") }).await;
        assert!(post["author_id"].as_str().unwrap().starts_with("bot-") && post["author_name"] == "naughty", "{post}");
        let others = posts().await.into_iter().find(|post| post["title"] == "By Ann").unwrap();
        // What is not its own stays.
        say(&ann.client, &room, &format!("naughty delete-post {}", id(&others))).await;
        say(&ann.client, &room, &format!("naughty delete-post {}", id(&post))).await;
        eventually("its own goes", || async { (posts().await.len() == 1).then_some(()) }).await;
        assert_eq!(posts().await[0]["title"], "By Ann");
        // Nobody is made a person by this.
        let people = community::accounts::queries::list(server.store().await.reader(), None, 10).await.unwrap();
        assert_eq!(people.iter().map(|(user, _)| user.username.as_str()).collect::<Vec<_>>(), ["Ann"]);
        server.stop().await;
    }

    async fn a_bot_writes_as_many_posts_as_its_section_allows(db) {
        let server = TestServer::start_with(db, |config| {
            let mut section = bot("naughty_bot", &ALL);
            (section.limits.attempts, section.limits.posts) = (1, Rate::per_hour(2));
            with(config, "naughty", section);
        }).await;
        let (ann, room) = scene(&server).await;
        present(&ann.client, &room, "naughty").await;
        for order in ["post one", "post two", "post three", "send that was all"] {
            say(&ann.client, &room, &format!("naughty {order}")).await;
        }
        said(&ann.client, &room, "that was all").await;
        let posts = || async { ann.client.get("/api/posts").await.expect(200).json().as_array().unwrap().len() };
        assert_eq!(posts().await, 2);
        let letters = community::plugins::queries::letters(server.store().await.reader(), "naughty").await.unwrap();
        assert!(letters.len() == 1 && letters[0].reason.contains("2/hour (limits.posts)"), "{letters:?}");
        server.clock.advance(Duration::from_mins(30));
        say(&ann.client, &room, "naughty post four").await;
        eventually("the next one", || async { (posts().await == 3).then_some(()) }).await;
        server.stop().await;
    }

    async fn a_bot_without_the_grant_writes_no_posts(db) {
        let server = TestServer::start_with(db, |config| {
            with(config, "naughty", bot("naughty_bot", &["chat-write"]));
            with(config, "echo", bot("echo_bot", &["chat-write"]));
        }).await;
        let (ann, room) = scene(&server).await;
        say(&ann.client, &room, "naughty post By a bot").await;
        say(&ann.client, &room, "echo that was all").await;
        said(&ann.client, &room, "echo: that was all").await;
        let status = crate::plugins::support::load([("naughty", bot("naughty_bot", &["chat-write"]))]).await.status();
        let reason = status.into_iter().find(|status| status.id == "naughty").unwrap().reason.unwrap();
        assert!(reason.contains("which it is not granted"), "{reason}");
        assert_eq!(ann.client.get("/api/posts").await.expect(200).json(), json!([]));
        server.stop().await;
    }

    async fn a_bot_reads_the_clock_rooms_members_and_posts(db) {
        let server = TestServer::start_with(db, |config| {
            let mut section = bot("naughty_bot", &ALL);
            section.limits.messages = 1000;
            with(config, "naughty", section);
        }).await;
        let (ann, room) = scene(&server).await;
        let ben = server.member("Ben").await;
        present(&ann.client, &room, "naughty").await;
        let order = async |order: &str, answer: &str| {
            say(&ann.client, &room, &format!("naughty {order}")).await;
            said(&ann.client, &room, answer).await;
        };
        let one = id(&say(&ann.client, &room, "one").await);
        say(&ann.client, &room, "two").await;
        order(&format!("read-after {one}"), &format!("after: two, naughty read-after {one}")).await;
        order("clock", "it is 2026-06-01T12:00:00Z").await;
        order(&format!("get-room {room}"), "room: Lobby").await;
        order(&format!("get-member {room} {}", ann.id), "Ann is owner").await;
        order(&format!("get-member {room} {}", ben.id), "error: Error::NotFound").await;
        for title in ["First", "Second"] {
            ann.client.post("/api/posts", json!({ "title": title, "body": "All is well" })).await.expect(200);
            server.clock.advance(Duration::from_secs(1));
        }
        let posts = ann.client.get("/api/posts").await.expect(200).json();
        order("read-posts", "posts: Second, First").await;
        order(&format!("read-before {}", id(&posts[0])), "before: First").await;
        order(&format!("read-post {}", id(&posts[1])), "post: First, All is well").await;
        server.stop().await;
    }

    async fn a_bot_keeps_order_where_it_is_a_moderator_and_nowhere_else(db) {
        let server = TestServer::start_with(db, |config| with(config, "naughty", bot("naughty_bot", &ALL))).await;
        let (ann, room) = scene(&server).await;
        present(&ann.client, &room, "naughty").await;
        let ben = server.member("Ben").await;
        join(&ben.client, &room).await.expect(200);
        say(&ann.client, &room, &format!("naughty members-of {room}")).await;
        heard(&ann.client, &room, "the members", |message| {
            let body = message["body"].as_str().unwrap();
            ["Ann", "Ben", "naughty"].iter().all(|name| body.contains(name))
        }).await;
        let message = say(&ben.client, &room, "something").await;
        let orders = [format!("naughty delete-other {}", id(&message)), format!("naughty remove {}", ben.id)];
        for order in &orders {
            say(&ann.client, &room, order).await;
        }
        say(&ann.client, &room, "naughty send not yet").await;
        said(&ann.client, &room, "not yet").await;
        assert!(members(&ann.client, &room).await.contains(&("Ben".to_owned(), "member".to_owned())));
        let itself = heard(&ann.client, &room, "it", |message| message["body"] == "not yet").await["authorId"].clone();
        let path = format!("/api/rooms/{room}/members/{}", itself.as_str().unwrap());
        ann.client.patch(&path, json!({ "role": "moderator" })).await.expect(200);
        for order in &orders {
            say(&ann.client, &room, order).await;
        }
        eventually("Ben is removed", || async { (members(&ann.client, &room).await.len() == 2).then_some(()) }).await;
        let now = read(&ann.client, &room, "").await.into_iter().find(|other| other["id"] == message["id"]).unwrap();
        assert_eq!(now["deleted"], true, "{now}");
        server.stop().await;
    }

    async fn p16_one_call_causes_so_much_and_no_more(db) {
        let server = TestServer::start_with(db, |config| {
            let mut section = bot("naughty_bot", &ALL);
            (section.limits.effects, section.limits.messages) = (3, 1000);
            with(config, "naughty", section);
        }).await;
        let (ann, room) = scene(&server).await;
        present(&ann.client, &room, "naughty").await;
        say(&ann.client, &room, "naughty send-many 10").await;
        say(&ann.client, &room, "naughty send that was all").await;
        said(&ann.client, &room, "that was all").await;
        let numbers = read(&ann.client, &room, "").await.iter().filter(|message| message["body"].as_str().unwrap().starts_with("number ")).count();
        assert_eq!(numbers, 3);
        server.stop().await;
    }

    async fn an_answer_beyond_the_pace_is_refused(db) {
        let server = TestServer::start_with(db, |config| {
            with(config, "echo", bot("echo_bot", &["chat-write"]));
        }).await;
        let (ann, room) = scene(&server).await;
        present(&ann.client, &room, "echo").await;
        for _ in 0..5 {
            send(&ann.client, &room, json!({ "body": "/shout hello" })).await.expect(200);
        }
        let refused = send(&ann.client, &room, json!({ "body": "/shout hello" })).await;
        refused.expect_error(409, "command_failed");
        assert_eq!(read(&ann.client, &room, "").await.iter().filter(|message| message["body"] == "hello").count(), 5);
        server.stop().await;
    }
}
