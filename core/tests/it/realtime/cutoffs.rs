//! What was allowed and is not any more stops at once, whoever stopped it. How soon that is, `make bench` measures.

use std::{
    cell::Cell,
    time::{Duration, Instant},
};

use community::{
    accounts,
    actor::{Actor, Role},
    config::Span,
    ids::RoomId,
    rooms,
};
use serde_json::json;

use super::*;
use crate::support::{Binary, Light, PASSWORD, Socket, Sockets};

/// Waits for the end of a socket and checks how it came.
async fn ended(socket: &Socket, reason: &str, since: Instant) {
    assert_eq!(socket.expect("session:ended").await["reason"], reason);
    assert_eq!(socket.disconnected().await, "io server disconnect");
    assert!(since.elapsed() < SOON, "{reason} took {:?}", since.elapsed());
}

/// The places of the messages in these events, before Bob's removal and after it. What is said and who leaves is told in one order.
fn around_the_removal(events: Vec<(String, Value)>) -> (Vec<u64>, Vec<u64>) {
    let left = events.iter().position(|(name, event)| name == "room:left" && event["reason"] == "removed").expect("Bob left");
    let (before, after) = events.split_at(left);
    let places = |events: &[(String, Value)]| {
        let said = events.iter().filter(|(name, _)| name == "message:new");
        said.map(|(_, event)| event["message"]["seq"].as_u64().unwrap()).collect()
    };
    (places(before), places(after))
}

db_test! {
    async fn s04_a_session_that_ends_takes_its_sockets_with_it(db) {
        let server = TestServer::start(db).await;
        let ann = server.member("Ann").await;
        let sockets = Sockets::at(server.url()).await;
        let other = Person { client: server.client(), id: ann.id.clone(), username: ann.username.clone(), email: ann.email.clone(), cookie_name: ann.cookie_name };
        other.client.set_cookie(ann.cookie_name, &server.new_session(&ann, Role::User).await);
        let (mine, polling, theirs) =
            (sockets.connect(&ann).await, sockets.dial().person(&ann).polling().connect().await, sockets.connect(&other).await);
        let now = Instant::now();
        ann.client.post("/api/logout", json!({})).await;
        ended(&mine, "logout", now).await;
        ended(&polling, "logout", now).await;
        theirs.emit("room:list", json!({})).await.ok();
        let refused = mine.reconnect().await.unwrap_err();
        assert!(refused.message.contains("login_required"), "{refused:?}");
        server.stop().await;
    }

    async fn s04_an_account_that_is_shut_elsewhere_loses_its_sockets(db) {
        let server = TestServer::start(db).await;
        let ann = server.member("Ann").await;
        let sockets = Sockets::at(server.url()).await;
        let socket = sockets.connect(&ann).await;
        // As another process does it.
        let (store, disable) = (server.store().await, ann.id.clone());
        let now = Instant::now();
        store.write(disable, |tx, id| Box::pin(accounts::actions::set_disabled(tx, &Actor::System, id, true))).await.unwrap();
        ended(&socket, "disabled", now).await;
        server.stop().await;
    }

    async fn s04_an_expired_session_loses_its_sockets_and_a_used_one_does_not(db) {
        let server = TestServer::start_with(db, |config| config.sessions.idle = Span::hours(1)).await;
        let (ann, bob) = (server.member("Ann").await, server.member("Bob").await);
        let sockets = Sockets::at(server.url()).await;
        let (idle, used) = (sockets.connect(&ann).await, sockets.connect(&bob).await);
        for _ in 0..3 {
            server.clock.advance(Duration::from_secs(25 * 60));
            used.emit("room:list", json!({})).await.ok();
        }
        let now = Instant::now();
        assert_eq!(idle.expect("session:ended").await["reason"], "expired");
        assert_eq!(idle.disconnected().await, "io server disconnect");
        assert!(now.elapsed() < SOON);
        used.emit("room:list", json!({})).await.ok();
        server.stop().await;
    }

    async fn a31_signing_in_as_somebody_else_ends_the_sockets_of_before(db) {
        let server = TestServer::start(db).await;
        let (ann, bob) = (server.member("Ann").await, server.member("Bob").await);
        let sockets = Sockets::at(server.url()).await;
        let socket = sockets.connect(&ann).await;
        ann.client.post("/api/email/login", json!({ "email": bob.email, "password": PASSWORD })).await.expect(200);
        // What comes before the answer is hashing.
        ended(&socket, "replaced", Instant::now()).await;
        server.stop().await;
    }

    async fn f12_nothing_of_a_room_reaches_whoever_was_removed(db) {
        let server = TestServer::start_with(db, |config| config.limits.enabled = false).await;
        let (ann, bob, eve) = (server.member("Ann").await, server.member("Bob").await, server.member("Eve").await);
        let room = room(&[&ann, &bob, &eve]).await;
        let (mut heard_by_ann, mut heard_by_bob) = (Light::connect(&server.url(), &ann).await, Light::connect(&server.url(), &bob).await);
        let removed = Cell::new(false);
        let removal = async {
            heard_by_bob.expect("message:new").await;
            ann.client.delete(&format!("/api/rooms/{room}/members/{}", bob.id)).await.expect(200);
            removed.set(true);
        };
        // Eve writes all the while, and waits for nobody.
        let mut eves = Light::connect(&server.url(), &eve).await;
        let meanwhile = async {
            let mut afterwards = Vec::new();
            while afterwards.len() < 10 {
                let is_after = removed.get();
                let said = eves.call("message:send", json!({ "roomId": room, "body": "Meanwhile" })).await;
                afterwards.extend(is_after.then(|| said["message"]["seq"].as_u64().unwrap()));
            }
            afterwards
        };
        let ((), afterwards) = tokio::join!(removal, meanwhile);
        say(&ann, &room, "Last").await;
        heard_by_ann.packet(|packet| packet.contains("\"Last\"")).await;
        let (before, after) = around_the_removal(heard_by_ann.events().await);
        let (heard, leaked) = around_the_removal(heard_by_bob.events().await);
        assert!(afterwards.iter().all(|seq| after.contains(seq)), "{afterwards:?} were said after the removal, {after:?} were told after it");
        assert!(leaked.is_empty() && before[1..].starts_with(&heard), "{before:?}, removal, {after:?}: Bob heard {heard:?} and {leaked:?}");
        let refused = heard_by_bob.call("message:send", json!({ "roomId": room, "body": "Still here" })).await;
        assert_eq!(refused["code"], "not_found");
        server.stop().await;
    }

    async fn f12_removal_by_another_process_counts_at_once(db) {
        let server = TestServer::start(db).await;
        let (ann, bob) = (server.member("Ann").await, server.member("Bob").await);
        let room = room(&[&ann, &bob]).await;
        let sockets = Sockets::at(server.url()).await;
        let socket = sockets.connect(&bob).await;
        let input = (Actor::User { id: bob.id.clone(), role: Role::User }, RoomId::parse(&room).unwrap());
        let store = server.store().await;
        let now = Instant::now();
        store.write(input, |tx, (actor, room)| Box::pin(rooms::actions::leave(tx, actor, room))).await.unwrap();
        assert_eq!(socket.expect("room:left").await["roomId"], room.as_str());
        assert!(now.elapsed() < SOON, "{:?}", now.elapsed());
        say(&ann, &room, "Alone").await;
        assert_eq!(socket.emit("typing", json!({ "roomId": room, "on": true })).await.error("not_found")["ok"], false);
        assert!(socket.received().iter().all(|received| received.event != "message:new"));
        server.stop().await;
    }

    async fn s04_what_the_shell_takes_away_is_gone_at_once(db) {
        let binary = Binary::start(db, &[]).await;
        let arguments = ["user", "create", "--email", "ann@example.org", "--username", "Ann", "--password-stdin"];
        binary.run_well(&arguments, PASSWORD).await;
        let session = binary.run_well(&["user", "session", "ann@example.org"], "").await;
        let sockets = Sockets::at(binary.base_url()).await;
        let person = sockets.dial().header("Cookie", session.trim()).connect().await;
        binary.run_well(&["user", "disable", "ann@example.org"], "").await;
        ended(&person, "disabled", Instant::now()).await;
        binary.stop().await;
    }

    async fn s04_a_bot_whose_token_is_revoked_from_the_shell_is_cut_off_at_once(db) {
        let binary = Binary::start(db, &[]).await;
        let ann = crate::store::member(&binary, "Ann").await;
        let room = room(&[&ann]).await;
        let printed = binary.run_well(&["bot", "create", "Helper", "--room", &room], "").await;
        let secret = printed.lines().last().unwrap();
        let other = binary.run_well(&["bot", "create", "Helper"], "").await;
        let sockets = Sockets::at(binary.base_url()).await;
        let (cut, kept) = (sockets.bot(secret).await, sockets.bot(other.lines().last().unwrap()).await);
        let token = printed.lines().nth(1).unwrap().trim().split('\t').next().unwrap();
        binary.run_well(&["bot", "revoke", token], "").await;
        ended(&cut, "revoked", Instant::now()).await;
        kept.emit("room:list", json!({})).await.ok();
        assert_eq!(cut.reconnect().await.unwrap_err().code(), "invalid_bot_token");
        binary.run_well(&["bot", "revoke", "helper"], "").await;
        ended(&kept, "revoked", Instant::now()).await;
        binary.stop().await;
    }

    async fn s04_a_bot_that_is_deleted_from_the_shell_is_cut_off_whatever_token_it_came_with(db) {
        let token = "0123456789abcdef0123456789abcdef";
        let binary = Binary::start(db, &[("CHAT_BOT_TOKEN", token.to_owned())]).await;
        let sockets = Sockets::at(binary.base_url()).await;
        let socket = sockets.dial().auth(json!({ "botToken": token, "botId": "helper" })).connect().await;
        let said = binary.run_well(&["bot", "delete", "helper"], "").await;
        ended(&socket, "revoked", Instant::now()).await;
        assert!(said.contains("\tdeleted\n") && said.contains("CHAT_BOT_TOKEN"), "it can come back: {said}");
        // The one that every program is which does not say who it is would be back at once.
        let socket = sockets.bot(token).await;
        let refused = binary.run(&["bot", "delete", "openclaw"], "").await;
        let sentence = String::from_utf8(refused.stderr).unwrap();
        assert!(!refused.status.success() && sentence.contains("unset it"), "{sentence}");
        socket.emit("room:list", json!({})).await.ok();
        binary.stop().await;
    }

    async fn s04_whoever_is_signed_out_from_the_shell_is_cut_off_at_once(db) {
        let binary = Binary::start(db, &[]).await;
        crate::store::member(&binary, "Ann").await;
        let another = binary.run_well(&["user", "session", "ann@example.org"], "").await;
        let sockets = Sockets::at(binary.base_url()).await;
        let first = binary.run_well(&["user", "session", "ann@example.org"], "").await;
        let (one, other) = (
            sockets.dial().header("Cookie", first.trim()).connect().await,
            sockets.dial().header("Cookie", another.trim()).connect().await,
        );
        let sessions = binary.client();
        let (name, value) = first.trim().split_once('=').unwrap();
        sessions.set_cookie(name, value);
        let listed = sessions.get("/api/sessions").await.expect(200).json();
        let current = listed["sessions"].as_array().unwrap().iter().find(|session| session["current"] == true).unwrap()["id"].as_str().unwrap().to_owned();
        let printed = binary.run_well(&["user", "sign-out", "ann@example.org", "--session", &current], "").await;
        ended(&one, "revoked", Instant::now()).await;
        assert!(printed.starts_with(&format!("{current}\tended\t")) && printed.lines().count() == 1, "{printed}");
        other.emit("room:list", json!({})).await.ok();
        let refused = binary.run(&["user", "sign-out", "ann@example.org", "--session", &current], "").await;
        let sentence = String::from_utf8(refused.stderr).unwrap();
        assert!(!refused.status.success() && sentence.contains("Ann has no session") && sentence.contains("community user session"), "{sentence}");
        binary.run_well(&["user", "sign-out", "ann@example.org"], "").await;
        ended(&other, "revoked", Instant::now()).await;
        binary.stop().await;
    }

    async fn f12_a_member_who_is_removed_from_the_shell_hears_nothing_more(db) {
        let binary = Binary::start(db, &[]).await;
        let (ann, bob) = (crate::store::member(&binary, "Ann").await, crate::store::member(&binary, "Bob").await);
        let room = room(&[&ann, &bob]).await;
        let socket = Sockets::at(binary.base_url()).await.connect(&bob).await;
        let printed = binary.run_well(&["room", "remove-member", &room, bob.id.as_str()], "").await;
        let since = Instant::now();
        assert_eq!(printed, format!("{}\tremoved\n", bob.id));
        assert_eq!(socket.expect("room:left").await["reason"], "removed");
        assert!(since.elapsed() < SOON, "{:?}", since.elapsed());
        say(&ann, &room, "Alone").await;
        socket.emit("message:history", json!({ "roomId": room })).await.error("not_found");
        assert!(socket.received().iter().all(|received| received.event != "message:new"));
        for (arguments, word) in [
            ([&*room, "nobody!"], "MEMBER must be the id of a person"),
            ([&*room, "usr-01kb3x"], "MEMBER must be the id of a person"),
            ([&*room, &*room], "MEMBER must be the id of a person"),
            (["lobby", bob.id.as_str()], "ROOM must be the id of a room"),
            ([&*room, bob.id.as_str()], "no such member"),
        ] {
            let output = binary.run(&["room", "remove-member", arguments[0], arguments[1]], "").await;
            let error = String::from_utf8(output.stderr).unwrap();
            assert!(!output.status.success() && error.contains(word), "{arguments:?}: {error}");
        }
        binary.stop().await;
    }
}
