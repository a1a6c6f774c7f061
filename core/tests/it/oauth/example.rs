//! The example of a provider that is no part of the plugins' workspace: a file, loaded by its checksum.

use std::{fmt::Write as _, fs, path::PathBuf};

use community::config::PluginSection;
use sha2::{Digest, Sha256};

use super::{DENIED, OK, accounts, browser, community_with, someone};
use crate::support::{Account, OAuthServers};

/// The example as `make guests` leaves it.
fn component() -> PathBuf {
    let file = PathBuf::from(env!("COMMUNITY_GUESTS_DIR")).join("github_provider.wasm");
    assert!(file.is_file(), "{} is missing: run `make guests` first", file.display());
    file
}

/// What its README has operators write, pointed at the test's server.
async fn section() -> PluginSection {
    let file = component();
    let mut sha256 = String::new();
    for byte in Sha256::digest(fs::read(&file).unwrap()) {
        write!(sha256, "{byte:02x}").unwrap();
    }
    PluginSection { component: Some(file.display().to_string()), sha256: Some(sha256), ..OAuthServers::shared().await.section("github") }
}

db_test! {
    async fn the_example_provider_signs_people_in(db) {
        let server = community_with(db, &[("github", section().await)], |_| ()).await;
        let account = Account { name: Some("The Octocat".to_owned()), ..someone("octocat").with_email("octo@example.org", true) };
        let mut octo = browser(&server);
        assert_eq!(octo.sign_in("github", &account).await, OK);
        let me = octo.me().await;
        assert_eq!((&me["username"], &me["provider"], &me["email"]), (&"The Octocat".into(), &"github".into(), &"octo@example.org".into()));
        // Another login and no address any more: still the same person.
        let renamed = Account { username: "octo".to_owned(), email: None, ..account };
        let mut phone = browser(&server);
        assert_eq!(phone.sign_in("github", &renamed).await, OK);
        let there = phone.me().await;
        assert_eq!((&there["id"], &there["email"], accounts(&server).await), (&me["id"], &serde_json::Value::Null, 1));
        assert_eq!(browser(&server).say_no().open("/api/github/login").await, DENIED);
        server.stop().await;
    }

    async fn p21_another_file_than_the_checksum_says_is_not_loaded(db) {
        let section = PluginSection { sha256: Some("0".repeat(64)), ..section().await };
        let server = community_with(db, &[("github", section)], |_| ()).await;
        server.client().get("/api/github/login").await.expect_error(503, "provider_unavailable");
        server.stop().await;
    }
}
