//! Providers that are off.

use super::{browser, community_with, someone};
use crate::support::{Binary, Client, OAuthServers, TestServer};

/// The same visitor after the server has moved to another port.
fn moved(client: &Client, server: &TestServer) -> Client {
    let moved = server.client();
    client.cookies().iter().for_each(|(name, value)| moved.set_cookie(name, value));
    moved
}

db_test! {
    async fn b01_without_its_client_id_a_provider_says_what_to_set(db) {
        let server = TestServer::start(db).await;
        let guest = server.client();
        for (provider, paths) in [
            ("DISCORD", ["/api/login", "/api/callback", "/api/discord/login", "/api/discord/callback?code=x&state=y"]),
            ("REDDIT", ["/api/reddit/login", "/api/reddit/callback", "/api/reddit/login?next=/posts/", "/api/reddit/callback?error=x"]),
        ] {
            for path in paths {
                let body = guest.get(path).await.expect_error(503, "provider_unavailable");
                let sentence = body["error"].as_str().unwrap();
                assert!(sentence.contains(&format!("{provider}_CLIENT_ID")), "{path}: {sentence}");
            }
        }
        assert!(guest.cookies().is_empty());
        guest.get("/api/nowhere/login").await.expect_error(404, "not_found");
        guest.get("/api/email/callback").await.expect(404);
        server.stop().await;
    }

    async fn b01_a_provider_that_is_switched_off_ends_sign_ins_under_way(db) {
        let servers = OAuthServers::shared().await;
        let mut server = community_with(db, &[("discord", servers.section("discord"))], |_| ()).await;
        let mut ada = browser(&server);
        ada.sign_in("discord", &someone("ada")).await;
        let mut bob = browser(&server);
        let back = bob.begin("discord", &someone("bob")).await;
        server.config.plugins.get_mut("discord").unwrap().enabled = Some(false);
        server.restart().await;
        moved(&bob.site, &server).get(back.as_str()).await.expect_error(503, "provider_unavailable");
        // Whoever is signed in stays so.
        moved(&ada.site, &server).get("/api/me").await.expect(200);
        server.stop().await;
    }

    async fn b01_half_a_configuration_is_none(db) {
        for (set, missing) in [("DISCORD_CLIENT_ID", "DISCORD_CLIENT_SECRET"), ("DISCORD_CLIENT_SECRET", "DISCORD_CLIENT_ID")] {
            let binary = Binary::start(db, &[(set, "S3cr3tCanary".to_owned())]).await;
            let body = binary.client().get("/api/login").await.expect_error(503, "provider_unavailable");
            assert!(body["error"].as_str().unwrap().contains(missing), "{body}");
            binary.logged(missing).await;
            assert!(!binary.log().contains("S3cr3tCanary"));
            binary.stop().await;
        }
    }
}
