//! The state that a provider hands back: ours, fresh, for this provider, and once.

use std::time::Duration;

use super::{OK, STATE, accounts, browser, community, count, nobody, someone};
use crate::support::{parameter, with_parameter};

db_test! {
    async fn b03_every_sign_in_has_a_state_of_its_own(db) {
        let server = community(db, &["discord"]).await;
        let mut ada = browser(&server);
        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..5 {
            let back = ada.begin("discord", &someone("ada")).await;
            let authorize = &ada.hop("/api/oauth2/authorize").url;
            let state = parameter(authorize, "state").unwrap();
            assert_eq!((state.len(), parameter(&back, "state").as_ref()), (43, Some(&state)));
            assert!(seen.insert(state), "a state came twice");
            assert!(seen.insert(parameter(authorize, "code_challenge").unwrap()), "a challenge came twice");
        }
        server.stop().await;
    }

    async fn b03_wrong_late_and_used_states_are_refused(db) {
        let server = community(db, &["discord"]).await;
        let mut ada = browser(&server);
        // One letter is another.
        let back = ada.begin("discord", &someone("ada")).await;
        let state = parameter(&back, "state").unwrap();
        let other = if state.starts_with('A') { "B" } else { "A" };
        let wrong = with_parameter(&back, "state", Some(&format!("{other}{}", &state[1..])));
        assert_eq!(ada.go_on(wrong).await, STATE);
        // Used.
        assert_eq!(ada.go_on(back.clone()).await, OK);
        let cookie = ada.site.cookie("community_sid");
        assert_eq!(ada.go_on(back).await, STATE);
        assert_eq!(ada.site.cookie("community_sid"), cookie, "the session is left alone");
        // Late.
        let mut bob = browser(&server);
        let back = bob.begin("discord", &someone("bob")).await;
        server.clock.advance(Duration::from_secs(600));
        assert_eq!(bob.go_on(back).await, STATE);
        nobody(&bob.site).await;
        assert_eq!(accounts(&server).await, 1);
        server.stop().await;
    }

    async fn b03_ten_minutes_less_a_second_are_in_time(db) {
        let server = community(db, &["discord"]).await;
        let mut ada = browser(&server);
        let back = ada.begin("discord", &someone("ada")).await;
        server.clock.advance(Duration::from_secs(599));
        assert_eq!(ada.go_on(back).await, OK);
        server.stop().await;
    }

    async fn b03_what_is_stored_does_not_help_who_reads_it(db) {
        let server = community(db, &["discord"]).await;
        let mut ada = browser(&server);
        let back = ada.begin("discord", &someone("ada")).await;
        let (state, cookie) = (parameter(&back, "state").unwrap(), ada.site.cookie("community_oauth").unwrap());
        for secret in [state, cookie] {
            let query = format!("SELECT COUNT(*) FROM oauth_transactions WHERE state_hash = '{secret}' OR browser_hash = '{secret}'");
            assert_eq!(count(&server, &query).await, 0);
        }
        assert_eq!(count(&server, "SELECT COUNT(*) FROM oauth_transactions").await, 1);
        assert_eq!(ada.go_on(back).await, OK);
        assert_eq!(count(&server, "SELECT COUNT(*) FROM oauth_transactions").await, 0, "nothing is left of it");
        server.stop().await;
    }

    async fn b04_an_answer_of_one_provider_is_none_of_another(db) {
        let server = community(db, &["discord", "reddit", "work", "club"]).await;
        for (begun, elsewhere) in [("discord", "/api/reddit/callback"), ("reddit", "/api/callback"), ("work", "/api/club/callback")] {
            let mut ada = browser(&server);
            let back = ada.begin(begun, &someone("ada")).await;
            let mut mixed = back.clone();
            mixed.set_path(elsewhere);
            assert_ne!(mixed, back, "each provider has a redirect address of its own");
            assert_eq!(ada.go_on(mixed).await, STATE, "{begun} at {elsewhere}");
            assert_eq!(ada.go_on(back).await, STATE, "the state is used up");
            nobody(&ada.site).await;
        }
        assert_eq!(accounts(&server).await, 0);
        server.stop().await;
    }

    async fn b04_an_answer_in_the_name_of_another_issuer_is_refused(db) {
        let server = community(db, &["discord", "work"]).await;
        for (provider, issuer) in [("work", "https://evil.example"), ("discord", "https://evil.example")] {
            let mut ada = browser(&server);
            let back = ada.begin(provider, &someone("ada")).await;
            assert_eq!(ada.go_on(with_parameter(&back, "iss", Some(issuer))).await, STATE, "{provider}");
        }
        // A provider that always names itself has to.
        let mut ada = browser(&server);
        let back = ada.begin("work", &someone("ada")).await;
        assert!(parameter(&back, "iss").is_some());
        assert_eq!(ada.go_on(with_parameter(&back, "iss", None)).await, STATE);
        assert_eq!(accounts(&server).await, 0);
        server.stop().await;
    }
}
