//! What the janitor removes, and what it does not.

use std::{
    fs,
    path::Path,
    time::{Duration, SystemTime},
};

use sea_orm::ConnectionTrait;

use super::{refused::files, *};
use crate::support::{TestServer, eventually};

/// Waits until the folder says whose it is. Before that the janitor touches nothing.
async fn claimed(folder: &Path) {
    let entries = || fs::read_dir(folder.join("community")).into_iter().flatten();
    let is_mark = |entry: std::io::Result<fs::DirEntry>| entry.unwrap().file_name().to_string_lossy().starts_with("owner-");
    eventually("the folder to be claimed", || async { entries().any(is_mark).then_some(()) }).await;
}

/// A file that was written so long ago, by the server's clock.
fn plant(server: &TestServer, path: &Path, ago: Duration) {
    let written = Duration::from_millis(server.now().minus(ago).millis().unsigned_abs());
    fs::write(path, "no row").unwrap();
    fs::File::options().append(true).open(path).unwrap().set_modified(SystemTime::UNIX_EPOCH + written).unwrap();
}

const DAY: Duration = Duration::from_hours(24);

db_test! {
    async fn e10_what_nobody_finished_is_removed_and_what_is_finished_stays(db) {
        let mut server = TestServer::start(db).await;
        let ann = server.member("Ann").await.client;
        let kept = upload(&ann, PDF).await.expect(200).json();
        let lost = upload(&ann, PDF).await.expect(200).json();
        let (folder, database) = (server.config.uploads_directory(), server.database().connect().await);
        // The first round of the janitor is over, it sees nothing of what follows.
        claimed(&folder).await;
        // As if the process had ended before the row was ready.
        let id = lost["id"].as_str().unwrap();
        database.execute_unprepared(&format!("UPDATE uploads SET state = 'reserved', node = 'node-before' WHERE id = '{id}'")).await.unwrap();
        let months = folder.join("community/2026/06");
        fs::write(folder.join(".incomplete/0123.pdf.tmp"), "half").unwrap();
        plant(&server, &months.join("0123456789abcdef0123456789abcdef.png"), DAY);
        let small = months.join("0123456789abcdef0123456789abcdef-small.jpg");
        plant(&server, &small, DAY);
        // Of an upload that a database of yesterday does not know.
        let young = months.join("0123456789abcdef0123456789abcde0.png");
        plant(&server, &young, DAY - Duration::from_mins(30));
        fs::write(months.join("notes.txt"), "not ours").unwrap();
        assert_eq!(files(&folder).len(), 6);
        // Where there may be other servers, it could still be at it.
        server.clock.advance(Duration::from_mins(16));
        if db == crate::support::Db::Postgres {
            fs::remove_file(folder.join(".incomplete/0123.pdf.tmp")).unwrap();
        }
        server.restart().await;
        // Small versions are not among the files that are counted.
        eventually("three files to be left", || async { (files(&folder).len() == 3 && !small.exists()).then_some(()) }).await;
        assert!(months.join("notes.txt").exists() && young.exists());
        server.client().get(kept["url"].as_str().unwrap()).await.expect(200);
        server.stop().await;
    }

    async fn a_folder_that_was_nobodys_loses_nothing_at_first(db) {
        let mut server = TestServer::start(db).await;
        let ann = server.member("Ann").await.client;
        upload(&ann, PDF).await.expect(200);
        let folder = server.config.uploads_directory();
        claimed(&folder).await;
        let orphan = folder.join("community/2026/06/0123456789abcdef0123456789abcdef.png");
        plant(&server, &orphan, DAY);
        for entry in fs::read_dir(folder.join("community")).unwrap().map(Result::unwrap) {
            if entry.file_name().to_string_lossy().starts_with("owner-") {
                fs::remove_file(entry.path()).unwrap();
            }
        }
        server.restart().await;
        claimed(&folder).await;
        server.client().get("/api/posts").await.expect(200);
        assert!(orphan.exists());
        server.restart().await;
        eventually("the orphan to go", || async { (!orphan.exists()).then_some(()) }).await;
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
        plant(&server, &orphan, DAY);
        let database = server.database().connect().await;
        database.execute_unprepared("UPDATE uploads SET state = 'removed'").await.unwrap();
        server.restart().await;
        eventually("the removed upload to be gone", || async { (files(&folder).len() == 1).then_some(()) }).await;
        assert!(orphan.exists());
        server.stop().await;
    }
}
