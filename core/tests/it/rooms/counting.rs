//! `seq` and `rev`: no gaps, whoever writes at the same time, and whatever fails beside.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use sea_orm::{ConnectionTrait, Statement};
use serde_json::{Value, json};

use super::{details, id, join, open_room, read, say, send};
use crate::support::TestServer;

fn patient(config: &mut community::config::Config) {
    config.limits.enabled = false;
    config.database.connections = 20;
    config.database.acquire_timeout = community::config::Span::seconds(20);
}

async fn counters(server: &TestServer, room: &str) -> (i64, i64) {
    let connection = server.database().connect().await;
    let query = format!("SELECT seq, rev FROM rooms WHERE id = '{room}'");
    let row = connection.query_one_raw(Statement::from_string(connection.get_database_backend(), query)).await.unwrap().unwrap();
    let found = (row.try_get_by_index(0).unwrap(), row.try_get_by_index(1).unwrap());
    connection.close().await.unwrap();
    found
}

db_test! {
    async fn s21_thirty_two_senders_leave_no_gap(db) {
        let server = TestServer::start_with(db, patient).await;
        let (ann, bob) = (server.member("Ann").await.client, server.member("Bob").await.client);
        let rooms = [open_room(&ann, "One").await, open_room(&ann, "Two").await];
        for room in &rooms {
            join(&bob, room).await.expect(200);
        }
        let senders = (0..32).map(|sender| {
            let (client, rooms) = ([&ann, &bob][sender % 2], &rooms);
            async move {
                let mut last = [0, 0];
                for number in 0..6 {
                    let place = (sender / 2 + number) % 2;
                    let seq = say(client, &rooms[place], &format!("{sender} {number}")).await["seq"].as_u64().unwrap();
                    assert!(seq > last[place], "whoever sends one after the other keeps their order");
                    last[place] = seq;
                }
            }
        });
        // Among them some that fail, each for itself.
        let failing = join_all((0..20).map(|_| send(&ann, "r-01kb3x2v5q8m4n7p9r1s3t5v7w", json!({ "body": "a" }))));
        let (_, failed) = tokio::join!(join_all(senders), failing);
        for answer in failed {
            answer.expect_error(404, "not_found");
        }
        for room in &rooms {
            let all = read(&ann, room, "?limit=200").await;
            let place = |name: &str| all.iter().map(|message| message[name].as_u64().unwrap()).collect::<Vec<_>>();
            assert_eq!(place("seq"), (1..=96).collect::<Vec<_>>());
            assert_eq!(place("rev"), place("seq"));
            assert_eq!(counters(&server, room).await, (96, 96));
            // Whoever wrote has read up to their last message.
            for (client, name) in [(&ann, "Ann"), (&bob, "Bob")] {
                let last = all.iter().rfind(|message| message["authorName"] == name).unwrap();
                assert_eq!(details(client, room).await["readSeq"], last["seq"]);
            }
        }
        server.stop().await;
    }

    async fn changes_and_messages_at_once_count_every_one(db) {
        let server = TestServer::start_with(db, patient).await;
        let ann = server.member("Ann").await.client;
        let room = open_room(&ann, "Lobby").await;
        let first = id(&say(&ann, &room, "Hello").await);
        let path = format!("/api/rooms/{room}/messages/{first}");
        let edits: Vec<Value> = (0..20).map(|number| json!({ "body": format!("edit {number}") })).collect();
        let sends: Vec<Value> = (0..20).map(|number| json!({ "body": format!("{number}") })).collect();
        let (edited, sent) = tokio::join!(
            join_all(edits.iter().map(|edit| ann.patch(&path, edit.clone()))),
            join_all(sends.iter().map(|message| send(&ann, &room, message.clone()))),
        );
        let mut revs = BTreeSet::from([1]);
        for answer in edited.into_iter().chain(sent) {
            assert!(revs.insert(answer.expect(200).json()["message"]["rev"].as_u64().unwrap()), "a rev was given twice");
        }
        assert_eq!(revs.into_iter().collect::<Vec<_>>(), (1..=41).collect::<Vec<_>>());
        assert_eq!(counters(&server, &room).await, (21, 41));
        server.stop().await;
    }

    async fn what_fails_after_it_counted_leaves_no_gap(db) {
        use community::{actor::{Actor, Role}, error::Error, ids::RoomId, messages::{actions::{Send, Target, edit, send}, model::Content}};
        let server = TestServer::start_with(db, patient).await;
        let ann = server.member("Ann").await;
        let room = RoomId::parse(&open_room(&ann.client, "Lobby").await).unwrap();
        let work = |number: usize| Send {
            id: None,
            actor: Actor::User { id: ann.id.clone(), role: Role::User }, author_name: "Ann".to_owned(), room: room.clone(),
            content: Content { body: format!("{number}"), attachments: Vec::new() }, reply_to: None, client_id: None,
        };
        // In one commit on SQLite: some fail once their message was counted, some read what waits to be written.
        let store = server.store().await;
        let failing = join_all((0..20).map(|number| store.write(work(number), |tx, work| Box::pin(async move {
            send(tx, work).await?;
            Err::<(), _>(Error::invalid("no"))
        }))));
        let failing_late = join_all((0..20).map(|number| store.write(work(number), |tx, work| Box::pin(async move {
            send(tx, work).await?;
            tx.flush().await?;
            Err::<(), _>(Error::invalid("no"))
        }))));
        let good = join_all((0..20).map(|number| store.write(work(number), |tx, work| Box::pin(send(tx, work)))));
        let edited = join_all((0..20).map(|number| store.write(work(number), |tx, work| Box::pin(async move {
            let message = send(tx, work).await?.message.id;
            edit(tx, &Target { actor: work.actor.clone(), message, room: None }, "edited").await
        }))));
        let (failed, late, good, edited) = tokio::join!(failing, failing_late, good, edited);
        assert!(failed.iter().chain(&late).all(|outcome| outcome.as_ref().is_err_and(|error| error.code == "invalid_request")));
        assert!(good.iter().chain(&edited).all(Result::is_ok));
        let stored = read(&ann.client, room.as_str(), "?limit=200").await;
        assert_eq!(stored.iter().map(|message| message["seq"].as_u64().unwrap()).collect::<Vec<_>>(), (1..=40).collect::<Vec<_>>());
        assert_eq!(counters(&server, room.as_str()).await, (40, 60));
        assert_eq!(stored.iter().filter(|message| message["body"] == "edited").count(), 20);
        server.stop().await;
    }

    async fn a_message_can_be_changed_the_moment_it_is_there(db) {
        // In one transaction on SQLite: what waits to be written is found all the same.
        use community::{actor::{Actor, Role}, ids::RoomId, messages::{actions::{Send, Target, delete, edit, react, send}, model::{ClientId, Content, Emoji}}};
        let server = TestServer::start(db).await;
        let ann = server.member("Ann").await;
        let room = RoomId::parse(&open_room(&ann.client, "Lobby").await).unwrap();
        let actor = Actor::User { id: ann.id.clone(), role: Role::User };
        let work = Send {
            id: None,
            actor: actor.clone(), author_name: "Ann".to_owned(), room: room.clone(), content: Content { body: "Hello".to_owned(), attachments: Vec::new() },
            reply_to: None, client_id: Some(ClientId::parse("c-1").unwrap()),
        };
        let story = server.store().await.write(work, |tx, work| Box::pin(async move {
            let first = send(tx, work).await?.message;
            let answer = Send { reply_to: Some(first.id.clone()), client_id: None, ..work.clone() };
            let second = send(tx, &answer).await?.message;
            let target = |message: &community::ids::MessageId| Target { actor: work.actor.clone(), message: message.clone(), room: None };
            edit(tx, &target(&first.id), "Edited").await?;
            let again = send(tx, work).await?.message;
            react(tx, &target(&first.id), &Emoji::parse("👍")?, true).await?;
            let third = send(tx, &answer).await?.message;
            delete(tx, &target(&second.id)).await?;
            Ok((first, again, second, third))
        }));
        let (first, again, second, third) = story.await.unwrap();
        assert_eq!((again.id, again.content.body.as_str(), again.rev), (first.id, "Edited", 3));
        assert_eq!((first.seq, second.seq, third.seq, third.rev), (1, 2, 3, 5));
        assert_eq!(counters(&server, room.as_str()).await, (3, 6));
        let stored = read(&ann.client, room.as_str(), "").await;
        assert_eq!(stored.iter().map(|message| message["rev"].as_u64().unwrap()).collect::<Vec<_>>(), [4, 6, 5]);
        server.stop().await;
    }
}
