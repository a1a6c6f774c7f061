//! What a bot could not deal with is put aside, and what operators do with it.

use std::fs;

use sea_orm::ConnectionTrait;
use serde_json::json;

use super::{
    crash::{section, server},
    operating::list,
    present, said,
};
use crate::{
    rooms::{open_room, say},
    store::member,
    support::eventually,
};

/// What `community plugin letters` says when there are none.
pub const NO_LETTERS: &str = "no letters\n";

db_test! {
    async fn there_are_so_many_letters_and_all_can_be_read(db) {
        let mut limits = section("naughty", "naughty_bot", &crate::bots::ALL);
        limits.push_str("[plugins.naughty.limits]\nattempts = 1\n");
        let binary = server(db, &limits).await;
        let ann = member(&binary, "Ann").await.client;
        let room = open_room(&ann, "Lobby").await;
        present(&ann, &room, "naughty").await;
        let store = binary.database().connect().await;
        let old: Vec<String> = (0..1000).map(|number| format!("('pl-{number:026}', 'naughty', '{{}}', 'long ago', 1, '2026', FALSE)")).collect();
        let insert = format!("INSERT INTO plugin_letters (id, plugin, what, reason, attempts, created_at, replay) VALUES {}", old.join(", "));
        store.execute_unprepared(&insert).await.unwrap();
        let first = binary.run_well(&["plugin", "letters", "naughty"], "").await;
        let more = format!("900 more: community plugin letters naughty --after pl-{:026}\n", 99);
        assert!(first.lines().count() == 101 && first.ends_with(&more), "{first}");
        let rest = binary.run_well(&["plugin", "letters", "naughty", "--after", &format!("pl-{:026}", 950)], "").await;
        assert!(rest.lines().count() == 49 && !rest.contains(" more: "), "{rest}");
        let last = format!("pl-{:026}", 999);
        let none = binary.run_well(&["plugin", "letters", "naughty", "--after", &last], "").await;
        assert_eq!(none, format!("no letters after {last}\n"));
        say(&ann, &room, "naughty error").await;
        eventually("the oldest goes", || async {
            let letters = binary.run_well(&["plugin", "letters", "naughty"], "").await;
            letters.starts_with(&format!("pl-{:026}\t", 1)).then_some(())
        }).await;
        binary.stop().await;
    }

    async fn what_was_put_aside_is_told_again_when_the_operator_wants_it(db) {
        let mut limits = section("naughty", "naughty_bot", &["chat-write"]);
        limits.push_str("[plugins.naughty.limits]\nattempts = 2\n");
        let wrong = limits.clone();
        let binary = server(db, &wrong.replace("[\"chat-write\"]", "[]")).await;
        let (off, errors) = list(&binary).await;
        assert!(off.contains("naughty\tplugin\toff: ") && off.contains("which it is not granted") && errors.is_empty(), "{off}{errors}");
        assert!(!off.lines().any(|line| line.starts_with("naughty") && line.contains("may:")), "nobody has looked: {off}");
        let grants = json!(crate::bots::ALL);
        fs::write(binary.folder().join("community.toml"), limits.replace("[\"chat-write\"]", &grants.to_string())).unwrap();
        assert_eq!(binary.run_well(&["plugin", "reload", "naughty"], "").await, "naughty: loaded\n");
        let ann = member(&binary, "Ann").await.client;
        let room = open_room(&ann, "Lobby").await;
        present(&ann, &room, "naughty").await;
        say(&ann, &room, "naughty error").await;
        let letters = eventually("it is put aside", || async {
            Some(binary.run_well(&["plugin", "letters", "naughty"], "").await).filter(|letters| letters != NO_LETTERS)
        }).await;
        assert!(letters.contains("2 attempts\tas you wish\te-") && letters.ends_with(": Ann said in Lobby: naughty error\n"), "{letters}");
        let told = "1 event was put aside, since the bot could not deal with that: `community plugin letters naughty` tells why";
        assert!(list(&binary).await.0.contains(&format!("naughty\twarning: {told}\n")), "{:?}", list(&binary).await);
        let doctor = String::from_utf8(binary.run(&["doctor"], "").await.stdout).unwrap();
        let line = doctor.lines().find(|line| line.contains("put aside")).unwrap_or_default();
        assert!(line.starts_with("warning  plugin naughty ") && line.ends_with(told), "{doctor}");
        let first = letters.split('\t').next().unwrap().to_owned();
        assert_eq!(binary.run_well(&["plugin", "retry", "naughty"], "").await, "1 to be told again\n");
        // It fails as before, and is put aside anew.
        eventually("another letter", || async {
            let letters = binary.run_well(&["plugin", "letters", "naughty"], "").await;
            (letters != NO_LETTERS && !letters.contains(&first) && letters.contains("4 attempts\tas you wish")).then_some(())
        }).await;
        assert_eq!(binary.run_well(&["plugin", "discard", "naughty"], "").await, "1 thrown away\n");
        assert_eq!(binary.run_well(&["plugin", "letters", "naughty"], "").await, NO_LETTERS);
        binary.stop().await;
    }

    async fn what_the_new_version_is_not_called_for_stays_aside(db) {
        let binary = server(db, &(section("helper", "naughty_bot", &crate::bots::ALL) + "[plugins.helper.limits]\nattempts = 1\n")).await;
        let ann = member(&binary, "Ann").await.client;
        let room = open_room(&ann, "Lobby").await;
        present(&ann, &room, "helper").await;
        say(&ann, &room, "naughty error").await;
        let letters = async || binary.run_well(&["plugin", "letters", "helper"], "").await;
        let before = eventually("it is put aside", || async { Some(letters().await).filter(|letters| letters != NO_LETTERS) }).await;
        // This one hears nothing of what is said.
        fs::write(binary.folder().join("community.toml"), "[plugins.helper]\ncomponent = \"bundled:moderator\"\nrooms = \"all\"\n").unwrap();
        assert_eq!(binary.run_well(&["plugin", "reload", "helper"], "").await, "helper: loaded\n");
        assert_eq!(binary.run_well(&["plugin", "retry", "helper"], "").await, "1 to be told again\n");
        let left = eventually("it is left where it is", || async {
            let logs = binary.run_well(&["plugin", "logs", "helper"], "").await;
            logs.lines().find(|line| line.contains("is not told again")).map(str::to_owned)
        }).await;
        let id = before.split('\t').next().unwrap();
        assert!(left.contains(&format!("letter {id} ")) && left.contains("does not export `on-message`"), "{left}");
        assert_eq!(letters().await, before);
        let logs = binary.run_well(&["plugin", "logs", "helper"], "").await;
        assert!(!logs.contains("broke down"), "it is no breakdown: {logs}");
        binary.stop().await;
    }

    async fn what_was_put_aside_happens_once_its_cause_is_mended(db) {
        let mended = section("helper", "echo_bot", &["chat-write"]);
        let binary = server(db, &(mended.clone() + "[plugins.helper.limits]\nattempts = 1\neffects = 0\n")).await;
        let ann = member(&binary, "Ann").await.client;
        let room = open_room(&ann, "Lobby").await;
        present(&ann, &room, "helper").await;
        let question = say(&ann, &room, "echo hello").await;
        eventually("it is put aside", || async {
            let letters = binary.run_well(&["plugin", "letters", "helper"], "").await;
            letters.contains("a call may cause 0 things (limits.effects)").then_some(())
        }).await;
        fs::write(binary.folder().join("community.toml"), mended).unwrap();
        assert_eq!(binary.run_well(&["plugin", "reload", "helper"], "").await, "helper: loaded\n");
        assert_eq!(binary.run_well(&["plugin", "retry", "helper"], "").await, "1 to be told again\n");
        assert_eq!(said(&ann, &room, "echo: hello").await["replyTo"], question["id"]);
        assert_eq!(binary.run_well(&["plugin", "letters", "helper"], "").await, NO_LETTERS, "it is done with");
        binary.stop().await;
    }
}
