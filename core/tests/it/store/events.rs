//! The event log: written with what it tells of, heard once, in order.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use community::{
    error::{Error, Result},
    store::{Event, Position, Store, Tx},
};
use futures_util::future::join_all;
use sea_orm::{ConnectionTrait, DatabaseConnection, TransactionTrait};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::{Own, connect};
use crate::support::{Cut, Db, Proxy, TestServer, eventually};

/// Every subject that `store` tells its listeners of.
fn heard(store: &Store) -> Arc<Mutex<Vec<String>>> {
    let list = Arc::<Mutex<Vec<String>>>::default();
    let kept = list.clone();
    store.listen(move |event| kept.lock().unwrap().push(event.subject.clone()));
    list
}

fn event(subject: &str) -> Event {
    Event::new("test.happened", &subject, &json!({}))
}

async fn record(store: &Store, subject: &str) -> Result<()> {
    store
        .write(subject.to_owned(), |tx: &mut Tx, subject| {
            Box::pin(async move {
                tx.record(event(subject));
                Ok(())
            })
        })
        .await
}

async fn count(connection: &DatabaseConnection, which: &str) -> i64 {
    let query = format!("SELECT count(*) FROM events WHERE {which}");
    let statement = sea_orm::Statement::from_string(connection.get_database_backend(), query);
    connection.query_one_raw(statement).await.unwrap().unwrap().try_get_by_index(0).unwrap()
}

async fn all_heard(list: &Mutex<Vec<String>>, wanted: &[&str]) {
    eventually(&format!("{wanted:?} to be heard"), || async {
        let list = list.lock().unwrap();
        wanted.iter().all(|subject| list.iter().any(|known| known == subject)).then_some(())
    })
    .await;
}

/// An event as another process inserts it.
fn insert(subject: &str) -> String {
    format!(
        "INSERT INTO events (node, kind, subject, data, created_at) VALUES ('node-other', 'test.happened', '{subject}', '{{}}', '2026-01-01T00:00:00.000Z')"
    )
}

db_test! {
    async fn an_event_is_heard_when_the_write_returns(db) {
        let own = Own::open(db).await;
        let list = heard(&own.store);
        record(&own.store, "one").await.unwrap();
        assert_eq!(*list.lock().unwrap(), ["one"]);
        own.database.drop_it().await;
    }

    async fn a_write_that_fails_leaves_no_event(db) {
        let own = Own::open(db).await;
        let (list, connection) = (heard(&own.store), own.database.connect().await);
        let before = count(&connection, "true").await;
        let failing = own.store.write((), |tx, ()| {
            Box::pin(async move {
                tx.record(event("never"));
                Err::<(), _>(Error::invalid("No."))
            })
        });
        assert_eq!(failing.await.unwrap_err().code, "invalid_request");
        // Among others, too, where they share a commit.
        let good = join_all((0..20).map(|_| record(&own.store, "good")));
        let bad = join_all((0..20).map(|_| own.store.write((), |tx, ()| {
            Box::pin(async move {
                tx.record(event("never"));
                tx.conn().execute_unprepared("INSERT INTO no_such_table VALUES (1)").await?;
                Ok(())
            })
        })));
        let (good, bad) = tokio::join!(good, bad);
        assert!(good.iter().all(Result::is_ok) && bad.iter().all(Result::is_err));
        assert_eq!(count(&connection, "true").await, before + 20);
        assert!(list.lock().unwrap().iter().all(|subject| subject == "good"));
        connection.close().await.unwrap();
        own.database.drop_it().await;
    }

    async fn a_write_that_is_lost_at_its_commit_is_not_heard(db) {
        let own = Own::open(db).await;
        let (list, connection) = (heard(&own.store), own.database.connect().await);
        // The log is gone: what belongs to the write cannot be written, so the write must not stand either.
        connection.execute_unprepared("CREATE TABLE kept (id INTEGER)").await.unwrap();
        connection.execute_unprepared("ALTER TABLE events RENAME TO elsewhere").await.unwrap();
        let refused = own.store.write((), |tx, ()| {
            Box::pin(async move {
                tx.conn().execute_unprepared("INSERT INTO kept VALUES (1)").await?;
                tx.record(event("lost"));
                Ok(())
            })
        });
        refused.await.unwrap_err();
        assert!(list.lock().unwrap().is_empty());
        connection.execute_unprepared("ALTER TABLE elsewhere RENAME TO events").await.unwrap();
        let rows = connection.query_all_raw(sea_orm::Statement::from_string(connection.get_database_backend(), "SELECT id FROM kept"));
        assert!(rows.await.unwrap().is_empty());
        record(&own.store, "next").await.unwrap();
        assert_eq!(*list.lock().unwrap(), ["next"]);
        connection.close().await.unwrap();
        own.database.drop_it().await;
    }

    async fn events_of_another_process_are_heard_once_and_in_order(db) {
        let own = Own::open(db).await;
        let other = own.other().await;
        record(&other, "before").await.unwrap();
        let (list, stop) = (heard(&own.store), CancellationToken::new());
        let follower = own.store.follow(stop.clone()).await.unwrap();
        let wanted: Vec<String> = (0..1200).map(|number| number.to_string()).collect();
        for (number, subject) in wanted.iter().enumerate() {
            // Our own in between are heard from the write and not again from the log.
            if number % 100 == 0 {
                record(&own.store, "own").await.unwrap();
            }
            if number % 400 != 0 {
                continue;
            }
            let many: Vec<String> = wanted[number..number + 400].to_vec();
            let work = other.write(many, |tx, many| {
                Box::pin(async move {
                    for subject in many {
                        tx.record(event(subject));
                    }
                    Ok(())
                })
            });
            work.await.unwrap();
            assert!(!subject.is_empty());
        }
        all_heard(&list, &["1199"]).await;
        record(&other, "last").await.unwrap();
        all_heard(&list, &["last"]).await;
        let list = list.lock().unwrap().clone();
        let foreign: Vec<&String> = list.iter().filter(|subject| !matches!(subject.as_str(), "own" | "last" | "before")).collect();
        assert_eq!(foreign, wanted.iter().collect::<Vec<_>>());
        assert_eq!(list.iter().filter(|subject| *subject == "own").count(), 12);
        stop.cancel();
        follower.await.unwrap();
        drop(other);
        own.database.drop_it().await;
    }

    async fn who_follows_the_log_goes_on_where_the_rest_of_it_was_removed(db) {
        let own = Own::open(db).await;
        let (other, connection) = (own.other().await, own.database.connect().await);
        let (list, stop) = (heard(&own.store), CancellationToken::new());
        let follower = own.store.follow(stop.clone()).await.unwrap();
        for subject in ["one", "two"] {
            record(&other, subject).await.unwrap();
            all_heard(&list, &[subject]).await;
            eventually("the log to be empty", || async {
                other.sweep_events(Duration::ZERO).await.unwrap();
                (count(&connection, "true").await == 0).then_some(())
            })
            .await;
        }
        record(&other, "three").await.unwrap();
        all_heard(&list, &["three"]).await;
        assert_eq!(*list.lock().unwrap(), ["one", "two", "three"]);
        stop.cancel();
        follower.await.unwrap();
        // One that begins on an empty log hears what comes.
        other.sweep_events(Duration::ZERO).await.unwrap();
        let stop = CancellationToken::new();
        let follower = own.store.follow(stop.clone()).await.unwrap();
        record(&other, "four").await.unwrap();
        all_heard(&list, &["four"]).await;
        stop.cancel();
        follower.await.unwrap();
        connection.close().await.unwrap();
        drop(other);
        own.database.drop_it().await;
    }

    async fn the_log_keeps_what_is_younger_than_its_retention(db) {
        let mut server = TestServer::start_with(db, |config| config.database.events_retention = "1h".parse().unwrap()).await;
        let connection = server.database().connect().await;
        // More than are removed in one go.
        let many = "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 2500) \
                    INSERT INTO events (node, kind, subject, data, created_at) \
                    SELECT 'node-other', 'test.happened', 'old', '{}', '2026-01-01T00:00:00.000Z' FROM numbers";
        connection.execute_unprepared(many).await.unwrap();
        server.member("Ann").await;
        let young = count(&connection, "subject <> 'old'").await;
        assert!(young > 0);
        server.clock.advance(Duration::from_hours(1));
        server.restart().await;
        eventually("what is old to be removed", || async { (count(&connection, "true").await == young).then_some(()) }).await;
        server.clock.advance(Duration::from_millis(1));
        server.restart().await;
        eventually("the rest to be removed", || async { (count(&connection, "true").await == 0).then_some(()) }).await;
        connection.close().await.unwrap();
        server.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_without_an_answer_is_heard_if_it_stands() {
    let own = Own::open(Db::Postgres).await;
    let proxy = Proxy::start(&own.database.url).await;
    let store = connect(&proxy.url(&own.database.url), own.folder.path()).await;
    let (list, connection) = (heard(&store), own.database.connect().await);
    let stop = CancellationToken::new();
    let follower = store.follow(stop.clone()).await.unwrap();

    proxy.cut("stands", Cut::AfterCommit);
    record(&store, "stands").await.unwrap();
    assert_eq!(*list.lock().unwrap(), ["stands"]);
    proxy.cut("lost", Cut::BeforeCommit);
    assert_eq!(record(&store, "lost").await.unwrap_err().code, "unavailable");
    assert_eq!(count(&connection, "true").await, 1);

    // Who waits is not kept for ever, and those who listen hear of it when the database can be asked again.
    proxy.cut("later", Cut::AfterCommitForLong);
    assert_eq!(record(&store, "later").await.unwrap_err().code, "unavailable");
    assert_eq!((count(&connection, "true").await, list.lock().unwrap().len()), (2, 1));
    proxy.heal();
    all_heard(&list, &["later"]).await;
    record(&store, "next").await.unwrap();
    assert_eq!(*list.lock().unwrap(), ["stands", "later", "next"]);
    stop.cancel();
    follower.await.unwrap();
    connection.close().await.unwrap();
    own.database.drop_it().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transaction_that_commits_late_is_heard_all_the_same() {
    let own = Own::open(Db::Postgres).await;
    let (list, stop) = (heard(&own.store), CancellationToken::new());
    let follower = own.store.follow(stop.clone()).await.unwrap();
    let other = own.other().await;
    record(&other, "first").await.unwrap();
    all_heard(&list, &["first"]).await;

    // Takes its position now and becomes visible only after others that took later ones.
    let connection = own.database.connect().await;
    let late = connection.begin().await.unwrap();
    late.execute_unprepared(&insert("late")).await.unwrap();
    for number in 0..20 {
        record(&other, &format!("during-{number}")).await.unwrap();
        record(&own.store, &format!("own-{number}")).await.unwrap();
    }
    late.commit().await.unwrap();
    record(&other, "last").await.unwrap();
    all_heard(&list, &["late", "during-0", "during-19", "last"]).await;

    // One that is rolled back holds nobody up for ever, and is not heard.
    let never = connection.begin().await.unwrap();
    never.execute_unprepared(&insert("never")).await.unwrap();
    record(&other, "beside").await.unwrap();
    never.rollback().await.unwrap();
    all_heard(&list, &["beside"]).await;
    let list = list.lock().unwrap().clone();
    for subject in ["late", "during-7", "own-7", "last", "beside"] {
        assert_eq!(list.iter().filter(|known| *known == subject).count(), 1, "{subject} in {list:?}");
    }
    assert!(!list.iter().any(|subject| subject == "never"));
    stop.cancel();
    follower.await.unwrap();
    connection.close().await.unwrap();
    own.database.drop_it().await;
}

/// What is read of the log, without what the clients' own writes left in it.
async fn read(store: &Store) -> Vec<String> {
    let log = store.log_after(Position::START, 100).await.unwrap();
    log.into_iter().filter(|entry| entry.event.kind == "test.happened").map(|entry| entry.event.subject).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transaction_in_another_database_holds_nobody_up_and_one_in_this_does() {
    let (own, elsewhere) = (Own::open(Db::Postgres).await, Own::open(Db::Postgres).await);
    let (list, stop) = (heard(&own.store), CancellationToken::new());
    let follower = own.store.follow(stop.clone()).await.unwrap();
    let other = own.other().await;
    let (far, near) = (elsewhere.database.connect().await, own.database.connect().await);
    let long = far.begin().await.unwrap();
    long.execute_unprepared(&insert("elsewhere")).await.unwrap();

    record(&other, "one").await.unwrap();
    all_heard(&list, &["one"]).await;
    // Whatever ends beside us at the wrong moment hides what came after it, for one read.
    let end = eventually("an end", || async { Some(own.store.log_end().await.unwrap()).filter(|end| *end > Position::START) }).await;
    let late = near.begin().await.unwrap();
    late.execute_unprepared(&insert("late")).await.unwrap();
    record(&other, "two").await.unwrap();
    eventually("the first alone", || async {
        let list = read(&own.store).await;
        assert!(list.len() <= 1, "{list:?}");
        (list == ["one"]).then_some(())
    })
    .await;
    eventually("the same end", || async {
        let now = own.store.log_end().await.unwrap();
        assert!(now <= end);
        (now == end).then_some(())
    })
    .await;
    late.commit().await.unwrap();
    eventually("all to be final", || async { (read(&own.store).await == ["one", "late", "two"]).then_some(()) }).await;
    eventually("the end to move", || async { (own.store.log_end().await.unwrap() > end).then_some(()) }).await;
    all_heard(&list, &["late", "two"]).await;

    long.rollback().await.unwrap();
    stop.cancel();
    follower.await.unwrap();
    for connection in [far, near] {
        connection.close().await.unwrap();
    }
    drop(other);
    elsewhere.database.drop_it().await;
    own.database.drop_it().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_is_read_by_a_role_that_must_not_see_what_others_run() {
    let own = Own::open(Db::Postgres).await;
    let connection = own.database.connect().await;
    let role = own.database.url.rsplit_once('/').unwrap().1.replace("test_", "role_");
    for statement in [
        format!(r#"CREATE ROLE "{role}" LOGIN"#),
        format!(r#"GRANT ALL ON SCHEMA public TO "{role}""#),
        format!(r#"GRANT ALL ON ALL TABLES IN SCHEMA public TO "{role}""#),
        format!(r#"GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO "{role}""#),
    ] {
        connection.execute_unprepared(&statement).await.unwrap();
    }
    for (number, hidden) in [false, true].into_iter().enumerate() {
        if hidden {
            connection.execute_unprepared("REVOKE SELECT ON pg_stat_activity FROM PUBLIC").await.unwrap();
        }
        let store = connect(&own.database.url.replace("postgres@", &format!("{role}@")), own.folder.path()).await;
        let late = connection.begin().await.unwrap();
        late.execute_unprepared(&insert("late")).await.unwrap();
        record(&store, "own").await.unwrap();
        // Where nobody is seen, those in other tests' databases hold up as well.
        assert!(read(&store).await.len() <= 2 * number, "hidden: {hidden}");
        late.commit().await.unwrap();
        let whole = || async { Some(read(&store).await).filter(|all| all.len() == 2 * number + 2) };
        assert_eq!(eventually("both to be read", whole).await[2 * number..], ["late", "own"]);
    }
    connection.execute_unprepared(&format!(r#"DROP OWNED BY "{role}""#)).await.unwrap();
    connection.execute_unprepared(&format!(r#"DROP ROLE "{role}""#)).await.unwrap();
    connection.close().await.unwrap();
    own.database.drop_it().await;
}
