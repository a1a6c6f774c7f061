//! What passes between browser, server and provider, and is shown nowhere else.

use std::fs;

use url::Url;

use super::{OK, PROVIDER, STATE, someone};
use crate::support::{Binary, Browser, Endpoint, FaultyProvider, OAuthServers, Trouble, free_port};

fn parameter(url: &Url, name: &str) -> Option<String> {
    url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

/// The settings of a file that has people sign in at the faulty provider and at two real ones.
async fn settings(provider: &FaultyProvider, metrics: u16) -> String {
    let servers = OAuthServers::shared().await;
    let mut text = format!("[log]\nfilter = \"trace\"\n[metrics]\nlisten = \"127.0.0.1:{metrics}\"\n");
    for (id, section) in [("faulty", provider.section()), ("discord", servers.section("discord")), ("work", servers.section("work"))] {
        text += &format!("[plugins.{id}]\nallow_private = true\n");
        text += &section.component.map(|component| format!("component = \"{component}\"\n")).unwrap_or_default();
        text += &format!("[plugins.{id}.settings]\n");
        text += &section.settings.iter().map(|(name, value)| format!("{name} = \"{value}\"\n")).collect::<String>();
    }
    text
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
            let parameters = browser.hops().iter().flat_map(|hop| ["code", "state", "code_challenge", "nonce"].map(|name| parameter(&hop.url, name)));
            secrets.extend(parameters.flatten());
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
        for (endpoint, trouble) in [
            (Endpoint::Token, Trouble::Answer(400, "application/json", r#"{"error":"invalid_grant","error_description":"SaidCanary"}"#.to_owned())),
            (Endpoint::Token, Trouble::Answer(500, "text/plain", "SaidCanary".to_owned())),
            (Endpoint::Token, Trouble::Answer(200, "text/html", "<p>SaidCanary".to_owned())),
            (Endpoint::UserInfo, Trouble::Answer(500, "text/plain", "SaidCanary".to_owned())),
        ] {
            provider.heal();
            provider.trouble(endpoint, trouble);
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
        let fixed = ["CodeCanary", "AccessCanary", "RefreshCanary", "SaidCanary", "-secret\"", "faulty-secret", "discord-secret", "secret-address", "eyJ"];
        secrets.retain(|secret| secret.len() >= 16);
        secrets.sort_unstable();
        secrets.dedup();
        assert!(secrets.len() > 20, "{secrets:?}");
        for secret in fixed.into_iter().chain(secrets.iter().map(String::as_str)) {
            for (what, text) in [("the log", &log), ("a page", &pages), ("a counter", &counters)] {
                let place = text.find(secret).map(|at| text[at.saturating_sub(300)..].chars().take(600).collect::<String>());
                assert_eq!(place, None, "{what} shows {secret}");
            }
        }
        binary.stop().await;
    }
}
