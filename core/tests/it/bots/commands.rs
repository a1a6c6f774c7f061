//! What people type after a slash.

use community::config::{Rate, Secret};
use serde_json::json;

use super::{ALL, bot, present, run, said, scene, with};
use crate::{
    rooms::{join, open_room, read, say, send},
    support::{Sockets, TestServer, eventually},
};

db_test! {
    async fn a_command_answers_who_typed_it_or_everybody(db) {
        let server = TestServer::start_with(db, |config| with(config, "echo", bot("echo_bot", &["chat-write"]))).await;
        let (ann, room) = scene(&server).await;
        present(&ann.client, &room, "echo").await;
        let private = send(&ann.client, &room, json!({ "body": "/echo just me" })).await.expect(200).json();
        assert_eq!((&private["message"]["body"], &private["message"]["seq"], &private["message"]["isBot"]), (&json!("just me"), &json!(0), &json!(true)));
        assert_eq!((&private["command"]["name"], &private["command"]["audience"]), (&json!("echo"), &json!("caller")));
        assert_eq!(private["command"]["botId"], private["message"]["authorId"]);
        let public = send(&ann.client, &room, json!({ "body": "/shout all of you" })).await.expect(200).json();
        assert_eq!((&public["message"]["seq"], &public["command"]["audience"]), (&json!(2), &json!("room")));
        let bodies: Vec<_> = read(&ann.client, &room, "").await.into_iter().map(|message| message["body"].clone()).collect();
        assert_eq!(bodies, [json!("is anybody there?"), json!("all of you")], "neither the command nor the private answer is stored");
        server.stop().await;
    }

    async fn a_command_that_is_none_is_told_apart_from_text(db) {
        let server = TestServer::start_with(db, |config| with(config, "echo", bot("echo_bot", &["chat-write"]))).await;
        let (ann, room) = scene(&server).await;
        say(&ann.client, &room, "/shout before a bot is here this is text").await;
        present(&ann.client, &room, "echo").await;
        let unknown = send(&ann.client, &room, json!({ "body": "/shuot x" })).await;
        unknown.expect_error(400, "unknown_command");
        let sentence = send(&ann.client, &room, json!({ "body": "/shuot x" })).await.json()["error"].as_str().unwrap().to_owned();
        assert!(sentence.contains("Did you mean /shout?") && sentence.contains("two slashes"), "{sentence}");
        assert_eq!(say(&ann.client, &room, "//shuot x").await["body"], "/shuot x");
        assert_eq!(say(&ann.client, &room, "/usr/bin/env").await["body"], "/usr/bin/env");
        send(&ann.client, &room, json!({ "body": "/echo" })).await.expect_error(400, "invalid_arguments");
        let ben = server.member("Ben").await;
        send(&ben.client, &room, json!({ "body": "/echo hello" })).await.expect_error(404, "not_found");
        server.stop().await;
    }

    async fn of_two_slashes_one_is_said_in_every_room(db) {
        let server = TestServer::start_with(db, |config| {
            let mut section = bot("echo_bot", &["chat-write"]);
            section.rooms = serde_json::from_str("\"invited\"").unwrap();
            with(config, "echo", section);
        }).await;
        let (ann, with_bot) = scene(&server).await;
        let handle = community::bots::model::Handle::parse("echo").unwrap();
        let echo = community::bots::queries::by_handle(server.store().await.reader(), &handle).await.unwrap().unwrap();
        crate::rooms::invite(&ann.client, &with_bot, echo.id.as_str()).await.expect(200);
        let without = open_room(&ann.client, "Without bots").await;
        let socket = Sockets::at(server.url()).await.connect(&ann).await;
        // Until it is there, the text is no command.
        eventually("the bot comes", || async { (run(&ann.client, &with_bot, "/echo hello").await == "hello").then_some(()) }).await;
        for room in [&with_bot, &without] {
            for (typed, said) in [("//echo hello", "/echo hello"), ("//", "/"), ("///echo", "//echo")] {
                assert_eq!(say(&ann.client, room, typed).await["body"], said, "over REST");
                let ack = socket.emit("message:send", json!({ "roomId": room, "body": typed })).await.ok();
                assert!(ack["message"]["body"] == said && ack["command"].is_null(), "over the socket: {ack}");
            }
        }
        server.stop().await;
    }

    async fn what_a_bot_from_outside_writes_is_said_as_it_is(db) {
        let token = "0123456789abcdef0123456789abcdef";
        let server = TestServer::start_with(db, |config| {
            config.chat.bot_token = Some(Secret::new(token));
            with(config, "echo", bot("echo_bot", &["chat-write"]));
        }).await;
        let (ann, room) = scene(&server).await;
        present(&ann.client, &room, "echo").await;
        let client = server.client();
        let post = |path: &str| client.call("POST", &format!("/api/rooms/{room}/{path}")).header("authorization", format!("Bearer {token}"));
        post("join").send().await.expect(200);
        let socket = Sockets::at(server.url()).await.bot(token).await;
        for text in ["//echo hello", "/echo hello", "//", "// a comment"] {
            let new = json!({ "roomId": room, "body": text });
            let said = post("messages").json(&json!({ "body": text })).send().await.expect(200).json();
            assert!(said["message"]["body"] == text && said["command"].is_null(), "over REST: {said}");
            let said = socket.emit("message:send", new).await.ok();
            assert!(said["message"]["body"] == text && said["command"].is_null(), "over the socket: {said}");
        }
        server.stop().await;
    }

    async fn arguments_are_typed_and_members_found(db) {
        let server = TestServer::start_with(db, |config| with(config, "hooks", bot("all_hooks_bot", &ALL))).await;
        let (ann, room) = scene(&server).await;
        present(&ann.client, &room, "All Hooks").await;
        let ben = server.member("Ben").await;
        join(&ben.client, &room).await.expect(200);
        // Whatever way a name is written in.
        let arger = server.member("\u{c4}rger").await;
        join(&arger.client, &room).await.expect(200);
        assert!(run(&ann.client, &room, "/paint red 1 no \u{e4}RGER").await.contains(arger.id.as_str()));
        let answer = run(&ann.client, &room, "/paint \"sea green\" 2.5 yes ben").await;
        for part in ["sea green", "2.5", "true", ben.id.as_str(), "Ann", "owner", "Lobby"] {
            assert!(answer.contains(part), "{part} is missing in {answer}");
        }
        assert!(run(&ann.client, &room, "/bounded 9").await.contains("Integer(9)"));
        for (wrong, sentence) in [
            ("/paint red many", "times must be a number"),
            ("/paint red 1 maybe", "loud must be yes or no"),
            ("/paint red 1 no Zoe", "Nobody here is called Zoe."),
            ("/paint", "colour is missing"),
            ("/size xl", "size must be one of s, m, l"),
            ("/bounded 2.5", "number must be a whole number"),
            ("/bounded 0", "number must be at least 1"),
            ("/bounded 10", "number must be at most 9"),
        ] {
            let answer = send(&ann.client, &room, json!({ "body": wrong })).await;
            assert_eq!(answer.status, 400, "{wrong}");
            assert!(answer.json()["error"].as_str().unwrap().contains(sentence), "{:?}", answer.json());
        }
        server.stop().await;
    }

    async fn a_command_that_is_sent_again_is_known_by_its_id(db) {
        let server = TestServer::start_with(db, |config| with(config, "hooks", bot("all_hooks_bot", &ALL))).await;
        let (ann, room) = scene(&server).await;
        present(&ann.client, &room, "All Hooks").await;
        let first = say(&ann.client, &room, "What colour?").await["id"].clone();
        let paint = async |client_id: Option<&str>| {
            let new = json!({ "body": "/paint red", "clientId": client_id, "replyTo": first });
            let answer = send(&ann.client, &room, new).await.expect(200).json()["message"]["body"].as_str().unwrap().to_owned();
            assert!(answer.contains(&format!("reply-to: Some({first})")), "{answer}");
            let (_, id) = answer.split_once("id: \"c-").unwrap();
            id[..22].to_owned()
        };
        let (one, again) = (paint(Some("x")).await, paint(Some("x")).await);
        let others = [paint(Some("y")).await, paint(None).await, paint(None).await];
        assert!(one == again && others.iter().all(|other| *other != one) && others[1] != others[2], "{one} {again} {others:?}");
        server.stop().await;
    }

    async fn what_a_command_said_in_the_room_comes_back(db) {
        let server = TestServer::start_with(db, |config| with(config, "echo", bot("echo_bot", &["chat-write"]))).await;
        let (ann, room) = scene(&server).await;
        present(&ann.client, &room, "echo").await;
        let shout = json!({ "body": "/shout hello", "clientId": "s-1" });
        let answers = [send(&ann.client, &room, shout.clone()).await.expect(200).json(), send(&ann.client, &room, shout).await.expect(200).json()];
        assert_eq!((&answers[0]["message"]["id"], &answers[0]["command"]), (&answers[1]["message"]["id"], &answers[1]["command"]));
        let other = send(&ann.client, &room, json!({ "body": "/shout hello", "clientId": "s-2" })).await.expect(200).json();
        assert_ne!(other["message"]["id"], answers[0]["message"]["id"]);
        assert_eq!(read(&ann.client, &room, "").await.len(), 3);
        server.stop().await;
    }

    async fn p17_a_bot_that_breaks_down_while_somebody_types_is_suspended(db) {
        let server = TestServer::start_with(db, |config| {
            config.limits.suggestions = Rate::UNLIMITED;
            with(config, "naughty", bot("naughty_bot", &ALL));
        }).await;
        let (ann, room) = scene(&server).await;
        present(&ann.client, &room, "naughty").await;
        let suggest = async |typed: &str| {
            let path = format!("/api/commands/suggestions?roomId={room}&command=naughty&parameter=mode&typed={typed}");
            ann.client.get(&path).await.expect(200).json()["choices"].as_array().unwrap().len()
        };
        // Where the machine is busy, the half second that a suggestion may take is over before the bot has its turn.
        eventually("a suggestion", || async { (suggest("send%20what%20nobody%20asked%20for").await == 1).then_some(()) }).await;
        let refused = eventually("it is suspended", || async {
            assert_eq!(suggest("trap").await, 0);
            let answer = send(&ann.client, &room, json!({ "body": "/naughty well" })).await;
            (answer.status != 200).then_some(answer)
        }).await;
        refused.expect_error(503, "bot_suspended");
        assert_eq!(suggest("well").await, 0);
        assert_eq!(read(&ann.client, &room, "").await.len(), 1, "nothing of it was said");
        server.stop().await;
    }

    async fn clients_learn_of_commands_and_what_suggests_itself(db) {
        let server = TestServer::start_with(db, |config| {
            with(config, "echo", bot("echo_bot", &["chat-write"]));
            let mut section = bot("all_hooks_bot", &ALL);
            section.limits.breakdowns = 1000;
            with(config, "hooks", section);
        }).await;
        let (ann, room) = scene(&server).await;
        present(&ann.client, &room, "All Hooks").await;
        present(&ann.client, &room, "echo").await;
        let commands = ann.client.get(&format!("/api/commands?roomId={room}")).await.expect(200).json();
        let echo = commands["commands"].as_array().unwrap().iter().find(|command| command["name"] == "echo").unwrap().clone();
        assert_eq!((&echo["botName"], &echo["usage"], &echo["parameters"][0]["kind"]), (&json!("echo"), &json!("/echo <text>"), &json!("text")));
        assert_eq!(ann.client.get("/api/commands").await.expect(200).json(), commands);
        let suggest = async |command: &str, parameter: &str, typed: &str| {
            ann.client.get(&format!("/api/commands/suggestions?roomId={room}&command={command}&parameter={parameter}&typed={typed}")).await
        };
        // Where the machine is busy, the half second that a suggestion may take is over before the bot has its turn.
        eventually("both colours", || async {
            let choices = suggest("paint", "colour", "g").await.expect(200).json();
            (choices["choices"].as_array().unwrap().len() == 2).then_some(())
        }).await;
        assert_eq!(suggest("size", "size", "L").await.expect(200).json()["choices"][0]["value"], "l");
        suggest("paint", "nothing", "").await.expect_error(404, "not_found");
        let ben = server.member("Ben").await;
        ben.client.get(&format!("/api/commands?roomId={room}")).await.expect_error(404, "not_found");
        server.client().get("/api/commands").await.expect_error(401, "login_required");
        server.stop().await;
    }

    async fn who_types_asks_for_suggestions_in_moderation(db) {
        let server = TestServer::start_with(db, |config| {
            config.limits.suggestions = Rate::within(3, 1);
            with(config, "hooks", bot("all_hooks_bot", &ALL));
        }).await;
        let (ann, room) = scene(&server).await;
        present(&ann.client, &room, "All Hooks").await;
        let path = format!("/api/commands/suggestions?roomId={room}&command=size&parameter=size&typed=");
        for _ in 0..3 {
            assert_eq!(ann.client.get(&path).await.expect(200).json()["choices"].as_array().unwrap().len(), 3);
        }
        let refused = ann.client.get(&path).await.expect_error(429, "rate_limited");
        assert_eq!(refused["retryAfter"], 1);
        // Others have a limit of their own, and the time passes.
        let ben = server.member("Ben").await;
        join(&ben.client, &room).await.expect(200);
        ben.client.get(&path).await.expect(200);
        server.clock.advance(std::time::Duration::from_secs(1));
        ann.client.get(&path).await.expect(200);
        server.stop().await;
    }

    async fn commands_run_over_sockets_as_well(db) {
        let server = TestServer::start_with(db, |config| with(config, "echo", bot("echo_bot", &["chat-write"]))).await;
        let (ann, room) = scene(&server).await;
        present(&ann.client, &room, "echo").await;
        let socket = Sockets::at(server.url()).await.connect(&ann).await;
        let ack = socket.emit("message:send", json!({ "roomId": room, "body": "/shout over the socket" })).await.ok();
        assert_eq!((&ack["message"]["body"], &ack["command"]["audience"]), (&json!("over the socket"), &json!("room")));
        said(&ann.client, &room, "over the socket").await;
        server.stop().await;
    }

    async fn a_command_that_fails_leaves_nothing_behind(db) {
        let server = TestServer::start_with(db, |config| {
            let mut section = bot("naughty_bot", &ALL);
            section.limits.breakdowns = 100;
            with(config, "naughty", section);
        }).await;
        let (ann, room) = scene(&server).await;
        present(&ann.client, &room, "naughty").await;
        let other = open_room(&ann.client, "Elsewhere").await;
        send(&ann.client, &room, json!({ "body": "/naughty error" })).await.expect_error(409, "command_failed");
        for trap in ["send-then-trap", "send-then-loop", "panic", "memory", "recursion", "answer-huge"] {
            send(&ann.client, &room, json!({ "body": format!("/naughty {trap}") })).await.expect_error(503, "bot_failed");
        }
        send(&ann.client, &room, json!({ "body": "/naughty send-then-error" })).await.expect_error(409, "command_failed");
        send(&ann.client, &room, json!({ "body": "/naughty answer-empty" })).await.expect_error(409, "command_failed");
        assert_eq!(run(&ann.client, &room, "/naughty answer-nothing").await, "/naughty answer-nothing", "what was typed is shown instead");
        assert_eq!(run(&ann.client, &room, "/naughty well").await, "done: well");
        assert_eq!(read(&ann.client, &room, "").await.len(), 1, "none of it was said");
        assert!(read(&ann.client, &other, "").await.is_empty());
        server.stop().await;
    }
}
