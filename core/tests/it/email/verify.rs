//! Following the link of a verification mail.

use futures_util::future::join_all;
use serde_json::json;

use super::people::*;
use crate::support::{PASSWORD, TestServer};

db_test! {
    async fn a18_links_that_are_none_lead_to_a_page_that_says_so(db) {
        let server = TestServer::start(db).await;
        let (short, long) = ("A".repeat(43), "A".repeat(3000));
        for token in ["", "x", "%00", "%27%20OR%201%3D1--", "..%2F..%2F", "%ff%fe", "%F0%9F%A6%80", &short, &long] {
            let answer = server.client().get(&format!("{VERIFY}?token={token}")).await;
            assert!(answer.set_cookies().is_empty());
            assert_eq!(answer.expect_redirect(), INVALID, "{token}");
        }
        assert_eq!(server.client().get(VERIFY).await.expect_redirect(), INVALID);
        server.client().get(&format!("{VERIFY}?token={}", "A".repeat(10_000))).await.expect_error(414, "uri_too_long");
        server.stop().await;
    }

    async fn a19_a_link_works_once(db) {
        let server = TestServer::start(db).await;
        register(&server.client(), ANN, PASSWORD).await.expect(200);
        let link = link(&server, ANN, 1).await;
        assert_eq!(server.client().get(&link).await.expect_redirect(), SIGNED_IN);
        let second = server.client().get(&link).await;
        assert!(second.set_cookies().is_empty());
        assert_eq!(second.expect_redirect(), INVALID);
        server.stop().await;
    }

    async fn a19_of_fifty_who_follow_a_link_at_once_one_is_signed_in(db) {
        let server = without_limits(db).await;
        register(&server.client(), ANN, PASSWORD).await.expect(200);
        let link = link(&server, ANN, 1).await;
        let clients: Vec<_> = (0..50).map(|_| server.client()).collect();
        let answers = join_all(clients.iter().map(|client| client.get(&link))).await;
        let places: Vec<_> = answers.into_iter().map(crate::support::Answer::expect_redirect).collect();
        assert_eq!(places.iter().filter(|place| *place == SIGNED_IN).count(), 1, "{places:?}");
        assert_eq!(places.iter().filter(|place| *place == INVALID).count(), 49, "{places:?}");
        let winner = &clients[places.iter().position(|place| place == SIGNED_IN).unwrap()];
        let sessions = winner.get("/api/sessions").await.expect(200).json();
        assert_eq!(sessions["sessions"].as_array().unwrap().len(), 1);
        server.stop().await;
    }

    async fn a22_scanners_and_prefetching_browsers_use_up_no_link(db) {
        let server = TestServer::start(db).await;
        register(&server.client(), ANN, PASSWORD).await.expect(200);
        let link = link(&server, ANN, 1).await;
        let client = server.client();
        assert_eq!(client.call("HEAD", &link).send().await.expect(405).header("allow"), Some("GET"));
        for (header, value) in [("sec-purpose", "prefetch"), ("sec-purpose", "prefetch;prerender"), ("purpose", "prefetch")] {
            let answer = client.call("GET", &link).header(header, value).send().await.expect(204);
            assert!(answer.set_cookies().is_empty());
        }
        assert_eq!(client.get(&link).await.expect_redirect(), SIGNED_IN);
        server.stop().await;
    }

    async fn a23_a_strangers_link_does_not_take_over_a_signed_in_browser(db) {
        let server = TestServer::start(db).await;
        let vic = server.member("Vic").await;
        register(&server.client(), "mallory@example.org", PASSWORD).await.expect(200);
        let link = link(&server, "mallory@example.org", 1).await;
        let answer = vic.client.call("GET", &link).header("sec-fetch-site", "cross-site").send().await;
        assert!(answer.set_cookies().is_empty());
        assert_eq!(answer.expect_redirect(), "/posts/?login=already");
        assert_eq!(me(&vic.client).await["username"], "Vic");
        // The address is proven all the same, and the link is used up.
        login(&server.client(), "mallory@example.org", PASSWORD).await.expect(200);
        assert_eq!(server.client().get(&link).await.expect_redirect(), INVALID);
        server.stop().await;
    }

    async fn a23_ones_own_link_signs_in_wherever_it_is_opened(db) {
        let server = TestServer::start(db).await;
        let vic = server.member("Vic").await;
        register(&server.client(), "other@example.org", PASSWORD).await.expect(200);
        register(&server.client(), ANN, PASSWORD).await.expect(200);
        // From a mail program, which says nothing of where it comes from, over the session of another user: it is replaced.
        let old = vic.client.cookie(vic.cookie_name).unwrap();
        let other = link(&server, "other@example.org", 1).await;
        assert_eq!(vic.client.call("GET", &other).header("sec-fetch-site", "none").send().await.expect_redirect(), SIGNED_IN);
        assert_eq!(me(&vic.client).await["email"], "other@example.org");
        let replay = server.client();
        replay.set_cookie(vic.cookie_name, &old);
        replay.get("/api/me").await.expect_error(401, "login_required");
        // From a page of a mail provider, without any session.
        let ann = server.client();
        let own = link(&server, ANN, 1).await;
        assert_eq!(ann.call("GET", &own).header("sec-fetch-site", "cross-site").send().await.expect_redirect(), SIGNED_IN);
        assert_eq!(me(&ann).await["email"], ANN);
        server.stop().await;
    }

    async fn a24_a_link_does_not_leak_to_where_it_leads(db) {
        let server = TestServer::start(db).await;
        register(&server.client(), ANN, PASSWORD).await.expect(200);
        let link = link(&server, ANN, 1).await;
        let token = link.split_once("token=").unwrap().1.to_owned();
        let answer = server.client().get(&link).await.expect(303);
        assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        let seen = visible(&answer);
        assert!(!format!("{seen:?}").contains(&token), "{seen:?}");
        server.stop().await;
    }

    async fn a_registration_that_the_operator_overtook_is_no_account(db) {
        let server = TestServer::start(db).await;
        register(&server.client(), ANN, "another horse").await.expect(200);
        let link = link(&server, ANN, 1).await;
        let ann = server.member("Ann").await;
        assert_eq!(server.client().get(&link).await.expect_redirect(), INVALID);
        login(&server.client(), ANN, "another horse").await.expect_error(401, "invalid_credentials");
        assert_eq!(me(&ann.client).await["username"], "Ann");
        register(&server.client(), ANN, PASSWORD).await.expect_error(400, "email_taken");
        server.client().post(RESEND, json!({ "email": ANN })).await.expect(200);
        server.stop().await;
    }
}
