//! What bots remember: theirs alone, exact, within their quota, and only what a call that ended well wanted to keep.

use std::time::Duration;

use community::{config::Rate, plugins::queries::Usage};
use futures_util::future::join_all;

use super::{ALL, again, bot, heard, present, run, said, scene, with};
use crate::{
    rooms::{open_room, read, say},
    support::{TestServer, eventually},
};

db_test! {
    async fn every_message_is_counted_once(db) {
        let server = TestServer::start_with(db, |config| {
            config.limits.enabled = false;
            with(config, "counting", bot("counting_bot", &["store"]));
        }).await;
        let (ann, room) = scene(&server).await;
        present(&ann.client, &room, "counting").await;
        let rooms = join_all((0..5).map(|_| open_room(&ann.client, "More"))).await;
        join_all(rooms.iter().flat_map(|room| (0..10).map(move |_| room)).map(|room| say(&ann.client, room, "count me"))).await;
        eventually("all are counted", || async { (run(&ann.client, &room, "/count").await == "51").then_some(()) }).await;
        server.stop().await;
    }

    async fn reading_and_writing_is_safe_without_locks(db) {
        let server = TestServer::start_with(db, |config| {
            config.limits.enabled = false;
            // It is asked until the sum is right, however often that is.
            config.limits.bots_in_a_room = Rate::UNLIMITED;
            let mut section = bot("naughty_bot", &ALL);
            section.limits.concurrency = 8;
            section.limits.messages = 1000;
            with(config, "naughty", section);
        }).await;
        let (ann, room) = scene(&server).await;
        present(&ann.client, &room, "naughty").await;
        let rooms = join_all((0..6).map(|_| open_room(&ann.client, "More"))).await;
        for deed in ["rmw", "cas"] {
            let order = format!("naughty {deed} {deed}");
            join_all(rooms.iter().flat_map(|room| (0..5).map(move |_| room)).map(|room| say(&ann.client, room, &order))).await;
            let question = format!("naughty get {deed}");
            let wanted = format!("{:?}", Some("30"));
            eventually("the sum is exact", || async {
                say(&ann.client, &room, &question).await;
                heard(&ann.client, &room, "an answer", |message| message["isBot"] == true).await;
                read(&ann.client, &room, "").await.iter().any(|message| message["body"] == wanted.as_str()).then_some(())
            }).await;
        }
        server.stop().await;
    }

    async fn p17_what_a_failed_call_remembered_is_forgotten(db) {
        let server = TestServer::start_with(db, |config| {
            let mut section = bot("naughty_bot", &ALL);
            section.limits.attempts = 1;
            section.limits.breakdowns = 100;
            with(config, "naughty", section);
        }).await;
        let (ann, room) = scene(&server).await;
        present(&ann.client, &room, "naughty").await;
        for deed in ["set-then-error", "set-then-trap"] {
            say(&ann.client, &room, &format!("naughty {deed} {deed}")).await;
            say(&ann.client, &room, &format!("naughty get {deed}")).await;
        }
        eventually("both are looked for", || async {
            let none = read(&ann.client, &room, "").await.iter().filter(|message| message["body"] == "None").count();
            (none == 2).then_some(())
        }).await;
        server.stop().await;
    }

    async fn p13_keys_and_values_have_bounds(db) {
        let server = TestServer::start_with(db, |config| {
            let mut section = bot("naughty_bot", &ALL);
            section.limits.stored_keys = 50;
            section.limits.stored = community::config::Size::kib(256);
            section.limits.attempts = 1;
            section.limits.returned = community::config::Size::mib(32);
            section.limits.host_calls = 100_000;
            section.limits.cpu = community::config::Span::seconds(5);
            with(config, "naughty", section);
        }).await;
        let (ann, room) = scene(&server).await;
        present(&ann.client, &room, "naughty").await;
        say(&ann.client, &room, "naughty bad-key").await;
        let answer = heard(&ann.client, &room, "an answer", |message| message["isBot"] == true).await;
        assert_eq!(answer["body"].as_str().unwrap().matches("Invalid").count(), 6, "{answer}");
        say(&ann.client, &room, "naughty big-value").await;
        heard(&ann.client, &room, "a refusal", |message| message["body"].as_str().unwrap().contains("a value has at most 64 KiB")).await;
        // What is too much altogether is said at once, and the call goes on with what there was space for.
        for (deed, refused) in [("fill", "refused after 3: Error::Limited("), ("many-keys", "refused after 47: Error::Limited(")] {
            say(&ann.client, &room, &format!("naughty {deed}")).await;
            heard(&ann.client, &room, deed, |message| message["body"].as_str().unwrap().starts_with(refused)).await;
        }
        say(&ann.client, &room, "naughty get many/46").await;
        said(&ann.client, &room, "Some(\"x\")").await;
        // What is there can still be changed, and taken away.
        server.clock.advance(Duration::from_secs(2));
        say(&ann.client, &room, "naughty set many/0 y").await;
        say(&ann.client, &room, "naughty get many/0").await;
        said(&ann.client, &room, "Some(\"y\")").await;
        let usage = community::plugins::queries::usage(server.store().await.reader(), "naughty").await.unwrap();
        assert!(usage.entries == 50 && usage.bytes <= 256 << 10, "{usage:?}");
        assert!(community::plugins::queries::letters(server.store().await.reader(), "naughty").await.unwrap().is_empty());
        server.stop().await;
    }

    async fn a_call_sees_all_keys_whatever_it_changed(db) {
        let server = TestServer::start_with(db, |config| {
            let mut section = bot("naughty_bot", &ALL);
            section.limits.host_calls = 10_000;
            section.limits.cpu = community::config::Span::seconds(5);
            section.limits.wall_clock = community::config::Span::seconds(20);
            with(config, "naughty", section);
        }).await;
        let (ann, room) = scene(&server).await;
        present(&ann.client, &room, "naughty").await;
        say(&ann.client, &room, "naughty seed-keys").await;
        say(&ann.client, &room, "naughty list-changed").await;
        let list = r#"202 keys, sorted true, from ["list/0400", "list/0401", "list/0402"] to Some("list/9999")"#;
        said(&ann.client, &room, list).await;
        say(&ann.client, &room, "naughty nul-names").await;
        said(&ann.client, &room, "Ok(0) Ok(10)").await;
        server.stop().await;
    }

    async fn p13_there_are_so_many_jobs_and_no_more(db) {
        let server = TestServer::start_with(db, |config| {
            let mut section = bot("naughty_bot", &ALL);
            section.limits.host_calls = 10_000;
            section.limits.attempts = 1;
            section.limits.cpu = community::config::Span::seconds(5);
            section.limits.wall_clock = community::config::Span::seconds(20);
            with(config, "naughty", section);
        }).await;
        let (ann, room) = scene(&server).await;
        present(&ann.client, &room, "naughty").await;
        // The second time each replaces one.
        for round in 1..=2 {
            say(&ann.client, &room, "naughty many-jobs").await;
            eventually("a refusal", || async {
                let all = read(&ann.client, &room, "").await;
                let refused = all.iter().filter(|message| message["body"].as_str().unwrap().starts_with("refused after 1000: Error::Limited("));
                (refused.count() == round).then_some(())
            }).await;
        }
        say(&ann.client, &room, "naughty schedule more 60").await;
        say(&ann.client, &room, "naughty cancel many/7").await;
        say(&ann.client, &room, "naughty schedule instead 60").await;
        say(&ann.client, &room, "naughty nul-payload").await;
        heard(&ann.client, &room, "a refusal", |message| message["body"].as_str().unwrap().contains("Invalid(\"a payload is text without NUL")).await;
        let letters = community::plugins::queries::letters(server.store().await.reader(), "naughty").await.unwrap();
        let reasons: Vec<_> = letters.iter().map(|letter| letter.reason.as_str()).collect();
        assert!(reasons.len() == 1 && reasons[0].contains("there may be 1000 jobs"), "{reasons:?}");
        server.clock.advance(Duration::from_secs(61));
        heard(&ann.client, &room, "the job", |message| message["body"] == "job instead for the 1. time").await;
        server.stop().await;
    }

    async fn p13_no_bot_sees_what_another_remembers(db) {
        let server = TestServer::start_with(db, |config| {
            with(config, "one", bot("naughty_bot", &ALL));
            with(config, "two", bot("all_hooks_bot", &ALL));
        }).await;
        let (ann, room) = scene(&server).await;
        present(&ann.client, &room, "All Hooks").await;
        say(&ann.client, &room, "naughty set seen/on-message/x stolen").await;
        say(&ann.client, &room, "naughty get seen/on-message/x").await;
        said(&ann.client, &room, "Some(\"stolen\")").await;
        let own = run(&ann.client, &room, "/seen on-message").await;
        assert!(!own.lines().any(|line| line == "stolen"), "{own}");
        server.stop().await;
    }

    async fn what_is_kept_for_a_while_goes_away_and_gives_its_space_back(db) {
        let mut server = TestServer::start_with(db, |config| {
            let mut section = bot("naughty_bot", &ALL);
            (section.limits.attempts, section.limits.messages, section.limits.stored_keys) = (1, 1000, 3);
            with(config, "naughty", section);
        }).await;
        let (ann, room) = scene(&server).await;
        present(&ann.client, &room, "naughty").await;
        for order in ["set-for a 60", "cas-for b 60", "set c c", "set d d", "keys"] {
            say(&ann.client, &room, &format!("naughty {order}")).await;
        }
        said(&ann.client, &room, "keys: a, b, c").await;
        let letters = community::plugins::queries::letters(server.store().await.reader(), "naughty").await.unwrap();
        assert!(letters.len() == 1 && letters[0].reason.contains("limits.stored_keys"), "{letters:?}");
        server.clock.advance(Duration::from_secs(59));
        for key in ["a", "b"] {
            say(&ann.client, &room, &format!("naughty get {key}")).await;
            said(&ann.client, &room, &format!("Some({key:?})")).await;
        }
        server.clock.advance(Duration::from_secs(1));
        say(&ann.client, &room, "naughty get a").await;
        said(&ann.client, &room, "None").await;
        say(&ann.client, &room, "naughty keys").await;
        said(&ann.client, &room, "keys: c").await;
        // Whoever sets only what is not there may again.
        for order in ["cas-for b 60", "keys"] {
            say(&ann.client, &room, &format!("naughty {order}")).await;
        }
        said(&ann.client, &room, "keys: b, c").await;
        // A server that starts sweeps what is over.
        server.restart().await;
        let usage = || async { community::plugins::queries::usage(server.store().await.reader(), "naughty").await.unwrap() };
        eventually("it is swept", || async { (usage().await == Usage { entries: 2, bytes: 4 }).then_some(()) }).await;
        let ann = again(&server, &ann);
        for order in ["set d d", "keys"] {
            say(&ann, &room, &format!("naughty {order}")).await;
        }
        said(&ann, &room, "keys: b, c, d").await;
        server.stop().await;
    }

    async fn what_is_over_makes_space_when_it_is_needed(db) {
        let server = TestServer::start_with(db, |config| {
            let mut section = bot("naughty_bot", &ALL);
            (section.limits.attempts, section.limits.stored_keys) = (1, 2);
            with(config, "naughty", section);
        }).await;
        let (ann, room) = scene(&server).await;
        present(&ann.client, &room, "naughty").await;
        for order in ["set-for a 60", "set-for b 90", "set c c", "keys"] {
            say(&ann.client, &room, &format!("naughty {order}")).await;
        }
        said(&ann.client, &room, "keys: a, b").await;
        server.clock.advance(Duration::from_secs(60));
        for order in ["set c c", "set d d", "keys"] {
            say(&ann.client, &room, &format!("naughty {order}")).await;
        }
        said(&ann.client, &room, "keys: b, c").await;
        let store = server.store().await;
        assert_eq!(community::plugins::queries::usage(store.reader(), "naughty").await.unwrap(), Usage { entries: 2, bytes: 4 });
        let letters = community::plugins::queries::letters(store.reader(), "naughty").await.unwrap();
        assert!(letters.len() == 2 && letters.iter().all(|letter| letter.reason.contains("limits.stored_keys")), "{letters:?}");
        server.stop().await;
    }

    async fn a_counter_lives_for_as_long_as_was_said_when_it_was_made(db) {
        let server = TestServer::start_with(db, |config| with(config, "naughty", bot("naughty_bot", &ALL))).await;
        let (ann, room) = scene(&server).await;
        present(&ann.client, &room, "naughty").await;
        say(&ann.client, &room, "naughty count-for a 60").await;
        said(&ann.client, &room, "2").await;
        server.clock.advance(Duration::from_secs(59));
        say(&ann.client, &room, "naughty get a").await;
        said(&ann.client, &room, "Some(\"2\")").await;
        server.clock.advance(Duration::from_secs(1));
        say(&ann.client, &room, "naughty get a").await;
        said(&ann.client, &room, "None").await;
        server.stop().await;
    }

    async fn a_counter_counts_numbers_only(db) {
        let server = TestServer::start_with(db, |config| with(config, "naughty", bot("naughty_bot", &ALL))).await;
        let (ann, room) = scene(&server).await;
        present(&ann.client, &room, "naughty").await;
        say(&ann.client, &room, "naughty count-word").await;
        heard(&ann.client, &room, "a refusal", |message| message["body"].as_str().unwrap().contains("is no number")).await;
        say(&ann.client, &room, "naughty count-too-far").await;
        heard(&ann.client, &room, "a refusal", |message| message["body"].as_str().unwrap().contains("too large")).await;
        server.clock.advance(Duration::from_secs(1));
        server.stop().await;
    }
}
