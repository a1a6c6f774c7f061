//! Names and sizes of people who mean harm.

use community::{
    actor::{Actor, Role},
    ids::{MemberId, RoomId, UserId},
    messages::{
        actions::{Send, send},
        model::Content,
    },
    store::Store,
};
use sea_orm::{ConnectionTrait, Statement};
use serde_json::{Value, json};

use super::{NOWHERE, details, id, join, listed, open_room, read};
use crate::support::{Db, TestServer};

/// Says something `count` times in one go, as another process does.
pub async fn fill(store: &Store, author: &UserId, room: &str, count: usize) {
    let work = (author.clone(), RoomId::parse(room).unwrap(), count);
    let work = store.write(work, |tx, (author, room, count)| {
        Box::pin(async move {
            for number in 0..*count {
                let content = Content { body: format!("Message {number}"), attachments: Vec::new() };
                let actor = Actor::User { id: author.clone(), role: Role::User };
                let message =
                    Send { id: None, actor, author_name: "Ann".to_owned(), room: room.clone(), content, reply_to: None, client_id: None };
                send(tx, &message).await?;
            }
            Ok(())
        })
    });
    work.await.unwrap();
}

db_test! {
    async fn f14_names_are_one_visible_line_and_otherwise_kept_as_they_are(db) {
        let server = TestServer::start(db).await;
        let ann = server.member("Ann").await.client;
        let long = "ü".repeat(81);
        for bad in [json!(""), json!("  "), json!("\u{200b}\u{202e}"), json!(long), json!("a\nb"), json!("a\u{0}b"), json!(format!("a{}", "\u{301}".repeat(9))), json!(5), json!(["a"]), json!(null)] {
            ann.post("/api/rooms", json!({ "name": bad })).await.expect_error(400, "invalid_request");
        }
        ann.post("/api/rooms", json!({})).await.expect_error(400, "invalid_request");
        for (typed, kept) in [("<script>alert(1)</script>", "<script>alert(1)</script>"), (" Lobby ", "Lobby"), ("a\u{202e}b", "ab"), ("'; DROP TABLE rooms; --", "'; DROP TABLE rooms; --")] {
            let room = ann.post("/api/rooms", json!({ "name": typed })).await.expect(200).json()["room"].clone();
            assert_eq!(room["name"], kept);
        }
        ann.post("/api/rooms", json!({ "name": "ü".repeat(80) })).await.expect(200);
        let forged = json!({ "name": "a", "id": NOWHERE, "role": "member", "seq": 9, "createdAt": "2000-01-01T00:00:00.000Z" });
        let room = ann.post("/api/rooms", forged).await.expect(200).json()["room"].clone();
        assert!(room["id"] != NOWHERE && room["role"] == "owner" && room["seq"] == 0);
        server.stop().await;
    }

    async fn a_word_that_is_none_of_those_allowed_is_refused_with_its_field_and_the_others(db) {
        let server = TestServer::start(db).await;
        let ann = server.member("Ann").await;
        let room = open_room(&ann.client, "Lobby").await;
        let (path, own) = (format!("/api/rooms/{room}"), format!("/api/rooms/{room}/members/{}", ann.id));
        let (roles, accesses) = (r#"must be "owner", "moderator" or "member"."#, r#"must be "open" or "invite"."#);
        for (method, path, body, sentence) in [
            ("POST", "/api/rooms", json!({ "name": "a", "access": "public" }), format!("access {accesses}")),
            ("PATCH", &path, json!({ "access": "" }), format!("access {accesses}")),
            ("PATCH", &path, json!({ "access": 1 }), "access must be text.".to_owned()),
            ("PATCH", &path, json!({ "inviteRole": "king" }), format!("inviteRole {roles}")),
            ("PATCH", &own, json!({ "role": "Owner" }), format!("role {roles}")),
        ] {
            let refused = ann.client.call(method, path).json(&body).send().await.expect_error(400, "invalid_request");
            assert_eq!(refused["error"], sentence, "{body}");
        }
        ann.client.patch(&path, json!({ "access": "invite", "inviteRole": null })).await.expect(200);
        server.stop().await;
    }

    async fn f17_a_large_room_shows_the_first_members_and_the_newest_messages(db) {
        let server = TestServer::start(db).await;
        let ann = server.member("Ann").await;
        let room = open_room(&ann.client, "Lobby").await;
        fill(server.store().await, &ann.id, &room, 1200).await;
        let connection = server.database().connect().await;
        for chunk in 0..10 {
            let values = |make: fn(usize, &str) -> String| (0..100).map(|number| make(chunk * 100 + number, &room)).collect::<Vec<_>>().join(",");
            let users = values(|number, _| format!("('usr-{number:026}', 'User {number}', 'user', '2026-01-01T00:00:00.000Z')"));
            let members = values(|number, room| format!("('{room}', 'usr-{number:026}', 2, '2026-01-01T00:00:00.000Z', 0)"));
            for query in [
                format!("INSERT INTO users (id, username, role, created_at) VALUES {users}"),
                format!("INSERT INTO room_members (room_id, member_id, role, joined_at, read_seq) VALUES {members}"),
            ] {
                connection.execute_unprepared(&query).await.unwrap();
            }
        }
        let seen = details(&ann.client, &room).await;
        assert_eq!((seen["members"].as_array().unwrap().len(), &seen["memberCount"]), (200, &json!(1001)));
        assert_eq!((seen["messages"].as_array().unwrap().len(), &seen["messages"][99]["seq"], &seen["more"]), (100, &json!(1200), &json!(true)));
        assert_eq!((&seen["members"][0]["role"], &seen["members"][1]["role"]), (&json!("owner"), &json!("member")));
        // What is asked of a room is looked up, never searched for.
        if db == Db::Sqlite {
            for query in [
                "SELECT * FROM messages m WHERE m.room_id = 'r' AND m.seq < 9 ORDER BY m.seq DESC LIMIT 9",
                "SELECT * FROM messages m WHERE m.room_id = 'r' AND m.rev > 9 ORDER BY m.rev LIMIT 9",
                "SELECT id FROM messages WHERE room_id = 'r' AND author_id = 'u' AND client_id = 'c'",
                "SELECT * FROM room_members m WHERE m.room_id = 'r' ORDER BY m.role, m.joined_at, m.member_id LIMIT 200",
                "SELECT * FROM room_invites i WHERE i.invitee = 'user:u'",
            ] {
                let plan = connection.query_all_raw(Statement::from_string(connection.get_database_backend(), format!("EXPLAIN QUERY PLAN {query}"))).await.unwrap();
                for step in plan {
                    let detail: String = step.try_get("", "detail").unwrap();
                    assert!(!detail.contains("SCAN") && !detail.contains("TEMP B-TREE"), "{query}: {detail}");
                }
            }
        }
        connection.close().await.unwrap();
        server.stop().await;
    }

    async fn many_messages_of_one_transaction_are_written_whole(db) {
        let server = TestServer::start(db).await;
        let ann = server.member("Ann").await;
        let room = open_room(&ann.client, "Lobby").await;
        // More than one statement takes.
        fill(server.store().await, &ann.id, &room, 2500).await;
        let last: Vec<Value> = read(&ann.client, &room, "?limit=200").await;
        assert_eq!((last.len(), &last[199]["seq"], &last[199]["body"]), (200, &json!(2500), &json!("Message 2499")));
        let one = &listed(&ann.client, "rooms").await[0];
        assert_eq!((&one["seq"], &one["rev"], &one["unread"]), (&json!(2500), &json!(2500), &json!(0)));
        assert_eq!(id(one), room);
        server.stop().await;
    }

    async fn f19_ids_of_members_are_those_of_api_me(db) {
        let server = TestServer::start(db).await;
        let (ann, bob) = (server.member("Ann").await, server.member("Bob").await);
        let room = open_room(&ann.client, "Lobby").await;
        join(&bob.client, &room).await.expect(200);
        let me = bob.client.get("/api/me").await.expect(200).json()["user"]["id"].clone();
        let seen = details(&ann.client, &room).await;
        assert_eq!(seen["members"][1]["id"], me);
        assert_eq!(MemberId::parse(me.as_str().unwrap()).unwrap(), MemberId::User(bob.id));
        server.stop().await;
    }
}
