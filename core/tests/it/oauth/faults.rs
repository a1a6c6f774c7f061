//! Providers that are down, slow, or make no sense: the visitor is told, and nobody else notices.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use community::config::{Config, Span};
use serde_json::json;
use tokio::sync::Notify;

use super::{OK, PROVIDER, accounts, browser, community_with, faulty_community, nobody, someone};
use crate::support::{DEADLINE, Db, Endpoint, FaultyProvider, TestServer, Trouble};

/// More than the breaker waits.
const PAUSE: Duration = Duration::from_secs(31);

/// A community that has little patience, so that its tests need little.
async fn impatient_community(db: Db, change: impl FnOnce(&mut Config)) -> (TestServer, FaultyProvider) {
    let provider = FaultyProvider::start().await;
    let sections = [("faulty", provider.section())];
    let impatient = |config: &mut Config| {
        (config.outbound.connect_timeout, config.outbound.timeout) = (Span::seconds(3), Span::seconds(3));
        change(config);
    };
    (community_with(db, &sections, impatient).await, provider)
}

fn troubles() -> Vec<Trouble> {
    let text = |status, kind, body: &str| Trouble::Answer(status, kind, body.to_owned());
    vec![
        text(500, "text/plain", "Canary"),
        text(200, "text/html", "<p>Canary"),
        text(200, "application/json", "Canary"),
        text(200, "application/json", r#"{"access_token":7,"token_type":[]}"#),
        text(200, "application/json", ""),
        text(400, "application/json", r#"{"error":"invalid_grant","error_description":"Canary"}"#),
        text(200, "application/json", r#"{"error":"bad_verification_code","error_description":"Canary"}"#),
        text(401, "application/json", r#"{"error":"invalid_client"}"#),
        text(429, "application/json", r#"{"message":"Too Many Requests"}"#),
        text(200, "application/json", &json!({ "access_token": "x", "token_type": "Bearer" }).to_string()),
        text(200, "application/json", &format!(r#"{{"access_token":"{}","token_type":"Bearer"}}"#, "x".repeat(300 << 10))),
        Trouble::Redirect("http://169.254.169.254/latest/meta-data/".to_owned()),
        Trouble::Silence,
        Trouble::Drip,
        Trouble::Endless,
    ]
}

db_test! {
    async fn b13_whatever_the_token_endpoint_does_the_visitor_is_told(db) {
        let (server, provider) = impatient_community(db, |_| ()).await;
        for trouble in troubles() {
            let shown = format!("{trouble:.200?}");
            provider.trouble(Endpoint::Token, trouble);
            let mut ada = browser(&server);
            let began = Instant::now();
            assert_eq!(ada.sign_in("faulty", &someone("ada")).await, PROVIDER, "{shown}");
            assert!(began.elapsed() < DEADLINE, "{shown} took {:?}", began.elapsed());
            assert!(!ada.answer().text().contains("Canary"));
            nobody(&ada.site).await;
            server.clock.advance(PAUSE);
        }
        assert!(provider.sent() < 16 << 20, "{} bytes of an endless answer were taken", provider.sent());
        assert_eq!(accounts(&server).await, 0);
        provider.heal();
        assert_eq!(browser(&server).sign_in("faulty", &someone("ada")).await, OK);
        server.stop().await;
    }

    async fn b13_nor_does_a_failing_profile_sign_anybody_in_as_somebody(db) {
        let (server, provider) = impatient_community(db, |_| ()).await;
        let text = |status, kind, body: &str| Trouble::Answer(status, kind, body.to_owned());
        for trouble in [
            text(500, "text/plain", "Canary"),
            text(200, "application/json", r#"{"sub":"somebody-else"}"#),
            text(200, "application/json", r#"{"name":"nobody"}"#),
            text(200, "application/jwt", "eyJDYW5hcnk"),
            text(200, "text/html", "<p>Canary"),
            Trouble::Redirect("http://169.254.169.254/".to_owned()),
            Trouble::Silence,
            Trouble::Endless,
        ] {
            let shown = format!("{trouble:?}");
            provider.trouble(Endpoint::UserInfo, trouble);
            let mut ada = browser(&server);
            assert_eq!(ada.sign_in("faulty", &someone("ada")).await, PROVIDER, "{shown}");
            nobody(&ada.site).await;
            server.clock.advance(PAUSE);
        }
        assert_eq!(accounts(&server).await, 0);
        server.stop().await;
    }

    async fn b13_a_provider_that_is_down_signs_nobody_in(db) {
        let (server, provider) = impatient_community(db, |_| ()).await;
        let mut ada = browser(&server);
        let back = ada.begin("faulty", &someone("ada")).await;
        provider.go_down().await;
        // Nobody exchanges the code, and when all is forgotten that was known of the provider, nobody is sent there any more.
        assert_eq!(ada.go_on(back).await, PROVIDER);
        nobody(&ada.site).await;
        server.clock.advance(Duration::from_hours(25));
        assert_eq!(browser(&server).sign_in("faulty", &someone("ada")).await, PROVIDER);
        assert_eq!(accounts(&server).await, 0);
        server.stop().await;
    }

    async fn b13_nonsense_about_a_provider_sends_nobody_there(db) {
        let (server, provider) = impatient_community(db, |_| ()).await;
        let text = |kind, body: &str| Trouble::Answer(200, kind, body.to_owned());
        for trouble in [
            text("text/html", "<p>Canary"),
            text("application/json", "<p>Canary"),
            text("application/json", "{}"),
            text("application/json", ""),
            Trouble::Endless,
        ] {
            let shown = format!("{trouble:?}");
            provider.trouble(Endpoint::Discovery, trouble);
            let mut ada = browser(&server);
            assert_eq!(ada.sign_in("faulty", &someone("ada")).await, PROVIDER, "{shown}");
            assert!(!ada.answer().text().contains("Canary"), "{shown}");
            server.clock.advance(PAUSE);
        }
        assert_eq!(provider.asked(Endpoint::Authorize), 0);
        server.stop().await;
    }

    async fn b13_answers_that_are_late_one_after_the_other_are_cut_off_together(db) {
        let limit = Span::seconds(2);
        let (server, provider) =
            impatient_community(db, |config| (config.outbound.connect_timeout, config.outbound.timeout) = (limit, limit)).await;
        let mut ada = browser(&server);
        let back = ada.begin("faulty", &someone("ada")).await;
        // Each within the two seconds that a request may take, and the first two within the three that are taken to ask again, with room
        // for a busy machine: who fails there is done without. All of them not within four; what was known of the provider is old by then.
        for (endpoint, late) in [(Endpoint::Discovery, 1300), (Endpoint::Keys, 1300), (Endpoint::Token, 1900), (Endpoint::UserInfo, 1900)] {
            provider.trouble(endpoint, Trouble::Late(Duration::from_millis(late)));
        }
        server.clock.advance(Duration::from_mins(6));
        let before = provider.asked(Endpoint::Discovery);
        let began = Instant::now();
        assert_eq!(ada.go_on(back).await, PROVIDER);
        assert!(began.elapsed() < DEADLINE, "{:?}", began.elapsed());
        let asked = (provider.asked(Endpoint::Discovery), provider.asked(Endpoint::UserInfo));
        assert_eq!(asked, (before + 1, 0), "it is over before the last one is asked");
        nobody(&ada.site).await;
        server.stop().await;
    }

    async fn b13_after_five_failures_nobody_is_sent_there_for_half_a_minute(db) {
        let (server, provider) = faulty_community(db).await;
        provider.trouble(Endpoint::Token, Trouble::Answer(500, "text/plain", String::new()));
        let asked = || provider.asked(Endpoint::Token);
        for _ in 0..8 {
            assert_eq!(browser(&server).sign_in("faulty", &someone("ada")).await, PROVIDER);
        }
        assert_eq!(asked(), 5);
        provider.heal();
        assert_eq!(browser(&server).sign_in("faulty", &someone("ada")).await, PROVIDER, "it is left alone for a while");
        server.clock.advance(PAUSE);
        assert_eq!(browser(&server).sign_in("faulty", &someone("ada")).await, OK);
        assert_eq!(asked(), 6);
        server.stop().await;
    }

    async fn b13_what_people_do_is_no_failure_of_the_provider(db) {
        let (server, provider) = faulty_community(db).await;
        for (status, kind, said) in [
            (400, "application/json", r#"{"error":"invalid_grant"}"#),
            (403, "text/html", "<h1>Forbidden</h1>"),
            (400, "text/plain", ""),
        ] {
            provider.trouble(Endpoint::Token, Trouble::Answer(status, kind, said.to_owned()));
            for _ in 0..8 {
                assert_eq!(browser(&server).sign_in("faulty", &someone("mallory")).await, PROVIDER);
                server.client().get("/api/faulty/callback?error=access_denied").await.expect_redirect();
            }
        }
        assert_eq!(provider.asked(Endpoint::Token), 24, "it is asked every time");
        provider.heal();
        assert_eq!(browser(&server).sign_in("faulty", &someone("ada")).await, OK, "nobody can shut a provider for others");
        server.stop().await;
    }

    async fn b13_a_stalled_provider_holds_no_connection_of_the_database(db) {
        let (server, provider) = impatient_community(db, |config| {
            // Nothing here is to end by itself. The visitors go after ten seconds, whatever happens.
            (config.outbound.connect_timeout, config.outbound.timeout) = (Span::seconds(30), Span::seconds(30));
            (config.database.connections, config.database.readers) = (2, 2);
            config.database.acquire_timeout = Span::seconds(10);
            config.plugins.get_mut("faulty").unwrap().limits.requests = 8;
        })
        .await;
        let ann = server.member("Ann").await;
        // Everything that is looked up once is looked up before.
        assert_eq!(browser(&server).sign_in("faulty", &someone("ada")).await, OK);
        let leave = Arc::new(Notify::new());
        provider.trouble(Endpoint::Token, Trouble::Held(leave.clone(), json!({ "error": "invalid_grant" })));
        let begun = Instant::now();
        let waiting: Vec<_> = (0..8).map(|_| {
            let mut ada = browser(&server);
            tokio::spawn(async move { ada.sign_in("faulty", &someone("ada")).await })
        }).collect();
        crate::support::eventually("all to wait for the provider", || async { (provider.asked(Endpoint::Token) >= 9).then_some(()) }).await;
        for number in 0..5 {
            ann.client.post("/api/posts", json!({ "title": format!("Post {number}") })).await.expect(200);
            ann.client.get("/api/posts").await.expect(200);
            ann.client.get("/api/me").await.expect(200);
        }
        // They go by themselves after ten seconds; where the machine is busy, some have gone.
        let busy = begun.elapsed() > Duration::from_secs(8);
        assert!(busy || waiting.iter().all(|one| !one.is_finished()), "they do wait meanwhile");
        leave.notify_waiters();
        for one in waiting {
            let outcome = one.await.unwrap();
            assert!(busy || outcome == PROVIDER, "{outcome}");
        }
        server.stop().await;
    }

    async fn b13_a_stalled_provider_holds_up_no_other_one(db) {
        let (stalled, well) = (FaultyProvider::start().await, FaultyProvider::start().await);
        let sections = [("stalled", stalled.section()), ("well", well.section())];
        let server = community_with(db, &sections, |_| ()).await;
        assert_eq!(browser(&server).sign_in("stalled", &someone("ada")).await, OK);
        assert_eq!(browser(&server).sign_in("well", &someone("ada")).await, OK);
        stalled.trouble(Endpoint::Token, Trouble::Silence);
        // More than all plugins together may ask at once.
        let waiting: Vec<_> = (0..40).map(|_| {
            let mut ada = browser(&server);
            tokio::spawn(async move { ada.sign_in("stalled", &someone("ada")).await })
        }).collect();
        crate::support::eventually("the stalled provider to be asked", || async {
            (stalled.asked(Endpoint::Token) >= 5).then_some(())
        })
        .await;
        assert_eq!(browser(&server).sign_in("well", &someone("bob")).await, OK, "though 40 wait for the other one");
        waiting.iter().for_each(tokio::task::JoinHandle::abort);
        server.stop().await;
    }
}
