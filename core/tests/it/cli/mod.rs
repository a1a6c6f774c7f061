//! Commands of the binary that look at things.

mod doctor;
mod trial;

use std::{fs, os::unix::fs::PermissionsExt};

use serde_json::Value;

use crate::support::{Binary, Db};

db_test! {
    async fn o03_config_check_says_what_is_in_effect_without_secrets(db) {
        let settings = [("SMTP_URL", "smtp://user:S3cr3tCanary@127.0.0.1:2525".to_owned()), ("CHAT_BOT_TOKEN", "S3cr3tCanaryS3cr3tCanary".to_owned())];
        let binary = Binary::prepare(db, &settings).await;
        fs::write(binary.folder().join("community.toml"), "[limits]\nposts = \"7/hour\"\n").unwrap();
        let text = binary.run_well(&["config", "check"], "").await;
        assert!(text.contains("posts = \"7/hour\"") && text.contains("login = \"10/minute\"") && text.contains("127.0.0.1:2525"), "{text}");
        assert!(!text.contains("S3cr3tCanary"), "{text}");
        binary.stop().await;
    }
}

#[tokio::test]
async fn o21_a_mistake_in_the_configuration_is_one_sentence() {
    let binary = Binary::prepare(Db::Sqlite, &[]).await;
    fs::write(binary.folder().join("community.toml"), "[limits]\nposst = \"7/hour\"\n").unwrap();
    for arguments in [&["config", "check"][..], &["serve"], &["migrate"], &["plugin", "list"], &["user", "list"]] {
        let output = binary.run(arguments, "").await;
        let errors = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0), "{arguments:?}: {errors}");
        assert!(errors.contains("posst") && errors.contains("posts") && errors.lines().count() <= 3, "{arguments:?}: {errors}");
    }
    assert!(!binary.folder().join("community.db").exists(), "something was begun all the same");
    binary.stop().await;
}

#[tokio::test]
async fn a_file_that_is_named_must_exist() {
    let binary = Binary::prepare(Db::Sqlite, &[]).await;
    let output = binary.run(&["config", "check", "--config", "elsewhere.toml"], "").await;
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("elsewhere.toml"));
    binary.stop().await;
}

#[tokio::test]
async fn the_document_on_the_terminal_is_the_one_on_the_web() {
    let binary = Binary::start(Db::Sqlite, &[]).await;
    let printed = binary.run_well(&["openapi"], "").await;
    let document: Value = serde_json::from_str(&printed).unwrap();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.") && document["paths"]["/api/posts"]["post"].is_object());
    assert_eq!(binary.client().get("/openapi.json").await.expect(200).json(), document);
    binary.stop().await;
}

#[tokio::test]
async fn the_plugins_and_what_they_may_do_are_listed() {
    let binary = Binary::prepare(Db::Sqlite, &[]).await;
    let list = binary.run_well(&["plugin", "list"], "").await;
    assert!(list.lines().any(|line| line.starts_with("email\tpassword provider\ton\t")), "{list}");
    fs::write(binary.folder().join("community.toml"), "[plugins.email]\nenabled = false\n").unwrap();
    let list = binary.run_well(&["plugin", "list"], "").await;
    assert!(list.lines().any(|line| line.starts_with("email\tpassword provider\toff: ")), "{list}");
    binary.stop().await;
}

#[tokio::test]
async fn bots_that_come_with_the_server_are_listed_with_the_line_that_switches_them_on() {
    let binary = Binary::prepare(Db::Sqlite, &[]).await;
    let available = |list: &str| list.lines().filter(|line| line.contains("\tbot\tavailable: ")).map(str::to_owned).collect::<Vec<_>>();
    let list = available(&binary.run_well(&["plugin", "list"], "").await);
    let line = |name: &str| format!("{name}\tbot\tavailable: the line [plugins.{name}] in community.toml switches it on");
    assert_eq!(list, [line("openclaw"), line("moderator")]);
    // One by the line, the other under a name of the operator's.
    let sections = "[plugins.openclaw]\n[plugins.guard]\ncomponent = \"bundled:moderator\"\n";
    fs::write(binary.folder().join("community.toml"), sections).unwrap();
    let list = binary.run_well(&["plugin", "list"], "").await;
    assert!(available(&list).is_empty(), "{list}");
    for id in ["openclaw", "guard"] {
        let on = format!("{id}\tbot {}\ton\t", env!("CARGO_PKG_VERSION"));
        assert!(list.lines().any(|line| line.starts_with(&on)), "{list}");
    }
    binary.stop().await;
}

#[tokio::test]
async fn a_provider_without_its_secret_names_the_variable() {
    let binary = Binary::prepare(Db::Sqlite, &[]).await;
    let section = "[plugins.company]\ncomponent = \"bundled:oidc\"\n[plugins.company.settings]\nissuer = \"https://id.example\"\n\
                   client_id = \"community\"\nclient_secret = \"env:COMPANY_CLIENT_SECRET\"\n";
    fs::write(binary.folder().join("community.toml"), section).unwrap();
    let list = binary.run_well(&["plugin", "list"], "").await;
    let off = "company\tredirect provider\toff: plugin `company` is not set up: set COMPANY_CLIENT_SECRET";
    assert!(list.lines().any(|line| line.starts_with(off)), "{list}");
    binary.stop().await;
}

#[tokio::test]
async fn a_command_before_the_first_start_leaves_the_data_folder_private() {
    let binary = Binary::prepare(Db::Sqlite, &[("COMMUNITY_DATA_DIR", "new/data".to_owned())]).await;
    fs::write(binary.folder().join("community.toml"), "[plugins.email]\nenabled = false\n").unwrap();
    binary.run_well(&["plugin", "list"], "").await;
    for folder in ["new/data", "new/data/cache", "new/data/cache/wasm"] {
        let mode = fs::metadata(binary.folder().join(folder)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700, "{folder}");
    }
    binary.stop().await;
}

#[tokio::test]
async fn a_database_that_is_not_there_is_one_sentence_without_its_password() {
    let settings = [("DATABASE_URL", "postgres://community:S3cr3tCanary@127.0.0.1:1/none".to_owned())];
    let binary = Binary::prepare(Db::Sqlite, &settings).await;
    for arguments in [&["migrate"][..], &["migrate", "--plan"], &["user", "list"], &["serve"]] {
        let output = binary.run(arguments, "").await;
        let errors = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {errors}");
        assert!(errors.contains("the database at") && !errors.contains("S3cr3tCanary"), "{arguments:?}: {errors}");
    }
    binary.stop().await;
}
