//! What an OpenID provider publishes: fetched rarely, and never more than fits.

use std::{sync::Arc, time::Duration};

use serde_json::json;
use tokio::sync::Notify;

use super::{OK, PROVIDER, browser, faulty_community, nobody, someone};
use crate::support::{Endpoint, FaultyProvider, TestServer, Trouble, eventually};

/// Signs in, and gives where that ended.
async fn sign_in(server: &TestServer) -> String {
    browser(server).sign_in("faulty", &someone("ada")).await
}

/// More than the breaker waits.
const PAUSE: Duration = Duration::from_mins(10);

db_test! {
    async fn b09_keys_without_end_are_not_read(db) {
        let (server, provider) = faulty_community(db).await;
        let fifty_megabytes = || json!({ "keys": [], "padding": " ".repeat(50_000_000) });
        let many = |provider: &FaultyProvider| {
            let key = |number| json!({ "kty": "RSA", "use": "sig", "kid": format!("k{number}"), "n": "AQAB", "e": "AQAB" });
            let real = provider.keys()["keys"][0].clone();
            json!({ "keys": (0..10_000).map(key).chain([real]).collect::<Vec<_>>() })
        };
        let troubles = [Trouble::json(&fifty_megabytes()), Trouble::json(&many(&provider)), Trouble::Endless];
        for (number, trouble) in troubles.into_iter().enumerate() {
            provider.trouble(Endpoint::Keys, trouble);
            assert_eq!(sign_in(&server).await, PROVIDER, "{number}");
            server.clock.advance(PAUSE);
        }
        assert!(provider.sent() < 16 << 20, "{} bytes of an endless answer were taken", provider.sent());
        assert_eq!(provider.asked(Endpoint::Token), 0, "nobody was sent away in vain");
        provider.heal();
        assert_eq!(sign_in(&server).await, OK);
        server.stop().await;
    }

    async fn b09_no_redirect_is_followed(db) {
        let (server, provider) = faulty_community(db).await;
        let canary = FaultyProvider::start().await;
        for endpoint in [Endpoint::Discovery, Endpoint::Keys] {
            for target in [format!("{}/keys", canary.url()), "http://169.254.169.254/latest/meta-data/".to_owned()] {
                provider.trouble(endpoint, Trouble::Redirect(target.clone()));
                assert_eq!(sign_in(&server).await, PROVIDER, "{endpoint:?} to {target}");
                server.clock.advance(PAUSE);
            }
            provider.heal();
        }
        assert_eq!(canary.asked(Endpoint::Keys), 0);
        server.stop().await;
    }

    async fn b09_a_discovery_document_cannot_lead_elsewhere(db) {
        let (server, provider) = faulty_community(db).await;
        let canary = FaultyProvider::start().await;
        let url = provider.url();
        for (field, value) in [
            ("jwks_uri", "http://169.254.169.254/keys".to_owned()),
            ("jwks_uri", format!("{}/keys", canary.url())),
            ("jwks_uri", "file:///etc/passwd".to_owned()),
            ("token_endpoint", format!("{}/token", canary.url())),
            ("userinfo_endpoint", format!("{}/userinfo", canary.url())),
            ("authorization_endpoint", "javascript:alert(1)".to_owned()),
            ("authorization_endpoint", "https://evil.example/authorize".to_owned()),
            ("issuer", "https://evil.example".to_owned()),
        ] {
            let mut document = json!({
                "issuer": url, "authorization_endpoint": format!("{url}/authorize"), "token_endpoint": format!("{url}/token"),
                "jwks_uri": format!("{url}/keys"), "userinfo_endpoint": format!("{url}/userinfo"), "response_types_supported": ["code"],
                "subject_types_supported": ["public"], "id_token_signing_alg_values_supported": ["RS256"],
            });
            document[field] = json!(value);
            provider.trouble(Endpoint::Discovery, Trouble::json(&document));
            assert_eq!(sign_in(&server).await, PROVIDER, "{field}: {value}");
            server.clock.advance(PAUSE);
        }
        for endpoint in [Endpoint::Keys, Endpoint::Token, Endpoint::UserInfo] {
            assert_eq!(canary.asked(endpoint), 0, "{endpoint:?}");
        }
        server.stop().await;
    }

    async fn b09_keys_are_kept_and_fetched_again_once_a_minute_at_most(db) {
        let (server, provider) = faulty_community(db).await;
        for _ in 0..3 {
            assert_eq!(sign_in(&server).await, OK);
        }
        assert_eq!((provider.asked(Endpoint::Discovery), provider.asked(Endpoint::Keys)), (1, 1));
        // Names of keys that nobody knows, one after the other.
        server.clock.advance(Duration::from_secs(61));
        provider.forge(|token| token.header["kid"] = json!("key-2"));
        for _ in 0..3 {
            assert_eq!(sign_in(&server).await, PROVIDER);
        }
        assert_eq!(provider.asked(Endpoint::Keys), 2);
        server.clock.advance(Duration::from_secs(61));
        assert_eq!(sign_in(&server).await, PROVIDER);
        assert_eq!(provider.asked(Endpoint::Keys), 3);
        // A new key is found that way.
        let mut keys = provider.keys();
        keys["keys"][0]["kid"] = json!("key-2");
        provider.trouble(Endpoint::Keys, Trouble::json(&keys));
        server.clock.advance(Duration::from_secs(61));
        assert_eq!(sign_in(&server).await, OK);
        server.stop().await;
    }

    async fn b09_of_two_who_meet_a_new_key_at_once_both_sign_in(db) {
        let (server, provider) = faulty_community(db).await;
        assert_eq!(sign_in(&server).await, OK);
        server.clock.advance(Duration::from_secs(61));
        let (mut ada, mut bob) = (browser(&server), browser(&server));
        let backs = [ada.begin("faulty", &someone("ada")).await, bob.begin("faulty", &someone("bob")).await];
        // The provider signs with another key from now on.
        provider.forge(|token| token.header["kid"] = json!("key-2"));
        let (mut keys, leave) = (provider.keys(), Arc::new(Notify::new()));
        keys["keys"][0]["kid"] = json!("key-2");
        provider.trouble(Endpoint::Keys, Trouble::Held(leave.clone(), keys));
        let before = (provider.asked(Endpoint::Token), provider.asked(Endpoint::Keys));
        let [to_ada, to_bob] = backs;
        let both_know = async {
            eventually("both to have a token", || async { (provider.asked(Endpoint::Token) == before.0 + 2).then_some(()) }).await;
            eventually("the keys to be asked for", || async { (provider.asked(Endpoint::Keys) > before.1).then_some(()) }).await;
            leave.notify_one();
        };
        let (first, second, ()) = tokio::join!(ada.go_on(to_ada), bob.go_on(to_bob), both_know);
        assert_eq!((first.as_str(), second.as_str()), (OK, OK));
        assert_eq!(provider.asked(Endpoint::Keys), before.1 + 1, "one asks for both");
        server.stop().await;
    }

    async fn b09_nobody_waits_for_new_keys_who_needs_none(db) {
        let (server, provider) = faulty_community(db).await;
        assert_eq!(sign_in(&server).await, OK);
        server.clock.advance(Duration::from_secs(61));
        let (mut ada, mut bob) = (browser(&server), browser(&server));
        let to_ada = ada.begin("faulty", &someone("ada")).await;
        provider.forge(|token| token.header["kid"] = json!("key-2"));
        let (mut keys, leave) = (provider.keys(), Arc::new(Notify::new()));
        keys["keys"][0]["kid"] = json!("key-2");
        provider.trouble(Endpoint::Keys, Trouble::Held(leave.clone(), keys));
        let before = provider.asked(Endpoint::Keys);
        let meanwhile = async {
            eventually("the keys to be asked for", || async { (provider.asked(Endpoint::Keys) > before).then_some(()) }).await;
            provider.forge(|_| ());
            assert_eq!(bob.sign_in("faulty", &someone("bob")).await, OK, "with the key that is known");
            leave.notify_one();
        };
        let (first, ()) = tokio::join!(ada.go_on(to_ada), meanwhile);
        assert_eq!(first, OK);
        server.stop().await;
    }

    async fn b09_while_the_keys_are_known_the_rest_may_be_down(db) {
        let (server, provider) = faulty_community(db).await;
        assert_eq!(sign_in(&server).await, OK);
        provider.trouble(Endpoint::Discovery, Trouble::Answer(500, "text/plain", String::new()));
        provider.trouble(Endpoint::Keys, Trouble::Answer(500, "text/plain", String::new()));
        server.clock.advance(Duration::from_secs(240));
        assert_eq!(sign_in(&server).await, OK);
        server.stop().await;
    }

    async fn b09_what_is_known_suffices_while_asking_again_is_in_vain(db) {
        let (server, provider) = faulty_community(db).await;
        assert_eq!(sign_in(&server).await, OK);
        provider.trouble(Endpoint::Discovery, Trouble::Silence);
        server.clock.advance(Duration::from_mins(6));
        assert_eq!(sign_in(&server).await, OK);
        assert!(provider.asked(Endpoint::Discovery) > 1, "it was asked again");
        server.stop().await;
    }

    async fn b09_a_provider_that_is_down_at_first_is_asked_again(db) {
        let (server, provider) = faulty_community(db).await;
        provider.trouble(Endpoint::Discovery, Trouble::Answer(503, "text/html", "<p>Canary".to_owned()));
        let mut ada = browser(&server);
        assert_eq!(ada.sign_in("faulty", &someone("ada")).await, PROVIDER);
        assert!(!ada.answer().text().contains("Canary"));
        nobody(&ada.site).await;
        provider.heal();
        assert_eq!(ada.sign_in("faulty", &someone("ada")).await, OK);
        server.stop().await;
    }
}
