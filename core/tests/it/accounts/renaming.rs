//! People change the name that others see.

use std::time::Duration;

use community::{
    actor::Role,
    bots::{
        actions::found_or_made,
        model::{BotName, Handle},
    },
    config::{Rate, Secret},
};
use serde_json::{Value, json};

use crate::{
    posts,
    rooms::{events, join, members, open_room, read, roles, say},
    support::{Answer, Client, Db, Light, TestServer, eventually},
};

async fn rename(client: &Client, name: &str) -> Answer {
    client.patch("/api/me", json!({ "username": name })).await
}

async fn name(client: &Client) -> Value {
    client.get("/api/me").await.expect(200).json()["user"]["username"].clone()
}

db_test! {
    async fn everybody_sees_a_new_name_at_once(db) {
        let server = TestServer::start(db).await;
        let (ann, bob) = (server.member("Ann").await, server.member("Bob").await);
        let elsewhere = server.client();
        elsewhere.set_cookie(ann.cookie_name, &server.new_session(&ann, Role::User).await);
        let room = open_room(&ann.client, "Lobby").await;
        join(&bob.client, &room).await.expect(200);
        say(&ann.client, &room, "Before").await;
        let post = posts::id(&posts::write(&ann.client, "Hello").await);
        // These are kept, for whoever asks again.
        let lists = ["/api/posts", "/api/posts?limit=10"];
        let mut kept = Vec::new();
        for list in lists {
            kept.push(bob.client.get(list).await.expect(200));
        }
        let (mut hers, mut his) = (Light::connect(&server.url(), &ann).await, Light::connect(&server.url(), &bob).await);

        let answer = rename(&ann.client, "  Zo\u{eb} II ").await.expect(200).json();
        assert_eq!((&answer["ok"], &answer["user"]["username"]), (&json!(true), &json!("Zo\u{eb} II")), "{answer}");
        for client in [&ann.client, &elsewhere] {
            assert_eq!(client.get("/api/me").await.expect(200).json(), answer);
        }
        for (list, kept) in lists.iter().zip(kept) {
            let now = bob.client.call("GET", list).header("if-none-match", kept.header("etag").unwrap()).send().await.expect(200);
            assert_eq!(now.json()[0]["author_name"], "Zo\u{eb} II", "{list}");
        }
        let alone = bob.client.get(&format!("/api/posts/{post}")).await.expect(200).json();
        assert_eq!(alone["post"]["author_name"], "Zo\u{eb} II");
        for page in ["/posts/", &format!("/posts/{post}")] {
            let text = bob.client.get(page).await.expect(200).text();
            assert!(text.contains("Zo\u{eb} II") && !text.contains(">Ann<"), "{page}: {text}");
        }
        assert_eq!(members(&bob.client, &room).await, roles(&[("Zo\u{eb} II", "owner"), ("Bob", "member")]));
        // Also where a socket was open before.
        let sent = hers.call("message:send", json!({ "roomId": room, "body": "By socket" })).await;
        assert_eq!(sent["message"]["authorName"], "Zo\u{eb} II", "{sent}");
        assert_eq!(his.expect("message:new").await["message"]["authorName"], "Zo\u{eb} II");
        hers.call("typing", json!({ "roomId": room, "on": true })).await;
        assert_eq!(his.expect("typing").await["username"], "Zo\u{eb} II");
        say(&elsewhere, &room, "By HTTP").await;
        let names: Vec<_> = read(&bob.client, &room, "").await.iter().map(|message| message["authorName"].clone()).collect();
        assert_eq!(names, ["Ann", "Zo\u{eb} II", "Zo\u{eb} II"], "what was said keeps the name of its time");
        assert_eq!(events(&server, "user.renamed").await, [(ann.id.to_string(), json!({}))]);
        // What stays as it is, is no news.
        rename(&ann.client, "Zo\u{eb} II").await.expect(200);
        assert_eq!(events(&server, "user.renamed").await.len(), 1);
        server.stop().await;
    }

    async fn what_a_socket_sends_keeps_its_order_while_its_name_is_read_anew(db) {
        let server = TestServer::start(db).await;
        let ann = server.member("Ann").await;
        let room = open_room(&ann.client, "Lobby").await;
        let mut light = Light::connect(&server.url(), &ann).await;
        for name in ["Zoe", "Eve"] {
            rename(&ann.client, name).await.expect(200);
            for number in 0..20 {
                light.emit("message:send", json!({ "roomId": room, "body": format!("{number}") })).await;
            }
            for number in 0..20 {
                let message = light.expect("message:new").await["message"].take();
                assert_eq!((&message["body"], &message["authorName"]), (&json!(format!("{number}")), &json!(name)), "{message}");
            }
        }
        server.stop().await;
    }

    async fn a09_a10_a_new_name_has_the_rules_of_a_first_one(db) {
        let server = TestServer::start_with(db, |config| config.limits.enabled = false).await;
        let (ann, bob) = (server.member("Ann").await.client, server.member("Bob").await.client);
        let (long, zalgo) = ("a".repeat(65), format!("a{}", "\u{301}".repeat(5)));
        let refused = [
            "", "   ", "a\u{202e}b", "a\u{200b}b", "\u{feff}a", "a\nb", "a\u{ad}b", &zalgo, &long,
            "system", " SYSTEM ", "\u{ff53}ystem", "OpenClaw", "bot:helper",
        ];
        for name in refused {
            rename(&ann, name).await.expect_error(400, "invalid_request");
        }
        for body in [json!({}), json!({ "username": null }), json!({ "username": 7 }), json!(["Zoe"]), json!({ "username": "a\0b" })] {
            ann.patch("/api/me", body).await.expect_error(400, "invalid_request");
        }
        assert_eq!(name(&ann).await, "Ann");
        // What does not concern the name changes nothing.
        ann.patch("/api/me", json!({ "username": "Zoe", "role": "admin", "id": "usr-01kb3x2v5q8m4n7p9r1s3t5v7w" })).await.expect(200);
        assert_eq!(ann.get("/api/me").await.expect(200).json()["user"]["role"], "user");
        // Two people may have the same name, like at the beginning.
        let longest = "\u{1f980}".repeat(64);
        for (client, typed) in [(&ann, "Bob"), (&ann, longest.as_str()), (&bob, longest.as_str())] {
            rename(client, typed).await.expect(200);
            assert_eq!(name(client).await, typed);
        }
        server.stop().await;
    }

    async fn s06_nobody_takes_the_name_of_a_bot_and_no_bot_that_of_a_person(db) {
        let server = TestServer::start(db).await;
        let ann = server.member("Ann").await.client;
        let store = server.store().await;
        let make = async |handle: &str, name: &str| {
            let input = (Handle::parse(handle)?, BotName::parse(name)?);
            store.write(input, |tx, (handle, name)| Box::pin(found_or_made(tx, handle, name))).await
        };
        make("helper", "Helper").await.unwrap();
        for taken in ["Helper", "hELPER", "\u{ff28}elper"] {
            rename(&ann, taken).await.expect_error(409, "name_taken");
        }
        assert_eq!(name(&ann).await, "Ann");
        rename(&ann, "Helpful").await.expect(200);
        assert_eq!(make("other", "hELPFUL").await.unwrap_err().code, "name_taken");
        make("ann", "Ann").await.unwrap();
        rename(&ann, "Ann").await.expect_error(409, "name_taken");
        server.stop().await;
    }

    async fn s06_who_signs_up_is_not_called_like_any_bot(db) {
        let server = TestServer::start(db).await;
        let store = server.store().await;
        let longest = "x".repeat(64);
        let marked = format!("{}_", "x".repeat(63));
        for (handle, name) in [("anna", "Anna"), ("anna-2", "anna_"), ("long", &longest), ("long-2", &marked)] {
            let input = (Handle::parse(handle).unwrap(), BotName::parse(name).unwrap());
            store.write(input, |tx, (handle, name)| Box::pin(found_or_made(tx, handle, name))).await.unwrap();
        }
        assert_eq!(name(&server.member("Anna").await.client).await, "Anna__");
        assert_eq!(name(&server.member(&longest).await.client).await, format!("{}__", "x".repeat(62)));
        server.stop().await;
    }

    async fn a_name_is_changed_only_by_its_person_while_they_are_signed_in(db) {
        const TOKEN: &str = "a-token-of-the-configuration-0123456789";
        let server = TestServer::start_with(db, |config| config.chat.bot_token = Some(Secret::new(TOKEN))).await;
        let ann = server.member("Ann").await;
        rename(&server.client(), "Mallory").await.expect_error(401, "login_required");
        let as_bot = server.client().call("PATCH", "/api/me").header("authorization", format!("Bearer {TOKEN}"));
        as_bot.json(&json!({ "username": "Mallory" })).send().await.expect_error(401, "login_required");
        let ended = server.client();
        ended.set_cookie(ann.cookie_name, &server.new_session(&ann, Role::User).await);
        ann.client.delete("/api/sessions").await.expect(200);
        rename(&ended, "Mallory").await.expect_error(401, "login_required");
        assert_eq!(name(&ann.client).await, "Ann");
        // What a provider calls somebody at their next sign-in does not come back.
        rename(&ann.client, "Zoe").await.expect(200);
        let login = json!({ "email": ann.email, "password": crate::support::PASSWORD });
        ann.client.post("/api/email/login", login).await.expect(200);
        assert_eq!(name(&ann.client).await, "Zoe");
        server.stop().await;
    }

    async fn names_are_changed_in_moderation(db) {
        let server = TestServer::start_with(db, |config| config.limits.renames = Rate::per_day(2)).await;
        let (ann, bob) = (server.member("Ann").await.client, server.member("Bob").await.client);
        for _ in 0..3 {
            // What cannot be a name costs nothing.
            rename(&ann, "").await.expect_error(400, "invalid_request");
        }
        for name in ["Ann I", "Ann II"] {
            rename(&ann, name).await.expect(200);
        }
        let refused = rename(&ann, "Ann III").await.expect_error(429, "rate_limited");
        assert_eq!(name(&ann).await, "Ann II");
        rename(&bob, "Bob II").await.expect(200);
        server.clock.advance(Duration::from_secs(refused["retryAfter"].as_u64().unwrap()));
        rename(&ann, "Ann III").await.expect(200);
        server.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_nodes_hear_of_a_new_name() {
    let server = TestServer::start(Db::Postgres).await;
    let node = server.another_node().await;
    let ann = server.member("Ann").await;
    let room = open_room(&ann.client, "Lobby").await;
    posts::write(&ann.client, "Hello").await;
    let there = Client::new(format!("http://{}", node.addr));
    let author = || async { there.get("/api/posts?limit=5").await.expect(200).json()[0]["author_name"].clone() };
    eventually("the post to be there", || async { (author().await == "Ann").then_some(()) }).await;
    let mut light = Light::connect(&format!("http://{}", node.addr), &ann).await;
    rename(&ann.client, "Zoe").await.expect(200);
    eventually("the list to show the new name", || async { (author().await == "Zoe").then_some(()) }).await;
    // The hub may hear of a change a moment after the list.
    let mut named = Value::Null;
    while named != "Zoe" {
        named = light.call("message:send", json!({ "roomId": room, "body": "Hello" })).await["message"]["authorName"].take();
        assert!(named == "Ann" || named == "Zoe", "{named}");
    }
    node.stop().await;
    server.stop().await;
}
