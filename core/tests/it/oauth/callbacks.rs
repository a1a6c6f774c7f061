//! Returns from a provider that no provider sent anybody back with.

use super::{DENIED, OK, STATE, accounts, browser, community, community_with, faulty_community, nobody, plugin_calls, someone};
use crate::support::{Browser, Endpoint, OAuthServers, with_parameter};

/// What somebody might write into the address.
const NOTHING: [(&str, &str); 9] = [
    ("", STATE),
    ("?state=x", DENIED),
    ("?code=", DENIED),
    ("?error=access_denied&error_description=%3Cscript%3ECanary%3C/script%3E", DENIED),
    ("?error=%3Cscript%3ECanary%3C/script%3E&error_uri=https:%2F%2Fevil.example/Canary", DENIED),
    ("?error=access_denied&state=Canary", DENIED),
    ("?code=Canary", STATE),
    ("?code=Canary&state=", STATE),
    ("?code=Canary&state=0123456789abcdefghijklmnopqrstuvwxyzABCDEFE", STATE),
];

db_test! {
    async fn b02_b03_a_made_up_return_ends_at_a_fixed_place(db) {
        let server = community(db, &["discord", "reddit"]).await;
        let calls = plugin_calls(&server).await;
        for path in ["/api/callback", "/api/reddit/callback"] {
            for (query, end) in NOTHING {
                let guest = server.client();
                let answer = guest.get(&format!("{path}{query}")).await;
                assert!(!format!("{:?} {}", answer.headers, answer.text()).contains("Canary"), "{query}: {answer:?}");
                assert_eq!(answer.expect_redirect(), end, "{path}{query}");
                assert!(guest.cookies().is_empty(), "{query} sets {:?}", guest.cookies());
            }
        }
        // What is no text is nobody's state either.
        for query in ["?code=%00&state=%ff%fe", "?code=a&code=b&state=c&state=d", "?state[]=x&code=%0d%0aSet-Cookie:%20a=b"] {
            let answer = server.client().get(&format!("/api/callback{query}")).await;
            assert!(matches!(answer.status, 303 | 400), "{query}: {}", answer.status);
        }
        assert_eq!(plugin_calls(&server).await, calls, "no plugin is asked");
        assert_eq!(accounts(&server).await, 0);
        server.stop().await;
    }

    async fn b02_a_monstrous_code_is_none(db) {
        let (server, provider) = faulty_community(db).await;
        let mut ada = browser(&server);
        let back = ada.begin("faulty", &someone("ada")).await;
        let calls = plugin_calls(&server).await;
        let with_code = |length: usize| with_parameter(&back, "code", Some(&"c".repeat(length)));
        assert_eq!(ada.go_on(with_code(10_000)).await, DENIED);
        assert_eq!(ada.go_on(with_code(3000)).await, DENIED);
        assert_eq!((provider.asked(Endpoint::Token), plugin_calls(&server).await), (0, calls));
        nobody(&ada.site).await;
        server.stop().await;
    }

    async fn b07_somebody_elses_return_signs_nobody_in(db) {
        let server = community(db, &["discord"]).await;
        let mut attacker = browser(&server);
        let lure = attacker.begin("discord", &someone("mallory")).await;
        // A visitor who was never on the way there; one who is; one who is signed in.
        let (passer_by, mut on_the_way, mut member) = (browser(&server), browser(&server), browser(&server));
        member.sign_in("discord", &someone("ada")).await;
        let ada = member.me().await;
        let own = on_the_way.begin("discord", &someone("bob")).await;
        for victim in [&passer_by, &on_the_way, &member] {
            let answer = victim.site.call("GET", lure.as_str()).header("sec-fetch-site", "cross-site").send().await;
            assert_eq!(answer.expect_redirect(), STATE);
        }
        nobody(&passer_by.site).await;
        assert_eq!(member.me().await, ada);
        assert_eq!(on_the_way.go_on(own).await, OK, "what was under way is not disturbed");
        assert_eq!(on_the_way.me().await["username"], "bob");
        assert_eq!(accounts(&server).await, 2);
        server.stop().await;
    }

    async fn b07_the_cookie_is_for_this_site_this_browser_and_ten_minutes(db) {
        let servers = OAuthServers::shared().await;
        for (base, name, secure) in [("https://community.test", "__Host-community_oauth", true), ("", "community_oauth", false)] {
            let sections = [("discord", servers.section("discord"))];
            let server = community_with(db, &sections, |config| config.http.base_url = base.parse().ok()).await;
            let home = if base.is_empty() { server.url() } else { base.to_owned() };
            let mut ada = Browser::new(&home, server.client());
            let back = ada.begin("discord", &someone("ada")).await;
            assert!(back.as_str().starts_with(&home), "{back}");
            let cookies = ada.hops()[0].answer.set_cookies();
            let mut parts: Vec<&str> = cookies[0].split("; ").collect();
            let (written, secret) = parts.remove(0).split_once('=').unwrap();
            assert_eq!((cookies.len(), written, secret.len()), (1, name, 43), "{cookies:?}");
            parts.sort_unstable();
            let wanted = ["HttpOnly", "Max-Age=600", "Path=/", "SameSite=Lax"].into_iter().chain(secure.then_some("Secure"));
            assert_eq!(parts, wanted.collect::<Vec<_>>());
            assert_eq!(ada.go_on(back).await, OK);
            assert_eq!(ada.site.cookie(name), None, "it has done its work");
            server.stop().await;
        }
    }
}
