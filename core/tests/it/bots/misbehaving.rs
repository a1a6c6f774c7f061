//! Bots that break down, loop, flood and lie. None of it reaches anybody else.

use std::time::{Duration, Instant};

use community::{
    clock::Timestamp,
    config::{PluginSection, Rate, Size, Span},
};
use futures_util::future::join_all;
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};

use super::{ALL, bot, bundled, heard, present, run, said, scene, with};
use crate::{
    outbound::peer::Peer,
    rooms::{id, join, open_room, read, say, send},
    support::{Client, DEADLINE, Person, TestServer, eventually, within},
};

/// A server with the naughty bot, which is told of an event only once and is not suspended soon.
async fn naughty(db: crate::support::Db, change: impl FnOnce(&mut PluginSection)) -> (TestServer, Person, String) {
    let server = TestServer::start_with(db, |config| {
        let mut section = bot("naughty_bot", &ALL);
        section.limits.attempts = 1;
        section.limits.breakdowns = 1000;
        change(&mut section);
        with(config, "naughty", section);
    })
    .await;
    let (ann, room) = scene(&server).await;
    present(&ann.client, &room, "naughty").await;
    (server, ann, room)
}

/// How long a message waits for bots that loop, and say nothing against it when they do not.
const NOT_AWAITED: Span = Span::millis(200);

async fn letters(server: &TestServer) -> Vec<String> {
    let letters = community::plugins::queries::letters(server.store().await.reader(), "naughty").await.unwrap();
    letters.into_iter().map(|letter| letter.reason).collect()
}

async fn bodies(ann: &Person, room: &str) -> Vec<String> {
    read(&ann.client, room, "").await.iter().map(|message| message["body"].as_str().unwrap().to_owned()).collect()
}

/// Gives orders one after the other and waits until the bot has seen them all.
async fn order(ann: &Person, room: &str, orders: &[&str]) {
    let mut seq = json!(0);
    for order in orders {
        seq = say(&ann.client, room, &format!("naughty {order}")).await["seq"].clone();
    }
    // Another end each time.
    let end = format!("that was all up to {seq}");
    say(&ann.client, room, &format!("naughty send {end}")).await;
    said(&ann.client, room, &end).await;
}

db_test! {
    async fn p01_p02_p17_p22_what_breaks_down_is_put_aside_and_the_next_message_is_heard(db) {
        let (server, ann, room) = naughty(db, |section| section.limits.wall_clock = Span::seconds(6)).await;
        order(&ann, &room, &["loop", "memory", "recursion", "trap", "panic", "exit", "sleep"]).await;
        let reasons = letters(&server).await;
        let expected = [
            "",
            "broke down in `on-message`: it wanted more than its 64 MiB of memory (limits.memory)",
            "",
            "broke down in `on-message`: wasm trap: ",
            "deeds.rs:",
            "broke down in `on-message`: Exited with i32 exit status 1",
            "gave no answer within 6s",
        ];
        assert!(reasons[4].contains(" broke down in `on-message`: panicked at ") && reasons[4].ends_with(": on purpose"), "{}", reasons[4]);
        assert_eq!(reasons.len(), expected.len(), "{reasons:?}");
        // Where the machine is busy, the six seconds are over before so much CPU time was to be had.
        assert!(reasons[0].contains("used up its 250ms of CPU time") || reasons[0].contains("gave no answer within 6s"), "{}", reasons[0]);
        // The guest has two stacks, and which of them ends first is up to the compilers.
        assert!(reasons[2].contains("used up its stack") || reasons[2].contains("out of bounds"), "{}", reasons[2]);
        for (reason, expected) in reasons.iter().zip(expected) {
            assert!(reason.contains(expected) && reason.contains("`on-message`"), "{reason} has no {expected}");
        }
        server.stop().await;
    }

    async fn p16_p17_what_a_broken_call_wanted_does_not_happen(db) {
        let (server, ann, room) = naughty(db, |_| {}).await;
        order(&ann, &room, &["send-then-trap", "send-then-loop", "send-then-error"]).await;
        assert!(!bodies(&ann, &room).await.contains(&"this must not be said".to_owned()));
        // What is sent from inside a call is said after it, and nobody waits for anybody.
        server.clock.advance(Duration::from_secs(2));
        order(&ann, &room, &["edit-own", "delete-own"]).await;
        assert!(bodies(&ann, &room).await.contains(&"after".to_owned()));
        assert!(!bodies(&ann, &room).await.contains(&"this goes away".to_owned()));
        server.stop().await;
    }

    async fn p17_what_the_host_refused_is_told_of_a_call_that_it_ended_and_is_no_breakdown(db) {
        let (server, ann, room) = naughty(db, |section| section.limits.breakdowns = 1).await;
        order(&ann, &room, &["send-or-trap 6"]).await;
        let reasons = letters(&server).await;
        let refused = "plugin `naughty` failed in `on-message`: it may say 5 things a second in a room (limits.messages)";
        assert_eq!(reasons, [refused]);
        server.stop().await;
    }

    async fn p14_p17_what_is_not_said_counts_for_nothing(db) {
        let server = TestServer::start_with(db, |config| {
            (config.limits.enabled, config.limits.bots_in_a_room) = (false, Rate::within(3, 10));
            let mut section = bot("naughty_bot", &ALL);
            (section.limits.attempts, section.limits.messages, section.limits.posts) = (2, 3, Rate::per_hour(2));
            with(config, "naughty", section);
        }).await;
        let (ann, room) = scene(&server).await;
        present(&ann.client, &room, "naughty").await;
        order(&ann, &room, &["send-many-then-error 3", "post-then-error x", "post By a bot", "post By the same bot"]).await;
        assert_eq!(letters(&server).await, ["as you wish", "as you wish"]);
        let posts = ann.client.get("/api/posts").await.expect(200).json();
        assert_eq!(posts.as_array().unwrap().len(), 2, "{posts}");
        server.stop().await;
    }

    async fn p14_what_there_is_no_place_for_is_said_later(db) {
        let server = TestServer::start_with(db, |config| {
            (config.limits.enabled, config.limits.bots_in_a_room) = (false, Rate::within(3, 10));
            let mut section = bot("naughty_bot", &ALL);
            (section.limits.attempts, section.limits.messages) = (2, 1000);
            with(config, "naughty", section);
        }).await;
        let (ann, room) = scene(&server).await;
        present(&ann.client, &room, "naughty").await;
        order(&ann, &room, &["schedule a 60", "schedule b 60", "schedule c 60", "schedule d 60", "schedule e 60"]).await;
        let store = server.store().await;
        let told = async |words: &str| {
            let lines = community::plugins::queries::lines(store.reader(), "naughty", 0, 1000).await.unwrap();
            lines.into_iter().filter(|line| line.line.contains(words)).count()
        };
        let done = async || bodies(&ann, &room).await.iter().filter(|body| body.starts_with("job ")).count();
        server.clock.advance(Duration::from_secs(61));
        eventually("three are done", || async { (done().await == 3).then_some(()) }).await;
        eventually("two wait", || async { (told("when there may be more of what it wants").await >= 2).then_some(()) }).await;
        assert_eq!(done().await, 3);
        server.clock.advance(Duration::from_secs(61));
        eventually("all are done", || async { (done().await == 5).then_some(()) }).await;
        assert_eq!(letters(&server).await, Vec::<String>::new());
        server.stop().await;
    }

    async fn p03_p23_a_flood_of_text_is_cut(db) {
        let (server, ann, room) = naughty(db, |section| section.limits.wall_clock = Span::seconds(60)).await;
        order(&ann, &room, &["huge-message", "log-spam", "print-spam", "log-huge", "host-calls", "huge-error", "long-message", "empty-message"]).await;
        // Whoever only writes more lines than are kept loses lines, and the call if it takes too long.
        let reasons: Vec<_> = letters(&server).await.into_iter().filter(|reason| !reason.contains("of CPU time")).collect();
        let expected = ["of memory", "of memory", "called the host too often", "too much data", "", ""];
        assert_eq!(reasons.len(), expected.len(), "{reasons:?}");
        for (reason, expected) in reasons.iter().zip(expected) {
            assert!(reason.contains(expected) && !reason.is_empty() && reason.len() < 1000, "{reason} has no {expected}");
        }
        assert!(bodies(&ann, &room).await.iter().all(|body| body.len() <= 4000));
        server.stop().await;
    }

    async fn p23_text_that_is_none_breaks_the_call_down(db) {
        let (server, ann, room) = naughty(db, |_| {}).await;
        order(&ann, &room, &["broken-text", "surrogate-text"]).await;
        let reasons = letters(&server).await;
        assert!(reasons.len() == 2 && reasons.iter().all(|reason| reason.contains("broke down in `on-message`: invalid utf-8")), "{reasons:?}");
        send(&ann.client, &room, json!({ "body": "/naughty answer-broken" })).await.expect_error(503, "bot_failed");
        server.stop().await;
    }

    async fn p14_a_bot_says_so_much_a_second_and_no_more(db) {
        let (server, ann, room) = naughty(db, |_| {}).await;
        server.clock.advance(Duration::from_secs(20));
        say(&ann.client, &room, "naughty send-many 30").await;
        heard(&ann.client, &room, "some of them", |message| message["body"] == "number 5").await;
        server.clock.advance(Duration::from_secs(2));
        order(&ann, &room, &["send still here"]).await;
        let numbers = bodies(&ann, &room).await.iter().filter(|body| body.starts_with("number ")).count();
        assert_eq!(numbers, 5, "five a second");
        server.stop().await;
    }

    async fn p14_the_operator_says_how_much_bots_say_in_a_room(db) {
        let server = TestServer::start_with(db, |config| {
            (config.limits.enabled, config.limits.bots_in_a_room) = (false, Rate::within(3, 10));
            let mut section = bot("naughty_bot", &ALL);
            section.limits.messages = 1000;
            with(config, "naughty", section);
        }).await;
        let (ann, room) = scene(&server).await;
        present(&ann.client, &room, "naughty").await;
        say(&ann.client, &room, "naughty send-many 10").await;
        said(&ann.client, &room, "number 3").await;
        // They are silent for a minute now.
        server.clock.advance(Duration::from_secs(61));
        order(&ann, &room, &["send still here"]).await;
        let numbers = bodies(&ann, &room).await.iter().filter(|body| body.starts_with("number ")).count();
        assert_eq!(numbers, 3);
        server.stop().await;
    }

    async fn p14_a_chain_of_bots_ends(db) {
        let server = TestServer::start_with(db, |config| {
            for name in ["one", "two"] {
                let mut section = bot("naughty_bot", &ALL);
                (section.hears_bots, section.limits.messages) = (true, 1000);
                with(config, name, section);
            }
        }).await;
        let (ann, room) = scene(&server).await;
        present(&ann.client, &room, "one").await;
        present(&ann.client, &room, "two").await;
        say(&ann.client, &room, "naughty reply-forever").await;
        // Two answer the person, each answers the other's, and each that once more: 2 + 2 + 2.
        eventually("the chain", || async { (bodies(&ann, &room).await.len() >= 9).then_some(()) }).await;
        // What they say to this comes after whatever they would say to the end of the chain.
        say(&ann.client, &room, "naughty send that was all").await;
        let all = eventually("both have heard it", || async {
            Some(bodies(&ann, &room).await).filter(|all| all.iter().filter(|body| *body == "that was all").count() == 2)
        }).await;
        assert_eq!(all.iter().filter(|body| *body == "naughty reply-forever").count(), 7, "{all:?}");
        server.stop().await;
    }

    async fn p15_many_bots_hear_one_message_and_each_answers(db) {
        let server = TestServer::start_with(db, |config| {
            for number in 0..12 {
                with(config, &format!("echo-{number}"), bot("echo_bot", &["chat-write"]));
            }
        }).await;
        let (ann, room) = scene(&server).await;
        say(&ann.client, &room, "echo hello").await;
        eventually("all twelve", || async { (bodies(&ann, &room).await.iter().filter(|body| *body == "echo: hello").count() == 12).then_some(()) }).await;
        server.stop().await;
    }

    async fn p17_a_bot_that_breaks_down_again_and_again_is_suspended(db) {
        let server = TestServer::start_with(db, |config| {
            config.metrics.listen = Some(([127, 0, 0, 1], 0).into());
            let mut section = bot("naughty_bot", &ALL);
            section.limits.attempts = 1;
            with(config, "naughty", section);
            with(config, "echo", bot("echo_bot", &["chat-write"]));
        }).await;
        let (ann, room) = scene(&server).await;
        present(&ann.client, &room, "naughty").await;
        for _ in 0..3 {
            say(&ann.client, &room, "naughty trap").await;
        }
        let store = server.store().await;
        let note = async |now| community::plugins::queries::notes(store.reader(), now).await.unwrap().remove("naughty");
        let told = eventually("it is suspended", || note(store.now())).await;
        let (until, reason) = told.strip_prefix("suspended until ").unwrap().split_once(": ").unwrap();
        assert!(reason.starts_with("plugin `naughty` broke down in `on-message`: "), "{told}");
        let until = Timestamp::parse(until).unwrap();
        assert!(until > store.now() && note(until).await.is_none(), "what is over is not told: {told}");
        send(&ann.client, &room, json!({ "body": "/naughty well" })).await.expect_error(503, "bot_suspended");
        let counters = Client::new(format!("http://{}", server.running().metrics_addr.unwrap())).get("/metrics").await.expect(200).text();
        assert!(counters.contains("plugin_limits_hit_total{limit=\"suspended\",plugin=\"naughty\"} 1\n"), "{counters}");
        say(&ann.client, &room, "echo the others go on").await;
        said(&ann.client, &room, "echo: the others go on").await;
        server.stop().await;
    }

    async fn a_bot_touches_only_what_it_may(db) {
        let server = TestServer::start_with(db, |config| {
            let mut section = bot("naughty_bot", &ALL);
            section.rooms = serde_json::from_str("\"invited\"").unwrap();
            (section.limits.attempts, section.limits.messages) = (1, 1000);
            with(config, "naughty", section);
        }).await;
        let (ann, room) = scene(&server).await;
        let handle = community::bots::model::Handle::parse("naughty").unwrap();
        let naughty = community::bots::queries::by_handle(server.store().await.reader(), &handle).await.unwrap().unwrap();
        crate::rooms::invite(&ann.client, &room, naughty.id.as_str()).await.expect(200);
        let secret = open_room(&ann.client, "Secret").await;
        let mine = say(&ann.client, &room, "mine").await;
        let hidden = say(&ann.client, &secret, "nobody else's business").await;
        let orders = [
            format!("edit-other {}", id(&mine)),
            format!("delete-other {}", id(&mine)),
            format!("send-to {secret} hello"),
            format!("read-room {secret}"),
            format!("read-after {}", id(&hidden)),
            format!("get-room {secret}"),
            format!("members-of {secret}"),
            format!("get-member {secret} {}", ann.id),
            format!("remove {}", ann.id),
            format!("react {} 👍", id(&mine)),
            format!("react {} nothing", id(&mine)),
        ];
        order(&ann, &room, &orders.iter().map(String::as_str).collect::<Vec<_>>()).await;
        let now: Value = read(&ann.client, &room, "").await.into_iter().find(|message| message["id"] == mine["id"]).unwrap();
        assert_eq!((&now["body"], &now["deleted"], &now["reactions"][0]["emoji"]), (&json!("mine"), &json!(false), &json!("👍")));
        assert_eq!(bodies(&ann, &secret).await, ["nobody else's business"]);
        let said = bodies(&ann, &room).await;
        assert_eq!(said.iter().filter(|body| body.starts_with("error: ") && body.contains("NotFound")).count(), 5, "{said:?}");
        server.stop().await;
    }

    async fn p01_p13_bots_that_loop_keep_no_other_bot_from_its_work(db) {
        let server = TestServer::start_with(db, |config| {
            config.limits.enabled = false;
            for number in 0..4 {
                let mut section = bot("naughty_bot", &ALL);
                section.before_message.budget = NOT_AWAITED;
                with(config, &format!("naughty-{number}"), section);
            }
            with(config, "moderator", bundled::section(&[("words", "spam")]));
        }).await;
        let (ann, room) = scene(&server).await;
        let ben = server.member("Ben").await;
        let mut rooms = vec![room];
        for number in 1..4 {
            rooms.push(open_room(&ann.client, &format!("Room {number}")).await);
        }
        for room in &rooms {
            for bot in ["naughty-0", "naughty-3", "Moderator"] {
                present(&ann.client, room, bot).await;
            }
            join(&ben.client, room).await.expect(200);
        }
        // Every bot loops in every room, before messages are said and after.
        join_all(rooms.iter().map(|room| say(&ann.client, room, "naughty loop"))).await;
        for _ in 0..3 {
            for room in &rooms {
                send(&ben.client, room, json!({ "body": "spam" })).await.expect_error(403, "message_rejected");
            }
        }
        let store = server.store().await;
        let notes = community::plugins::queries::notes(store.reader(), store.now()).await.unwrap();
        assert!(!notes.contains_key("moderator"), "{notes:?}");
        server.stop().await;
    }

    async fn what_cannot_be_written_is_put_aside_and_the_bot_goes_on(db) {
        let server = TestServer::start_with(db, |config| {
            let mut section = bot("counting_bot", &["store"]);
            section.limits.attempts = 2;
            with(config, "counting", section);
        }).await;
        let (ann, room) = scene(&server).await;
        present(&ann.client, &room, "counting").await;
        let store = server.store().await;
        eventually("the first is counted", || async {
            community::plugins::queries::usage(store.reader(), "counting").await.ok().filter(|usage| usage.entries > 0)
        }).await;
        let database = server.database().connect().await;
        database.execute_unprepared("ALTER TABLE plugin_values RENAME TO broken_values").await.unwrap();
        say(&ann.client, &room, "one that nothing comes of").await;
        let letters = eventually("it is put aside", || async {
            let letters = community::plugins::queries::letters(store.reader(), "counting").await.unwrap();
            (!letters.is_empty()).then_some(letters)
        }).await;
        assert_eq!(letters.len(), 1, "{letters:?}");
        database.execute_unprepared("ALTER TABLE broken_values RENAME TO plugin_values").await.unwrap();
        let before: usize = run(&ann.client, &room, "/count").await.parse().unwrap();
        say(&ann.client, &room, "one more").await;
        eventually("the next is counted", || async { (run(&ann.client, &room, "/count").await == (before + 1).to_string()).then_some(()) }).await;
        server.stop().await;
    }

    async fn what_can_be_no_id_is_told_at_once(db) {
        let (server, ann, room) = naughty(db, |_| {}).await;
        order(&ann, &room, &["edit-other nothing", "delete-other nothing", "react nothing 👍", "delete-post nothing"]).await;
        let reasons = letters(&server).await;
        assert!(reasons.len() == 4 && reasons.iter().all(|reason| reason.contains("must be the id of a ")), "{reasons:?}");
        let mine = id(&say(&ann.client, &room, "mine").await);
        order(&ann, &room, &[&format!("react {mine} 👍"), &format!("unreact {mine} 👍")]).await;
        let now: Value = read(&ann.client, &room, "").await.into_iter().find(|message| message["id"] == mine.as_str()).unwrap();
        assert_eq!(now["reactions"], json!([]));
        server.stop().await;
    }

    async fn the_limits_that_a_call_hits_are_counted(db) {
        let peer = Peer::answering("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n").await;
        let server = TestServer::start_with(db, |config| {
            (config.limits.enabled, config.limits.bots_in_a_room) = (false, Rate::within(6, 10));
            config.metrics.listen = Some(([127, 0, 0, 1], 0).into());
            let mut section = bot("naughty_bot", &ALL);
            let limits = &mut section.limits;
            (limits.attempts, limits.breakdowns, limits.host_calls, limits.concurrency) = (1, 1000, 1500, 1);
            (limits.stored_keys, limits.returned) = (20, Size::kib(512));
            // Of many things that it says it is too much for the call, then for the bot, then for the room.
            (limits.effects, limits.messages) = (3, 5);
            // A loop lasts two seconds, and those after it three more until there is CPU time again: long enough to be met.
            (limits.wall_clock, limits.cpu, limits.cpu_per_second) = (Span::seconds(20), Span::seconds(2), Span::millis(500));
            section.before_message.budget = NOT_AWAITED;
            section.allow_hosts = vec![format!("127.0.0.1:{}", peer.port())];
            section.allow_private = true;
            with(config, "naughty", section);
        }).await;
        let (ann, room) = scene(&server).await;
        present(&ann.client, &room, "naughty").await;
        let counters = Client::new(format!("http://{}", server.running().metrics_addr.unwrap()));
        let line = |limit: &str| format!("plugin_limits_hit_total{{limit=\"{limit}\",plugin=\"naughty\"}}");
        let counted = async |limit: &str| {
            let line = line(limit);
            within(3 * DEADLINE, &line, || async { counters.get("/metrics").await.expect(200).text().contains(&line).then_some(()) }).await;
        };
        let elsewhere = open_room(&ann.client, "Elsewhere").await;
        present(&ann.client, &elsewhere, "naughty").await;
        for (order, limit) in [("send-many 4", "effects"), ("send-many 3", "messages")] {
            say(&ann.client, &room, &format!("naughty {order}")).await;
            counted(limit).await;
        }
        server.clock.advance(Duration::from_secs(1));
        say(&ann.client, &room, "naughty send-many 3").await;
        counted("room_messages").await;
        let spin = format!("spin-http http://127.0.0.1:{}/", peer.port());
        let mut orders = vec!["delete-this", "before sleep", "memory", "host-calls", "big-value", "log-spam", "many-keys", "touch-many", "many-jobs", &spin];
        orders.extend(["post x"; 7]);
        orders.push("loop");
        for order in orders {
            say(&ann.client, &room, &format!("naughty {order}")).await;
        }
        // The last order keeps the one call busy that there may be, and costs more than there is for a second: what the bot hears
        // meanwhile elsewhere waits for the one, what it hears right after it for the other.
        for limit in ["concurrency", "cpu_per_second"] {
            within(3 * DEADLINE, limit, || async {
                say(&ann.client, &elsewhere, "are you busy?").await;
                counters.get("/metrics").await.expect(200).text().contains(&line(limit)).then_some(())
            }).await;
        }
        for limit in ["effect_failed", "wall_clock", "memory", "put_aside", "host_calls", "returned", "log_lines", "stored", "keys_touched", "jobs", "requests", "posts", "cpu"] {
            counted(limit).await;
        }
        // What was put aside is counted when somebody asks.
        eventually("the letters to be counted", || async {
            let line = format!("community_plugin_letters{{plugin=\"naughty\"}} {}\n", letters(&server).await.len());
            counters.get("/metrics").await.expect(200).text().contains(&line).then_some(())
        }).await;
        server.stop().await;
    }

    async fn p01_other_routes_answer_while_bots_loop(db) {
        let server = TestServer::start_with(db, |config| {
            config.limits.enabled = false;
            for number in 0..4 {
                let mut section = bot("naughty_bot", &ALL);
                (section.limits.breakdowns, section.limits.attempts) = (1000, 1);
                section.before_message.budget = NOT_AWAITED;
                with(config, &format!("naughty-{number}"), section);
            }
        }).await;
        let (ann, room) = scene(&server).await;
        present(&ann.client, &room, "naughty-3").await;
        join_all((0..10).map(|_| say(&ann.client, &room, "naughty loop"))).await;
        let begun = Instant::now();
        for _ in 0..20 {
            ann.client.get("/api/posts").await.expect(200);
        }
        // An unoptimised server on a busy machine needs some tenths of a second for one.
        assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
        server.stop().await;
    }
}
