//! What people do: sign in for the first time, again, with another name, without an address, or not at all.

use serde_json::{Value, json};

use super::{DENIED, OK, accounts, browser, community, community_with, identities, nobody, plugin_calls, someone};
use crate::support::{Account, FaultyProvider, OAuthServers, login_path};

db_test! {
    async fn a_new_person_comes_from_discord_and_returns(db) {
        let server = community(db, &["discord"]).await;
        let account = Account { name: Some("Ada L.".to_owned()), ..someone("ada").with_email("ada@example.org", true) };
        let mut ada = browser(&server);
        assert_eq!(ada.sign_in("discord", &account).await, OK);
        let me = ada.me().await;
        let id = me["id"].as_str().unwrap();
        let wanted = json!({ "id": id, "username": "Ada L.", "provider": "discord", "email": "ada@example.org", "role": "user" });
        assert_eq!(me, wanted);
        assert!(!id.contains(&account.id));
        // From another device it is the same account.
        let mut phone = browser(&server);
        assert_eq!(phone.sign_in("discord", &account).await, OK);
        assert_eq!(phone.me().await["id"], me["id"]);
        assert_eq!(ada.me().await["id"], me["id"], "a session elsewhere goes on");
        assert_eq!(accounts(&server).await, 1);
        server.stop().await;
    }

    async fn the_long_path_leads_to_discord_as_well(db) {
        let server = community(db, &["discord"]).await;
        let account = someone("ada");
        let mut ada = browser(&server);
        assert_eq!(ada.sit_down(&account).open("/api/discord/login").await, OK);
        assert!(ada.hops().iter().any(|hop| hop.url.path() == "/api/callback"), "to the one address that is registered");
        let mut again = browser(&server);
        assert_eq!(again.sign_in("discord", &account).await, OK);
        assert_eq!(again.me().await["id"], ada.me().await["id"]);
        server.stop().await;
    }

    async fn the_short_paths_belong_to_whichever_provider_the_operator_says(db) {
        let provider = FaultyProvider::start().await;
        let discord = OAuthServers::shared().await.section("discord");
        let sections = [("discord", discord), ("faulty", provider.section())];
        let server = community_with(db, &sections, |config| "faulty".clone_into(&mut config.auth.root_provider)).await;
        let mut ada = browser(&server);
        assert_eq!(ada.open("/api/login").await, OK);
        assert_eq!(ada.me().await["provider"], "faulty");
        assert!(ada.hops().iter().any(|hop| hop.url.path() == "/api/callback"));
        let mut bob = browser(&server);
        assert_eq!(bob.sit_down(&someone("bob")).open("/api/discord/login").await, OK);
        assert!(bob.hops().iter().any(|hop| hop.url.path() == "/api/discord/callback"));
        assert_eq!(bob.me().await["provider"], "discord");
        server.stop().await;
    }

    async fn a_new_person_comes_from_reddit_and_has_no_address(db) {
        let server = community(db, &["reddit"]).await;
        let account = someone("ada_r");
        let mut ada = browser(&server);
        assert_eq!(ada.sign_in("reddit", &account).await, OK);
        let me = ada.me().await;
        assert_eq!((&me["username"], &me["provider"], &me["email"]), (&"ada_r".into(), &"reddit".into(), &Value::Null));
        ada.site.post("/api/posts", json!({ "title": "Hello" })).await.expect(200);
        let again = browser(&server).sign_in("reddit", &account).await;
        assert_eq!((again.as_str(), accounts(&server).await), (OK, 1));
        server.stop().await;
    }

    async fn whoever_has_no_address_or_withholds_it_has_a_full_account(db) {
        let server = community(db, &["discord", "work"]).await;
        let withheld = Account { withheld: vec!["email".to_owned()], ..someone("ada").with_email("ada@example.org", true) };
        for (provider, account) in [("discord", &withheld), ("work", &withheld), ("work", &someone("bob"))] {
            let mut ada = browser(&server);
            assert_eq!(ada.sign_in(provider, account).await, OK, "{provider}");
            let me = ada.me().await;
            assert_eq!((&me["email"], &me["provider"]), (&Value::Null, &provider.into()));
            ada.site.post("/api/posts", json!({ "title": "Hello" })).await.expect(200);
            let mut again = browser(&server);
            again.sign_in(provider, account).await;
            assert_eq!(again.me().await["id"], me["id"], "{provider}");
        }
        assert_eq!(accounts(&server).await, 3);
        server.stop().await;
    }

    async fn b02_whoever_cancels_is_told_so_in_our_words(db) {
        let server = community(db, &["discord", "reddit", "work"]).await;
        for provider in ["discord", "reddit", "work"] {
            let mut ada = browser(&server);
            let ended = ada.say_no().open(&login_path(provider)).await;
            assert_eq!(ended, DENIED, "{provider}");
            assert!(ada.hop("callback").url.query().unwrap().contains("said"), "the provider did say something");
            assert!(!ada.answer().text().contains("said"), "{}", ada.answer().text());
            nobody(&ada.site).await;
            let is_asked = |line: &String| line.contains(r#"function="identify""#) && line.contains(&format!(r#"plugin="{provider}""#));
            assert!(!plugin_calls(&server).await.iter().any(is_asked), "{provider} has nobody to identify");
            // Having said no does not stand in the way of saying yes.
            assert_eq!(ada.sign_in(provider, &someone("ada")).await, OK);
            assert!(plugin_calls(&server).await.iter().any(is_asked), "{provider}");
        }
        server.stop().await;
    }

    async fn another_name_at_the_provider_is_the_same_person(db) {
        let server = community(db, &["discord", "reddit", "work"]).await;
        for provider in ["discord", "reddit", "work"] {
            let account = someone("ada").with_email("ada@example.org", false);
            let mut ada = browser(&server);
            ada.sign_in(provider, &account).await;
            let before = ada.me().await;
            let renamed = Account { username: "ada.lovelace".to_owned(), ..account }.with_email("ada@example.com", true);
            assert_eq!(ada.sign_in(provider, &renamed).await, OK);
            let (after, identity) = (ada.me().await, &identities(&ada.site).await[0]);
            let address = if provider == "reddit" { Value::Null } else { "ada@example.com".into() };
            assert_eq!((&after["id"], &after["email"]), (&before["id"], &address), "{provider}");
            assert_eq!(after["username"], before["username"], "the name here is the person's own");
            assert!(identity.to_string().contains("ada.lovelace"), "{identity}");
        }
        assert_eq!(accounts(&server).await, 3);
        server.stop().await;
    }

    async fn signing_in_over_a_session_replaces_it(db) {
        let server = community(db, &["discord"]).await;
        let mut shared = browser(&server);
        shared.sign_in("discord", &someone("ada")).await;
        let (ada, cookie) = (shared.me().await, shared.site.cookie("community_sid").unwrap());
        assert_eq!(shared.sign_in("discord", &someone("bob")).await, OK);
        assert_ne!(shared.me().await["id"], ada["id"]);
        let old = server.client();
        old.set_cookie("community_sid", &cookie);
        nobody(&old).await;
        server.stop().await;
    }
}
