//! Components of every released version of the interfaces load and work.

use std::{
    fs,
    path::{Path, PathBuf},
};

use community::{
    config::{PluginSection, Span},
    plugins::{Document, Profile},
};

use super::support::{form, load};
use crate::{
    bots::{ALL, bot, heard, present, run, said, scene, with},
    rooms::say,
    support::{TestServer, eventually},
};

/// What was kept of each release.
const KEPT: [&str; 5] = ["all_hooks_bot", "dice_javascript", "misbehaving", "naughty_bot", "obedient"];

/// The folders of all releases.
fn releases() -> Vec<PathBuf> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/golden");
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let releases: Vec<_> = entries.filter(|path| path.is_dir()).collect();
    assert!(!releases.is_empty(), "nothing is kept in {folder}");
    releases
}

/// The section for a component of a release.
fn kept(release: &Path, name: &str, section: PluginSection) -> PluginSection {
    let component = release.join(name).with_extension("wasm");
    PluginSection { component: Some(component.display().to_string()), dev: true, ..section }
}

#[test]
fn every_release_of_the_interfaces_has_its_components() {
    let released = concat!(env!("CARGO_MANIFEST_DIR"), "/../wit/released");
    for release in releases() {
        let version = release.file_name().unwrap();
        assert!(PathBuf::from(released).join(version).is_dir(), "{} is no released version", version.display());
        for name in KEPT {
            assert!(release.join(name).with_extension("wasm").is_file(), "{name} of {} is missing", version.display());
        }
    }
    for version in fs::read_dir(released).unwrap().map(|entry| entry.unwrap()).filter(|entry| entry.path().is_dir()) {
        let golden = releases().into_iter().find(|release| release.file_name() == Some(&version.file_name()));
        assert!(golden.is_some(), "no components of {} are kept: golden/README.md says how", version.file_name().display());
    }
}

#[tokio::test]
async fn released_password_providers_work() {
    for release in releases() {
        let plugins = load([("bad", kept(&release, "misbehaving", PluginSection::default()))]).await;
        let provider = plugins.password("bad").unwrap();
        let registration = provider.check_registration(form("ann@example.com", Some("Ann"))).await.unwrap().unwrap();
        assert_eq!(registration.username, "Someone");
    }
}

#[tokio::test]
async fn released_redirect_providers_work() {
    for release in releases() {
        let section = PluginSection { allow_hosts: vec!["id.example".into()], ..PluginSection::default() };
        let mut section = kept(&release, "obedient", section);
        section.settings.insert("client_id".to_owned(), "the-client".to_owned());
        let provider = load([("there", section)]).await.oauth("there").unwrap();
        let documents = vec![Document { status: 200, body: b"{}".into() }];
        let identity = provider.identify(Profile { claims: None, scopes: Vec::new(), documents }).await.unwrap();
        assert!(identity.is_ok(), "{identity:?}");
    }
}

db_test! {
    async fn released_bots_work(db) {
        for release in releases() {
            let server = TestServer::start_with(db, |config| {
                config.limits.enabled = false;
                with(config, "hooks", kept(&release, "all_hooks_bot", bot("all_hooks_bot", &ALL)));
                with(config, "naughty", kept(&release, "naughty_bot", bot("naughty_bot", &ALL)));
            }).await;
            let (ann, room) = scene(&server).await;
            present(&ann.client, &room, "All Hooks").await;
            present(&ann.client, &room, "naughty").await;
            say(&ann.client, &room, "naughty count golden").await;
            said(&ann.client, &room, "1").await;
            assert_eq!(say(&ann.client, &room, "rewrite me").await["body"], "rewritten");
            assert_eq!(run(&ann.client, &room, "/naughty set golden 7").await, "done: set golden 7");
            say(&ann.client, &room, "naughty get golden").await;
            said(&ann.client, &room, "Some(\"7\")").await;
            ann.client.post("/api/posts", serde_json::json!({ "title": "News" })).await.expect(200);
            for (hook, told) in [("before-message", "rewrite me"), ("on-message", "count golden"), ("on-member", "joined"), ("on-post", "News")] {
                eventually(hook, || async { run(&ann.client, &room, &format!("/seen {hook}")).await.contains(told).then_some(()) }).await;
            }
            server.stop().await;
        }
    }

    async fn released_bots_in_javascript_work(db) {
        for release in releases() {
            let server = TestServer::start_with(db, |config| {
                let mut section = bot("all_hooks_bot", &["chat-write"]);
                // The compiler of an unoptimised build is slow; an interpreter needs more CPU time there, too.
                section.limits.compile = Span::minutes(10);
                (section.limits.cpu, section.limits.wall_clock) = (Span::seconds(5), Span::seconds(20));
                with(config, "dice", kept(&release, "dice_javascript", section));
            }).await;
            let (ann, room) = scene(&server).await;
            present(&ann.client, &room, "dice").await;
            let asked = say(&ann.client, &room, "!roll 20").await;
            heard(&ann.client, &room, "the roll", |message| {
                message["replyTo"] == asked["id"] && message["body"].as_str().unwrap().starts_with("🎲 ")
            }).await;
            server.stop().await;
        }
    }
}
