//! Bringing the schema up to date: once, in whole steps, whoever else tries at the same time.

use community_migrations::{Migrator, MigratorTrait as _};
use futures_util::future::join_all;
use sea_orm::{ConnectionTrait, DatabaseConnection, Statement};

use crate::support::{Binary, Db};

/// A folder and a database without any table.
async fn empty(db: Db) -> Binary {
    let binary = Binary::prepare(db, &[]).await;
    if db == Db::Postgres {
        let connection = binary.database().connect().await;
        connection.execute_unprepared("DROP SCHEMA public CASCADE; CREATE SCHEMA public").await.unwrap();
        connection.close().await.unwrap();
    }
    binary
}

/// A connection that also makes the file.
async fn connect(binary: &Binary) -> DatabaseConnection {
    let url = &binary.database().url;
    let url = if url.starts_with("sqlite:") { format!("{url}?mode=rwc") } else { url.clone() };
    sea_orm::Database::connect(url).await.unwrap()
}

async fn tables(binary: &Binary) -> Vec<String> {
    let connection = connect(binary).await;
    let query = match binary.database().kind() {
        Db::Sqlite => "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY 1",
        Db::Postgres => "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public' ORDER BY 1",
    };
    let rows = connection.query_all_raw(Statement::from_string(connection.get_database_backend(), query)).await.unwrap();
    connection.close().await.unwrap();
    rows.iter().map(|row| row.try_get_by_index(0).unwrap()).collect()
}

db_test! {
    async fn a_plan_changes_nothing(db) {
        let binary = empty(db).await;
        let plan = binary.run_well(&["migrate", "--plan"], "").await;
        let steps: Vec<&str> = plan.lines().collect();
        assert!(steps.len() >= 3 && steps.iter().all(|step| step.starts_with("would run: m0")), "{plan}");
        assert!(db == Db::Postgres || !binary.folder().join("community.db").exists(), "the plan made a database");
        assert!(tables(&binary).await.is_empty());
        let done = binary.run_well(&["migrate"], "").await;
        assert_eq!(done, plan.replace("would run", "running") + "The schema is up to date.\n");
        for arguments in [&["migrate"][..], &["migrate", "--plan"]] {
            assert_eq!(binary.run_well(arguments, "").await, "The schema is up to date.\n");
        }
        assert!(tables(&binary).await.contains(&"events".to_owned()));
        binary.stop().await;
    }

    async fn names_of_people_that_were_there_before_are_kept_from_bots(db) {
        let binary = empty(db).await;
        let connection = connect(&binary).await;
        Migrator::up(&connection, Some(8)).await.unwrap();
        let people = ["Ann", "Änn", "ＢＯＢ"].iter().enumerate();
        let rows: Vec<_> = people.map(|(number, name)| format!("('usr-{number:026}', '{name}', 'user', '2026-01-01T00:00:00.000Z')")).collect();
        let insert = format!("INSERT INTO users (id, username, role, created_at) VALUES {}", rows.join(","));
        connection.execute_unprepared(&insert).await.unwrap();
        connection.close().await.unwrap();
        binary.run_well(&["migrate"], "").await;
        for name in ["aNN", "änn", "bob"] {
            let output = binary.run(&["bot", "create", name, "--handle", "x"], "").await;
            let error = String::from_utf8(output.stderr).unwrap();
            assert!(!output.status.success() && error.contains("called"), "{name}: {error}");
        }
        binary.run_well(&["bot", "create", "Anna"], "").await;
        binary.stop().await;
    }

    async fn o13_processes_that_migrate_at_once_wait_for_each_other(db) {
        for _ in 0..3 {
            let binary = empty(db).await;
            for output in join_all((0..5).map(|_| binary.run(&["migrate"], ""))).await {
                assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            }
            assert_eq!(binary.run_well(&["migrate", "--plan"], "").await, "The schema is up to date.\n");
            binary.stop().await;
        }
    }

    async fn o12_a_step_that_fails_is_undone_and_can_be_repeated(db) {
        let binary = empty(db).await;
        let connection = connect(&binary).await;
        // In the way of the second half of a step.
        connection.execute_unprepared("CREATE TABLE post_keys (id INTEGER)").await.unwrap();
        let output = binary.run(&["migrate"], "").await;
        assert!(!output.status.success());
        assert!(String::from_utf8_lossy(&output.stderr).contains("schema could not be brought up to date"), "{output:?}");
        let left = tables(&binary).await;
        assert!(left.contains(&"users".to_owned()) && !left.contains(&"posts".to_owned()), "{left:?}");
        connection.execute_unprepared("DROP TABLE post_keys").await.unwrap();
        connection.close().await.unwrap();
        binary.run_well(&["migrate"], "").await;
        assert!(tables(&binary).await.contains(&"posts".to_owned()));
        binary.stop().await;
    }
}
