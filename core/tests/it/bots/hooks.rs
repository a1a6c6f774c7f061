//! Each reason for which a bot is called, and what it is called with.

use std::time::Duration;

use community::config::Secret;
use sea_orm::{ConnectionTrait, Statement};
use serde_json::json;

use super::{ALL, again, bot, present, run, scene, with};
use crate::{
    plugins::support::load,
    rooms::{id, join, leave, open_room, read, say, send},
    support::{Client, Sockets, TestServer, eventually},
};

/// Waits until the bot has told of something that contains all `parts`.
async fn seen(client: &Client, room: &str, hook: &str, parts: &[&str]) -> String {
    eventually(&format!("{hook} with {parts:?}"), || async {
        let told = run(client, room, &format!("/seen {hook}")).await;
        told.lines().find(|line| parts.iter().all(|part| line.contains(part))).map(str::to_owned)
    })
    .await
}

db_test! {
    async fn bots_are_told_of_messages_changes_members_and_posts(db) {
        let server = TestServer::start_with(db, |config| with(config, "hooks", bot("all_hooks_bot", &ALL))).await;
        let (ann, room) = scene(&server).await;
        present(&ann.client, &room, "All Hooks").await;
        let message = say(&ann.client, &room, "Good morning").await;
        seen(&ann.client, &room, "on-message", &["Good morning", &id(&message), "Ann", "attempt: 1"]).await;
        let path = format!("/api/rooms/{room}/messages/{}", id(&message));
        ann.client.patch(&path, json!({ "body": "Good evening" })).await.expect(200);
        seen(&ann.client, &room, "on-change", &["edited", "Good evening"]).await;
        ann.client.call("PUT", &format!("{path}/reactions/👍")).send().await.expect(200);
        seen(&ann.client, &room, "on-change", &["\"reacted\"", "emoji: Some(\"👍\")", ann.id.as_str()]).await;
        ann.client.delete(&format!("{path}/reactions/👍")).await.expect(200);
        seen(&ann.client, &room, "on-change", &["\"unreacted\"", "emoji: Some(\"👍\")", ann.id.as_str()]).await;
        ann.client.delete(&path).await.expect(200);
        seen(&ann.client, &room, "on-change", &["deleted", "deleted: true"]).await;
        let ben = server.member("Ben").await;
        join(&ben.client, &room).await.expect(200);
        seen(&ann.client, &room, "on-member", &["joined", "Ben", "Lobby"]).await;
        leave(&ben.client, &room).await.expect(200);
        seen(&ann.client, &room, "on-member", &["left", "Ben"]).await;
        join(&ben.client, &room).await.expect(200);
        ann.client.delete(&format!("/api/rooms/{room}/members/{}", ben.id)).await.expect(200);
        seen(&ann.client, &room, "on-member", &["removed", ben.id.as_str(), &format!("by: Some(Member {{ id: {:?}", ann.id.as_str())]).await;
        ann.client.post("/api/posts", json!({ "title": "News", "body": "All is well" })).await.expect(200);
        seen(&ann.client, &room, "on-post", &["created", "News", "All is well", "Ann"]).await;
        server.stop().await;
    }

    async fn a_look_before_a_message_is_said_can_refuse_and_rewrite(db) {
        let server = TestServer::start_with(db, |config| with(config, "hooks", bot("all_hooks_bot", &ALL))).await;
        let (ann, room) = scene(&server).await;
        present(&ann.client, &room, "All Hooks").await;
        let refused = send(&ann.client, &room, json!({ "body": "reject me" })).await;
        refused.expect_error(403, "message_rejected");
        assert_eq!(send(&ann.client, &room, json!({ "body": "reject me" })).await.json()["error"], "This was asked for.");
        let message = say(&ann.client, &room, "rewrite me").await;
        assert_eq!(message["body"], "rewritten");
        let path = format!("/api/rooms/{room}/messages/{}", id(&message));
        ann.client.patch(&path, json!({ "body": "reject me" })).await.expect_error(403, "message_rejected");
        assert_eq!(ann.client.patch(&path, json!({ "body": "rewrite me" })).await.expect(200).json()["message"]["body"], "rewritten");
        let bodies: Vec<_> = read(&ann.client, &room, "").await.into_iter().map(|message| message["body"].clone()).collect();
        assert_eq!(bodies, [json!("is anybody there?"), json!("rewritten")]);
        send(&ann.client, &room, json!({ "body": "an answer", "replyTo": message["id"] })).await.expect(200);
        seen(&ann.client, &room, "before-message", &["an answer", &format!("reply-to: Some(\"{}\")", id(&message))]).await;
        seen(&ann.client, &room, "before-message", &["rewrite me", "Ann", "owner", &id(&message)]).await;
        server.stop().await;
    }

    async fn several_look_in_their_order_at_what_the_one_before_made_of_it(db) {
        // Of equal numbers the first by id looks first.
        for (hooks, naughty, hooks_first) in [(1, 0, false), (0, 1, true), (0, 0, true)] {
            let server = TestServer::start_with(db, |config| {
                for (id, name, order) in [("hooks", "all_hooks_bot", hooks), ("naughty", "naughty_bot", naughty)] {
                    let mut section = bot(name, &ALL);
                    section.before_message.order = order;
                    with(config, id, section);
                }
            }).await;
            let (ann, room) = scene(&server).await;
            for bot in ["All Hooks", "naughty"] {
                present(&ann.client, &room, bot).await;
            }
            assert_eq!(say(&ann.client, &room, "naughty before rewrite").await["body"], "something nice");
            send(&ann.client, &room, json!({ "body": "naughty before reject" })).await.expect_error(403, "message_rejected");
            let told = run(&ann.client, &room, "/seen before-message").await;
            // Who looks first sees what was typed, and also what the second refuses.
            for (text, is_seen) in [("naughty before rewrite", hooks_first), ("something nice", !hooks_first), ("naughty before reject", hooks_first)] {
                assert_eq!(told.contains(&format!("body: {text:?}")), is_seen, "{hooks} {naughty} {text}: {told}");
            }
            server.stop().await;
        }
    }

    async fn what_bots_from_outside_say_is_looked_at_too(db) {
        let token = "0123456789abcdef0123456789abcdef";
        let server = TestServer::start_with(db, |config| {
            config.chat.bot_token = Some(Secret::new(token));
            with(config, "hooks", bot("all_hooks_bot", &ALL));
        }).await;
        let (ann, room) = scene(&server).await;
        present(&ann.client, &room, "All Hooks").await;
        let client = server.client();
        let post = |path: &str| client.call("POST", &format!("/api/rooms/{room}/{path}")).header("authorization", format!("Bearer {token}"));
        post("join").send().await.expect(200);
        let socket = Sockets::at(server.url()).await.bot(token).await;
        post("messages").json(&json!({ "body": "reject me" })).send().await.expect_error(403, "message_rejected");
        let said = post("messages").json(&json!({ "body": "rewrite me" })).send().await.expect(200).json();
        assert_eq!(said["message"]["body"], "rewritten", "over REST");
        socket.emit("message:send", json!({ "roomId": room, "body": "reject me" })).await.error("message_rejected");
        let said = socket.emit("message:send", json!({ "roomId": room, "body": "rewrite me" })).await.ok();
        assert_eq!(said["message"]["body"], "rewritten", "over the socket");
        let bodies: Vec<_> = read(&ann.client, &room, "").await.into_iter().map(|message| message["body"].clone()).collect();
        assert_eq!(bodies, [json!("is anybody there?"), json!("rewritten"), json!("rewritten")]);
        seen(&ann.client, &room, "before-message", &["rewrite me", "OpenClaw", "is-bot: true"]).await;
        server.stop().await;
    }

    async fn a_message_that_could_not_be_looked_at_passes_unless_the_operator_says_otherwise(db) {
        for (on_failure, status) in [("open", 200), ("closed", 503)] {
            let server = TestServer::start_with(db, |config| {
                let mut section = bot("naughty_bot", &ALL);
                // Long enough that the bot breaks down before its time is up, where that is what it does.
                section.before_message = serde_json::from_value(json!({ "order": 0, "budget": "3s", "on_failure": on_failure })).unwrap();
                with(config, "naughty", section);
            }).await;
            let (ann, room) = scene(&server).await;
            present(&ann.client, &room, "naughty").await;
            for deed in ["trap", "sleep", "rewrite-huge"] {
                let answer = send(&ann.client, &room, json!({ "body": format!("naughty before {deed}") })).await;
                assert_eq!(answer.status, status, "{on_failure} {deed}: {:?}", answer.json());
            }
            // By now it is suspended: the same holds.
            assert_eq!(send(&ann.client, &room, json!({ "body": "hello" })).await.status, status);
            server.stop().await;
        }
    }

    async fn what_a_look_decided_counts_though_what_it_remembers_cannot_be_written(db) {
        let server = TestServer::start_with(db, |config| with(config, "naughty", bot("naughty_bot", &ALL))).await;
        let (ann, room) = scene(&server).await;
        present(&ann.client, &room, "naughty").await;
        let database = server.database().connect().await;
        database.execute_unprepared("ALTER TABLE plugin_values RENAME TO broken_values").await.unwrap();
        let answer = send(&ann.client, &room, json!({ "body": "naughty before set-then-error key" })).await;
        database.execute_unprepared("ALTER TABLE broken_values RENAME TO plugin_values").await.unwrap();
        assert_eq!((answer.status, answer.json()["error"].as_str()), (403, Some("as you wish")));
        assert_eq!(read(&ann.client, &room, "").await.len(), 1);
        server.stop().await;
    }

    async fn what_somebody_says_stays_in_its_order(db) {
        let server = TestServer::start_with(db, |config| {
            config.limits.enabled = false;
            with(config, "hooks", bot("all_hooks_bot", &ALL));
        }).await;
        let (ann, room) = scene(&server).await;
        present(&ann.client, &room, "All Hooks").await;
        let socket = Sockets::at(server.url()).await.connect(&ann).await;
        let words: Vec<_> = (0..20).map(|number| format!("word {number}")).collect();
        let all = words.iter().map(|word| socket.emit("message:send", json!({ "roomId": room, "body": word })));
        for ack in futures_util::future::join_all(all).await {
            ack.ok();
        }
        let bodies: Vec<_> = read(&ann.client, &room, "").await.into_iter().skip(1).map(|message| message["body"].clone()).collect();
        assert_eq!(bodies, words);
        server.stop().await;
    }

    async fn a_look_that_takes_long_keeps_back_what_its_author_says_next(db) {
        let server = TestServer::start_with(db, |config| {
            let mut section = bot("naughty_bot", &ALL);
            section.before_message = serde_json::from_value(json!({ "order": 0, "budget": "500ms", "on_failure": "open" })).unwrap();
            with(config, "naughty", section);
        }).await;
        let (ann, room) = scene(&server).await;
        present(&ann.client, &room, "naughty").await;
        let socket = Sockets::at(server.url()).await.connect(&ann).await;
        // The first passes once the bot has slept for as long as it may; the others it lets pass at once.
        let words = ["naughty before sleep", "then this", "and this"];
        let all = words.iter().map(|word| socket.emit("message:send", json!({ "roomId": room, "body": word })));
        for ack in futures_util::future::join_all(all).await {
            ack.ok();
        }
        let bodies: Vec<_> = read(&ann.client, &room, "").await.into_iter().skip(1).map(|message| message["body"].clone()).collect();
        assert_eq!(bodies, words);
        server.stop().await;
    }

    async fn what_a_look_rewrites_is_checked_like_any_text(db) {
        let server = TestServer::start_with(db, |config| with(config, "naughty", bot("naughty_bot", &ALL))).await;
        let (ann, room) = scene(&server).await;
        present(&ann.client, &room, "naughty").await;
        for deed in ["rewrite-to-nothing", "rewrite-at-length"] {
            send(&ann.client, &room, json!({ "body": format!("naughty before {deed}") })).await.expect_error(400, "invalid_request");
        }
        let silent = send(&ann.client, &room, json!({ "body": "naughty before reject-without-reason" })).await;
        assert_eq!((silent.status, silent.json()["error"].as_str()), (403, Some("This message is not allowed here.")));
        let long = send(&ann.client, &room, json!({ "body": "naughty before reject-at-length" })).await;
        long.expect_error(403, "message_rejected");
        let sentence = send(&ann.client, &room, json!({ "body": "naughty before reject-at-length" })).await.json()["error"].as_str().unwrap().to_owned();
        assert!(sentence.chars().count() <= 300 && !sentence.contains('\n'), "{sentence}");
        server.stop().await;
    }

    async fn jobs_are_done_when_their_time_has_come(db) {
        let mut server = TestServer::start_with(db, |config| with(config, "hooks", bot("all_hooks_bot", &ALL))).await;
        let (ann, room) = scene(&server).await;
        present(&ann.client, &room, "All Hooks").await;
        run(&ann.client, &room, "/later 60 tea").await;
        assert!(run(&ann.client, &room, "/later-jobs").await.contains("tea"));
        server.clock.advance(Duration::from_secs(61));
        seen(&ann.client, &room, "scheduled", &["later", "tea", "attempt: 1"]).await;
        assert!(!run(&ann.client, &room, "/later-jobs").await.contains("tea"), "it is done once");
        // It is Monday noon: of the mornings on which the server was down the last is told, and the others never.
        let plugins = std::mem::take(&mut server.config.plugins);
        server.restart().await;
        server.clock.advance(Duration::from_hours(24 * 3));
        server.config.plugins = plugins;
        server.restart().await;
        let client = again(&server, &ann);
        seen(&client, &room, "scheduled", &["weekday-morning", "time: \"2026-06-04T09:00:00"]).await;
        server.clock.advance(Duration::from_hours(24));
        seen(&client, &room, "scheduled", &["weekday-morning", "time: \"2026-06-05T09:00:00"]).await;
        let told = run(&client, &room, "/seen scheduled").await;
        assert!(!told.contains("2026-06-02T09:00:00") && !told.contains("2026-06-03T09:00:00"), "{told}");
        server.stop().await;
    }

    async fn a_job_with_another_pattern_comes_back_by_that(db) {
        let at = |cron: &str| {
            let mut section = bot("all_hooks_bot", &ALL);
            section.settings.insert("cron".to_owned(), cron.to_owned());
            section
        };
        let mut server = TestServer::start_with(db, |config| with(config, "hooks", at("0 0 1 1 *"))).await;
        let (ann, room) = scene(&server).await;
        present(&ann.client, &room, "All Hooks").await;
        // It is Monday noon: first more often, then as rarely as before, then more often again.
        for (cron, due) in [
            ("0 0 1 1 *", "2027-01-01T00:00:00.000Z"),
            ("30 12 * * *", "2026-06-01T12:30:00.000Z"),
            ("0 0 1 1 *", "2027-01-01T00:00:00.000Z"),
            ("0 13 * * *", "2026-06-01T13:00:00.000Z"),
        ] {
            with(&mut server.config, "hooks", at(cron));
            server.restart().await;
            let database = server.database().connect().await;
            eventually(&format!("{cron} is planned"), || async {
                let query = "SELECT due_at FROM plugin_jobs WHERE plugin = 'hooks' AND recurring";
                let row = database.query_one_raw(Statement::from_string(database.get_database_backend(), query)).await.unwrap();
                row.is_some_and(|row| row.try_get_by_index::<String>(0).unwrap() == due).then_some(())
            }).await;
            database.close().await.unwrap();
        }
        server.clock.advance(Duration::from_mins(61));
        let client = again(&server, &ann);
        let told = seen(&client, &room, "scheduled", &["weekday-morning"]).await;
        assert!(told.contains("2026-06-01T13:00:00"), "{told}");
        server.stop().await;
    }

    async fn a_job_can_be_taken_back(db) {
        let server = TestServer::start_with(db, |config| with(config, "hooks", bot("all_hooks_bot", &ALL))).await;
        let (ann, room) = scene(&server).await;
        present(&ann.client, &room, "All Hooks").await;
        run(&ann.client, &room, "/later 60 tea").await;
        assert_eq!(run(&ann.client, &room, "/never").await, "cancelled");
        assert_eq!(run(&ann.client, &room, "/later-jobs").await, "[]");
        server.stop().await;
    }

    async fn settings_have_types_and_defaults(db) {
        let server = TestServer::start_with(db, |config| {
            let mut section = bot("all_hooks_bot", &ALL);
            section.settings.insert("count".to_owned(), "7".to_owned());
            with(config, "hooks", section);
        }).await;
        let (ann, room) = scene(&server).await;
        present(&ann.client, &room, "All Hooks").await;
        let settings = run(&ann.client, &room, "/settings").await;
        for part in [r#"greeting=Some("hello")"#, r#"mood=Some("good")"#, r#"count=Some("7")"#, "extra=None"] {
            assert!(settings.contains(part), "{settings}");
        }
        let other = open_room(&ann.client, "Other").await;
        assert!(!other.is_empty());
        server.stop().await;
    }
}

#[tokio::test]
async fn what_needs_no_permission_can_be_had_before_a_bot_takes_part() {
    let mut section = bot("naughty_bot", &ALL);
    section.settings.insert("says".to_owned(), "clock and chance".to_owned());
    let status = load([("naughty", section)]).await.status();
    let naughty = status.iter().find(|status| status.id == "naughty").unwrap();
    assert!(naughty.on, "{naughty:?}");
}

#[tokio::test]
async fn a_bot_that_wants_a_job_at_no_time_is_off_and_says_so() {
    let patterns = [("never", "0 0 30 2 *"), ("second", "*/10 * * * * *"), ("year", "0 0 0 1 1 * 2030"), ("well", "0 0 29 2 *")];
    let sections = patterns.map(|(id, cron)| {
        let mut section = bot("all_hooks_bot", &ALL);
        section.settings.insert("cron".to_owned(), cron.to_owned());
        (id, section)
    });
    let status = load(sections).await.status();
    let reason = |id: &str| status.iter().find(|status| status.id == id).unwrap().reason.clone();
    assert_eq!(reason("well"), None);
    let never = "plugin `never` wants the job weekday-morning at \"0 0 30 2 *\", a time that never comes: correct the pattern";
    assert_eq!(reason("never").as_deref(), Some(never));
    for id in ["second", "year"] {
        let reason = reason(id).unwrap();
        assert!(reason.starts_with(&format!("plugin `{id}` wants the job weekday-morning at ")) && reason.contains("5 fields"), "{reason}");
    }
}
