//! The email provider switched off, or breaking down.

use community::config::PluginSection;
use serde_json::json;

use super::people::*;
use crate::{
    plugins::support::misbehaving,
    support::{Client, PASSWORD, TestServer},
};

/// The same visitor after the server has moved to another port.
fn moved(client: &Client, server: &TestServer) -> Client {
    let moved = server.client();
    client.cookies().iter().for_each(|(name, value)| moved.set_cookie(name, value));
    moved
}

db_test! {
    async fn no_route_works_while_the_provider_is_off(db) {
        let mut server = TestServer::start(db).await;
        let ann = server.member("Ann").await;
        register(&server.client(), "bob@example.org", PASSWORD).await.expect(200);
        let verify = link(&server, "bob@example.org", 1).await;
        server.client().post(FORGOT, json!({ "email": ann.email })).await.expect(200);
        let reset = server.mails().wait(&ann.email, 1).await;
        let token = reset.text.split("#reset=").nth(1).unwrap().split_whitespace().next().unwrap().to_owned();
        let path = verify.strip_prefix(&server.url()).unwrap().to_owned();

        server.config.plugins.insert("email".to_owned(), PluginSection { enabled: Some(false), ..PluginSection::default() });
        server.restart().await;
        let client = moved(&ann.client, &server);
        client.get(&path).await.expect_error(503, "provider_unavailable");
        for (path, body) in [
            (REGISTER, form("eve@example.org", PASSWORD, "Eve")),
            (RESEND, json!({ "email": "bob@example.org" })),
            (LOGIN, json!({ "email": ann.email, "password": PASSWORD })),
            (FORGOT, json!({ "email": ann.email })),
            (RESET, json!({ "token": token, "password": "another horse" })),
            (ADD, json!({ "email": "eve@example.org", "password": PASSWORD })),
            (CHANGE, json!({ "currentPassword": PASSWORD, "newPassword": "another horse" })),
        ] {
            client.post(path, body).await.expect_error(503, "provider_unavailable");
        }
        // Nothing was used up, and nothing was done.
        server.config.plugins.remove("email");
        server.restart().await;
        assert_eq!(server.client().get(&path).await.expect_redirect(), SIGNED_IN);
        server.client().post(RESET, json!({ "token": token, "password": "another horse" })).await.expect(200);
        server.stop().await;
    }

    async fn p01_p17_a_provider_that_breaks_down_costs_the_one_request(db) {
        let mut server = TestServer::start_with(db, |config| {
            config.plugins.insert("email".to_owned(), misbehaving(""));
            config.limits.enabled = false;
        })
        .await;
        for trouble in ["trap", "loop"] {
            for path in [LOGIN, RESEND, FORGOT] {
                let body = json!({ "email": trouble, "password": PASSWORD });
                let body = if path == LOGIN { body } else { json!({ "email": trouble }) };
                server.client().post(path, body).await.expect_error(503, "provider_unavailable");
            }
            server.client().post(REGISTER, json!({ "email": trouble, "password": PASSWORD })).await.expect_error(503, "provider_unavailable");
            login(&server.client(), "fine", PASSWORD).await.expect_error(401, "invalid_credentials");
        }
        server.config.plugins.get_mut("email").unwrap().enabled = Some(false);
        server.restart().await;
        login(&server.client(), "fine", PASSWORD).await.expect_error(503, "provider_unavailable");
        server.config.plugins.get_mut("email").unwrap().enabled = None;
        server.restart().await;
        login(&server.client(), "fine", PASSWORD).await.expect_error(401, "invalid_credentials");
        server.stop().await;
    }
}
