//! `community backup`: a copy from which a server begins again.

use std::{
    fs,
    os::unix::fs::{PermissionsExt, symlink},
};

use image::ImageFormat;
use sea_orm::ConnectionTrait;
use serde_json::json;

use crate::{
    store::member,
    support::{Binary, Client, Db, share_plugin_cache},
    uploads::{file, passed},
};

async fn post(client: &Client, title: &str) {
    client.post("/api/posts", json!({ "title": title })).await.expect(200);
}

async fn titles(client: &Client) -> Vec<String> {
    let posts = client.get("/api/posts").await.expect(200).json();
    posts.as_array().unwrap().iter().map(|post| post["title"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_starts_from_what_was_copied_while_another_ran() {
    let binary = Binary::start(Db::Sqlite, &[]).await;
    let ann = member(&binary, "Ann").await.client;
    let (answer, bytes) = passed(&ann, &file(8, 8, ImageFormat::Png)).await;
    post(&ann, "Before").await;
    let copy = binary.folder().join("copies/first");
    let said = binary.run_well(&["backup", copy.to_str().unwrap()], "").await;
    assert!(said.contains("community.db") && said.contains("uploads\tfiles: "), "{said}");
    post(&ann, "After").await;
    assert_eq!(titles(&ann).await, ["After", "Before"], "the server goes on");
    for (path, mode) in [(copy.clone(), 0o700), (copy.join("community.db"), 0o600)] {
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, mode, "{}", path.display());
    }

    share_plugin_cache(&copy);
    let settings = [("COMMUNITY_DATA_DIR", copy.display().to_string()), ("DATABASE_URL", String::new())];
    let restored = Binary::start(Db::Sqlite, &settings).await;
    assert_eq!(titles(&restored.client()).await, ["Before"]);
    assert_eq!(restored.client().get(answer["url"].as_str().unwrap()).await.expect(200).body, bytes);
    let cookie = restored.run_well(&["user", "session", "ann@example.org"], "").await;
    let me = restored.client().call("GET", "/api/me").header("cookie", cookie.trim()).send().await.expect(200);
    assert_eq!(me.json()["user"]["username"], "Ann");
    restored.stop().await;
    binary.stop().await;
}

#[tokio::test]
async fn a_backup_overwrites_nothing_and_brings_no_schema_up_to_date() {
    let binary = Binary::prepare(Db::Sqlite, &[]).await;
    binary.run_well(&["migrate"], "").await;
    let uploads = binary.folder().join("data/uploads");
    fs::create_dir_all(&uploads).unwrap();
    symlink(&uploads, binary.folder().join("link")).unwrap();
    for (folder, reason) in [
        (binary.folder().join("data"), "is there already"),
        (uploads.join("copy"), "outside"),
        (binary.folder().join("data/nowhere/../uploads/copy"), "outside"),
        (binary.folder().join("link/copy"), "outside"),
        (binary.folder().join("nowhere/../link/deep/copy"), "outside"),
    ] {
        let output = binary.run(&["backup", folder.to_str().unwrap()], "").await;
        let errors = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && errors.contains(reason), "{}: {errors}", folder.display());
    }
    assert_eq!(fs::read_dir(&uploads).unwrap().count(), 0);
    // An old schema, as before an upgrade, is copied as it is.
    let rows = binary.database().connect().await;
    rows.execute_unprepared("DELETE FROM seaql_migrations WHERE version = (SELECT max(version) FROM seaql_migrations)").await.unwrap();
    binary.run_well(&["backup", "old"], "").await;
    assert!(binary.run_well(&["migrate", "--plan"], "").await.contains("would run"));
    binary.stop().await;
}

#[tokio::test]
async fn what_links_below_the_uploads_lead_to_is_copied_too() {
    let binary = Binary::prepare(Db::Sqlite, &[]).await;
    binary.run_well(&["migrate"], "").await;
    let (uploads, elsewhere) = (binary.folder().join("data/uploads"), binary.folder().join("elsewhere"));
    for folder in [&uploads, &elsewhere] {
        fs::create_dir_all(folder).unwrap();
    }
    fs::write(elsewhere.join("one"), "1").unwrap();
    symlink(&elsewhere, uploads.join("folder")).unwrap();
    symlink(elsewhere.join("one"), uploads.join("file")).unwrap();
    let said = binary.run_well(&["backup", "copy"], "").await;
    assert!(said.contains("uploads\tfiles: 2\n"), "{said}");
    for file in ["file", "folder/one"] {
        let copied = binary.folder().join("copy/uploads").join(file);
        assert_eq!(fs::read(&copied).unwrap(), b"1");
        assert!(!fs::symlink_metadata(&copied).unwrap().is_symlink(), "{file}");
    }
    // What cannot be copied is said.
    for (target, reason) in [(uploads.join("nowhere"), "cannot be copied"), (uploads.clone(), "no end")] {
        symlink(target, uploads.join("wrong")).unwrap();
        let output = binary.run(&["backup", "incomplete"], "").await;
        let errors = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && errors.contains("wrong") && errors.contains(reason), "{errors}");
        fs::remove_file(uploads.join("wrong")).unwrap();
        fs::remove_dir_all(binary.folder().join("incomplete")).unwrap();
    }
    binary.stop().await;
}

#[tokio::test]
async fn a_backup_that_finds_no_database_is_not_in_the_way_of_the_next_one() {
    let binary = Binary::prepare(Db::Sqlite, &[]).await;
    let file = binary.folder().join("community.db");
    for garbage in [false, true] {
        if garbage {
            fs::write(&file, "This is no database. ".repeat(100)).unwrap();
        }
        let output = binary.run(&["backup", "copy"], "").await;
        assert!(!output.status.success() && !binary.folder().join("copy").exists(), "{output:?}");
    }
    fs::remove_file(&file).unwrap();
    binary.run_well(&["migrate"], "").await;
    binary.run_well(&["backup", "copy"], "").await;
    binary.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_postgres_the_files_are_copied_and_the_rest_is_said() {
    let mut binary = Binary::prepare(Db::Postgres, &[]).await;
    let nothing = binary.run(&["backup", "nothing"], "").await;
    assert!(!nothing.status.success() && String::from_utf8_lossy(&nothing.stderr).contains("pg_dump"));
    binary.serve().await;
    let ann = member(&binary, "Ann").await.client;
    let (answer, bytes) = passed(&ann, &file(8, 8, ImageFormat::Png)).await;
    let said = binary.run_well(&["backup", "copy"], "").await;
    assert!(said.contains("If you have not run `pg_dump` before this") && !binary.folder().join("copy/community.db").exists(), "{said}");
    let path = answer["url"].as_str().unwrap().split_once("/uploads/").unwrap().1;
    assert_eq!(fs::read(binary.folder().join("copy/uploads").join(path)).unwrap(), bytes);
    binary.stop().await;
}
