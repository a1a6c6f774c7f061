//! `community user erase`: nothing is left of who somebody was, and what they said stays under no name, or goes, too.

use community::{
    accounts::{actions, model::Profile},
    actor::{Actor, Role},
    error::Result,
    ids::{RoomId, UserId},
    messages::{
        actions::{Send, send},
        model::Content,
    },
    store::{Store, Tx},
};
use futures_util::future::BoxFuture;
use image::ImageFormat;
use sea_orm::{ConnectionTrait, DatabaseConnection, Statement};
use serde_json::{Value, json};

use super::{profile, session};
use crate::{
    posts::write,
    rooms::{id, invite, join, leave, listed, members, open_room, read, roles, say},
    store::{member, open},
    support::{Binary, Database, Db, Light, PASSWORD, Person, eventually},
    uploads::{field, file, form, send as send_form},
};

/// Ann's name, and in small letters the beginning of all that she is known as.
const NAME: &str = "Canaryann";
/// Her subject at Discord.
const SUBJECT: &str = "123456789012345678";
/// Her address there.
const SECOND: &str = "canaryann2@example.net";

/// Where in the database any of what Ann is known as is found: tables, and on SQLite their columns.
async fn traces(database: &Database) -> Vec<String> {
    let connection = database.connect().await;
    let places = match database.kind() {
        Db::Sqlite => {
            "SELECT t.name || '.' || c.name, 'lower(CAST(\"' || c.name || '\" AS TEXT))', t.name FROM sqlite_master t \
            JOIN pragma_table_info(t.name) c WHERE t.type = 'table'"
        }
        Db::Postgres => "SELECT tablename::text, 'lower(one::text)', tablename::text FROM pg_tables WHERE schemaname = 'public'",
    };
    let mut found = Vec::new();
    for row in rows(&connection, places).await {
        let [place, text, table] = [0, 1, 2].map(|index| row.try_get_by_index::<String>(index).unwrap());
        let any = format!("SELECT 1 AS one FROM \"{table}\" AS one WHERE {text} LIKE '%canaryann%' OR {text} LIKE '%{SUBJECT}%' LIMIT 1");
        if !rows(&connection, &any).await.is_empty() {
            found.push(place.split('.').next().unwrap().to_owned());
        }
    }
    connection.close().await.unwrap();
    found.sort();
    found.dedup();
    found
}

async fn rows(connection: &DatabaseConnection, query: &str) -> Vec<sea_orm::QueryResult> {
    connection.query_all_raw(Statement::from_string(connection.get_database_backend(), query)).await.unwrap()
}

fn at_discord() -> Profile {
    Profile { email: Some(SECOND.to_owned()), email_verified: true, username: NAME.to_owned(), ..profile("discord", SUBJECT) }
}

async fn link_discord(store: &Store, ann: &Person) {
    let input = (ann.id.clone(), at_discord(), session(&ann.client).await);
    store.write(input, |tx, (user, profile, keep)| Box::pin(actions::link(tx, user, profile, keep))).await.unwrap();
}

/// Lets the person say something often, in one write.
async fn say_often(store: &Store, who: &Person, room: &str, count: usize) {
    let input = (who.id.clone(), who.username.clone(), RoomId::parse(room).unwrap(), count);
    store.write(input, many_messages).await.unwrap();
}

fn many_messages<'a>(tx: &'a mut Tx, (user, name, room, count): &'a (UserId, String, RoomId, usize)) -> BoxFuture<'a, Result<()>> {
    Box::pin(async move {
        for number in 0..*count {
            let message = Send {
                id: None,
                actor: Actor::User { id: user.clone(), role: Role::User },
                author_name: name.clone(),
                room: room.clone(),
                content: Content::new(format!("Word {number}"), Vec::new())?,
                reply_to: None,
                client_id: None,
            };
            send(tx, &message).await?;
        }
        Ok(())
    })
}

/// What the shell says of somebody who was erased.
fn gone(person: &Person) -> String {
    format!("{}\tuser\tdisabled\tdeleted\t-\n", person.id)
}

async fn refusal(binary: &Binary, arguments: &[&str]) -> String {
    let output = binary.run(arguments, "").await;
    assert!(!output.status.success() && output.stdout.is_empty(), "{output:?}");
    String::from_utf8(output.stderr).unwrap()
}

/// The names under which messages stand, with whether they are deleted.
fn signed(messages: &[Value]) -> Vec<(&str, bool)> {
    messages.iter().map(|message| (message["authorName"].as_str().unwrap(), message["deleted"].as_bool().unwrap())).collect()
}

/// Ann is known by much, and much waits for her; Bob is in a room with her. Gives her upload, too.
async fn much(binary: &Binary) -> (Person, Person, String, Value) {
    let store = open(binary).await;
    let (ann, bob) = (member(binary, NAME).await, member(binary, "Bob").await);
    link_discord(&store, &ann).await;
    let room = open_room(&ann.client, "Lobby").await;
    join(&bob.client, &room).await.expect(200);
    // Another client of hers, by password: the browser is known from now on.
    let login = json!({ "email": ann.email, "password": PASSWORD });
    binary.client().post("/api/email/login", login).await.expect(200);
    binary.client().post("/api/email/forgot", json!({ "email": ann.email })).await.expect(200);
    binary.mails().wait(&ann.email, 1).await;
    let register = json!({ "email": SECOND, "password": PASSWORD, "username": NAME });
    binary.client().post("/api/email/register", register).await.expect(200);
    let own = open_room(&bob.client, "Bob's").await;
    for whom in [format!("email_{SECOND}"), ann.id.to_string()] {
        invite(&bob.client, &own, &whom).await.expect(200);
    }
    let picture = form(&[field("file", "canaryann.png", &file(8, 8, ImageFormat::Png))]);
    let upload = send_form(&ann.client, picture).await.expect(200).json();
    (ann, bob, room, upload)
}

db_test! {
    async fn of_who_was_erased_no_table_knows_anything(db) {
        let binary = Binary::start(db, &[]).await;
        let (ann, bob, room, upload) = much(&binary).await;
        say(&ann.client, &room, "Hello").await;
        say(&bob.client, &room, "Hello yourself").await;
        let post = id(&write(&ann.client, "What I think").await);
        let known = traces(binary.database()).await;
        for table in ["identities", "mails", "messages", "registrations", "room_invites", "uploads", "users"] {
            assert!(known.iter().any(|place| place == table), "this test does not see {table}: {known:?}");
        }
        let mut socket = Light::connect(&binary.base_url(), &ann).await;
        let mut other = Light::connect(&binary.base_url(), &bob).await;

        assert_eq!(binary.run_well(&["user", "erase", &ann.email, "--yes"], "").await, gone(&ann));
        assert_eq!(socket.expect("session:ended").await["reason"], "disabled");
        socket.closed().await;
        assert_eq!(traces(binary.database()).await, Vec::<String>::new());
        ann.client.get("/api/me").await.expect_error(401, "login_required");
        eventually("the file to be gone", || async {
            let file = bob.client.get(upload["url"].as_str().unwrap()).await;
            (file.status == 404).then_some(())
        }).await;
        // The room passed on, and what she said stays.
        assert_eq!(other.expect("room:left").await["user"]["id"], ann.id.as_str());
        assert_eq!(other.expect("room:role").await["userId"], bob.id.as_str());
        assert_eq!(members(&bob.client, &room).await, roles(&[("Bob", "owner")]));
        assert_eq!(signed(&read(&bob.client, &room, "").await), [("deleted", false), ("Bob", false)]);
        let shown = || async { bob.client.get("/api/posts").await.expect(200).json()[0].clone() };
        let shown = eventually("the list to know no name", || async { Some(shown().await).filter(|post| post["author_name"] == "deleted") }).await;
        assert_eq!((&shown["id"], &shown["title"]), (&json!(post), &json!("What I think")));

        // Once more changes nothing, and whoever comes is somebody new.
        assert_eq!(binary.run_well(&["user", "erase", ann.id.as_str(), "--yes"], "").await, gone(&ann));
        assert!(refusal(&binary, &["user", "erase", &ann.email, "--yes"]).await.contains("there is no account"));
        let store = open(&binary).await;
        let found = store.write(at_discord(), |tx, profile| Box::pin(actions::sign_in(tx, profile))).await.unwrap();
        assert!(found.is_new && found.user.id != ann.id, "{found:?}");
        let again = member(&binary, NAME).await;
        assert!(again.id != ann.id && again.id != found.user.id);
        assert!(listed(&again.client, "invites").await.is_empty() && listed(&again.client, "rooms").await.is_empty());
        binary.stop().await;
    }

    async fn with_the_posts_everything_goes_that_was_said(db) {
        let binary = Binary::start(db, &[]).await;
        let store = open(&binary).await;
        let (ann, bob) = (member(&binary, NAME).await, member(&binary, "Bob").await);
        let (room, left) = (open_room(&bob.client, "Lobby").await, open_room(&bob.client, "Left").await);
        for room in [&room, &left] {
            join(&ann.client, room).await.expect(200);
        }
        say(&ann.client, &left, "I said canaryann").await;
        leave(&ann.client, &left).await.expect(200);
        say(&bob.client, &room, "Hello").await;
        say_often(&store, &ann, &room, 120).await;
        let kept = id(&write(&bob.client, "Mine").await);
        crate::posts::fill(&store, &ann, 60, "I am canaryann").await;
        let mut socket = Light::connect(&binary.base_url(), &bob).await;

        let line = binary.run_well(&["user", "erase", ann.id.as_str(), "--with-posts", "--yes"], "").await;
        assert_eq!(line, gone(&ann));
        for _ in 0..121 {
            let message = socket.expect("message:deleted").await["message"].take();
            assert_eq!((&message["authorName"], &message["body"], &message["deleted"]), (&json!("deleted"), &json!(""), &json!(true)));
        }
        assert_eq!(traces(binary.database()).await, Vec::<String>::new());
        let messages = read(&bob.client, &room, "?limit=200").await;
        assert_eq!(signed(&messages)[..2], [("Bob", false), ("deleted", true)]);
        assert!(messages.len() == 121 && signed(&messages)[1..].iter().all(|one| one == &("deleted", true)));
        assert_eq!(signed(&read(&bob.client, &left, "").await), [("deleted", true)]);
        eventually("the list to be Bob's alone", || async {
            let list = bob.client.get("/api/posts").await.expect(200).json();
            (crate::posts::ids(&list) == [kept.clone()]).then_some(())
        }).await;
        assert_eq!(binary.run_well(&["user", "erase", ann.id.as_str(), "--with-posts", "--yes"], "").await, gone(&ann));
        binary.stop().await;
    }

    async fn an_erasure_that_was_cut_off_is_finished_by_the_next(db) {
        let mut binary = Binary::start(db, &[]).await;
        let (ann, bob, room, _) = much(&binary).await;
        let store = open(&binary).await;
        say_often(&store, &ann, &room, 600).await;
        let rows_of = binary.database().connect().await;
        let (mut process, _lines) = binary.begin(&["user", "erase", &ann.email, "--yes"]);
        eventually("the account to be shut", || async {
            let shut = rows(&rows_of, "SELECT id FROM users WHERE disabled_at IS NOT NULL").await;
            (!shut.is_empty()).then_some(())
        }).await;
        process.kill();
        rows_of.close().await.unwrap();
        // As long as it is not over, she is found by what she is known as. Without a server it goes on, too.
        binary.terminate().await;
        let who = if traces(binary.database()).await.is_empty() { ann.id.as_str() } else { ann.email.as_str() };
        assert_eq!(binary.run_well(&["user", "erase", who, "--yes"], "").await, gone(&ann));
        assert_eq!(traces(binary.database()).await, Vec::<String>::new());
        binary.serve().await;
        let messages = read(&bob.client, &room, "?limit=200").await;
        assert!(messages.len() == 200 && signed(&messages).iter().all(|one| one == &("deleted", false)));
        binary.stop().await;
    }

    async fn who_cannot_go_is_told_why(db) {
        let binary = Binary::start(db, &[]).await;
        let (root, ann) = (member(&binary, "Root").await, member(&binary, "Ann").await);
        binary.run_well(&["user", "promote", &root.email], "").await;
        let before = binary.run_well(&["user", "list"], "").await;
        let sentence = refusal(&binary, &["user", "erase", &root.email, "--yes"]).await;
        assert!(sentence.contains("the only admin") && sentence.contains("user promote"), "{sentence}");
        let bot = binary.run_well(&["bot", "create", "Helper"], "").await;
        let bot = bot.split('\t').next().unwrap();
        for command in ["erase", "export"] {
            let sentence = refusal(&binary, &["user", command, bot]).await;
            assert!(sentence.contains("is a bot"), "{sentence}");
        }
        let sentence = refusal(&binary, &["user", "erase", &ann.email]).await;
        assert!(sentence.contains("--yes") && sentence.contains("nothing was changed"), "{sentence}");
        assert!(refusal(&binary, &["user", "erase", "nobody@example.org", "--yes"]).await.contains("there is no account"));
        ann.client.get("/api/me").await.expect(200);
        assert_eq!(binary.run_well(&["user", "list"], "").await, before);
        // One whose account is shut looks after nothing.
        binary.run_well(&["user", "promote", &ann.email], "").await;
        binary.run_well(&["user", "disable", &ann.email], "").await;
        assert!(refusal(&binary, &["user", "erase", &root.email, "--yes"]).await.contains("the only admin"));
        binary.run_well(&["user", "disable", "--undo", &ann.email], "").await;
        assert_eq!(binary.run_well(&["user", "erase", &root.email, "--yes"], "").await, gone(&root));
        binary.stop().await;
    }
}
