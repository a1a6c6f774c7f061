//! How many mails anyone can cause.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::json;

use super::people::*;
use crate::support::{PASSWORD, TestServer};

db_test! {
    async fn a13_a_network_gets_five_verification_mails_a_day(db) {
        // Part of the contract: it stays when the limits are switched off.
        let mut server = without_limits(db).await;
        for number in 0..3 {
            register(&server.client(), &format!("a{number}@example.org"), PASSWORD).await.expect(200);
        }
        server.client().post(RESEND, json!({ "email": "a0@example.org" })).await.expect(200);
        server.clock.advance(Duration::from_hours(1));
        server.client().post(RESEND, json!({ "email": "nobody@example.org" })).await.expect(200);

        let refused = server.client().post(RESEND, json!({ "email": "a1@example.org" })).await;
        assert_eq!(refused.header("retry-after").unwrap().parse::<u64>().unwrap(), 23 * 3600 + 1);
        assert_eq!(refused.expect_error(429, "rate_limited")["retryAfter"], 23 * 3600 + 1);
        register(&server.client(), "a9@example.org", PASSWORD).await.expect_error(429, "rate_limited");
        server.restart().await;
        register(&server.client(), "a9@example.org", PASSWORD).await.expect_error(429, "rate_limited");

        server.clock.advance(Duration::from_hours(23));
        register(&server.client(), "a9@example.org", PASSWORD).await.expect(200);
        server.stop().await;
    }

    async fn a13_fifty_at_once_are_five_mails_as_well(db) {
        let server = without_limits(db).await;
        let client = server.client();
        let answers = join_all((0..50).map(|number| {
            let client = client.clone();
            async move { register(&client, &format!("a{number}@example.org"), PASSWORD).await.status }
        }))
        .await;
        assert_eq!(answers.iter().filter(|status| **status == 200).count(), 5, "{answers:?}");
        // On a busy machine one of the others may not get to the database in time, and is asked to come back.
        assert!(answers.iter().all(|status| matches!(status, 200 | 429 | 503)), "{answers:?}");
        server.stop().await;
    }

    async fn a14_forged_headers_do_not_dodge_the_quota(db) {
        let server = without_limits(db).await;
        let forged = |number: u32| {
            let address = format!("198.51.100.{number}");
            let call = server.client().call("POST", RESEND).header("x-forwarded-for", &address).header("x-real-ip", &address);
            let call = call.header("forwarded", format!("for={address}")).header("cf-connecting-ip", &address);
            call.json(&json!({ "email": ANN })).send()
        };
        for number in 0..5 {
            forged(number).await.expect(200);
        }
        for number in 5..15 {
            forged(number).await.expect_error(429, "rate_limited");
        }
        server.stop().await;
    }

    async fn a14_of_a_trusted_proxy_the_last_strange_address_counts(db) {
        let server = behind_proxy(db).await;
        let client = server.client();
        let resend = |forwarded: String| {
            let client = client.clone();
            async move { post_from(&client, &forwarded, RESEND, json!({ "email": ANN })).await }
        };
        for number in 0..5 {
            resend(format!("198.51.100.{number}, 203.0.113.7, 127.0.0.1")).await.expect(200);
        }
        resend("198.51.100.9, 203.0.113.7".to_owned()).await.expect_error(429, "rate_limited");
        resend("203.0.113.7, 203.0.113.8".to_owned()).await.expect(200);
        // Nonsense is nobody's address but the proxy's own.
        for nonsense in ["x", "203.0.113.9, x", "203.0.113", "unknown", "-"] {
            resend(nonsense.to_owned()).await.expect(200);
        }
        resend("y".to_owned()).await.expect_error(429, "rate_limited");
        server.stop().await;
    }

    async fn a15_a_network_of_ipv6_is_one_client(db) {
        let server = behind_proxy(db).await;
        let client = server.client();
        for number in 1..=5 {
            post_from(&client, &format!("2001:db8:1:2::{number}"), RESEND, json!({ "email": ANN })).await.expect(200);
        }
        let sixth = post_from(&client, "2001:db8:1:2:ffff::6", RESEND, json!({ "email": ANN })).await;
        sixth.expect_error(429, "rate_limited");
        post_from(&client, "2001:db8:1:3::1", RESEND, json!({ "email": ANN })).await.expect(200);
        // An IPv4 address in the clothes of IPv6 is itself.
        for number in 0..5 {
            let address = if number % 2 == 0 { "203.0.113.7" } else { "::ffff:203.0.113.7" };
            post_from(&client, address, RESEND, json!({ "email": ANN })).await.expect(200);
        }
        post_from(&client, "::ffff:203.0.113.7", RESEND, json!({ "email": ANN })).await.expect_error(429, "rate_limited");
        server.stop().await;
    }

    async fn a15_a_site_may_do_ten_times_what_a_client_may(db) {
        let server = TestServer::start_with(db, |config| {
            config.http.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
            config.limits.resend = "1/hour".parse().unwrap();
        })
        .await;
        let client = server.client();
        for number in 0..10 {
            post_from(&client, &format!("2001:db8:1:{number}::1"), RESEND, json!({ "email": ANN })).await.expect(200);
        }
        post_from(&client, "2001:db8:1:a::1", RESEND, json!({ "email": ANN })).await.expect_error(429, "rate_limited");
        post_from(&client, "2001:db8:2:a::1", RESEND, json!({ "email": ANN })).await.expect(200);
        server.stop().await;
    }

    async fn a15_a_site_gets_fifty_verification_mails_a_day_even_without_limits(db) {
        // They belong to the five of a client, which are part of the contract.
        let mut server = behind_proxy(db).await;
        let resend = async |server: &TestServer, address: &str| {
            post_from(&server.client(), address, RESEND, json!({ "email": ANN })).await
        };
        for number in 0..50 {
            resend(&server, &format!("2001:db8:1:{}::1", number / 5)).await.expect(200);
        }
        server.clock.advance(Duration::from_hours(1));
        let refused = resend(&server, "2001:db8:1:a::1").await;
        assert_eq!(refused.header("retry-after").unwrap().parse::<u64>().unwrap(), 23 * 3600 + 1);
        refused.expect_error(429, "rate_limited");
        let form = form("a@example.org", PASSWORD, "Ann");
        post_from(&server.client(), "2001:db8:1:a::1", REGISTER, form).await.expect_error(429, "rate_limited");
        server.restart().await;
        resend(&server, "2001:db8:1:b::1").await.expect_error(429, "rate_limited");
        // Another site is none of its business, nor is an IPv4 address.
        resend(&server, "2001:db8:2:a::1").await.expect(200);
        resend(&server, "198.51.100.1").await.expect(200);
        server.clock.advance(Duration::from_hours(23));
        resend(&server, "2001:db8:1:b::1").await.expect(200);
        server.stop().await;
    }

    async fn a15_of_many_networks_of_a_site_no_more_get_a_mail_at_once(db) {
        let server = behind_proxy(db).await;
        let client = server.client();
        let resend = |number: u32| {
            let client = client.clone();
            async move { post_from(&client, &format!("2001:db8:1:{number}::1"), RESEND, json!({ "email": ANN })).await.status }
        };
        for number in 0..48 {
            assert_eq!(resend(number).await, 200);
        }
        let mut answers = join_all((50..60).map(resend)).await;
        answers.sort_unstable();
        assert_eq!(answers, [[200; 2].as_slice(), &[429; 8]].concat());
        server.stop().await;
    }

    async fn a16_one_mailbox_gets_five_mails_a_day_whoever_asks(db) {
        let server = TestServer::start_with(db, |config| {
            config.http.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
        })
        .await;
        let client = server.client();
        // One after the other: of mails that are due at once any may be the first, and the link in the last one is followed below.
        for number in 0..4 {
            post_from(&client, &format!("198.51.100.{number}"), REGISTER, form("Ann@example.org", PASSWORD, "Ann")).await.expect(200);
            server.mails().wait("Ann@example.org", number + 1).await;
        }
        let last = post_from(&client, "198.51.100.4", RESEND, json!({ "email": ANN })).await.expect(200);
        server.mails().wait("Ann@example.org", 5).await;
        let none = post_from(&client, "198.51.100.5", RESEND, json!({ "email": ANN })).await.expect(200);
        assert_eq!(visible(&last), visible(&none), "the answer must not tell");
        post_from(&client, "198.51.100.6", REGISTER, form("aNN@example.org", "another horse", "Ann")).await.expect(200);
        post_from(&client, "198.51.100.7", REGISTER, form("bob@example.org", PASSWORD, "Bob")).await.expect(200);
        server.mail_to("bob@example.org").await;
        let mails = server.mails().to("Ann@example.org");
        assert_eq!(mails.len(), 5);
        assert_eq!(server.mails().all().len(), 6);
        // What was asked for without a mail has changed nothing: the last link works, with its password.
        assert_eq!(client.get(&mails[4].link(VERIFY)).await.expect_redirect(), SIGNED_IN);
        login(&client, ANN, PASSWORD).await.expect(200);
        server.stop().await;
    }

    async fn a16_how_many_mails_a_mailbox_gets_is_the_operators_to_choose(db) {
        let proxies: Vec<community::config::Network> = vec!["127.0.0.1".parse().unwrap()];
        for (enabled, share, sent) in [(true, "2/hour", 2), (true, "unlimited", 7), (false, "2/hour", 7)] {
            let server = TestServer::start_with(db, |config| {
                config.http.trusted_proxies.clone_from(&proxies);
                config.limits.enabled = enabled;
                config.limits.mails_per_address = share.parse().unwrap();
            })
            .await;
            let client = server.client();
            for number in 0..7 {
                post_from(&client, &format!("198.51.100.{number}"), REGISTER, form(ANN, PASSWORD, "Ann")).await.expect(200);
            }
            post_from(&client, "198.51.100.9", REGISTER, form("bob@example.org", PASSWORD, "Bob")).await.expect(200);
            server.mail_to("bob@example.org").await;
            server.mails().wait(ANN, sent).await;
            assert_eq!(server.mails().to(ANN).len(), sent, "{share}, {enabled}");
            if sent == 2 {
                server.clock.advance(Duration::from_hours(1));
                post_from(&client, "198.51.100.8", RESEND, json!({ "email": ANN })).await.expect(200);
                server.mails().wait(ANN, 3).await;
            }
            server.stop().await;
        }
    }

    async fn a17_resending_says_the_same_to_everyone(db) {
        let server = TestServer::start(db).await;
        let ann = server.member("Ann").await;
        register(&server.client(), "bob@example.org", PASSWORD).await.expect(200);
        let mut answers = Vec::new();
        for email in ["unknown@example.org", &ann.email, "bob@example.org"] {
            answers.push(visible(&server.client().post(RESEND, json!({ "email": email })).await.expect(200)));
        }
        assert!(answers[0].2.contains("Verification email sent again."), "{}", answers[0].2);
        assert!(answers.iter().all(|answer| answer == &answers[0]), "{answers:?}");
        server.mails().wait("bob@example.org", 2).await;
        assert_eq!(server.mails().all().len(), 2);
        server.stop().await;
    }
}
