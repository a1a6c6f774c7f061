//! Several ways into one account.

use sea_orm::{ConnectionTrait, TransactionTrait};
use serde_json::{Value, json};

use super::{DENIED, OK, STATE, WAITING, accounts, browser, browser_of, community, count, identities, nobody, someone};
use crate::support::{Account, Db, PASSWORD, eventually, login_path};

const LINKED: &str = "/settings/?login=linked";
const ELSEWHERE: &str = "/?login=error&reason=linked_elsewhere";

db_test! {
    async fn a_second_provider_leads_to_the_same_account(db) {
        let server = community(db, &["discord", "reddit"]).await;
        let (discord, reddit) = (someone("ada").with_email("ada@example.org", true), someone("ada_r"));
        let mut ada = browser(&server);
        ada.sign_in("discord", &discord).await;
        let me = ada.me().await;
        assert_eq!(ada.link("reddit", &reddit).await, LINKED);
        assert_eq!((&ada.me().await, accounts(&server).await), (&me, 1), "the session is still that of Discord");
        let list = identities(&ada.site).await;
        let shown: Vec<_> = list.iter().map(|one| json!([one["provider"], one["username"], one["current"]])).collect();
        assert_eq!(shown, [json!(["discord", "ada", true]), json!(["reddit", "ada_r", false])]);
        assert!(list.iter().all(|one| one["providerName"].is_string() && one.get("subject").is_none()), "{list:?}");
        let mut phone = browser(&server);
        assert_eq!(phone.sign_in("reddit", &reddit).await, OK);
        let there = phone.me().await;
        assert_eq!((&there["id"], &there["provider"], &there["email"]), (&me["id"], &"reddit".into(), &Value::Null));
        server.stop().await;
    }

    async fn an_account_with_a_password_gets_a_provider(db) {
        let server = community(db, &["work"]).await;
        let ann = server.member("Ann").await;
        let mut ann_here = browser_of(&server, &ann);
        let account = someone("ann.work");
        assert_eq!(ann_here.link("work", &account).await, LINKED);
        assert_eq!(browser(&server).sign_in("work", &account).await, OK);
        assert_eq!(accounts(&server).await, 1);
        server.stop().await;
    }

    async fn all_other_sessions_end_when_a_credential_changes(db) {
        let server = community(db, &["discord", "reddit"]).await;
        let (discord, reddit) = (someone("ada"), someone("ada_r"));
        let (mut here, mut there, mut stranger) = (browser(&server), browser(&server), browser(&server));
        here.sign_in("discord", &discord).await;
        there.sign_in("discord", &discord).await;
        stranger.sign_in("discord", &someone("bob")).await;
        here.link("reddit", &reddit).await;
        nobody(&there.site).await;
        there.sign_in("reddit", &reddit).await;
        let old = identities(&here.site).await[0]["id"].as_str().unwrap().to_owned();
        here.site.delete(&format!("/api/identities/{old}")).await.expect(200);
        nobody(&there.site).await;
        here.me().await;
        stranger.me().await;
        // What was unlinked is nobody's now, and opens another account.
        let before = here.me().await["id"].clone();
        let mut again = browser(&server);
        assert_eq!(again.sign_in("discord", &discord).await, OK);
        assert_ne!(again.me().await["id"], before);
        server.stop().await;
    }

    async fn the_last_way_in_stays(db) {
        let server = community(db, &["discord", "reddit"]).await;
        let mut ada = browser(&server);
        ada.sign_in("discord", &someone("ada")).await;
        let only = identities(&ada.site).await[0]["id"].as_str().unwrap().to_owned();
        ada.site.delete(&format!("/api/identities/{only}")).await.expect_error(409, "last_identity");
        ada.link("reddit", &someone("ada_r")).await;
        let both: Vec<_> = identities(&ada.site).await.iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect();
        // Both at once: one of them stays.
        let paths = both.iter().map(|id| format!("/api/identities/{id}")).collect::<Vec<_>>();
        let (one, two) = tokio::join!(ada.site.delete(&paths[0]), ada.site.delete(&paths[1]));
        let mut statuses = [one.status, two.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 409]);
        assert_eq!(identities(&ada.site).await.len(), 1);
        server.stop().await;
    }

    async fn nobody_unlinks_or_links_for_others(db) {
        let server = community(db, &["discord", "reddit"]).await;
        let (mut ada, mut bob) = (browser(&server), browser(&server));
        let discord = someone("ada");
        ada.sign_in("discord", &discord).await;
        ada.link("reddit", &someone("ada_r")).await;
        bob.sign_in("discord", &someone("bob")).await;
        let id = identities(&ada.site).await[0]["id"].as_str().unwrap().to_owned();
        for path in [format!("/api/identities/{id}"), "/api/identities/nonsense".to_owned()] {
            bob.site.delete(&path).await.expect_error(404, "not_found");
            server.client().delete(&path).await.expect_error(401, "login_required");
        }
        server.client().get("/api/identities").await.expect_error(401, "login_required");
        server.client().post("/api/reddit/link", json!({})).await.expect_error(401, "login_required");
        let forged = bob.site.call("POST", "/api/reddit/link").header("origin", "https://evil.example");
        assert_eq!(forged.header("sec-fetch-site", "cross-site").send().await.status, 403);
        // What signs Ada in cannot be taken over.
        assert_eq!(bob.link("discord", &discord).await, ELSEWHERE);
        assert_eq!(identities(&bob.site).await.len(), 1);
        assert_eq!(identities(&ada.site).await.len(), 2);
        server.stop().await;
    }

    async fn what_is_linked_already_stays_linked(db) {
        let server = community(db, &["discord"]).await;
        let account = someone("ada");
        let (mut ada, mut there) = (browser(&server), browser(&server));
        ada.sign_in("discord", &account).await;
        there.sign_in("discord", &account).await;
        assert_eq!(ada.link("discord", &account).await, LINKED);
        assert_eq!(identities(&ada.site).await.len(), 1);
        there.me().await;
        server.stop().await;
    }

    async fn b07_a_link_belongs_to_who_began_it(db) {
        let server = community(db, &["discord", "reddit"]).await;
        let (mut ada, mut mallory) = (browser(&server), browser(&server));
        ada.sign_in("discord", &someone("ada")).await;
        mallory.sign_in("discord", &someone("mallory")).await;
        // Mallory would like Ada to link Mallory's Reddit account.
        let begun = mallory.sit_down(&someone("mallory_r")).begin_link("reddit").await;
        let lure = mallory.go_until_back(begun).await;
        assert_eq!(ada.go_on(lure).await, STATE);
        assert_eq!(identities(&ada.site).await.len(), 1);
        // And whoever signs out on the way links nothing.
        let begun = mallory.sit_down(&someone("mallory_r")).begin_link("reddit").await;
        let back = mallory.go_until_back(begun).await;
        mallory.site.call("POST", "/api/logout").send().await;
        assert_eq!(mallory.go_on(back).await, STATE);
        // Nor does it become an account of whoever signs in on the way.
        let begun = ada.sit_down(&someone("ada_r")).begin_link("reddit").await;
        let back = ada.go_until_back(begun).await;
        ada.sign_in("discord", &someone("somebody else")).await;
        assert_eq!(ada.go_on(back).await, STATE);
        assert_eq!((identities(&ada.site).await.len(), accounts(&server).await), (1, 3));
        server.stop().await;
    }

    async fn whoever_cancels_linking_stays_signed_in(db) {
        let server = community(db, &["discord", "reddit"]).await;
        let mut ada = browser(&server);
        ada.sign_in("discord", &someone("ada")).await;
        let begun = ada.say_no().begin_link("reddit").await;
        assert_eq!(ada.go_on(begun).await, DENIED);
        assert_eq!(identities(&ada.site).await.len(), 1);
        server.stop().await;
    }

    async fn the_password_goes_with_its_address(db) {
        let server = community(db, &["discord"]).await;
        let ann = server.member("Ann").await;
        let mut ann_here = browser_of(&server, &ann);
        let account = Account { name: Some("Ann D.".to_owned()), ..someone("ann") };
        ann_here.link("discord", &account).await;
        let email = identities(&ann.client).await.into_iter().find(|one| one["provider"] == "email").unwrap();
        ann.client.delete(&format!("/api/identities/{}", email["id"].as_str().unwrap())).await.expect(200);
        let login = json!({ "email": ann.email, "password": PASSWORD });
        server.client().post("/api/email/login", login).await.expect(401);
        let mut again = browser(&server);
        assert_eq!(again.sit_down(&account).open(&login_path("discord")).await, OK);
        assert_eq!(again.me().await["id"], ann.id.as_str());
        server.stop().await;
    }
}

/// On PostgreSQL alone two writes run side by side.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a36_a_session_that_is_about_to_end_links_nothing() {
    let server = community(Db::Postgres, &["discord", "reddit"]).await;
    let mut ada = browser(&server);
    ada.sign_in("discord", &someone("ada")).await;
    let begun = ada.sit_down(&someone("ada_r")).begin_link("reddit").await;
    let back = ada.go_until_back(begun).await;
    let ours = server.database().connect().await;
    let ending = ours.begin().await.unwrap();
    ending.execute_unprepared("DELETE FROM sessions").await.unwrap();
    // Whoever reads sees the session still.
    let linked = tokio::spawn(async move { ada.go_on(back).await });
    eventually("the link to wait for the end of the session", || async { (count(&server, WAITING).await == 1).then_some(()) }).await;
    ending.commit().await.unwrap();
    assert_eq!(linked.await.unwrap(), STATE);
    assert_eq!(count(&server, "SELECT COUNT(*) FROM identities").await, 1);
    server.stop().await;
}
