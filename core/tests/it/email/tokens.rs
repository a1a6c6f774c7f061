//! The secret in a link: how long it works, and what guessing brings.

use std::time::Duration;

use community::random::{Random, Token};
use sea_orm::{ConnectionTrait, Statement};
use serde_json::json;

use super::people::*;
use crate::support::{PASSWORD, TestServer};

const DAY: Duration = Duration::from_secs(24 * 3600);

db_test! {
    async fn a20_a_link_works_for_a_day(db) {
        let mut server = TestServer::start(db).await;
        register(&server.client(), ANN, PASSWORD).await.expect(200);
        register(&server.client(), "bob@example.org", PASSWORD).await.expect(200);
        let (ann, bob) = (link(&server, ANN, 1).await, link(&server, "bob@example.org", 1).await);
        server.clock.advance(DAY - Duration::from_secs(1));
        assert_eq!(server.client().get(&ann).await.expect_redirect(), SIGNED_IN);
        server.clock.advance(Duration::from_secs(1));
        assert_eq!(server.client().get(&bob).await.expect_redirect(), INVALID);
        // Trying it does not renew it, and neither does a start.
        server.restart().await;
        assert_eq!(server.client().get(&bob).await.expect_redirect(), INVALID);
        server.stop().await;
    }

    async fn a20_only_the_newest_link_works(db) {
        let server = TestServer::start(db).await;
        register(&server.client(), ANN, PASSWORD).await.expect(200);
        let first = link(&server, ANN, 1).await;
        server.client().post(RESEND, json!({ "email": "ANN@example.org" })).await.expect(200);
        let second = link(&server, ANN, 2).await;
        assert_ne!(first, second);
        assert_eq!(server.client().get(&first).await.expect_redirect(), INVALID);
        assert_eq!(server.client().get(&second).await.expect_redirect(), SIGNED_IN);
        login(&server.client(), ANN, PASSWORD).await.expect(200);
        server.stop().await;
    }

    async fn a21_guessing_is_slow_and_what_is_stored_does_not_help(db) {
        let server = TestServer::start(db).await;
        register(&server.client(), ANN, PASSWORD).await.expect(200);
        let link = link(&server, ANN, 1).await;
        let secret = Token::parse(link.split_once("token=").unwrap().1).expect("256 bits in base64url");
        let connection = server.database().connect().await;
        let query = Statement::from_string(connection.get_database_backend(), "SELECT token_hash FROM registrations");
        let stored: String = connection.query_one_raw(query).await.unwrap().unwrap().try_get_by_index(0).unwrap();
        assert_ne!(stored, secret.expose());
        assert_eq!(stored, secret.hash().as_str());
        assert_eq!(server.client().get(&format!("{VERIFY}?token={stored}")).await.expect_redirect(), INVALID);

        let random = Random::from_system();
        for _ in 1..20 {
            assert_eq!(server.client().get(&format!("{VERIFY}?token={}", random.token().expose())).await.expect_redirect(), INVALID);
        }
        let refused = server.client().get(&link).await;
        assert!(refused.header("retry-after").is_some());
        refused.expect_error(429, "rate_limited");
        server.clock.advance(Duration::from_secs(60));
        assert_eq!(server.client().get(&link).await.expect_redirect(), SIGNED_IN);
        server.stop().await;
    }
}
