//! Everyone hears the same in the same order.

use community::{
    actor::{Actor, Role},
    ids::MessageId,
    messages::{
        actions::{self, Target},
        model::Emoji,
    },
};
use serde_json::json;

use super::*;
use crate::support::{Light, full};

db_test! {
    async fn s21_everyone_hears_all_messages_of_a_room_in_the_order_of_their_places(db) {
        let each = if full() { 1000 } else { 100 };
        let server = TestServer::start_with(db, |config| config.limits.enabled = false).await;
        let (ann, bob, eve) = (server.member("Ann").await, server.member("Bob").await, server.member("Eve").await);
        let room = room(&[&ann, &bob, &eve]).await;
        let mut listeners = Vec::new();
        for _ in 0..3 {
            listeners.push(Light::connect(&server.url(), &eve).await);
        }
        let mut senders = Vec::new();
        for person in [&ann, &bob] {
            let (mut light, room, name) = (Light::connect(&server.url(), person).await, room.clone(), person.username.clone());
            senders.push(tokio::spawn(async move {
                for number in 0..each {
                    light.emit("message:send", json!({ "roomId": room, "body": format!("{name} {number}") })).await;
                    // It may send ahead of the answers, but not without end.
                    if number % 50 == 49 && number + 1 < each {
                        light.ack(number + 1).await;
                    }
                }
                light.ack(each).await;
            }));
        }
        for mut listener in listeners {
            let mut next = [0, 0];
            for seq in 1..=2 * each {
                let message = listener.expect("message:new").await["message"].take();
                assert_eq!(message["seq"], seq);
                let (name, number) = message["body"].as_str().unwrap().split_once(' ').unwrap();
                let of = usize::from(name == "Bob");
                assert_eq!(number.parse::<i64>().unwrap(), next[of], "what one socket sends keeps its order");
                next[of] += 1;
            }
        }
        for sender in senders {
            sender.await.unwrap();
        }
        server.stop().await;
    }

    async fn a_change_of_another_process_is_not_told_as_a_later_one(db) {
        let server = TestServer::start(db).await;
        let (ann, bob) = (server.member("Ann").await, server.member("Bob").await);
        let room = room(&[&ann, &bob]).await;
        let mut light = Light::connect(&server.url(), &ann).await;
        let first = say(&bob, &room, "First").await;
        light.expect("message:new").await;
        // By the time at which they are told of, the first message has been changed twice.
        let target = Target {
            actor: Actor::User { id: bob.id.clone(), role: Role::User },
            message: MessageId::parse(first["id"].as_str().unwrap()).unwrap(),
            room: None,
        };
        let thumb = Emoji::parse("👍").unwrap();
        let work = (target, thumb);
        let store = server.store().await;
        store.write(work, |tx, (target, thumb)| Box::pin(async move {
            actions::edit(tx, target, "Once").await?;
            actions::react(tx, target, thumb, true).await?;
            actions::edit(tx, target, "Twice").await
        })).await.unwrap();
        for (event, rev) in [("message:edited", 2), ("message:reacted", 3), ("message:edited", 4)] {
            let told = light.packet(|packet| packet.starts_with("42[\"message:")).await;
            let told: Value = serde_json::from_str(&told[2..]).unwrap();
            assert_eq!((&told[0], &told[1]["message"]["rev"], &told[1]["message"]["body"]), (&json!(event), &json!(rev), &json!("Twice")));
        }
        server.stop().await;
    }

    async fn changes_of_another_process_come_in_their_place(db) {
        let server = TestServer::start_with(db, |config| config.limits.enabled = false).await;
        let (ann, bob) = (server.member("Ann").await, server.member("Bob").await);
        let room = room(&[&ann, &bob]).await;
        let mut light = Light::connect(&server.url(), &ann).await;
        let files_at = server.config.base_url().url().clone();
        // What a room has come to is known from the first change that is heard.
        say(&bob, &room, "First").await;
        light.expect("message:new").await;
        for number in 0..10 {
            if number % 2 == 0 {
                let send = actions::Send {
                    id: None,
                    actor: Actor::User { id: bob.id.clone(), role: Role::User },
                    author_name: "Bob".to_owned(),
                    room: community::ids::RoomId::parse(&room).unwrap(),
                    content: community::messages::model::Content::parse(format!("{number}"), &[], &files_at).unwrap(),
                    reply_to: None,
                    client_id: None,
                };
                let store = server.store().await;
                store.write(send, |tx, send| Box::pin(actions::send(tx, send))).await.unwrap();
            } else {
                say(&bob, &room, &format!("{number}")).await;
            }
        }
        for seq in 2..=11 {
            let message = light.expect("message:new").await["message"].take();
            assert_eq!((&message["seq"], &message["body"]), (&json!(seq), &json!(format!("{}", seq - 2))));
        }
        server.stop().await;
    }
}
