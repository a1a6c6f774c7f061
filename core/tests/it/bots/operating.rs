//! What operators do with bots while the server runs.

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use community::config::PluginSection;
use serde_json::json;

use super::{
    bot,
    crash::{beside, section, server},
    letters::NO_LETTERS,
    present, run, said, with,
};
use crate::{
    outbound::peer::Peer,
    plugins::support::{guest, load},
    rooms::{details, join, open_room, read, say, send},
    store::member,
    support::{Binary, Db, Sockets, TestServer, eventually},
};

/// What `community plugin list` says, and its errors.
pub async fn list(binary: &Binary) -> (String, String) {
    let output = binary.run(&["plugin", "list"], "").await;
    (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
}

/// The lines of the server's log with all of these words.
fn told(binary: &Binary, words: &[&str]) -> Vec<String> {
    let log = binary.log();
    log.lines().filter(|line| words.iter().all(|word| line.contains(word))).map(str::to_owned).collect()
}

/// Waits until the log tells something with all of these words so often, and no more: what it tells is gathered for a moment.
async fn told_times(binary: &Binary, words: &[&str], times: usize) -> Vec<String> {
    let often = || async { Some(told(binary, words)).filter(|lines| lines.len() >= times) };
    let lines = eventually("the log to tell it", often).await;
    assert_eq!(lines.len(), times, "{}", binary.log());
    lines
}

/// Asserts that the log tells an error with this reason, and tells it once.
fn told_once(binary: &Binary, reason: &str) {
    let lines = told(binary, &[reason]);
    assert!(lines.len() == 1 && lines[0].contains("ERROR"), "{reason}: {lines:?}");
}

/// How a bot is that is not as it should be.
async fn note(server: &TestServer, plugin: &str) -> String {
    let store = server.store().await;
    community::plugins::queries::notes(store.reader(), store.now()).await.unwrap().remove(plugin).unwrap()
}

db_test! {
    async fn p20_a_bot_is_replaced_switched_off_and_on_while_the_server_runs(db) {
        let binary = server(db, &section("helper", "echo_bot", &["chat-write"])).await;
        let ann = member(&binary, "Ann").await.client;
        let room = open_room(&ann, "Lobby").await;
        present(&ann, &room, "helper").await;
        say(&ann, &room, "echo one").await;
        said(&ann, &room, "echo: one").await;
        // Another component under the same id.
        fs::write(binary.folder().join("community.toml"), section("helper", "counting_bot", &["store"])).unwrap();
        assert_eq!(binary.run_well(&["plugin", "reload", "helper"], "").await, "helper: loaded\n");
        assert_eq!(run(&ann, &room, "/count").await, "0");
        // One that cannot run leaves the one before at work.
        let broken = section("helper", "counting_bot", &["store"]).replace("counting_bot", "nothing_like_that");
        fs::write(binary.folder().join("community.toml"), broken).unwrap();
        let output = binary.run(&["plugin", "reload", "helper"], "").await;
        let errors = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && errors.contains("the one before serves on") && errors.contains("cannot be read"), "{errors}");
        told_once(&binary, "nothing_like_that");
        say(&ann, &room, "count me").await;
        eventually("it is counted", || async { (run(&ann, &room, "/count").await == "1").then_some(()) }).await;
        fs::write(binary.folder().join("community.toml"), section("helper", "counting_bot", &["store"])).unwrap();
        let off = binary.run_well(&["plugin", "disable", "helper"], "").await;
        assert!(off.contains("switched off"), "{off}");
        assert_eq!(send(&ann, &room, json!({ "body": "/count" })).await.expect(200).json()["message"]["body"], "/count", "it is text now");
        let (list, errors) = list(&binary).await;
        assert!(list.contains("helper\tbot\toff: plugin `helper` is switched off: `community plugin enable helper` switches it on"), "{list}");
        assert_eq!(errors, "", "everything is said once");
        assert_eq!(binary.run_well(&["plugin", "enable", "helper"], "").await, "helper: loaded\n");
        // What was said meanwhile is not lost.
        eventually("both are counted", || async { (run(&ann, &room, "/count").await == "2").then_some(()) }).await;
        let logs = binary.run_well(&["plugin", "logs", "helper"], "").await;
        assert!(logs.contains("loaded") && logs.contains("switched off"), "{logs}");
        binary.stop().await;
    }

    async fn p18_p20_a_bot_whose_grant_is_withdrawn_is_off_once_it_is_loaded_anew(db) {
        let binary = server(db, &section("helper", "echo_bot", &["chat-write"])).await;
        let ann = member(&binary, "Ann").await.client;
        let room = open_room(&ann, "Lobby").await;
        present(&ann, &room, "helper").await;
        say(&ann, &room, "echo one").await;
        said(&ann, &room, "echo: one").await;
        // Be it that only the grant is gone, or that the file cannot be read any more as well.
        let withdrawn = section("helper", "echo_bot", &[]);
        for (number, without) in [withdrawn.clone(), withdrawn.replace("echo_bot", "nothing_like_that")].iter().enumerate() {
            fs::write(binary.folder().join("community.toml"), without).unwrap();
            let output = binary.run(&["plugin", "reload", "helper"], "").await;
            let errors = String::from_utf8(output.stderr).unwrap();
            assert!(!output.status.success() && errors.contains("not loaded: ") && !errors.contains("serves on"), "{errors}");
            let (list, _) = list(&binary).await;
            assert!(list.lines().any(|line| line.starts_with("helper\t") && line.contains("\toff: ")), "{list}");
            assert_eq!(run(&ann, &room, "/echo hello").await, "/echo hello", "it is text now");
            let unanswered = format!("meanwhile {number}");
            say(&ann, &room, &format!("echo {unanswered}")).await;
            assert!(read(&ann, &room, "").await.iter().all(|message| message["body"] != format!("echo: {unanswered}")));
            fs::write(binary.folder().join("community.toml"), section("helper", "echo_bot", &["chat-write"])).unwrap();
            assert_eq!(binary.run_well(&["plugin", "reload", "helper"], "").await, "helper: loaded\n");
            said(&ann, &room, &format!("echo: {unanswered}")).await;
        }
        binary.stop().await;
    }

    async fn p20_a_bot_that_does_not_start_leaves_the_one_before_it_at_work(db) {
        let binary = server(db, &section("helper", "echo_bot", &["chat-write"])).await;
        let ann = member(&binary, "Ann").await.client;
        let room = open_room(&ann, "Lobby").await;
        present(&ann, &room, "helper").await;
        let configured = binary.folder().join("community.toml");
        fs::write(&configured, section("helper", "failing_start_bot", &["chat-write"])).unwrap();
        let output = binary.run(&["plugin", "reload", "helper"], "").await;
        let errors = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && errors.contains("the one before serves on") && errors.contains("does not start"), "{errors}");
        told_once(&binary, "plugin `helper` does not start");
        say(&ann, &room, "echo still here").await;
        said(&ann, &room, "echo: still here").await;
        assert!(list(&binary).await.0.contains("helper\tbot\ton"), "{:?}", list(&binary).await);
        // Where there was none before, it is off, and says so until it is mended.
        let both = section("helper", "echo_bot", &["chat-write"]) + &section("failing", "failing_start_bot", &[]);
        fs::write(&configured, &both).unwrap();
        let output = binary.run(&["plugin", "reload", "failing"], "").await;
        let errors = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && errors.contains("not loaded: plugin `failing` does not start"), "{errors}");
        told_once(&binary, "plugin `failing` does not start");
        fs::write(&configured, both.replace("failing_start_bot", "counting_bot").replace("grants = []", "grants = [\"store\"]")).unwrap();
        assert_eq!(binary.run_well(&["plugin", "reload", "failing"], "").await, "failing: loaded\n");
        binary.stop().await;
    }

    async fn p20_a_bot_is_switched_off_while_it_is_at_work(db) {
        // It is asked something and never gets an answer.
        let peer = Peer::start(|stream| async move {
            std::future::pending::<()>().await;
            drop(stream);
        }).await;
        let allowed = format!("allow_hosts = [\"127.0.0.1:{}\"]\nallow_private = true\n", peer.port());
        let limits = "[plugins.naughty.limits]\nwall_clock = \"1m\"\nattempts = 1\n";
        let busy = section("naughty", "naughty_bot", &crate::bots::ALL) + &allowed + limits;
        let binary = server(db, &busy).await;
        let ann = member(&binary, "Ann").await.client;
        let room = open_room(&ann, "Lobby").await;
        present(&ann, &room, "naughty").await;
        let waits = format!("naughty http http://127.0.0.1:{}/", peer.port());
        say(&ann, &room, &waits).await;
        eventually("the bot asks", || async { (peer.requests().len() == 1).then_some(()) }).await;
        let begun = Instant::now();
        let off = binary.run_well(&["plugin", "disable", "naughty"], "").await;
        assert!(off.contains("switched off") && begun.elapsed() < Duration::from_secs(30), "{off} after {:?}", begun.elapsed());
        // Nothing came of the call, so it is told again.
        assert_eq!(binary.run_well(&["plugin", "enable", "naughty"], "").await, "naughty: loaded\n");
        eventually("the bot asks again", || async { (peer.requests().len() == 2).then_some(()) }).await;
        binary.stop().await;
    }

    async fn a_bot_is_there_while_it_runs(db) {
        let binary = server(db, &section("helper", "echo_bot", &["chat-write"])).await;
        let ann = member(&binary, "Ann").await;
        let room = open_room(&ann.client, "Lobby").await;
        present(&ann.client, &room, "helper").await;
        let helper = || async {
            let members = details(&ann.client, &room).await["members"].as_array().unwrap().clone();
            members.into_iter().find(|member| member["username"] == "helper").unwrap()
        };
        let bot = helper().await["id"].clone();
        assert_eq!(helper().await["online"], true);
        let socket = Sockets::at(binary.base_url()).await.connect(&ann).await;
        let watched = async || socket.emit("presence:watch", json!({ "roomId": room })).await.ok()["online"].as_array().unwrap().clone();
        assert!(watched().await.contains(&bot));
        binary.run_well(&["plugin", "disable", "helper"], "").await;
        assert_eq!(socket.expect("presence").await, json!({ "roomId": room, "userId": bot, "online": false }));
        assert_eq!((&helper().await["online"], watched().await), (&json!(false), vec![json!(ann.id.as_str())]));
        binary.run_well(&["plugin", "enable", "helper"], "").await;
        assert_eq!(socket.expect("presence").await, json!({ "roomId": room, "userId": bot, "online": true }));
        // One that is loaded anew was there all the time.
        binary.run_well(&["plugin", "reload", "helper"], "").await;
        assert!(helper().await["online"] == true && watched().await.contains(&bot));
        assert!(socket.received().iter().all(|received| received.event != "presence"), "nobody is told of that");
        binary.stop().await;
    }

    async fn a_bot_that_runs_and_is_connected_is_there_until_it_is_neither(db) {
        let token = "0123456789abcdef0123456789abcdef";
        let mut binary = Binary::prepare(db, &[("CHAT_BOT_TOKEN", token.to_owned())]).await;
        fs::write(binary.folder().join("community.toml"), section("helper", "echo_bot", &["chat-write"])).unwrap();
        binary.serve().await;
        let ann = member(&binary, "Ann").await;
        let room = open_room(&ann.client, "Lobby").await;
        present(&ann.client, &room, "helper").await;
        let sockets = Sockets::at(binary.base_url()).await;
        let socket = sockets.connect(&ann).await;
        let watched = async || socket.emit("presence:watch", json!({ "roomId": room })).await.ok()["online"].as_array().unwrap().len();
        assert_eq!(watched().await, 2);
        // The same bot, as programs connect it.
        let connect = async || sockets.dial().auth(json!({ "botToken": token, "botId": "helper" })).connect().await;
        let connected = connect().await;
        connected.disconnect().await;
        binary.run_well(&["plugin", "disable", "helper"], "").await;
        assert_eq!(socket.expect("presence").await["online"], false, "nobody is told before");
        assert_eq!(watched().await, 1);
        let connected = connect().await;
        assert_eq!(socket.expect("presence").await["online"], true);
        for switch in ["enable", "disable"] {
            binary.run_well(&["plugin", switch, "helper"], "").await;
            assert_eq!(watched().await, 2, "it is connected");
        }
        connected.disconnect().await;
        assert_eq!(socket.expect("presence").await["online"], false, "nobody is told before");
        assert!(socket.received().iter().all(|received| received.event != "presence"), "nobody is told twice");
        binary.stop().await;
    }

    async fn who_is_removed_from_the_shell_did_not_remove_themselves(db) {
        let binary = server(db, &section("hooks", "all_hooks_bot", &crate::bots::ALL)).await;
        let (ann, ben) = (member(&binary, "Ann").await.client, member(&binary, "Ben").await);
        let room = open_room(&ann, "Lobby").await;
        present(&ann, &room, "All Hooks").await;
        join(&ben.client, &room).await.expect(200);
        binary.run_well(&["room", "remove-member", &room, ben.id.as_str()], "").await;
        let told = eventually("the bot hears of it", || async {
            let told = run(&ann, &room, "/seen on-member").await;
            told.lines().find(|line| line.contains("\"removed\"") && line.contains(ben.id.as_str())).map(str::to_owned)
        }).await;
        assert!(told.contains("by: None"), "{told}");
        binary.stop().await;
    }

    async fn who_switches_on_what_its_section_switches_off_is_told(db) {
        let sections = section("helper", "echo_bot", &["chat-write"]).replace("dev = true", "dev = true\nenabled = false");
        let binary = server(db, &sections).await;
        binary.run_well(&["plugin", "disable", "helper"], "").await;
        let output = binary.run(&["plugin", "enable", "helper"], "").await;
        let errors = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.code() == Some(1) && errors.starts_with("community: helper stays off: its section says `enabled = false`"), "{errors}");
        // What the shell had switched off is not any more.
        fs::write(binary.folder().join("community.toml"), sections.replace("enabled = false", "")).unwrap();
        assert_eq!(binary.run_well(&["plugin", "reload", "helper"], "").await, "helper: loaded\n");
        binary.stop().await;
    }

    async fn what_a_bot_writes_into_its_log_can_be_read(db) {
        let binary = server(db, &section("naughty", "naughty_bot", &crate::bots::ALL)).await;
        let ann = member(&binary, "Ann").await.client;
        let room = open_room(&ann, "Lobby").await;
        present(&ann, &room, "naughty").await;
        say(&ann, &room, "naughty send-many 20").await;
        eventually("its line", || async {
            let logs = binary.run_well(&["plugin", "logs", "naughty"], "").await;
            logs.lines().any(|line| line.contains(" WARN  refused: Error::Limited(\"it may say 5 things a second in a room")).then_some(())
        }).await;
        binary.stop().await;
    }

    async fn who_names_a_plugin_that_nobody_knows_is_told(db) {
        let binary = server(db, &section("helper", "echo_bot", &["chat-write"])).await;
        for command in ["logs", "letters", "retry", "discard", "record", "enable", "disable", "reload", "logs"] {
            let output = binary.run(&["plugin", command, "nosuch"], "").await;
            let errors = String::from_utf8(output.stderr).unwrap();
            let told = "community: there is no plugin nosuch: the configuration has no section [plugins.nosuch]\n";
            assert!(output.status.code() == Some(1) && errors == told, "{command}: {errors}");
        }
        assert_eq!(binary.run_well(&["plugin", "letters", "helper"], "").await, NO_LETTERS);
        // What one left behind that is gone can be looked at.
        assert_eq!(binary.run_well(&["plugin", "reload", "helper"], "").await, "helper: loaded\n");
        fs::write(binary.folder().join("community.toml"), "").unwrap();
        let logs = binary.run_well(&["plugin", "logs", "helper"], "").await;
        assert!(logs.contains("loaded"), "{logs}");
        binary.stop().await;
    }

    async fn a_bot_whose_section_is_gone_is_seen_until_the_server_lets_go_of_it(db) {
        let mut binary = server(db, &section("helper", "echo_bot", &["chat-write"])).await;
        let ann = member(&binary, "Ann").await.client;
        let room = open_room(&ann, "Lobby").await;
        present(&ann, &room, "helper").await;
        let mine = async |binary: &Binary| list(binary).await.0.lines().find(|line| line.starts_with("helper\t")).map(str::to_owned);
        assert!(!mine(&binary).await.unwrap().contains("its section is gone"));
        fs::write(binary.folder().join("community.toml"), "").unwrap();
        let line = "helper\tbot\ton: the server has it still, though its section is gone; `community plugin reload helper` lets go of it";
        assert_eq!(mine(&binary).await.as_deref(), Some(line));
        say(&ann, &room, "echo one").await;
        said(&ann, &room, "echo: one").await;
        let gone = binary.run_well(&["plugin", "reload", "helper"], "").await;
        assert_eq!(gone, "helper: not in the configuration any more: gone\n");
        assert_eq!(mine(&binary).await, None);
        let members = details(&ann, &room).await["members"].as_array().unwrap().clone();
        assert!(members.iter().any(|member| member["username"] == "helper" && member["online"] == false), "{members:?}");
        // On PostgreSQL another server might have it, until its lease has run out.
        if db == Db::Sqlite {
            fs::write(binary.folder().join("community.toml"), section("helper", "echo_bot", &["chat-write"])).unwrap();
            assert_eq!(binary.run_well(&["plugin", "reload", "helper"], "").await, "helper: loaded\n");
            binary.kill();
            fs::write(binary.folder().join("community.toml"), "").unwrap();
            assert_eq!(mine(&binary).await, None, "no server has it");
            binary.serve().await;
            assert_eq!(mine(&binary).await, None, "the next one has not");
        }
        binary.stop().await;
    }

    async fn who_wants_the_events_of_what_is_no_bot_is_told(db) {
        let faulty = "[plugins.discord]\n[plugins.discord.settings]\nscopes = \"identify\"\n";
        let binary = server(db, &(section("helper", "echo_bot", &["chat-write"]) + faulty)).await;
        // With a section and without, on and off.
        for id in ["email", "discord", "reddit"] {
            let output = binary.run(&["plugin", "record", id], "").await;
            let errors = String::from_utf8(output.stderr).unwrap();
            let told = format!("community: plugin `{id}` is no bot: nobody tells it anything\n");
            assert!(output.status.code() == Some(1) && errors.ends_with(&told), "{id}: {errors}");
        }
        let none = binary.run(&["plugin", "record", "helper", "--events", "0"], "").await;
        let errors = String::from_utf8(none.stderr).unwrap();
        assert!(!none.status.success() && errors.contains("invalid value '0' for '--events <EVENTS>'"), "{errors}");
        binary.stop().await;
    }

    async fn what_was_switched_off_on_purpose_is_no_error_and_told_once(db) {
        let off = section("other", "echo_bot", &[]) + "enabled = false\n";
        let mut binary = server(db, &(section("helper", "echo_bot", &["chat-write"]) + &off)).await;
        let disabled = binary.run_well(&["plugin", "disable", "helper"], "").await;
        assert_eq!(disabled, "helper: switched off: `community plugin enable helper` switches it on\n");
        told_times(&binary, &["switched off", "helper"], 1).await;
        let reloaded = binary.run_well(&["plugin", "reload", "other"], "").await;
        assert_eq!(reloaded, "other: switched off: set `enabled = true` in its section to use it\n");
        // When it is loaded anew, as when the server started.
        told_times(&binary, &["switched off", "other"], 2).await;
        binary.kill();
        binary.serve().await;
        let all = [
            told_times(&binary, &["switched off", "helper"], 2).await,
            told_times(&binary, &["switched off", "other"], 3).await,
        ];
        assert!(all.concat().iter().all(|line| line.contains("INFO")), "{all:?}");
        binary.stop().await;
    }

    async fn a_bot_that_does_not_start_says_why(db) {
        let server = TestServer::start_with(db, |config| with(config, "failing", bot("failing_start_bot", &[]))).await;
        let note = note(&server, "failing").await;
        assert!(note.starts_with("plugin `failing` does not start: "), "{note}");
        server.stop().await;
    }

    async fn a_bot_cannot_take_the_name_of_a_person(db) {
        let mut server = TestServer::start(db).await;
        server.member("Echo").await;
        with(&mut server.config, "echo", bot("echo_bot", &["chat-write"]));
        server.restart().await;
        let note = note(&server, "echo").await;
        assert!(note.contains("Somebody is called \"echo\" already"), "{note}");
        server.stop().await;
    }
}

#[tokio::test]
async fn p18_p21_a_bot_from_a_file_needs_its_checksum_and_its_grants() {
    let file = guest("echo_bot").canonicalize().unwrap();
    let folder = file.parent().unwrap();
    // Both are there, and reached by ways that lead out of the folder of the bots.
    let around = folder.join("..").join(folder.file_name().unwrap()).join(file.file_name().unwrap());
    let elsewhere = folder.components().skip(1).fold(folder.to_owned(), |path, _| path.join("..")).join("etc/passwd");
    assert!(around.is_file() && elsewhere.is_file());
    let echo = |dev, path: &Path| {
        let component = Some(path.display().to_string());
        PluginSection { dev, component, ..bot("echo_bot", &["chat-write"]) }
    };
    let refused = [
        ("unpinned", echo(false, &file), "has no checksum: "),
        ("around", echo(false, &around), "has no checksum: "),
        ("elsewhere", echo(true, &elsewhere), "is not WebAssembly: "),
        ("ungranted", bot("echo_bot", &[]), "which it is not granted: add \"chat-write\" to its `grants`"),
    ];
    let status = load(refused.iter().map(|(id, section, _)| (*id, section.clone()))).await.status();
    for (id, _, why) in &refused {
        let told = status.iter().find(|status| status.id == *id).unwrap();
        let reason = told.reason.as_deref().unwrap_or_default();
        assert!(!told.on && reason.starts_with(&format!("plugin `{id}` ")) && reason.contains(why), "{told:?}");
    }
    // With the line that the reason names it runs.
    let unpinned = status.iter().find(|status| status.id == "unpinned").unwrap().reason.as_deref().unwrap();
    let sha256 = unpinned.split('"').nth(1).map(str::to_owned);
    let status = load([("pinned", PluginSection { sha256, ..echo(false, &file) })]).await.status();
    assert!(status.iter().any(|status| status.id == "pinned" && status.on), "{status:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_is_known_in_every_process_of_a_community() {
    let sections = section("helper", "echo_bot", &["chat-write"]);
    let one = server(Db::Postgres, &sections).await;
    let other = beside(&one, &sections).await;
    let ann = member(&one, "Ann").await.client;
    let room = open_room(&ann, "Lobby").await;
    // Only the one that serves the bot hears of the room by itself.
    present(&ann, &room, "helper").await;
    let there = other.client();
    ann.cookies().iter().for_each(|(name, value)| there.set_cookie(name, value));
    for client in [&ann, &there] {
        eventually("it is known here", || async {
            let answer = send(client, &room, json!({ "body": "/echo hello" })).await.json();
            (answer["command"]["name"] == "echo").then_some(())
        })
        .await;
    }
    other.stop().await;
    one.stop().await;
}
