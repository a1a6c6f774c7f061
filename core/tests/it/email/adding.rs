//! An address and a password for an account that signs in elsewhere.

use std::time::Duration;

use community::config::{Config, PasswordProfile, Span};
use sea_orm::{ConnectionTrait, TransactionTrait};
use serde_json::json;

use super::people::*;
use crate::{
    oauth::{OK, WAITING, accounts, browser, community, community_with, count, identities, nobody, someone},
    support::{Account, Answer, Browser, Client, Db, OAuthServers, PASSWORD, TestServer, eventually},
};

const LINKED: &str = "/settings/?login=linked";
const NOT_HERE: &str = "/posts/?login=error&reason=login_required";
const ELSEWHERE: &str = "/posts/?login=error&reason=linked_elsewhere";

/// A browser in which somebody signed in by way of Discord, as `account`.
async fn enter(server: &TestServer, account: &Account) -> Browser {
    let mut person = browser(server);
    assert_eq!(person.sign_in("discord", account).await, OK);
    person
}

/// A community where people sign in by way of Discord and a mailbox gets one mail an hour.
async fn with_few_mails(db: Db) -> TestServer {
    let servers = OAuthServers::shared().await;
    let few = |config: &mut Config| config.limits.mails_per_address = "1/hour".parse().unwrap();
    community_with(db, &[("discord", servers.section("discord"))], few).await
}

/// Asks for `email` to be added to the account that is signed in.
async fn add(client: &Client, email: &str, password: &str) -> Answer {
    client.post(ADD, json!({ "email": email, "password": password })).await
}

/// Opens `link` as a mail program in the web does.
async fn open_from_mail(client: &Client, link: &str) -> String {
    let answer = client.call("GET", link).header("sec-fetch-site", "cross-site").send().await;
    assert!(answer.set_cookies().is_empty(), "{:?}", answer.set_cookies());
    answer.expect_redirect()
}

db_test! {
    async fn an_account_from_elsewhere_gets_an_address_and_a_password(db) {
        let server = community(db, &["discord"]).await;
        let mut ada = enter(&server, &someone("ada")).await;
        let before = ada.me().await;
        let offer = "data-api=\"/api/email/link\"";
        assert!(ada.site.get("/settings/").await.expect(200).text().contains(offer));
        let asked = add(&ada.site, ANN, PASSWORD).await.expect(200);
        assert_eq!(asked.json(), json!({ "ok": true, "message": "Please check your email, and open the link in this browser." }));
        // Nothing is there before the link was opened.
        assert_eq!(identities(&ada.site).await.len(), 1);
        login(&server.client(), ANN, PASSWORD).await.expect_error(401, "invalid_credentials");

        let mail = server.mail_to(ANN).await;
        let html = mail.html.clone().unwrap();
        assert!(html.contains(&format!("<a href=\"{}\">", mail.link(VERIFY))), "{html}");
        assert_eq!(ada.open(&mail.link(VERIFY)).await, LINKED);
        assert_eq!(ada.me().await, before, "the session goes on");
        let list = identities(&ada.site).await;
        let shown: Vec<_> = list.iter().map(|one| json!([one["provider"], one["email"], one["current"]])).collect();
        assert_eq!(shown, [json!(["discord", null, true]), json!(["email", ANN, false])]);
        assert!(!ada.site.get("/settings/").await.expect(200).text().contains(offer));

        let phone = server.client();
        login(&phone, ANN, PASSWORD).await.expect(200);
        let there = me(&phone).await;
        assert_eq!((&there["id"], &there["username"], &there["email"]), (&before["id"], &before["username"], &json!(ANN)));
        assert_eq!(accounts(&server).await, 1);
        assert_eq!(ada.site.get(&mail.link(VERIFY)).await.expect_redirect(), INVALID, "a link works once");
        server.stop().await;
    }

    async fn a37_other_sessions_end_when_an_address_is_added_and_not_before(db) {
        let server = community(db, &["discord"]).await;
        let account = someone("ada");
        let (here, there) = (enter(&server, &account).await, enter(&server, &account).await);
        let stranger = enter(&server, &someone("bob")).await;
        add(&here.site, ANN, PASSWORD).await.expect(200);
        let link = link(&server, ANN, 1).await;
        there.me().await;
        assert_eq!(open_from_mail(&here.site, &link).await, LINKED);
        nobody(&there.site).await;
        here.me().await;
        stranger.me().await;
        server.stop().await;
    }

    async fn a23_a_link_adds_nothing_but_in_the_session_that_asked(db) {
        let server = community(db, &["discord"]).await;
        let account = someone("ada");
        let (ada, bob, nobody) = (enter(&server, &account).await, enter(&server, &someone("bob")).await, server.client());
        add(&ada.site, "mistyped@example.org", PASSWORD).await.expect(200);
        let link = link(&server, "mistyped@example.org", 1).await;
        let bobs = bob.me().await;
        for client in [&nobody, &bob.site] {
            assert_eq!(open_from_mail(client, &link).await, NOT_HERE);
            assert_eq!(client.get(&link).await.expect_redirect(), NOT_HERE);
        }
        nobody.get("/api/me").await.expect_error(401, "login_required");
        assert_eq!(bob.me().await, bobs);
        assert_eq!((identities(&ada.site).await.len(), identities(&bob.site).await.len(), accounts(&server).await), (1, 1, 2));
        login(&server.client(), "mistyped@example.org", PASSWORD).await.expect_error(401, "invalid_credentials");
        // Not even in another browser of Ada's, for whoever asks in one may be somebody else.
        let elsewhere = enter(&server, &account).await;
        assert_eq!(open_from_mail(&elsewhere.site, &link).await, NOT_HERE);
        // It is not used up by that.
        assert_eq!(ada.site.get(&link).await.expect_redirect(), LINKED);
        server.stop().await;
    }

    async fn a37_what_a_session_asked_for_ends_with_it(db) {
        let server = community(db, &["discord"]).await;
        let account = someone("ada");
        let (here, stolen) = (enter(&server, &account).await, enter(&server, &account).await);
        add(&stolen.site, "mallory@example.org", "mallory's password").await.expect(200);
        let link = link(&server, "mallory@example.org", 1).await;
        here.site.delete("/api/sessions").await.expect(200);
        nobody(&stolen.site).await;
        // Mallory leads Ada there, since it would not do for Mallory any more.
        for client in [&here.site, &stolen.site] {
            assert_eq!(open_from_mail(client, &link).await, INVALID);
        }
        assert_eq!(identities(&here.site).await.len(), 1);
        login(&server.client(), "mallory@example.org", "mallory's password").await.expect_error(401, "invalid_credentials");
        assert_eq!(count(&server, "SELECT COUNT(*) FROM address_additions").await, 0);
        server.stop().await;
    }

    async fn a11_adding_says_the_same_of_an_address_that_is_taken(db) {
        let server = community(db, &["discord"]).await;
        let (ann, ada) = (server.member("Ann").await, enter(&server, &someone("ada")).await);
        let free = add(&ada.site, "free@example.org", PASSWORD).await.expect(200);
        let taken = add(&ada.site, &ann.email, PASSWORD).await.expect(200);
        assert_eq!(visible(&free), visible(&taken));
        let notice = server.mail_to(&ann.email).await;
        assert!(!notice.raw.contains("token=") && notice.text.contains("has an account already"), "{}", notice.raw);
        // An earlier link ends either way: that it goes on would tell, too.
        let first = link(&server, "free@example.org", 1).await;
        assert_eq!(ada.site.get(&first).await.expect_redirect(), INVALID);
        add(&ada.site, "free@example.org", PASSWORD).await.expect(200);
        let second = link(&server, "free@example.org", 2).await;
        add(&ada.site, "other@example.org", PASSWORD).await.expect(200);
        assert_eq!(ada.site.get(&second).await.expect_redirect(), INVALID);
        assert_eq!((identities(&ada.site).await.len(), identities(&ann.client).await.len()), (1, 1));
        server.stop().await;
    }

    async fn a12_who_registered_the_address_before_keeps_nothing(db) {
        let server = community(db, &["discord"]).await;
        let ada = enter(&server, &someone("ada")).await;
        let mallory = server.client();
        register(&mallory, ANN, "mallory's password").await.expect(200);
        let before = link(&server, ANN, 1).await;
        add(&ada.site, ANN, PASSWORD).await.expect(200);
        let own = link(&server, ANN, 2).await;
        assert_eq!(ada.site.get(&own).await.expect_redirect(), LINKED);
        assert_eq!(server.client().get(&before).await.expect_redirect(), INVALID);
        login(&mallory, ANN, "mallory's password").await.expect_error(401, "invalid_credentials");
        login(&server.client(), ANN, PASSWORD).await.expect(200);
        assert_eq!(accounts(&server).await, 1);
        server.stop().await;
    }

    async fn a12_who_registered_the_address_meanwhile_keeps_nothing_either(db) {
        let server = community(db, &["discord"]).await;
        let ada = enter(&server, &someone("ada")).await;
        add(&ada.site, ANN, PASSWORD).await.expect(200);
        let own = link(&server, ANN, 1).await;
        register(&server.client(), ANN, "mallory's password").await.expect(200);
        let meanwhile = link(&server, ANN, 2).await;
        assert_eq!(ada.site.get(&own).await.expect_redirect(), LINKED);
        assert_eq!(server.client().get(&meanwhile).await.expect_redirect(), INVALID);
        login(&server.client(), ANN, "mallory's password").await.expect_error(401, "invalid_credentials");
        assert_eq!(accounts(&server).await, 1);
        server.stop().await;
    }

    async fn a12_a_link_can_be_had_again_when_a_stranger_asked_for_its_address(db) {
        let server = community(db, &["discord"]).await;
        let (ann, mallory) = (server.client(), enter(&server, &someone("mallory")).await);
        register(&ann, ANN, PASSWORD).await.expect(200);
        let first = link(&server, ANN, 1).await;
        add(&mallory.site, ANN, "mallory's password").await.expect(200);
        link(&server, ANN, 2).await;
        ann.post(RESEND, json!({ "email": ANN })).await.expect(200);
        let again = link(&server, ANN, 3).await;
        assert_eq!(ann.get(&first).await.expect_redirect(), INVALID);
        assert_eq!(ann.get(&again).await.expect_redirect(), SIGNED_IN);
        login(&server.client(), ANN, PASSWORD).await.expect(200);
        server.stop().await;
    }

    async fn a12_a_link_goes_on_when_a_stranger_asks_for_its_address(db) {
        let server = community(db, &["discord"]).await;
        let (ann, mallory) = (server.client(), enter(&server, &someone("mallory")).await);
        register(&ann, ANN, PASSWORD).await.expect(200);
        let hers = link(&server, ANN, 1).await;
        add(&mallory.site, ANN, "mallory's password").await.expect(200);
        link(&server, ANN, 2).await;
        assert_eq!(ann.get(&hers).await.expect_redirect(), SIGNED_IN);
        login(&server.client(), ANN, PASSWORD).await.expect(200);
        server.stop().await;
    }

    async fn a12_who_asks_for_a_strange_address_brings_no_password_in(db) {
        let server = community(db, &["discord"]).await;
        let mallory = enter(&server, &someone("mallory")).await;
        add(&mallory.site, ANN, "mallory's password").await.expect(200);
        let planted = link(&server, ANN, 1).await;
        let ann = server.client();
        register(&ann, ANN, PASSWORD).await.expect(200);
        assert_eq!(ann.get(&link(&server, ANN, 2).await).await.expect_redirect(), SIGNED_IN);
        assert_eq!(ann.get(&planted).await.expect_redirect(), NOT_HERE);
        // Even Mallory would not get it any more: it is Ann's now, and nothing is merged.
        assert_eq!(mallory.site.get(&planted).await.expect_redirect(), ELSEWHERE);
        assert_eq!((identities(&mallory.site).await.len(), identities(&ann).await.len()), (1, 1));
        login(&server.client(), ANN, "mallory's password").await.expect_error(401, "invalid_credentials");
        let again = server.client();
        login(&again, ANN, PASSWORD).await.expect(200);
        assert_eq!(me(&again).await["id"], me(&ann).await["id"]);
        server.stop().await;
    }

    async fn the_mail_for_adding_says_to_which_account_and_carries_no_message_of_a_stranger(db) {
        let servers = OAuthServers::shared().await;
        let tea = |config: &mut Config| "Tea & Cakes".clone_into(&mut config.site.name);
        let server = community_with(db, &[("discord", servers.section("discord"))], tea).await;
        let names = [("ada", "the account \"ada\" at Tea & Cakes"), ("win.example", "an account at Tea & Cakes")];
        for (number, (name, account)) in names.into_iter().enumerate() {
            let somebody = enter(&server, &someone(name)).await;
            assert_eq!(somebody.me().await["username"], name);
            let email = format!("mail{number}@example.org");
            add(&somebody.site, &email, PASSWORD).await.expect(200);
            let mail = server.mail_to(&email).await;
            assert_eq!(mail.subject, "Add this address to your account at Tea & Cakes");
            for part in [account, "in the browser in which you asked for it", "for 24 hours", "If it was not you, please ignore"] {
                assert!(mail.text.contains(part), "{part}: {}", mail.text);
            }
            let html = mail.html.unwrap();
            assert!(html.contains("at Tea &#38; Cakes") && !(mail.text + &html).contains("win.example"), "{html}");
        }
        server.stop().await;
    }

    async fn an_account_has_one_address(db) {
        let server = community(db, &["discord"]).await;
        let ann = server.member("Ann").await;
        for email in ["second@example.org", &ann.email] {
            add(&ann.client, email, "another horse").await.expect_error(409, "email_linked");
        }
        let ada = enter(&server, &someone("ada")).await;
        add(&ada.site, "ada@example.org", PASSWORD).await.expect(200);
        ada.site.get(&link(&server, "ada@example.org", 1).await).await.expect_redirect();
        add(&ada.site, "second@example.org", PASSWORD).await.expect_error(409, "email_linked");
        // Mails leave in order, so no other is on its way.
        register(&server.client(), "bob@example.org", PASSWORD).await.expect(200);
        server.mail_to("bob@example.org").await;
        assert_eq!(server.mails().all().len(), 2);
        server.stop().await;
    }

    async fn a28_who_has_an_address_is_told_so_before_that_costs_a_hash(db) {
        let servers = OAuthServers::shared().await;
        // Nobody is ever hashed in time.
        let busy = |config: &mut Config| config.auth.hash_wait = Span::seconds(0);
        let server = community_with(db, &[("discord", servers.section("discord"))], busy).await;
        let (ann, ada) = (server.member("Ann").await, enter(&server, &someone("ada")).await);
        add(&ada.site, "ada@example.org", PASSWORD).await.expect_error(503, "unavailable");
        add(&ann.client, "second@example.org", PASSWORD).await.expect_error(409, "email_linked");
        server.stop().await;
    }

    async fn a13_mails_for_adding_count_with_those_for_registering(db) {
        let server = community(db, &["discord"]).await;
        let (ann, ada) = (server.member("Ann").await, enter(&server, &someone("ada")).await);
        register(&server.client(), "a@example.org", PASSWORD).await.expect(200);
        server.client().post(RESEND, json!({ "email": "a@example.org" })).await.expect(200);
        // One that is taken counts like any other.
        for email in ["b@example.org", &ann.email, "c@example.org"] {
            add(&ada.site, email, PASSWORD).await.expect(200);
        }
        let refused = add(&ada.site, "d@example.org", PASSWORD).await;
        assert!(refused.header("retry-after").is_some());
        refused.expect_error(429, "rate_limited");
        register(&server.client(), "d@example.org", PASSWORD).await.expect_error(429, "rate_limited");
        // What was refused changed nothing.
        assert_eq!(ada.site.get(&link(&server, "c@example.org", 1).await).await.expect_redirect(), LINKED);
        server.stop().await;
    }

    async fn a19_of_two_that_open_a_link_at_once_one_adds_the_address(db) {
        let server = community(db, &["discord"]).await;
        let ada = enter(&server, &someone("ada")).await;
        add(&ada.site, ANN, PASSWORD).await.expect(200);
        let link = link(&server, ANN, 1).await;
        let (one, two) = tokio::join!(ada.site.get(&link), ada.site.get(&link));
        let mut places = [one.expect_redirect(), two.expect_redirect()];
        places.sort_unstable();
        assert_eq!(places, [INVALID, LINKED]);
        assert_eq!(identities(&ada.site).await.len(), 2);
        server.stop().await;
    }

    async fn a20_only_the_newest_link_works_and_for_a_day(db) {
        let server = community(db, &["discord"]).await;
        let ada = enter(&server, &someone("ada")).await;
        add(&ada.site, ANN, PASSWORD).await.expect(200);
        let first = link(&server, ANN, 1).await;
        add(&ada.site, ANN, "another horse").await.expect(200);
        let second = link(&server, ANN, 2).await;
        assert_eq!(ada.site.get(&first).await.expect_redirect(), INVALID);
        server.clock.advance(Duration::from_hours(24));
        assert_eq!(ada.site.get(&second).await.expect_redirect(), INVALID);
        add(&ada.site, ANN, PASSWORD).await.expect(200);
        assert_eq!(ada.site.get(&link(&server, ANN, 3).await).await.expect_redirect(), LINKED);
        login(&server.client(), ANN, "another horse").await.expect_error(401, "invalid_credentials");
        server.stop().await;
    }

    async fn a16_asking_again_when_no_more_mails_go_out_leaves_the_link_as_it_is(db) {
        let server = with_few_mails(db).await;
        let ada = enter(&server, &someone("ada")).await;
        let sent = add(&ada.site, ANN, PASSWORD).await.expect(200);
        let first = link(&server, ANN, 1).await;
        let again = add(&ada.site, ANN, "another horse").await.expect(200);
        assert_eq!(visible(&sent), visible(&again));
        // Mails leave in order, so when the next one is there, no other is on its way.
        register(&server.client(), "bob@example.org", PASSWORD).await.expect(200);
        server.mail_to("bob@example.org").await;
        assert_eq!(server.mails().to(ANN).len(), 1);
        assert_eq!(ada.site.get(&first).await.expect_redirect(), LINKED);
        login(&server.client(), ANN, "another horse").await.expect_error(401, "invalid_credentials");
        login(&server.client(), ANN, PASSWORD).await.expect(200);
        server.stop().await;
    }

    async fn a16_a_mailbox_that_gets_no_more_mails_keeps_no_link_to_another_alive(db) {
        let server = with_few_mails(db).await;
        let ada = enter(&server, &someone("ada")).await;
        register(&server.client(), ANN, PASSWORD).await.expect(200);
        add(&ada.site, "other@example.org", PASSWORD).await.expect(200);
        let other = link(&server, "other@example.org", 1).await;
        add(&ada.site, ANN, PASSWORD).await.expect(200);
        assert_eq!(ada.site.get(&other).await.expect_redirect(), INVALID);
        server.stop().await;
    }

    async fn adding_asks_for_what_registering_asks_for(db) {
        let servers = OAuthServers::shared().await;
        let nist = |config: &mut Config| config.auth.password_profile = PasswordProfile::Nist;
        let server = community_with(db, &[("discord", servers.section("discord"))], nist).await;
        let ada = enter(&server, &Account { name: Some("Ada Lovelace".to_owned()), ..someone("ada") }).await;
        let long = "a horse, a battery and a staple";
        for (email, password) in [(ANN, "14 characters."), (ANN, "Ada Lovelace 1815"), ("ann@example", long), ("", long)] {
            add(&ada.site, email, password).await.expect_error(400, "invalid_request");
        }
        add(&server.client(), ANN, long).await.expect_error(401, "login_required");
        let forged = ada.site.call("POST", ADD).json(&json!({ "email": ANN, "password": long }));
        forged.header("origin", "https://evil.example").send().await.expect_error(403, "origin_rejected");
        let form = ada.site.call("POST", ADD).header("content-type", "text/plain").body("{}");
        form.send().await.expect_error(415, "unsupported_media_type");
        add(&ada.site, ANN, long).await.expect(200);
        server.mail_to(ANN).await;
        assert_eq!(server.mails().all().len(), 1);
        server.stop().await;
    }
}

/// On PostgreSQL alone two writes run side by side.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a20_a_link_that_is_replaced_while_it_is_followed_adds_nothing() {
    let server = community(Db::Postgres, &["discord"]).await;
    let ada = enter(&server, &someone("ada")).await;
    add(&ada.site, "old@example.org", PASSWORD).await.expect(200);
    let old = link(&server, "old@example.org", 1).await;
    // Ada asks for another address, which is almost done when somebody follows the link to the old one.
    let id = ada.me().await["id"].as_str().unwrap().to_owned();
    let ours = server.database().connect().await;
    let asking = ours.begin().await.unwrap();
    let lock = format!("SELECT pg_advisory_xact_lock(hashtextextended('addition {id}', 0))");
    asking.execute_unprepared(&lock).await.unwrap();
    let replace = "UPDATE address_additions SET subject = 'new@example.org', address = 'new@example.org', token_hash = 'new'";
    asking.execute_unprepared(replace).await.unwrap();
    let site = ada.site.clone();
    let followed = tokio::spawn(async move { site.get(&old).await });
    eventually("the link to wait for Ada", || async { (count(&server, WAITING).await == 1).then_some(()) }).await;
    asking.commit().await.unwrap();
    assert_eq!(followed.await.unwrap().expect_redirect(), INVALID);
    assert_eq!(identities(&ada.site).await.len(), 1);
    assert_eq!(count(&server, "SELECT COUNT(*) FROM address_additions WHERE token_hash = 'new'").await, 1, "the new one waits");
    server.stop().await;
}
