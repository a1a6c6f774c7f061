//! What operators do with redirect providers while the server runs, and what they read about them.

use std::fs;

use serde_json::json;

use super::{OK, PROVIDER, someone};
use crate::support::{Binary, Browser, Client, Db, Endpoint, FaultyProvider, Trouble, free_port};

/// A server with a configuration file, in which people sign in at `provider`, as often as they like.
async fn community(db: Db, provider: &FaultyProvider) -> (Binary, Client) {
    let metrics = free_port();
    let settings = [("COMMUNITY_LIMITS__ENABLED", "false".to_owned()), ("COMMUNITY_METRICS__LISTEN", format!("127.0.0.1:{metrics}"))];
    let mut binary = Binary::prepare(db, &settings).await;
    configure(&binary, provider);
    binary.serve().await;
    (binary, Client::new(format!("http://127.0.0.1:{metrics}")))
}

fn configure(binary: &Binary, provider: &FaultyProvider) {
    let section = provider.section();
    let section = json!({ "component": section.component, "allow_private": true, "settings": section.settings });
    let text = toml::to_string(&json!({ "plugins": { "faulty": section } })).unwrap();
    fs::write(binary.folder().join("community.toml"), text).unwrap();
}

async fn sign_in(binary: &Binary) -> String {
    Browser::new(&binary.base_url(), binary.client()).sign_in("faulty", &someone("ada")).await
}

/// The line of the log that says why the provider did not sign somebody in.
fn line(binary: &Binary, message: &str) -> String {
    binary.log().lines().rfind(|line| line.contains(message)).unwrap_or_default().to_owned()
}

db_test! {
    async fn p20_a_provider_is_replaced_switched_off_and_on_while_the_server_runs(db) {
        let (one, other) = (FaultyProvider::start().await, FaultyProvider::start().await);
        let (binary, _) = community(db, &one).await;
        assert_eq!(sign_in(&binary).await, OK);
        assert!(binary.run_well(&["plugin", "disable", "faulty"], "").await.contains("switched off"));
        binary.client().get("/api/faulty/login").await.expect_error(503, "provider_unavailable");
        assert_eq!(binary.run_well(&["plugin", "enable", "faulty"], "").await, "faulty: loaded\n");
        assert_eq!(sign_in(&binary).await, OK);
        // It breaks down so often that nobody is sent there any more.
        one.trouble(Endpoint::Token, Trouble::Answer(500, "text/plain", String::new()));
        for _ in 0..6 {
            assert_eq!(sign_in(&binary).await, PROVIDER);
        }
        let asked = one.asked(Endpoint::Authorize);
        // The operator names another one.
        configure(&binary, &other);
        assert_eq!(binary.run_well(&["plugin", "reload", "faulty"], "").await, "faulty: loaded\n");
        assert_eq!(sign_in(&binary).await, OK, "{}", binary.log());
        assert_eq!((one.asked(Endpoint::Authorize), other.asked(Endpoint::Authorize)), (asked, 1));
        binary.stop().await;
    }

    async fn why_nobody_is_sent_to_a_provider_is_in_the_log_and_counted(db) {
        let provider = FaultyProvider::start().await;
        let (binary, metrics) = community(db, &provider).await;
        provider.trouble(Endpoint::Discovery, Trouble::Answer(500, "text/plain", String::new()));
        assert_eq!(binary.client().get("/api/faulty/login").await.expect_redirect(), PROVIDER);
        binary.logged("nobody can be sent to a provider").await;
        let line = line(&binary, "nobody can be sent to a provider");
        assert!(line.contains("WARN") && line.contains("answers 500") && line.contains("faulty"), "{line}");
        let counters = metrics.get("/metrics").await.expect(200).text();
        assert!(counters.contains(r#"community_sign_ins_total{outcome="provider",provider="faulty"} 1"#), "{counters}");
        assert!(counters.contains(r#"community_outbound_requests_total{outcome="answered",plugin="faulty"} 1"#), "{counters}");
        binary.stop().await;
    }

    async fn what_the_operator_has_to_mend_is_a_warning_and_what_visitors_do_is_not(db) {
        let provider = FaultyProvider::start().await;
        let (binary, _) = community(db, &provider).await;
        for (status, said, level, detail) in [
            (401, r#"{"error":"invalid_client"}"#, "WARN", "invalid_client: check the client id and the client secret"),
            (401, "{}", "WARN", "401: check the client id and the client secret"),
            (400, r#"{"error":"redirect_uri_mismatch"}"#, "WARN", "redirect_uri_mismatch"),
            (400, r#"{"error":"invalid_grant"}"#, "INFO", "invalid_grant"),
            (403, "Forbidden", "INFO", "answers 403"),
        ] {
            provider.trouble(Endpoint::Token, Trouble::Answer(status, "application/json", said.to_owned()));
            assert_eq!(sign_in(&binary).await, PROVIDER);
            binary.logged(detail).await;
            let line = line(&binary, "a sign-in came to nothing");
            assert!(line.contains(level) && line.contains(detail), "{line}");
        }
        binary.stop().await;
    }
}
