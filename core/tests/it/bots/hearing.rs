//! Which messages bots hear, in which order, and what they say to them.

use std::time::Duration;

use community::{
    actor::{Actor, Role},
    bots::{
        model::{Bot, Handle},
        queries::by_handle,
    },
    config::PluginSection,
    error::Result,
    ids::{RoomId, UserId},
    messages::{
        actions::{Send, send},
        model::Content,
    },
    plugins::actions::{Settlement, Step, settle},
    rooms::{
        actions::{Create, create},
        model::{Access, RoomName},
        queries::MAX_ROOMS,
    },
    store::{Position, Tx},
};
use futures_util::future::{BoxFuture, join_all};
use sea_orm::{ConnectionTrait, Statement};
use serde_json::{Value, json};

use super::{ALL, again, bot, heard, present, run, said, scene, with};
use crate::{
    rooms::{self, invite, read, say},
    support::{TestServer, eventually},
};

/// Makes more rooms than a page of the list has.
fn make_rooms<'a>(tx: &'a mut Tx, owner: &'a UserId) -> BoxFuture<'a, Result<()>> {
    Box::pin(async move {
        let (actor, name) = (Actor::User { id: owner.clone(), role: Role::User }, RoomName::parse("One of many")?);
        let room = Create { actor, name, access: Access::Open, max_memberships: u32::MAX };
        for _ in 0..=MAX_ROOMS {
            create(tx, &room).await?;
        }
        Ok(())
    })
}

/// Lets the server begin anew without its bots for as long as something happens, and then with them.
async fn without_bots(server: &mut TestServer, happens: impl AsyncFnOnce(&TestServer)) {
    let plugins = std::mem::take(&mut server.config.plugins);
    server.restart().await;
    happens(server).await;
    server.config.plugins = plugins;
    server.restart().await;
}

/// The bot with the id `echo`.
async fn echo(server: &TestServer) -> Bot {
    by_handle(server.store().await.reader(), &Handle::parse("echo").unwrap()).await.unwrap().unwrap()
}

/// More messages than a bot is told of before it has dealt with some.
const MANY: usize = 1000;

/// Lets somebody say much in a room.
fn talk<'a>(tx: &'a mut Tx, (ann, room): &'a (UserId, String)) -> BoxFuture<'a, Result<()>> {
    Box::pin(async move {
        for number in 1..=MANY {
            let message = Send {
                id: None,
                actor: Actor::User { id: ann.clone(), role: Role::User },
                author_name: "Ann".to_owned(),
                room: RoomId::parse(room).unwrap(),
                content: Content::new(if number == MANY { "echo at last" } else { "and on" }.to_owned(), Vec::new())?,
                reply_to: None,
                client_id: None,
            };
            send(tx, &message).await?;
        }
        Ok(())
    })
}

db_test! {
    async fn a_bot_answers_what_is_said(db) {
        let server = TestServer::start_with(db, |config| with(config, "echo", bot("echo_bot", &["chat-write"]))).await;
        let (ann, room) = scene(&server).await;
        let question = say(&ann.client, &room, "echo hello").await;
        let answer = said(&ann.client, &room, "echo: hello").await;
        assert_eq!((&answer["isBot"], &answer["authorName"], &answer["replyTo"]), (&json!(true), &json!("echo"), &question["id"]));
        assert!(rooms::members(&ann.client, &room).await.contains(&("echo".to_owned(), "member".to_owned())));
        server.stop().await;
    }

    async fn a_bot_that_is_to_be_invited_hears_nothing_before(db) {
        let server = TestServer::start_with(db, |config| {
            let mut section = bot("echo_bot", &["chat-write"]);
            section.rooms = serde_json::from_str("\"invited\"").unwrap();
            section.name = Some("Echo".to_owned());
            with(config, "echo", section);
        }).await;
        let (ann, room) = scene(&server).await;
        say(&ann.client, &room, "echo nobody").await;
        let echo = echo(&server).await;
        assert_eq!(echo.name.as_str(), "Echo");
        invite(&ann.client, &room, echo.id.as_str()).await.expect(200);
        say(&ann.client, &room, "echo somebody").await;
        said(&ann.client, &room, "echo: somebody").await;
        assert_eq!(read(&ann.client, &room, "").await.len(), 3, "what was said before the invitation stays unanswered");
        server.stop().await;
    }

    async fn p14_bots_hear_neither_themselves_nor_each_other(db) {
        let server = TestServer::start_with(db, |config| {
            with(config, "one", bot("naughty_bot", &ALL));
            with(config, "two", bot("naughty_bot", &ALL));
        }).await;
        let (ann, room) = scene(&server).await;
        say(&ann.client, &room, "naughty reply-forever").await;
        let answers = || async {
            let messages = read(&ann.client, &room, "").await;
            (messages.len() >= 3).then_some(messages)
        };
        eventually("both answer", answers).await;
        say(&ann.client, &room, "naughty reply-forever").await;
        eventually("both answer again", || async { (read(&ann.client, &room, "").await.len() >= 6).then_some(()) }).await;
        // What they say to this comes after whatever they would say to the answers.
        say(&ann.client, &room, "naughty send that was all").await;
        let ends = |all: &[Value]| all.iter().filter(|message| message["body"] == "that was all").count();
        let messages = eventually("both have heard it", || async { Some(read(&ann.client, &room, "").await).filter(|all| ends(all) == 2) }).await;
        let answers = messages.iter().filter(|message| message["isBot"] == true && message["body"] == "naughty reply-forever").count();
        assert_eq!(answers, 4, "{messages:?}");
        server.stop().await;
    }

    async fn messages_of_a_room_are_heard_in_their_order(db) {
        let server = TestServer::start_with(db, |config| {
            config.limits.enabled = false;
            let mut section = bot("echo_bot", &["chat-write"]);
            section.limits.messages = 10_000;
            with(config, "echo", section);
        }).await;
        let (ann, _) = scene(&server).await;
        let rooms = join_all((0..4).map(|number| { let client = &ann.client; async move { rooms::open_room(client, &format!("Room {number}")).await } })).await;
        for number in 0..5 {
            join_all(rooms.iter().map(|room| say(&ann.client, room, Box::leak(format!("echo {number}").into_boxed_str())))).await;
        }
        for room in &rooms {
            heard(&ann.client, room, "the last answer", |message| message["body"] == "echo: 4").await;
            let answers: Vec<_> = read(&ann.client, room, "").await.into_iter().filter(|message| message["isBot"] == true).map(|message| message["body"].clone()).collect();
            assert_eq!(answers, (0..5).map(|number| json!(format!("echo: {number}"))).collect::<Vec<_>>());
        }
        server.stop().await;
    }

    async fn a_bot_goes_on_where_it_was_before_a_restart(db) {
        let mut server = TestServer::start_with(db, |config| with(config, "echo", bot("echo_bot", &["chat-write"]))).await;
        let (ann, room) = scene(&server).await;
        present(&ann.client, &room, "echo").await;
        without_bots(&mut server, async |server| drop(say(&again(server, &ann), &room, "echo while you were away").await)).await;
        said(&again(&server, &ann), &room, "echo: while you were away").await;
        server.stop().await;
    }

    async fn a_bot_that_was_away_is_not_told_what_was_said_before_it_was_invited(db) {
        let mut server = TestServer::start_with(db, |config| {
            let section = PluginSection { rooms: serde_json::from_str("\"invited\"").unwrap(), ..bot("echo_bot", &["chat-write"]) };
            with(config, "echo", section);
        }).await;
        let (ann, room) = scene(&server).await;
        let echo = echo(&server).await;
        without_bots(&mut server, async |server| {
            let client = again(server, &ann);
            say(&client, &room, "echo too early").await;
            server.clock.advance(Duration::from_secs(1));
            invite(&client, &room, echo.id.as_str()).await.expect(200);
            say(&client, &room, "echo while you were away").await;
        }).await;
        let client = again(&server, &ann);
        said(&client, &room, "echo: while you were away").await;
        assert_eq!(read(&client, &room, "").await.len(), 3, "what was said before the invitation stays unanswered");
        server.stop().await;
    }

    async fn a_bot_that_missed_much_hears_all_of_it_though_nothing_new_happens(db) {
        let mut server = TestServer::start_with(db, |config| with(config, "echo", bot("echo_bot", &["chat-write"]))).await;
        let (ann, room) = scene(&server).await;
        present(&ann.client, &room, "echo").await;
        without_bots(&mut server, async |server| server.store().await.write((ann.id.clone(), room.clone()), talk).await.unwrap()).await;
        said(&again(&server, &ann), &room, "echo: at last").await;
        server.stop().await;
    }

    async fn how_far_a_bot_has_come_never_goes_back(db) {
        let server = TestServer::start(db).await;
        let store = server.store().await;
        let (node, database) = (store.node().as_str(), server.database().connect().await);
        let columns = "plugin, transaction_id, position, node, lease_until";
        database.execute_unprepared(&format!("INSERT INTO plugin_cursors ({columns}) VALUES ('slow', 0, 0, '{node}', '')")).await.unwrap();
        // Two calls that end at the same moment may be written in either order. Of two places the one of the later transaction is further.
        for (written, kept) in [((5, 50), (5, 50)), ((5, 40), (5, 50)), ((4, 60), (5, 50)), ((6, 10), (6, 10)), ((6, 11), (6, 11)), ((0, 0), (6, 11))] {
            let cursor = Some(Position { transaction: written.0, position: written.1 });
            let step = Step { lease: node.to_owned(), cursor, ..Step::default() };
            let done = Settlement { plugin: "slow".to_owned(), step: Some((step, store.now())), ..Settlement::default() };
            store.write(done, |tx, done| Box::pin(settle(tx, done))).await.unwrap();
            let query = "SELECT transaction_id, position FROM plugin_cursors WHERE plugin = 'slow'";
            let row = database.query_one_raw(Statement::from_string(database.get_database_backend(), query)).await.unwrap().unwrap();
            let now: (i64, i64) = (row.try_get_by_index(0).unwrap(), row.try_get_by_index(1).unwrap());
            assert_eq!(now, kept, "after {written:?}");
        }
        // What began before the bot was taken anew, be it by the same process, does not count any more.
        database.execute_unprepared("UPDATE plugin_cursors SET node = node || ':2' WHERE plugin = 'slow'").await.unwrap();
        let step = Step { lease: format!("{node}:1"), cursor: Some(Position { transaction: 9, position: 90 }), ..Step::default() };
        let done = Settlement { plugin: "slow".to_owned(), step: Some((step, store.now())), ..Settlement::default() };
        assert_eq!(store.write(done, |tx, done| Box::pin(settle(tx, done))).await.unwrap_err().code, "lease_lost");
        database.close().await.unwrap();
        server.stop().await;
    }

    async fn a_bot_serves_more_rooms_than_a_page_of_them_has(db) {
        let mut server = TestServer::start(db).await;
        let (ann, quietest) = scene(&server).await;
        server.clock.advance(Duration::from_secs(1));
        server.store().await.write(ann.id.clone(), make_rooms).await.unwrap();
        with(&mut server.config, "naughty", bot("naughty_bot", &ALL));
        server.restart().await;
        assert_eq!(run(&again(&server, &ann), &quietest, "/naughty well").await, "done: well", "it is there before anything is said");
        // It is still in all the others, but this is the only one that it hears now.
        with(&mut server.config, "naughty", PluginSection { rooms: serde_json::from_value(json!([quietest])).unwrap(), ..bot("naughty_bot", &ALL) });
        server.restart().await;
        let ann = again(&server, &ann);
        run(&ann, &quietest, "/naughty rooms").await;
        said(&ann, &quietest, "rooms: Lobby").await;
        server.stop().await;
    }
}
