//! What the janitor removes, and what it does not.

use std::fs;

use sea_orm::ConnectionTrait;

use super::{refused::files, *};
use crate::support::{TestServer, eventually};

db_test! {
    async fn e10_what_nobody_finished_is_removed_and_what_is_finished_stays(db) {
        let mut server = TestServer::start(db).await;
        let ann = server.member("Ann").await.client;
        let kept = upload(&ann, PDF).await.expect(200).json();
        let lost = upload(&ann, PDF).await.expect(200).json();
        // As if the process had ended before the row was ready.
        let (folder, database) = (server.config.uploads_directory(), server.database().connect().await);
        let id = lost["id"].as_str().unwrap();
        database.execute_unprepared(&format!("UPDATE uploads SET state = 'reserved', node = 'node-before' WHERE id = '{id}'")).await.unwrap();
        let months = folder.join("community/2026/06");
        fs::write(folder.join(".incomplete/0123.pdf.tmp"), "half").unwrap();
        fs::write(months.join("0123456789abcdef0123456789abcdef.png"), "no row").unwrap();
        let small = months.join("0123456789abcdef0123456789abcdef-small.jpg");
        fs::write(&small, "no row").unwrap();
        fs::write(months.join("notes.txt"), "not ours").unwrap();
        assert_eq!(files(&folder).len(), 5);
        // Where there may be other servers, it could still be at it.
        server.clock.advance(std::time::Duration::from_mins(16));
        if db == crate::support::Db::Postgres {
            fs::remove_file(folder.join(".incomplete/0123.pdf.tmp")).unwrap();
        }
        server.restart().await;
        eventually("two files to be left", || async { (files(&folder).len() == 2).then_some(()) }).await;
        assert!(months.join("notes.txt").exists() && !small.exists());
        server.client().get(kept["url"].as_str().unwrap()).await.expect(200);
        server.stop().await;
    }

    async fn files_of_another_database_are_left_alone(db) {
        let mut server = TestServer::start(db).await;
        let ann = server.member("Ann").await.client;
        upload(&ann, PDF).await.expect(200);
        let folder = server.config.uploads_directory();
        fs::write(folder.join("community/owner-another"), "").unwrap();
        // Whoever looked around before that has ended.
        server.restart().await;
        let orphan = folder.join("community/2026/06/0123456789abcdef0123456789abcdef.png");
        fs::write(&orphan, "of another database").unwrap();
        let database = server.database().connect().await;
        database.execute_unprepared("UPDATE uploads SET state = 'removed'").await.unwrap();
        server.restart().await;
        eventually("the removed upload to be gone", || async { (files(&folder).len() == 1).then_some(()) }).await;
        assert!(orphan.exists());
        server.stop().await;
    }
}
