//! The code: bound to us by PKCE, and good for one exchange.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::Value;
use sha2::{Digest, Sha256};
use url::{Url, form_urlencoded};

use super::{OK, PROVIDER, STATE, accounts, browser, community, count, execute, nobody, someone};
use crate::support::{Client, OAuthServers, login_path, parameter, with_parameter};

/// Tries to exchange a code at the real server, as whoever knows the client's secret can.
async fn exchange(provider: &str, back: &Url, verifier: Option<&str>) -> Value {
    let mut redirect = back.clone();
    redirect.set_query(None);
    let (id, secret) = (format!("{provider}-id"), format!("{provider}-secret"));
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("grant_type", "authorization_code").append_pair("code", &parameter(back, "code").unwrap());
    form.append_pair("redirect_uri", redirect.as_str()).append_pair("client_id", &id).append_pair("client_secret", &secret);
    verifier.map(|verifier| form.append_pair("code_verifier", verifier));
    let site = Client::new(OAuthServers::shared().await.url(provider));
    let call = site.call("POST", "/api/oauth2/token").header("content-type", "application/x-www-form-urlencoded");
    call.body(form.finish()).send().await.json()
}

db_test! {
    async fn b05_the_challenge_is_always_s256(db) {
        let server = community(db, &["discord", "reddit", "work"]).await;
        for (provider, path) in [("discord", "/api/oauth2/authorize"), ("reddit", "/api/v1/authorize"), ("work", "/auth")] {
            let mut ada = browser(&server);
            // Whatever the visitor asks for.
            let login = format!("{}?code_challenge_method=plain&code_challenge=x", login_path(provider));
            assert_eq!(ada.sit_down(&someone("ada")).open(&login).await, OK, "{provider}");
            let authorize = ada.hop(path).url.clone();
            assert_eq!(parameter(&authorize, "code_challenge_method").as_deref(), Some("S256"));
            assert_eq!(parameter(&authorize, "code_challenge").unwrap().len(), 43);
            assert_eq!(parameter(&authorize, "response_type").as_deref(), Some("code"));
            assert!(!ada.hops().iter().any(|hop| hop.url.as_str().contains("code_verifier") || hop.url.as_str().contains("-secret")));
        }
        server.stop().await;
    }

    async fn b05_a_code_is_worth_nothing_without_its_verifier(db) {
        let server = community(db, &["discord"]).await;
        for verifier in [None, Some("0123456789012345678901234567890123456789012")] {
            let back = browser(&server).begin("discord", &someone("ada")).await;
            assert_eq!(exchange("discord", &back, verifier).await["error"], "invalid_grant", "{verifier:?}");
        }
        // The server itself, with a verifier that does not fit the challenge.
        let mut ada = browser(&server);
        let back = ada.begin("discord", &someone("ada")).await;
        let other = URL_SAFE_NO_PAD.encode(Sha256::digest("another"));
        execute(&server, &format!("UPDATE oauth_transactions SET pkce_verifier = '{other}'")).await;
        assert_eq!(ada.go_on(back).await, PROVIDER);
        nobody(&ada.site).await;
        server.stop().await;
    }

    async fn b06_of_two_tabs_with_one_answer_one_signs_in(db) {
        let server = community(db, &["discord"]).await;
        let mut ada = browser(&server);
        let back = ada.begin("discord", &someone("ada")).await;
        let (one, two) = tokio::join!(ada.site.get(back.as_str()), ada.site.get(back.as_str()));
        let mut ends = [one.expect_redirect(), two.expect_redirect()];
        ends.sort();
        assert_eq!(ends, [STATE, OK]);
        assert_eq!((accounts(&server).await, count(&server, "SELECT COUNT(*) FROM sessions").await), (1, 1));
        server.stop().await;
    }

    async fn b06_two_sign_ins_side_by_side_both_end_well(db) {
        let server = community(db, &["discord", "reddit"]).await;
        let mut ada = browser(&server);
        let discord = ada.begin("discord", &someone("ada")).await;
        let reddit = ada.begin("reddit", &someone("ada_r")).await;
        assert_eq!(ada.go_on(discord).await, OK);
        assert_eq!(ada.me().await["provider"], "discord");
        assert_eq!(ada.go_on(reddit).await, OK);
        assert_eq!(ada.me().await["provider"], "reddit");
        server.stop().await;
    }

    async fn b06_a_used_code_is_an_error_of_the_provider_and_no_crash(db) {
        let server = community(db, &["discord", "reddit", "work"]).await;
        for provider in ["discord", "reddit", "work"] {
            let mut ada = browser(&server);
            let account = someone("ada");
            let (first, second) = (ada.begin(provider, &account).await, ada.begin(provider, &account).await);
            assert_eq!(ada.go_on(first.clone()).await, OK);
            let session = ada.site.cookie("community_sid");
            let replay = with_parameter(&second, "code", parameter(&first, "code").as_deref());
            assert_eq!(ada.go_on(replay).await, PROVIDER, "{provider}");
            assert_eq!(ada.site.cookie("community_sid"), session, "the session is left alone");
        }
        server.stop().await;
    }
}
