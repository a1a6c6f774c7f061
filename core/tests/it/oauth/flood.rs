//! Many sign-ins from one place.

use std::time::Duration;

use community::config::LimitsSection;

use super::{OK, browser, community_with, count, someone};
use crate::support::OAuthServers;

db_test! {
    async fn b14_one_address_comes_back_twenty_times_a_minute_at_most(db) {
        let servers = OAuthServers::shared().await;
        let sections = [("discord", servers.section("discord"))];
        let server = community_with(db, &sections, |config| config.limits.providers = LimitsSection::default().providers).await;
        let guest = server.client();
        for _ in 0..20 {
            guest.get("/api/callback?code=x&state=y").await.expect_redirect();
        }
        let answer = guest.get("/api/callback?code=x&state=y").await;
        assert!(answer.header("retry-after").is_some());
        answer.expect_error(429, "rate_limited");
        // The ways there are counted by themselves: whoever comes back has gone there before.
        for _ in 0..20 {
            guest.get("/api/login").await.expect_redirect();
        }
        guest.get("/api/login").await.expect_error(429, "rate_limited");
        // People get a page.
        for path in ["/api/login", "/api/callback?code=x&state=y"] {
            let place = guest.call("GET", path).header("accept", "text/html,*/*;q=0.8").send().await.expect_redirect();
            assert_eq!(place, "/?login=error&reason=rate_limited");
        }
        assert!(guest.get("/?login=error&reason=rate_limited").await.text().contains("from your network"));
        server.clock.advance(Duration::from_mins(1));
        assert_eq!(browser(&server).sign_in("discord", &someone("ada")).await, OK);
        server.stop().await;
    }

    async fn b14_one_browser_keeps_few_sign_ins_under_way(db) {
        let servers = OAuthServers::shared().await;
        let server = community_with(db, &[("discord", servers.section("discord"))], |_| ()).await;
        let mut ada = browser(&server);
        for _ in 0..30 {
            ada.site.get("/api/login").await.expect_redirect();
            // So that one is older than the other.
            server.clock.advance(Duration::from_millis(1));
        }
        assert_eq!(count(&server, "SELECT COUNT(*) FROM oauth_transactions").await, 10);
        assert_eq!(ada.sign_in("discord", &someone("ada")).await, OK, "the newest is kept");
        server.stop().await;
    }
}
