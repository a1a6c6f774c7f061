//! What can be said, changed and taken back.

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{events, id, join, open_room, read, say, send};
use crate::support::{Answer, Client, TestServer};

async fn edit(client: &Client, room: &str, message: &Value, body: &str) -> Answer {
    client.patch(&format!("/api/rooms/{room}/messages/{}", id(message)), json!({ "body": body })).await
}

async fn delete(client: &Client, room: &str, message: &Value) -> Answer {
    client.delete(&format!("/api/rooms/{room}/messages/{}", id(message))).await
}

async fn react(client: &Client, method: &str, room: &str, message: &Value, emoji: &str) -> Answer {
    client.call(method, &format!("/api/rooms/{room}/messages/{}/reactions/{emoji}", id(message))).send().await
}

db_test! {
    async fn what_is_sent_is_what_is_read(db) {
        let server = TestServer::start(db).await;
        let ann = server.member("Ann").await;
        let room = open_room(&ann.client, "Lobby").await;
        let first = say(&ann.client, &room, "Hello <b>you</b> \"quoted\" \\ \u{1f600} é\n\ttab").await;
        let wanted = json!({
            "id": first["id"], "roomId": room, "seq": 1, "rev": 1, "clientId": null, "authorId": ann.id.as_str(), "authorName": "Ann", "isBot": false,
            "body": "Hello <b>you</b> \"quoted\" \\ \u{1f600} é\n\ttab", "replyTo": null, "attachments": [], "reactions": [],
            "createdAt": server.now().to_string(), "editedAt": null, "deleted": false,
        });
        assert_eq!(first, wanted);
        let full = json!({ "body": "", "replyTo": first["id"], "attachments": ["https://files.example/a.png"], "clientId": "c-1" });
        let second = send(&ann.client, &room, full).await.expect(200).json()["message"].clone();
        react(&ann.client, "PUT", &room, &first, "👍").await.expect(200);
        let edited = edit(&ann.client, &room, &second, "Now with text").await.expect(200).json()["message"].clone();
        // What the database writes and what the server writes are the same, field by field.
        let list = read(&ann.client, &room, "").await;
        assert_eq!((list.len(), &list[1]), (2, &edited));
        assert_eq!((&edited["replyTo"], &edited["attachments"][0], &edited["clientId"]), (&first["id"], &json!("https://files.example/a.png"), &json!("c-1")));
        assert_eq!((&list[0]["reactions"], &list[0]["rev"]), (&json!([{ "emoji": "👍", "userIds": [ann.id.as_str()] }]), &json!(3)));
        assert_eq!(list[0].as_object().unwrap().keys().collect::<Vec<_>>(), wanted.as_object().unwrap().keys().collect::<Vec<_>>());
        server.stop().await;
    }

    async fn s19_messages_say_something_visible_and_not_too_much(db) {
        let server = TestServer::start(db).await;
        let ann = server.member("Ann").await.client;
        let room = open_room(&ann, "Lobby").await;
        let long = "ü".repeat(4001);
        for bad in [json!(""), json!(" \n "), json!("\u{202e}\u{200b}"), json!(long), json!("a\u{0}b"), json!({ "a": 1 }), json!(["a"]), json!(5), json!(format!("a{}", "\u{301}".repeat(9)))] {
            send(&ann, &room, json!({ "body": bad })).await.expect_error(400, "invalid_request");
        }
        send(&ann, &room, json!({})).await.expect_error(400, "invalid_request");
        for bad in [json!(""), json!("c".repeat(65)), json!("a\nb"), json!(5)] {
            send(&ann, &room, json!({ "body": "a", "clientId": bad })).await.expect_error(400, "invalid_request");
        }
        assert!(read(&ann, &room, "").await.is_empty());
        say(&ann, &room, &"ü".repeat(4000)).await;
        server.stop().await;
    }

    async fn f20_attachments_are_plain_https_links(db) {
        let server = TestServer::start(db).await;
        let ann = server.member("Ann").await.client;
        let room = open_room(&ann, "Lobby").await;
        for bad in ["javascript:alert(1)", "http://files.example/a", "https://user@files.example/a", "/a", "data:text/html,x", "https://files.example/a b"] {
            let error = send(&ann, &room, json!({ "body": "a", "attachments": ["https://files.example/ok", bad] })).await.expect_error(400, "invalid_request");
            assert!(error["error"].as_str().unwrap().contains("attachments[1]"), "{error}");
        }
        let eleven: Vec<String> = (0..11).map(|number| format!("https://files.example/{number}")).collect();
        send(&ann, &room, json!({ "body": "a", "attachments": eleven })).await.expect_error(400, "invalid_request");
        send(&ann, &room, json!({ "attachments": [format!("{}/uploads/a.png", server.url())] })).await.expect(200);
        server.stop().await;
    }

    async fn s22_only_the_server_says_who_wrote_what_and_when(db) {
        let server = TestServer::start(db).await;
        let ann = server.member("Ann").await;
        let room = open_room(&ann.client, "Lobby").await;
        let forged = json!({ "body": "Hi", "id": "m-01kb3x2v5q8m4n7p9r1s3t5v7w", "authorId": "usr-01kb3x2v5q8m4n7p9r1s3t5v7w", "authorName": "System", "isBot": true, "seq": 9, "rev": 9, "deleted": true, "createdAt": "2000-01-01T00:00:00.000Z" });
        let message = send(&ann.client, &room, forged).await.expect(200).json()["message"].clone();
        assert_eq!((&message["authorId"], &message["authorName"], &message["isBot"], &message["seq"]), (&json!(ann.id.as_str()), &json!("Ann"), &json!(false), &json!(1)));
        assert!(message["id"] != "m-01kb3x2v5q8m4n7p9r1s3t5v7w" && message["deleted"] == false);
        server.stop().await;
    }

    async fn answers_point_into_the_same_room(db) {
        let server = TestServer::start(db).await;
        let ann = server.member("Ann").await.client;
        let (one, two) = (open_room(&ann, "One").await, open_room(&ann, "Two").await);
        let message = say(&ann, &one, "Hello").await;
        for bad in [message["id"].clone(), json!("m-01kb3x2v5q8m4n7p9r1s3t5v7w"), json!("x")] {
            send(&ann, &two, json!({ "body": "a", "replyTo": bad })).await.expect_error(400, "invalid_request");
        }
        let answer = send(&ann, &one, json!({ "body": "a", "replyTo": message["id"] })).await.expect(200).json();
        assert_eq!(answer["message"]["replyTo"], message["id"]);
        assert_eq!(answer["message"]["seq"], 2, "what was refused took no place");
        server.stop().await;
    }

    async fn only_the_author_edits_and_the_author_or_a_moderator_deletes(db) {
        let server = TestServer::start(db).await;
        let (ann, bob, cem) = (server.member("Ann").await.client, server.member("Bob").await.client, server.member("Cem").await.client);
        let room = open_room(&ann, "Lobby").await;
        join(&bob, &room).await.expect(200);
        join(&cem, &room).await.expect(200);
        let message = send(&bob, &room, json!({ "body": "Hello", "attachments": ["https://files.example/a"] })).await.expect(200).json()["message"].clone();
        react(&cem, "PUT", &room, &message, "👍").await.expect(200);
        for other in [&ann, &cem] {
            edit(other, &room, &message, "Changed").await.expect_error(403, "forbidden");
        }
        delete(&cem, &room, &message).await.expect_error(403, "forbidden");
        server.clock.advance(std::time::Duration::from_secs(5));
        edit(&bob, &room, &message, "a\u{200b}").await.expect(200);
        let edited = edit(&bob, &room, &message, "Changed").await.expect(200).json()["message"].clone();
        assert_eq!((&edited["body"], &edited["editedAt"], &edited["seq"], &edited["rev"]), (&json!("Changed"), &json!(server.now().to_string()), &json!(1), &json!(4)));
        edit(&bob, &room, &message, &"x".repeat(4001)).await.expect_error(400, "invalid_request");
        assert_eq!(edit(&bob, &room, &message, "Changed").await.expect(200).json()["message"]["rev"], 4, "what changes nothing is no change");
        let deleted = delete(&ann, &room, &message).await.expect(200).json()["message"].clone();
        assert_eq!((&deleted["deleted"], &deleted["body"], &deleted["attachments"], &deleted["reactions"], &deleted["rev"]), (&json!(true), &json!(""), &json!([]), &json!([]), &json!(5)));
        assert_eq!(delete(&bob, &room, &message).await.expect(200).json()["message"], deleted);
        edit(&bob, &room, &message, "Back").await.expect_error(404, "not_found");
        react(&bob, "PUT", &room, &message, "👍").await.expect_error(404, "not_found");
        assert_eq!(read(&cem, &room, "").await, [deleted]);
        server.stop().await;
    }

    async fn a_reaction_comes_once_and_goes(db) {
        let server = TestServer::start(db).await;
        let (ann, bob) = (server.member("Ann").await, server.member("Bob").await);
        let room = open_room(&ann.client, "Lobby").await;
        join(&bob.client, &room).await.expect(200);
        let message = say(&ann.client, &room, "Hello").await;
        for (client, emoji) in [(&ann.client, "👍"), (&bob.client, "🎉"), (&bob.client, "👍"), (&bob.client, "👍")] {
            react(client, "PUT", &room, &message, emoji).await.expect(200);
        }
        let now = read(&ann.client, &room, "").await[0].clone();
        let wanted = json!([{ "emoji": "👍", "userIds": [ann.id.as_str(), bob.id.as_str()] }, { "emoji": "🎉", "userIds": [bob.id.as_str()] }]);
        assert_eq!((&now["reactions"], &now["rev"]), (&wanted, &json!(4)));
        react(&bob.client, "DELETE", &room, &message, "🎉").await.expect(200);
        let last = react(&bob.client, "DELETE", &room, &message, "🎉").await.expect(200).json()["message"].clone();
        assert_eq!((&last["reactions"], &last["rev"], &last["seq"]), (&json!([wanted[0]]), &json!(5), &json!(1)));
        for bad in ["x", "👍👍", "%20", "1"] {
            react(&bob.client, "PUT", &room, &message, bad).await.expect_error(400, "invalid_request");
        }
        for number in 0..19 {
            let emoji = char::from_u32(0x1f600 + number).unwrap().to_string();
            react(&ann.client, "PUT", &room, &message, &emoji).await.expect(200);
        }
        react(&ann.client, "PUT", &room, &message, "🤖").await.expect_error(409, "too_many_reactions");
        react(&bob.client, "PUT", &room, &message, "👍").await.expect(200);
        server.stop().await;
    }

    async fn s20_a_message_that_is_sent_again_is_the_same_message(db) {
        let server = TestServer::start_with(db, |config| {
            config.limits.enabled = false;
            config.database.connections = 20;
            config.database.acquire_timeout = community::config::Span::seconds(10);
        }).await;
        let (ann, bob) = (server.member("Ann").await.client, server.member("Bob").await.client);
        let (one, two) = (open_room(&ann, "One").await, open_room(&ann, "Two").await);
        join(&bob, &one).await.expect(200);
        let with_name = |body: &str| json!({ "body": body, "clientId": "c-1" });
        let answers = join_all((0..50).map(|_| send(&ann, &one, with_name("Hello")))).await;
        let messages: Vec<Value> = answers.into_iter().map(|answer| answer.expect(200).json()["message"].clone()).collect();
        assert!(messages.iter().all(|message| message == &messages[0]));
        // As it is now, whatever comes with the retry.
        edit(&ann, &one, &messages[0], "Edited").await.expect(200);
        let again = send(&ann, &one, with_name("Something else")).await.expect(200).json()["message"].clone();
        assert_eq!((&again["id"], &again["body"]), (&messages[0]["id"], &json!("Edited")));
        // The name is the author's, in this room.
        let others = [send(&bob, &one, with_name("Hello")).await, send(&ann, &two, with_name("Hello")).await];
        assert!(others.into_iter().all(|answer| answer.expect(200).json()["message"]["id"] != messages[0]["id"]));
        assert_eq!(read(&ann, &one, "").await.len(), 2);
        assert_eq!(events(&server, "message.created").await.len(), 3);
        server.stop().await;
    }

    async fn what_happens_is_told_by_ids_and_in_this_process_with_the_whole_message(db) {
        let server = TestServer::start(db).await;
        let ann = server.member("Ann").await;
        let room = open_room(&ann.client, "Lobby").await;
        let message = say(&ann.client, &room, "S3cr3tCanary").await;
        edit(&ann.client, &room, &message, "S3cr3tCanary 2").await.expect(200);
        react(&ann.client, "PUT", &room, &message, "👍").await.expect(200);
        delete(&ann.client, &room, &message).await.expect(200);
        let mut revs = Vec::new();
        for kind in ["message.created", "message.edited", "message.reacted", "message.deleted"] {
            let told = events(&server, kind).await;
            assert_eq!((told.len(), &told[0].0), (1, &id(&message)));
            assert_eq!((&told[0].1["room"], &told[0].1["seq"], &told[0].1["author"]), (&json!(room), &json!(1), &json!(ann.id.as_str())));
            assert!(!told[0].1.to_string().contains("S3cr3t"));
            revs.push(told[0].1["rev"].as_u64().unwrap());
        }
        assert_eq!(revs, [1, 2, 3, 4]);
        server.stop().await;
    }

    async fn listeners_in_the_process_get_the_message_and_those_of_others_find_it(db) {
        use std::sync::{Arc, Mutex};
        use community::{actor::{Actor, Role}, ids::RoomId, messages::{actions::{Send, send}, events::MessageEvent, model::Content, queries::by_id}};
        let server = TestServer::start(db).await;
        let ann = server.member("Ann").await;
        let room = RoomId::parse(&open_room(&ann.client, "Lobby").await).unwrap();
        let store = server.store().await;
        let heard: Arc<Mutex<Vec<MessageEvent>>> = Arc::default();
        let kept = heard.clone();
        store.listen(move |event| kept.lock().unwrap().extend(MessageEvent::read(event)));
        let content = Content { body: "Hello".to_owned(), attachments: Vec::new() };
        let actor = Actor::User { id: ann.id.clone(), role: Role::User };
        let work = Send { id: None, actor, author_name: "Ann".to_owned(), room: room.clone(), content, reply_to: None, client_id: None };
        let shown = store.write(work, |tx, work| Box::pin(send(tx, work))).await.unwrap();
        let event = heard.lock().unwrap()[0].clone();
        assert_eq!((event.live.as_deref(), &event.room, event.rev), (Some(&*shown.json), &room, 1));
        assert_eq!(serde_json::from_str::<Value>(&shown.json).unwrap(), read(&ann.client, room.as_str(), "").await[0]);
        let found = by_id(store.reader(), &event.message).await.unwrap().unwrap();
        assert_eq!(found.json, shown.json);
        server.stop().await;
    }
}
