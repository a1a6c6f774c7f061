//! What passes between browser, server and provider, and is shown nowhere else.

use std::fs;

use serde_json::{Map, json};

use super::{OK, PROVIDER, STATE, someone};
use crate::support::{Binary, Browser, Endpoint, FaultyProvider, OAuthServers, Trouble, free_port, parameter};

/// The settings of a file that has people sign in at the faulty provider and at two real ones.
async fn settings(provider: &FaultyProvider, metrics: u16) -> String {
    let servers = OAuthServers::shared().await;
    let sections = [("faulty", provider.section()), ("discord", servers.section("discord")), ("work", servers.section("work"))];
    let plugins = sections.map(|(id, section)| {
        let component = section.component.unwrap_or_else(|| format!("bundled:{id}"));
        (id.to_owned(), json!({ "component": component, "allow_private": true, "settings": section.settings }))
    });
    let plugins = Map::from_iter(plugins);
    let file = json!({ "log": { "filter": "trace" }, "metrics": { "listen": format!("127.0.0.1:{metrics}") }, "plugins": plugins });
    toml::to_string(&file).unwrap()
}

db_test! {
    async fn o03_codes_states_and_tokens_are_shown_nowhere(db) {
        let provider = FaultyProvider::start().await;
        let metrics = free_port();
        let mut binary = Binary::prepare(db, &[]).await;
        fs::write(binary.folder().join("community.toml"), settings(&provider, metrics).await).unwrap();
        binary.serve().await;
        let home = binary.base_url();
        let new_browser = || Browser::new(&binary.base_url(), binary.client());
        let mut secrets = Vec::new();
        let mut keep = |browser: &Browser| {
            for hop in browser.hops() {
                secrets.extend(["code", "state", "code_challenge", "nonce"].into_iter().filter_map(|name| parameter(&hop.url, name)));
            }
            secrets.extend(browser.site.cookies().into_values());
            // The providers' own answers may say what they like.
            let ours = browser.hops().iter().filter(|hop| hop.url.as_str().starts_with(&home));
            ours.map(|hop| hop.answer.text()).collect::<String>()
        };
        let mut pages = String::new();
        for id in ["faulty", "discord", "work"] {
            let mut ada = new_browser();
            assert_eq!(ada.sign_in(id, &someone("ada").with_email("secret-address@example.org", true)).await, OK, "{}", binary.log());
            pages += &keep(&ada);
            let back = ada.hop("/callback").url.clone();
            assert_eq!(ada.go_on(back).await, STATE);
            pages += &keep(&ada);
        }
        for (endpoint, status, kind, said) in [
            (Endpoint::Token, 400, "application/json", r#"{"error":"invalid_grant","error_description":"SaidCanary"}"#),
            (Endpoint::Token, 500, "text/plain", "SaidCanary"),
            (Endpoint::Token, 200, "text/html", "<p>SaidCanary"),
            (Endpoint::UserInfo, 500, "text/plain", "SaidCanary"),
        ] {
            provider.heal();
            provider.trouble(endpoint, Trouble::Answer(status, kind, said.to_owned()));
            let mut ada = new_browser();
            assert_eq!(ada.sign_in("faulty", &someone("ada")).await, PROVIDER);
            pages += &keep(&ada);
        }
        new_browser().open("/api/faulty/callback?error=access_denied&error_description=SaidCanary&state=SaidCanary&iss=SaidCanary").await;
        let counters = crate::support::Client::new(format!("http://127.0.0.1:{metrics}")).get("/metrics").await.expect(200).text();
        assert!(counters.contains("faulty"), "{counters}");
        assert!(binary.terminate().await.success());
        let log = binary.log();
        assert!(log.contains("came to nothing"), "the operator is told: {log}");
        let canaries = ["CodeCanary", "AccessCanary", "RefreshCanary", "SaidCanary"];
        let others = ["faulty-secret", "discord-secret", "work-secret", "secret-address", "eyJ"];
        secrets.retain(|secret| secret.len() >= 16);
        secrets.sort_unstable();
        secrets.dedup();
        assert!(secrets.len() > 20, "{secrets:?}");
        for secret in canaries.into_iter().chain(others).chain(secrets.iter().map(String::as_str)) {
            for (what, text) in [("the log", &log), ("a page", &pages), ("a counter", &counters)] {
                let place = text.find(secret).map(|at| text[at.saturating_sub(300)..].chars().take(600).collect::<String>());
                assert_eq!(place, None, "{what} shows {secret}");
            }
        }
        binary.stop().await;
    }
}
