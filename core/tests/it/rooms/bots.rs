//! Bots from outside: the token of the configuration, tokens of their own, and what they may not do.

use std::sync::{Arc, Mutex};

use community::{
    actor::{Actor, Role},
    bots::{
        actions::{delete, found_or_made},
        events::Revoked,
        model::{Ability, BotName, Handle, Rights},
    },
    config::Secret,
    error::Result,
    ids::{BotId, MemberId, RoomId, UserId},
    rooms::{
        actions::{Create, Join, create, join, let_deleted_bots_leave},
        model::{Access, RoomName},
        queries::rooms_of,
    },
    store::Tx,
};
use futures_util::future::BoxFuture;
use sea_orm::{ConnectionTrait, Statement};
use serde_json::{Value, json};

use super::{NOWHERE, closed_room, details, events, id, invite, leave, members, open_room, roles, say};
use crate::support::{Answer, Binary, Client, Db, Sockets, TestServer, eventually};

const TOKEN: &str = "a-token-of-the-configuration-0123456789";

/// Somebody who presents a token.
struct Bearer {
    client: Client,
    token: String,
}

impl Bearer {
    fn new(client: Client, token: &str) -> Self {
        Self { client, token: token.to_owned() }
    }

    async fn call(&self, method: &str, path: &str, body: Option<Value>) -> Answer {
        let call = self.client.call(method, path).header("authorization", format!("Bearer {}", self.token));
        match body {
            Some(body) => call.json(&body).send().await,
            None => call.send().await,
        }
    }

    async fn get(&self, path: &str) -> Answer {
        self.call("GET", path, None).await
    }

    async fn post(&self, path: &str, body: Value) -> Answer {
        self.call("POST", path, Some(body)).await
    }
}

fn with_token(config: &mut community::config::Config) {
    config.chat.bot_token = Some(Secret::new(TOKEN));
}

/// Makes many rooms of somebody's and a bot that enters every one of them.
fn bot_in_many_rooms<'a>(tx: &'a mut Tx, owner: &'a UserId) -> BoxFuture<'a, Result<(Actor, Vec<RoomId>)>> {
    Box::pin(async move {
        let id = found_or_made(tx, &Handle::parse("helper")?, &BotName::parse("Helper")?).await?.id;
        let bot = Actor::Bot { id, rights: Rights::of_plugin(vec![Ability::Read], None, true) };
        let (owner, name) = (Actor::User { id: owner.clone(), role: Role::User }, RoomName::parse("One of many")?);
        let one = Create { actor: owner, name, access: Access::Open, max_memberships: u32::MAX };
        let mut rooms = Vec::new();
        for _ in 0..120 {
            let room = create(tx, &one).await?;
            join(tx, &Join { actor: bot.clone(), room: room.clone(), max_memberships: u32::MAX }).await?;
            rooms.push(room);
        }
        Ok((bot, rooms))
    })
}

/// Deletes a bot and lets it leave some of its rooms, before anybody else can. Whether there are more, and those that it is still in.
fn deleted_and_leaving<'a>(tx: &'a mut Tx, bot: &'a BotId) -> BoxFuture<'a, Result<(bool, Vec<RoomId>)>> {
    Box::pin(async move {
        delete(tx, bot).await?;
        let more = let_deleted_bots_leave(tx).await?;
        Ok((more, rooms_of(tx.conn(), &MemberId::Bot(bot.clone())).await?))
    })
}

/// The ids that a command printed: of the bot and of its token, and the secret.
fn created(output: &str) -> (String, String, String) {
    let lines: Vec<&str> = output.lines().collect();
    let first = |line: &str| line.trim().split('\t').next().unwrap().to_owned();
    (first(lines[0]), first(lines[1]), lines[2].to_owned())
}

db_test! {
    async fn the_bot_of_the_configuration_joins_any_room_and_stays(db) {
        let server = TestServer::start_with(db, with_token).await;
        let ann = server.member("Ann").await.client;
        let (open, closed) = (open_room(&ann, "Lobby").await, closed_room(&ann, "Secret").await);
        let bot = Bearer::new(server.client(), TOKEN);
        let all = bot.get("/api/rooms").await.expect(200).json();
        assert_eq!((all["rooms"].as_array().unwrap().len(), &all["rooms"][0]["role"]), (2, &json!(null)));
        bot.get(&format!("/api/rooms/{closed}")).await.expect_error(404, "not_found");
        for room in [&open, &closed] {
            bot.call("POST", &format!("/api/rooms/{room}/join"), None).await.expect(200);
            let message = bot.post(&format!("/api/rooms/{room}/messages"), json!({ "body": "Hello" })).await.expect(200).json()["message"].clone();
            assert_eq!((&message["authorName"], &message["isBot"]), (&json!("OpenClaw"), &json!(true)));
            assert!(message["authorId"].as_str().unwrap().starts_with("bot-"));
            assert_eq!(members(&ann, room).await, roles(&[("Ann", "owner"), ("OpenClaw", "member")]));
        }
        let seen = details(&ann, &closed).await;
        assert_eq!((&seen["members"][1]["isBot"], &seen["unread"], &seen["messages"][0]["isBot"]), (&json!(true), &json!(1), &json!(true)));
        // A bot is no person: no rooms of its own, no posts, no sessions.
        let refused = bot.post("/api/rooms", json!({ "name": "Mine" })).await.expect_error(403, "forbidden");
        assert_eq!(refused["error"], "Bots cannot open rooms; people do, and invite them.");
        Bearer::new(server.client(), "x").post("/api/rooms", json!({ "name": "Mine" })).await.expect_error(401, "invalid_bot_token");
        bot.post("/api/posts", json!({ "title": "Mine" })).await.expect_error(401, "login_required");
        bot.get("/api/me").await.expect_error(401, "login_required");
        server.stop().await;
    }

    async fn s05_wrong_tokens_are_refused_and_counted(db) {
        let server = TestServer::start_with(db, with_token).await;
        let long = "x".repeat(2000);
        let wrong = ["x", &TOKEN[..TOKEN.len() - 1], &format!("{TOKEN}x"), &long];
        for token in wrong {
            Bearer::new(server.client(), token).get("/api/rooms").await.expect_error(401, "invalid_bot_token");
        }
        // The next ones have to wait, but not whoever has a token that cannot be guessed.
        let refused = Bearer::new(server.client(), "y").get("/api/rooms").await.expect_error(401, "invalid_bot_token");
        assert_eq!(refused["ok"], false);
        let wait = Bearer::new(server.client(), "x").get("/api/rooms").await.expect_error(429, "rate_limited");
        Bearer::new(server.client(), TOKEN).get("/api/rooms").await.expect(200);
        server.clock.advance(std::time::Duration::from_secs(wait["retryAfter"].as_u64().unwrap()));
        Bearer::new(server.client(), "x").get("/api/rooms").await.expect_error(401, "invalid_bot_token");
        // Other schemes are not for us; nobody is signed in then.
        for header in ["Basic eDp5", "Bearer", TOKEN] {
            server.client().call("GET", "/api/rooms").header("authorization", header).send().await.expect_error(401, "login_required");
        }
        server.stop().await;
    }

    async fn s05_a_short_token_waits_like_those_who_guess(db) {
        let server = TestServer::start_with(db, |config| config.chat.bot_token = Some(Secret::new("short"))).await;
        for guess in 0..5 {
            Bearer::new(server.client(), &format!("{guess}")).get("/api/rooms").await.expect_error(401, "invalid_bot_token");
        }
        let wait = Bearer::new(server.client(), "short").get("/api/rooms").await.expect_error(429, "rate_limited");
        server.clock.advance(std::time::Duration::from_secs(wait["retryAfter"].as_u64().unwrap()));
        Bearer::new(server.client(), "short").get("/api/rooms").await.expect(200);
        server.stop().await;
    }

    async fn s05_without_a_token_there_is_no_bot(db) {
        let server = TestServer::start(db).await;
        for token in ["x", TOKEN, "undefined", "null"] {
            Bearer::new(server.client(), token).get("/api/rooms").await.expect_error(401, "invalid_bot_token");
        }
        server.client().call("GET", "/api/rooms").header("authorization", "Bearer ").send().await.expect(401);
        server.stop().await;
    }

    async fn tokens_of_their_own_hold_for_their_rooms_and_abilities(db) {
        let binary = Binary::start(db, &[]).await;
        let ann = crate::store::member(&binary, "Ann").await.client;
        let (one, two) = (closed_room(&ann, "One").await, open_room(&ann, "Two").await);
        let reader = binary.run_well(&["bot", "create", "Nice Helper", "--ability", "read", "--room", &one], "").await;
        let (bot, token, secret) = created(&reader);
        let helper = Bearer::new(binary.client(), &secret);
        assert_eq!(members(&ann, &one).await, roles(&[("Ann", "owner"), ("Nice Helper", "member")]));
        helper.get(&format!("/api/rooms/{one}")).await.expect(200);
        let list = helper.get("/api/rooms").await.expect(200).json();
        assert_eq!(list["rooms"].as_array().unwrap().iter().map(id).collect::<Vec<_>>(), std::slice::from_ref(&one));
        helper.post(&format!("/api/rooms/{one}/messages"), json!({ "body": "Hi" })).await.expect_error(403, "forbidden");
        helper.call("POST", &format!("/api/rooms/{two}/join"), None).await.expect_error(404, "not_found");

        // A second token of the same bot, for every room that it is in.
        let (same, writer, secret) = created(&binary.run_well(&["bot", "create", "Nice Helper"], "").await);
        assert_eq!(same, bot);
        let writer_bot = Bearer::new(binary.client(), &secret);
        let message = writer_bot.post(&format!("/api/rooms/{one}/messages"), json!({ "body": "Hi" })).await.expect(200).json()["message"].clone();
        assert_eq!((&message["authorId"], &message["authorName"]), (&json!(bot), &json!("Nice Helper")));
        let others = say(&ann, &one, "Hello").await;
        writer_bot.call("PUT", &format!("/api/rooms/{one}/messages/{}/reactions/👍", id(&others)), None).await.expect(200);
        writer_bot.call("DELETE", &format!("/api/rooms/{one}/messages/{}", id(&others)), None).await.expect_error(403, "forbidden");
        writer_bot.call("DELETE", &format!("/api/rooms/{one}/messages/{}", id(&message)), None).await.expect(200);
        writer_bot.call("POST", &format!("/api/rooms/{two}/join"), None).await.expect(200);
        writer_bot.post(&format!("/api/rooms/{two}/invite"), json!({ "userId": "email_a@x.com" })).await.expect_error(403, "forbidden");
        ann.patch(&format!("/api/rooms/{two}/members/{bot}"), json!({ "role": "owner" })).await.expect_error(400, "invalid_request");

        // Only hashes are kept, and what is revoked is worth nothing at once.
        let listed = binary.run_well(&["bot", "list"], "").await;
        assert!(listed.contains(&token) && listed.contains(&writer) && listed.contains("nice-helper") && !listed.contains(&secret), "{listed}");
        binary.run_well(&["bot", "revoke", &token], "").await;
        helper.get("/api/rooms").await.expect_error(401, "invalid_bot_token");
        writer_bot.get("/api/rooms").await.expect(200);
        binary.run_well(&["bot", "revoke", "nice-helper"], "").await;
        writer_bot.get("/api/rooms").await.expect_error(401, "invalid_bot_token");
        for (arguments, word) in [
            (vec!["bot", "revoke", "nobody"], "bot list"), (vec!["bot", "revoke", "bt-01kb3x2v5q8m4n7p9r1s3t5v7w"], "no such token"),
            (vec!["bot", "create", "Ann"], "called"), (vec!["bot", "create", "助手"], "id of a bot"), (vec!["bot", "create", "x", "--ability", "fly"], "ability"),
            (vec!["bot", "create", "x", "--room", "lobby"], "room"), (vec!["bot", "create", "y", "--room", NOWHERE], "no such room"),
        ] {
            let output = binary.run(&arguments, "").await;
            let error = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(!output.status.success() && error.contains(word), "{arguments:?}: {error}");
        }
        binary.stop().await;
    }

    async fn a_bot_that_is_deleted_leaves_its_rooms_and_its_name_and_what_it_said_stays(db) {
        let binary = Binary::start(db, &[]).await;
        let ann = crate::store::member(&binary, "Ann").await;
        let socket = Sockets::at(binary.base_url()).await.connect(&ann).await;
        let ann = ann.client;
        let room = open_room(&ann, "Lobby").await;
        let (bot, token, secret) = created(&binary.run_well(&["bot", "create", "Helper", "--room", &room], "").await);
        let helper = Bearer::new(binary.client(), &secret);
        helper.post(&format!("/api/rooms/{room}/messages"), json!({ "body": "Hi" })).await.expect(200);
        assert_eq!(binary.run_well(&["bot", "delete", "helper"], "").await, format!("{bot}\tdeleted\n"));
        helper.get("/api/rooms").await.expect_error(401, "invalid_bot_token");
        let left = socket.expect("room:left").await;
        assert_eq!(left, json!({ "roomId": room, "user": { "id": bot, "username": "Helper", "isBot": true }, "reason": "removed" }));
        assert_eq!(members(&ann, &room).await, roles(&[("Ann", "owner")]));
        let rows = binary.database().connect().await;
        let kept = Statement::from_string(rows.get_database_backend(), "SELECT count(*) FROM room_invites");
        let kept: i64 = rows.query_one_raw(kept).await.unwrap().unwrap().try_get_by_index(0).unwrap();
        rows.close().await.unwrap();
        assert_eq!(kept, 0, "nobody is kept out who will never come");
        let said = ann.get(&format!("/api/rooms/{room}/messages")).await.expect(200).json()["messages"][0].clone();
        assert_eq!((&said["body"], &said["authorName"]), (&json!("Hi"), &json!("Helper")));
        let listed = binary.run_well(&["bot", "list"], "").await;
        assert!(!listed.contains(&bot) && !listed.contains(&token), "{listed}");
        invite(&ann, &room, &bot).await.expect(200);
        assert_eq!(members(&ann, &room).await, roles(&[("Ann", "owner")]), "nobody is there to come");
        // The name is free, under another handle, too.
        let (another, ..) = created(&binary.run_well(&["bot", "create", "Helper", "--handle", "second"], "").await);
        assert_ne!(another, bot);
        let section = "[plugins.second]\ncomponent = \"bundled:openclaw\"\nenabled = false\n";
        std::fs::write(binary.folder().join("community.toml"), section).unwrap();
        for (what, reason) in [("helper", "bot list"), (bot.as_str(), "bot list"), ("second", "[plugins.second]")] {
            let output = binary.run(&["bot", "delete", what], "").await;
            let errors = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(!output.status.success() && errors.contains(reason), "{what}: {errors}");
        }
        binary.stop().await;
    }

    async fn a_bot_that_is_deleted_leaves_its_rooms_bit_by_bit_and_enters_none(db) {
        let mut server = TestServer::start(db).await;
        let ann = server.member("Ann").await;
        let store = server.store().await.clone();
        let (bot, rooms) = store.write(ann.id.clone(), bot_in_many_rooms).await.unwrap();
        let (Actor::Bot { id, .. }, member) = (&bot, bot.member().unwrap()) else { panic!("{bot:?}") };
        // The server, which has only just started, may let the bot leave the others at any moment.
        let (more, left) = store.write(id.clone(), deleted_and_leaving).await.unwrap();
        assert!(more && !left.is_empty() && left.len() < rooms.len(), "{} are left", left.len());
        // One that still runs does not come back.
        let room = rooms.iter().find(|room| !left.contains(room)).unwrap().clone();
        let again = Join { actor: bot, room, max_memberships: u32::MAX };
        let refused = store.write(again, |tx, again| Box::pin(join(tx, again))).await.unwrap_err();
        assert_eq!(refused.code, "not_found");
        // Whoever deleted it was interrupted: the server goes on.
        server.restart().await;
        eventually("the other rooms are left", || async { rooms_of(store.reader(), &member).await.unwrap().is_empty().then_some(()) }).await;
        server.stop().await;
    }

    async fn s06_bots_and_people_cannot_pass_for_each_other(db) {
        let server = TestServer::start_with(db, with_token).await;
        let ann = server.member("Ann").await;
        let store = server.store().await;
        let make = async |handle: &str, name: &str| {
            let input = (Handle::parse(handle)?, BotName::parse(name)?);
            store.write(input, |tx, (handle, name)| Box::pin(found_or_made(tx, handle, name))).await
        };
        assert_eq!(make("ann", "Ann").await.unwrap_err().code, "name_taken");
        assert_eq!(make("ann", "aNN").await.unwrap_err().code, "name_taken");
        assert_eq!(make("ann", "Ａnn").await.unwrap_err().code, "name_taken");
        // Capitals beyond ASCII and other forms of letters look the same, whichever of the two has them.
        server.member("Änn").await;
        server.member("Ｂob").await;
        for (handle, name) in [("a", "änn"), ("b", "A\u{308}NN"), ("c", "Bob"), ("d", "ｂｏｂ")] {
            assert_eq!(make(handle, name).await.unwrap_err().code, "name_taken", "{name}");
        }
        make("oezil", "Özil").await.unwrap();
        assert_eq!(server.member("özil").await.client.get("/api/me").await.expect(200).json()["user"]["username"], "özil_");
        let helper = make("helper", "Helper").await.unwrap();
        assert_eq!(make("other", "ＨELPER").await.unwrap_err().code, "name_taken");
        assert_eq!(make("helper", "Helper").await.unwrap().id, helper.id);
        assert_eq!(make("helper", "Helper II").await.unwrap().name.as_str(), "Helper II");
        for bad in [ann.id.as_str(), "system", "<b>", &"x".repeat(10_000)] {
            assert_eq!(make(bad, "Any").await.unwrap_err().code, "invalid_request", "{bad}");
        }
        // And the other way round.
        let form = json!({ "email": "new@example.org", "password": crate::support::PASSWORD, "username": "helper ii" });
        server.client().post("/api/email/register", form).await.expect_error(400, "invalid_request");
        server.stop().await;
    }

    async fn a_bot_that_has_posted_and_is_renamed_has_its_new_name_everywhere(db) {
        let server = TestServer::start_with(db, with_token).await;
        let ann = server.member("Ann").await.client;
        let room = open_room(&ann, "Lobby").await;
        let bot = Bearer::new(server.client(), TOKEN);
        bot.call("POST", &format!("/api/rooms/{room}/join"), None).await.expect(200);
        let store = server.store().await;
        let rename = (Handle::parse("openclaw").unwrap(), BotName::parse("Claw II").unwrap());
        store.write(rename, |tx, (handle, name)| Box::pin(async move {
            let bot = found_or_made(tx, handle, &BotName::parse("OpenClaw")?).await?;
            community::accounts::actions::account_of_bot(tx, &bot.id, bot.name.as_str()).await?;
            found_or_made(tx, handle, name).await
        })).await.unwrap();
        assert_eq!(members(&ann, &room).await, roles(&[("Ann", "owner"), ("Claw II", "member")]));
        let page = ann.get(&format!("/api/rooms/{room}/members")).await.expect(200).json();
        assert_eq!((&page["members"][0]["username"], &page["more"]), (&json!("Claw II"), &json!(false)));
        server.stop().await;
    }

    async fn an_invited_bot_is_in_at_once(db) {
        let server = TestServer::start_with(db, with_token).await;
        let ann = server.member("Ann").await.client;
        let bot = Bearer::new(server.client(), TOKEN);
        bot.get("/api/rooms").await.expect(200);
        let lobby = open_room(&ann, "Lobby").await;
        bot.call("POST", &format!("/api/rooms/{lobby}/join"), None).await.expect(200);
        let bot_id = details(&ann, &lobby).await["members"][1]["id"].as_str().unwrap().to_owned();
        let room = closed_room(&ann, "Secret").await;
        invite(&ann, &room, &bot_id).await.expect(200);
        invite(&ann, &room, &bot_id).await.expect(200);
        assert_eq!(members(&ann, &room).await, roles(&[("Ann", "owner"), ("OpenClaw", "member")]));
        assert_eq!(events(&server, "room.joined").await.iter().filter(|(subject, _)| subject == &room).count(), 2);
        // With its last person a room ends; no bot is left alone with it.
        leave(&ann, &room).await.expect(200);
        bot.get(&format!("/api/rooms/{room}")).await.expect_error(404, "not_found");
        server.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn revoking_is_told_to_a_running_server() {
    let binary = Binary::start(Db::Sqlite, &[]).await;
    let (store, stop) = (crate::store::open(&binary).await, tokio_util::sync::CancellationToken::new());
    let heard: Arc<Mutex<Vec<Revoked>>> = Arc::default();
    let kept = heard.clone();
    store.listen(move |event| kept.lock().unwrap().extend(Revoked::read(event)));
    let follower = store.follow(stop.clone()).await.unwrap();
    let (bot, token, _) = created(&binary.run_well(&["bot", "create", "Helper"], "").await);
    binary.run_well(&["bot", "revoke", &bot], "").await;
    let told = eventually("the end of the token", || async { heard.lock().unwrap().first().cloned() }).await;
    assert_eq!((told.token.as_str(), told.bot.as_str()), (token.as_str(), bot.as_str()));
    stop.cancel();
    follower.await.unwrap();
    binary.stop().await;
}
