//! Who somebody is: the provider's unchanging id, and never an address or a name.

use serde_json::json;

use super::{OK, accounts, browser, browser_of, community, identities, someone};
use crate::support::{Account, PASSWORD};

db_test! {
    async fn b10_an_address_opens_nobodys_account(db) {
        let server = community(db, &["discord", "work"]).await;
        let ann = server.member("Ann").await;
        for (provider, verified) in [("discord", false), ("discord", true), ("work", false), ("work", true)] {
            let mut stranger = browser(&server);
            assert_eq!(stranger.sign_in(provider, &someone("ann").with_email(&ann.email, verified)).await, OK);
            let me = stranger.me().await;
            assert_ne!(me["id"], ann.id.as_str(), "{provider} {verified}");
            assert_eq!(me["role"], "user");
        }
        assert_eq!(accounts(&server).await, 5);
        // Ann's account has lost nothing and gained nothing.
        assert_eq!(identities(&ann.client).await.len(), 1);
        let login = json!({ "email": ann.email, "password": PASSWORD });
        let again = server.client();
        again.post("/api/email/login", login).await.expect(200);
        assert_eq!(again.get("/api/me").await.json()["user"]["id"], ann.id.as_str());
        server.stop().await;
    }

    async fn b10_an_address_that_a_provider_vouches_for_can_still_be_registered_by_its_owner(db) {
        let server = community(db, &["discord"]).await;
        let mut mallory = browser(&server);
        mallory.sign_in("discord", &someone("mallory").with_email("ann@example.org", true)).await;
        let guest = server.client();
        let form = json!({ "email": "ann@example.org", "password": PASSWORD, "username": "Ann" });
        guest.post("/api/email/register", form).await.expect(200);
        let link = server.mail_to("ann@example.org").await.link("/api/email/verify");
        guest.get(&link).await.expect_redirect();
        let me = guest.get("/api/me").await.expect(200).json();
        assert_ne!(me["user"]["id"], mallory.me().await["id"]);
        server.stop().await;
    }

    async fn b11_hostile_names_are_cleaned(db) {
        let server = community(db, &["discord", "work"]).await;
        let long = "x".repeat(4096);
        let piled = format!("Z{}", "\u{300}".repeat(50));
        for name in [
            &long, "\u{202e}nimda\u{2066}", "<img src=x onerror=alert(1)>", "a\u{0}b\r\nc", "\u{200b}\u{200d}", "   ", "system", &piled,
        ] {
            for provider in ["discord", "work"] {
                let account = Account { name: Some(name.to_owned()), ..someone(name) };
                let mut ada = browser(&server);
                assert_eq!(ada.sign_in(provider, &account).await, OK, "{provider}: {name:?}");
                let me = ada.me().await;
                let shown = me["username"].as_str().unwrap();
                assert!((1..=64).contains(&shown.chars().count()), "{shown:?}");
                let hidden = |letter: char| letter.is_control() || "\u{202e}\u{2066}\u{200b}\u{200d}".contains(letter);
                assert!(!shown.contains(hidden), "{shown:?}");
                assert_ne!(shown, "system");
                ada.site.post("/api/posts", json!({ "title": "Hello" })).await.expect(200);
                let page = ada.site.get("/posts/").await.expect(200).text();
                assert!(!page.contains("<img src=x"), "{page}");
            }
        }
        server.stop().await;
    }

    async fn b15_a_name_that_is_given_again_is_another_person(db) {
        let server = community(db, &["discord", "reddit", "work"]).await;
        for provider in ["discord", "reddit", "work"] {
            let (mut old, mut new) = (browser(&server), browser(&server));
            old.sign_in(provider, &someone("sam").with_email("sam@example.org", true)).await;
            new.sign_in(provider, &someone("sam").with_email("sam@example.org", true)).await;
            assert_ne!(old.me().await["id"], new.me().await["id"], "{provider}");
        }
        assert_eq!(accounts(&server).await, 6);
        server.stop().await;
    }

    async fn b15_one_id_at_two_providers_is_two_people(db) {
        let server = community(db, &["discord", "work", "club"]).await;
        let account = someone("sam");
        for provider in ["discord", "work", "club"] {
            assert_eq!(browser(&server).sign_in(provider, &account).await, OK);
        }
        assert_eq!(accounts(&server).await, 3);
        server.stop().await;
    }

    async fn b10_signing_in_beside_an_account_does_not_join_it(db) {
        let server = community(db, &["discord"]).await;
        let ann = server.member("Ann").await;
        let mut beside = browser_of(&server, &ann);
        assert_eq!(beside.sign_in("discord", &someone("ann").with_email(&ann.email, true)).await, OK);
        assert_ne!(beside.me().await["id"], ann.id.as_str(), "only linking joins");
        assert_eq!(identities(&beside.site).await.len(), 1);
        server.stop().await;
    }
}
