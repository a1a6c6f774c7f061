//! Roles, and that a room always has an owner.

use community::{
    accounts,
    actor::{Actor, Role},
    error::Result,
    ids::{MemberId, UserId},
    rooms::{
        actions::{Create, Join, create, join as enter, let_rooms_of_shut_accounts_pass_on},
        model::{Access, RoomName, RoomRole},
        queries::{rooms_of, standing},
    },
    store::Tx,
};
use futures_util::future::BoxFuture;
use serde_json::json;

use super::{NOWHERE, details, events, id, invite, join, leave, listed, members, open_room, own, roles, say};
use crate::{
    store::{member, sign_in},
    support::{Binary, Client, Person, Sockets, TestServer, eventually},
};

async fn set_role(client: &Client, room: &str, who: &Person, role: &str) -> crate::support::Answer {
    client.patch(&format!("/api/rooms/{room}/members/{}", who.id), json!({ "role": role })).await
}

async fn remove(client: &Client, room: &str, who: &Person) -> crate::support::Answer {
    client.delete(&format!("/api/rooms/{room}/members/{}", who.id)).await
}

/// Makes many rooms of the first, in which the second is, too.
fn many_rooms<'a>(tx: &'a mut Tx, (first, second): &'a (UserId, UserId)) -> BoxFuture<'a, Result<()>> {
    Box::pin(async move {
        let actor = |id: &UserId| Actor::User { id: id.clone(), role: Role::User };
        let name = RoomName::parse("One of many")?;
        let one = Create { actor: actor(first), name, access: Access::Open, max_memberships: u32::MAX };
        for _ in 0..MANY {
            let room = create(tx, &one).await?;
            enter(tx, &Join { actor: actor(second), room, max_memberships: u32::MAX }).await?;
        }
        Ok(())
    })
}

/// Shuts the account of the first and lets some rooms pass on, before anybody else can. Whether there are more, and how many are
/// the second's then.
fn shut_and_passing_on<'a>(tx: &'a mut Tx, (first, second): &'a (UserId, UserId)) -> BoxFuture<'a, Result<(bool, usize)>> {
    Box::pin(async move {
        accounts::actions::set_disabled(tx, &Actor::System, first, true).await?;
        let more = let_rooms_of_shut_accounts_pass_on(tx).await?;
        let (who, mut owned) = (MemberId::User(second.clone()), 0);
        for room in rooms_of(tx.conn(), &who).await? {
            owned += usize::from(standing(tx.conn(), &room, &who).await?.1 == RoomRole::Owner);
        }
        Ok((more, owned))
    })
}

/// More rooms than pass on in one go.
const MANY: usize = 120;

db_test! {
    async fn f18_rooms_pass_on_when_the_account_of_their_only_owner_is_shut(db) {
        let binary = Binary::start(db, &[]).await;
        let (ann, bob, cem) = (member(&binary, "Ann").await, member(&binary, "Bob").await, member(&binary, "Cem").await);
        let (room, shared, alone) = (open_room(&ann.client, "Lobby").await, open_room(&cem.client, "Shared").await, open_room(&ann.client, "Alone").await);
        for person in [&bob, &cem] {
            join(&person.client, &room).await.expect(200);
        }
        for person in [&bob, &ann] {
            join(&person.client, &shared).await.expect(200);
        }
        set_role(&ann.client, &room, &cem, "moderator").await.expect(200);
        set_role(&cem.client, &shared, &ann, "owner").await.expect(200);
        let sockets = Sockets::at(binary.base_url()).await;
        let socket = sockets.connect(&bob).await;

        binary.run_well(&["user", "disable", &ann.email], "").await;
        socket.expect_where("room:role", |told| told == &json!({ "roomId": room, "userId": cem.id.as_str(), "role": "owner" })).await;
        assert_eq!(members(&bob.client, &room).await, roles(&[("Ann", "owner"), ("Cem", "owner"), ("Bob", "member")]));
        assert_eq!(members(&bob.client, &shared).await, roles(&[("Cem", "owner"), ("Ann", "owner"), ("Bob", "member")]));
        // An owner whose account is shut is as good as none.
        for room in [&room, &shared] {
            set_role(&cem.client, room, &cem, "member").await.expect_error(409, "last_owner");
        }
        cem.client.patch(&format!("/api/rooms/{room}"), json!({ "name": "Hall" })).await.expect(200);
        leave(&cem.client, &shared).await.expect(200);
        assert_eq!(members(&bob.client, &shared).await, roles(&[("Bob", "owner"), ("Ann", "owner")]));

        // Where nobody else was, everything is as it was.
        binary.run_well(&["user", "disable", "--undo", &ann.email], "").await;
        sign_in(&binary, &ann.email, &ann.client).await;
        assert_eq!(members(&ann.client, &alone).await, roles(&[("Ann", "owner")]));
        set_role(&ann.client, &room, &cem, "moderator").await.expect(200);
        binary.stop().await;
    }

    async fn f18_many_rooms_pass_on_bit_by_bit(db) {
        let mut server = TestServer::start(db).await;
        let (ann, bob) = (server.member("Ann").await, server.member("Bob").await);
        let store = server.store().await.clone();
        store.write((ann.id.clone(), bob.id.clone()), many_rooms).await.unwrap();
        // The server, which has only just started, may let the others pass on at any moment.
        let (more, passed) = store.write((ann.id.clone(), bob.id.clone()), shut_and_passing_on).await.unwrap();
        assert!(more && passed > 0 && passed < MANY, "{passed} have passed on");
        // Whoever shut the account was interrupted: the server goes on.
        server.restart().await;
        eventually("the other rooms pass on", || async { (events(&server, "room.role_changed").await.len() == MANY).then_some(()) }).await;
        let more = store.write((), |tx, ()| Box::pin(let_rooms_of_shut_accounts_pass_on(tx))).await.unwrap();
        assert!(!more && events(&server, "room.role_changed").await.len() == MANY, "once is enough");
        server.stop().await;
    }

    async fn f18_a_room_passes_on_when_its_owner_leaves(db) {
        let server = TestServer::start(db).await;
        let (ann, bob, cem) = (server.member("Ann").await, server.member("Bob").await, server.member("Cem").await);
        let room = open_room(&ann.client, "Lobby").await;
        for person in [&bob, &cem] {
            server.clock.advance(std::time::Duration::from_secs(1));
            join(&person.client, &room).await.expect(200);
        }
        // The one who came later is a moderator, and therefore first.
        set_role(&ann.client, &room, &cem, "moderator").await.expect(200);
        leave(&ann.client, &room).await.expect(200);
        assert_eq!(members(&bob.client, &room).await, roles(&[("Cem", "owner"), ("Bob", "member")]));
        leave(&cem.client, &room).await.expect(200);
        assert_eq!(members(&bob.client, &room).await, roles(&[("Bob", "owner")]));
        leave(&bob.client, &room).await.expect(200);
        for person in [&ann, &bob, &cem] {
            join(&person.client, &room).await.expect_error(404, "not_found");
        }
        assert_eq!(events(&server, "room.deleted").await, [(room, json!({}))]);
        server.stop().await;
    }

    async fn f18_a_room_does_not_pass_to_an_account_that_is_shut(db) {
        let server = TestServer::start(db).await;
        let (ann, bob, cem) = (server.member("Ann").await, server.member("Bob").await, server.member("Cem").await);
        let room = open_room(&ann.client, "Lobby").await;
        for person in [&bob, &cem] {
            server.clock.advance(std::time::Duration::from_secs(1));
            join(&person.client, &room).await.expect(200);
        }
        set_role(&ann.client, &room, &bob, "moderator").await.expect(200);
        let shut = bob.id.clone();
        server.store().await.write(shut, |tx, id| Box::pin(accounts::actions::set_disabled(tx, &Actor::System, id, true))).await.unwrap();
        leave(&ann.client, &room).await.expect(200);
        assert_eq!(members(&cem.client, &room).await, roles(&[("Cem", "owner"), ("Bob", "moderator")]));
        server.stop().await;
    }

    async fn f18_a_second_owner_lets_the_first_go(db) {
        let server = TestServer::start(db).await;
        let (ann, bob, cem) = (server.member("Ann").await, server.member("Bob").await, server.member("Cem").await);
        let room = open_room(&ann.client, "Lobby").await;
        for person in [&bob, &cem] {
            join(&person.client, &room).await.expect(200);
        }
        set_role(&ann.client, &room, &ann, "member").await.expect_error(409, "last_owner");
        set_role(&ann.client, &room, &cem, "owner").await.expect(200);
        set_role(&ann.client, &room, &ann, "member").await.expect(200);
        set_role(&ann.client, &room, &ann, "owner").await.expect_error(403, "forbidden");
        leave(&ann.client, &room).await.expect(200);
        assert_eq!(members(&bob.client, &room).await, roles(&[("Cem", "owner"), ("Bob", "member")]));
        server.stop().await;
    }

    async fn only_those_above_remove_somebody(db) {
        let server = TestServer::start(db).await;
        let (ann, bob, cem, dan) = (server.member("Ann").await, server.member("Bob").await, server.member("Cem").await, server.member("Dan").await);
        let room = open_room(&ann.client, "Lobby").await;
        for person in [&bob, &cem, &dan] {
            join(&person.client, &room).await.expect(200);
        }
        for person in [&bob, &cem] {
            set_role(&ann.client, &room, person, "moderator").await.expect(200);
        }
        remove(&dan.client, &room, &bob).await.expect_error(403, "forbidden");
        remove(&bob.client, &room, &cem).await.expect_error(403, "forbidden");
        remove(&bob.client, &room, &ann).await.expect_error(403, "forbidden");
        remove(&bob.client, &room, &dan).await.expect(200);
        remove(&bob.client, &room, &dan).await.expect_error(404, "not_found");
        remove(&ann.client, &room, &bob).await.expect(200);
        // Removing oneself is leaving.
        remove(&cem.client, &room, &cem).await.expect(200);
        join(&cem.client, &room).await.expect(200);
        assert_eq!(members(&ann.client, &room).await, roles(&[("Ann", "owner"), ("Cem", "member")]));
        server.stop().await;
    }

    async fn owners_change_the_room_and_others_do_not(db) {
        let server = TestServer::start(db).await;
        let (ann, bob) = (server.member("Ann").await, server.member("Bob").await);
        let room = open_room(&ann.client, "Lobby").await;
        join(&bob.client, &room).await.expect(200);
        let path = format!("/api/rooms/{room}");
        set_role(&ann.client, &room, &bob, "moderator").await.expect(200);
        bob.client.patch(&path, json!({ "name": "Mine" })).await.expect_error(403, "forbidden");
        bob.client.delete(&path).await.expect_error(403, "forbidden");
        set_role(&bob.client, &room, &bob, "owner").await.expect_error(403, "forbidden");
        set_role(&ann.client, &room, &bob, "king").await.expect_error(400, "invalid_request");
        let changed = ann.client.patch(&path, json!({ "name": " Hall ", "access": "invite", "inviteRole": "owner" })).await.expect(200).json();
        assert_eq!((&changed["room"]["name"], &changed["room"]["access"], &changed["room"]["inviteRole"]), (&json!("Hall"), &json!("invite"), &json!("owner")));
        ann.client.patch(&path, json!({})).await.expect(200);
        assert_eq!(events(&server, "room.changed").await.len(), 1, "what changes nothing is no news");
        // Now only owners invite.
        let cem = server.member("Cem").await;
        invite(&bob.client, &room, cem.id.as_str()).await.expect_error(403, "forbidden");
        invite(&ann.client, &room, cem.id.as_str()).await.expect(200);
        join(&cem.client, &room).await.expect(200);
        server.stop().await;
    }

    async fn a_deleted_room_is_gone_for_everybody_and_its_messages_are_removed(db) {
        let mut server = TestServer::start(db).await;
        let (ann, bob) = (server.member("Ann").await.client, server.member("Bob").await.client);
        let room = open_room(&ann, "Lobby").await;
        join(&bob, &room).await.expect(200);
        let message = id(&say(&bob, &room, "Hello").await);
        ann.delete(&format!("/api/rooms/{room}")).await.expect(200);
        ann.delete(&format!("/api/rooms/{room}")).await.expect_error(404, "not_found");
        for client in [&ann, &bob] {
            assert_eq!(own(client).await, Vec::<String>::new());
            let (gone, nowhere) = (client.get(&format!("/api/rooms/{room}/messages")).await.expect(404), client.get(&format!("/api/rooms/{NOWHERE}/messages")).await.expect(404));
            assert_eq!(gone.body, nowhere.body);
            client.delete(&format!("/api/rooms/{room}/messages/{message}")).await.expect_error(404, "not_found");
            join(client, &room).await.expect_error(404, "not_found");
        }
        // What has expired is removed at start.
        server.restart().await;
        let connection = server.database().connect().await;
        eventually("the messages to be removed", || async {
            let query = "SELECT (SELECT count(*) FROM messages) + (SELECT count(*) FROM rooms)";
            let statement = sea_orm::Statement::from_string(sea_orm::ConnectionTrait::get_database_backend(&connection), query);
            let left: i64 = sea_orm::ConnectionTrait::query_one_raw(&connection, statement).await.unwrap().unwrap().try_get_by_index(0).unwrap();
            (left == 0).then_some(())
        }).await;
        connection.close().await.unwrap();
        server.stop().await;
    }

    async fn members_see_who_is_there_and_how_far_they_are(db) {
        let server = TestServer::start(db).await;
        let (ann, bob) = (server.member("Ann").await, server.member("Bob").await);
        let room = open_room(&ann.client, "Lobby").await;
        join(&bob.client, &room).await.expect(200);
        say(&ann.client, &room, "One").await;
        say(&ann.client, &room, "Two").await;
        let seen = details(&bob.client, &room).await;
        assert_eq!((&seen["unread"], &seen["readSeq"], &seen["seq"], &seen["rev"], &seen["memberCount"]), (&json!(2), &json!(0), &json!(2), &json!(2), &json!(2)));
        assert_eq!(seen["members"][0], json!({ "id": ann.id.as_str(), "username": "Ann", "role": "owner", "isBot": false, "online": false }));
        assert_eq!((seen["messages"].as_array().unwrap().len(), &seen["more"], &seen["role"]), (2, &json!(false), &json!("member")));
        assert_eq!(details(&ann.client, &room).await["unread"], 0, "whoever writes has read");
        bob.client.post(&format!("/api/rooms/{room}/read"), json!({ "seq": 1 })).await.expect(200);
        bob.client.post(&format!("/api/rooms/{room}/read"), json!({ "seq": 0 })).await.expect(200);
        assert_eq!(listed(&bob.client, "rooms").await[0]["unread"], 1);
        bob.client.post(&format!("/api/rooms/{room}/read"), json!({ "seq": 99 })).await.expect(200);
        assert_eq!(listed(&bob.client, "rooms").await[0]["readSeq"], 2);
        let read = events(&server, "room.read").await;
        assert_eq!(read.iter().map(|(_, data)| data["seq"].as_u64().unwrap()).collect::<Vec<_>>(), [1, 2]);
        // Who comes later begins with what is new to them.
        let cem = server.member("Cem").await.client;
        let joined = join(&cem, &room).await.expect(200).json();
        assert_eq!((&joined["room"]["unread"], &joined["room"]["readSeq"]), (&json!(0), &json!(2)));
        server.stop().await;
    }

    async fn the_room_with_the_latest_message_comes_first(db) {
        let server = TestServer::start(db).await;
        let ann = server.member("Ann").await.client;
        let mut rooms = Vec::new();
        for name in ["One", "Two", "Three"] {
            server.clock.advance(std::time::Duration::from_secs(1));
            rooms.push(open_room(&ann, name).await);
        }
        assert_eq!(own(&ann).await, [rooms[2].clone(), rooms[1].clone(), rooms[0].clone()]);
        server.clock.advance(std::time::Duration::from_secs(1));
        let first = say(&ann, &rooms[0], "Hello").await;
        assert_eq!(own(&ann).await, [rooms[0].clone(), rooms[2].clone(), rooms[1].clone()]);
        server.clock.advance(std::time::Duration::from_secs(1));
        say(&ann, &rooms[1], "Hello").await;
        // An edit is no message.
        ann.patch(&format!("/api/rooms/{}/messages/{}", rooms[0], id(&first)), json!({ "body": "Bye" })).await.expect(200);
        assert_eq!(own(&ann).await, [rooms[1].clone(), rooms[0].clone(), rooms[2].clone()]);
        server.stop().await;
    }
}
