//! Who somebody is: what signing in finds, makes and changes.

use community::accounts::model::Profile;
use serde_json::json;

use super::{enter, link, list, me, profile, sign_in};
use crate::support::TestServer;

db_test! {
    async fn a_person_without_an_address_has_a_full_account(db) {
        let server = TestServer::start(db).await;
        let (first, client) = enter(&server, &profile("reddit", "ann")).await;
        assert!(first.is_new);
        let wanted = json!({ "id": first.user.id.as_str(), "username": "ann", "provider": "reddit", "email": null, "role": "user" });
        assert_eq!(me(&client).await, wanted);
        client.post("/api/posts", json!({ "title": "Hello" })).await.expect(200);
        assert!(client.get("/settings/").await.expect(200).text().contains("ann_handle"));
        server.stop().await;
    }

    async fn returning_brings_the_identity_up_to_date_and_leaves_the_name(db) {
        let server = TestServer::start(db).await;
        let (first, _) = enter(&server, &profile("discord", "ann")).await;
        let today = Profile {
            handle: Some("ann.new".to_owned()),
            email: Some("ann@example.org".to_owned()),
            email_verified: true,
            avatar: Some("https://cdn.example.org/ann.png".to_owned()),
            username: "Somebody else".to_owned(),
            ..profile("discord", "ann")
        };
        let (again, client) = enter(&server, &today).await;
        assert!(!again.is_new && again.identity.email_verified);
        assert_eq!((&again.user, &again.identity.id), (&first.user, &first.identity.id));
        let known = me(&client).await;
        assert_eq!((&known["username"], &known["email"]), (&json!("ann"), &json!("ann@example.org")));
        let wanted = json!({
            "id": first.identity.id.as_str(),
            "current": true,
            "provider": "discord",
            "providerName": "Discord",
            "username": "ann.new",
            "email": "ann@example.org",
            "avatar": "https://cdn.example.org/ann.png",
            "createdAt": first.identity.created_at.to_string(),
        });
        assert_eq!(list(&client).await, [wanted]);
        // What the provider no longer tells is forgotten.
        let (_, client) = enter(&server, &profile("discord", "ann")).await;
        assert_eq!(me(&client).await["email"], json!(null));
        server.stop().await;
    }

    async fn b10_an_address_finds_nobody(db) {
        let server = TestServer::start(db).await;
        let ann = server.member("Ann").await;
        for (provider, verified) in [("discord", false), ("work", true)] {
            let stranger = Profile { email: Some(ann.email.clone()), email_verified: verified, ..profile(provider, "mallory") };
            let found = sign_in(&server, &stranger).await.unwrap();
            assert!(found.is_new && found.user.id != ann.id, "{provider}");
        }
        assert_eq!(list(&ann.client).await.len(), 1);
        server.stop().await;
    }

    async fn b15_another_subject_is_another_person(db) {
        let server = TestServer::start(db).await;
        let first = sign_in(&server, &profile("discord", "1")).await.unwrap();
        let namesake = Profile { handle: first.identity.handle.clone(), username: first.user.username.clone(), ..profile("discord", "2") };
        let elsewhere = profile("reddit", "1");
        for other in [namesake, elsewhere] {
            assert_ne!(sign_in(&server, &other).await.unwrap().user.id, first.user.id, "{other:?}");
        }
        server.stop().await;
    }

    async fn first_sign_ins_at_the_same_moment_make_one_account(db) {
        let server = TestServer::start(db).await;
        let ann = profile("discord", "ann");
        let found = futures_util::future::join_all((0..6).map(|_| sign_in(&server, &ann))).await;
        let found: Vec<_> = found.into_iter().map(Result::unwrap).collect();
        assert!(found.iter().all(|one| one.user == found[0].user && one.identity == found[0].identity));
        assert_eq!(found.iter().filter(|one| one.is_new).count(), 1);
        server.stop().await;
    }

    async fn a_closed_account_stays_closed(db) {
        let server = TestServer::start(db).await;
        let (found, client) = enter(&server, &profile("discord", "ann")).await;
        let close = |disabled: bool| (found.user.id.clone(), disabled);
        let store = server.store().await;
        let set = async |input| {
            use community::{accounts::actions::set_disabled, actor::Actor};
            store.write(input, |tx, (user, disabled)| Box::pin(set_disabled(tx, &Actor::System, user, *disabled))).await.unwrap();
        };
        set(close(true)).await;
        client.get("/api/me").await.expect_error(401, "login_required");
        assert_eq!(sign_in(&server, &profile("discord", "ann")).await.unwrap_err().code, "account_disabled");
        set(close(false)).await;
        assert!(!sign_in(&server, &profile("discord", "ann")).await.unwrap().is_new);
        server.stop().await;
    }

    async fn of_two_identities_at_one_provider_a_session_knows_its_own(db) {
        let server = TestServer::start(db).await;
        let address = |subject: &str| Profile { email: Some(format!("{subject}@example.org")), ..profile("work", subject) };
        let (_, ann) = enter(&server, &address("ann")).await;
        link(&server, &ann, &address("office")).await.unwrap();
        let (_, office) = enter(&server, &address("office")).await;
        let (hers, other) = (me(&ann).await, me(&office).await);
        assert_eq!((&hers["id"], &hers["email"], &other["email"]), (&other["id"], &json!("ann@example.org"), &json!("office@example.org")));
        for (client, own) in [(&ann, 0), (&office, 1)] {
            let current: Vec<_> = list(client).await.iter().map(|one| one["current"] == true).collect();
            assert_eq!(current, [own == 0, own == 1]);
        }
        server.stop().await;
    }
}
