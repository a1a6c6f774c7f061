//! What a password may be.

use community::config::Span;
use serde_json::json;

use super::people::*;
use crate::support::{PASSWORD, Raw, TestServer};

db_test! {
    async fn a06_short_missing_and_odd_passwords_are_refused(db) {
        let server = without_limits(db).await;
        for short in ["", "12345", "\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}"] {
            let error = register(&server.client(), ANN, short).await.expect_error(400, "invalid_request");
            assert_eq!(error["error"], "Password must be at least 6 characters.");
        }
        for body in [json!({ "email": ANN }), json!({ "email": ANN, "password": 1_234_567 }), json!({ "email": ANN, "password": null })] {
            server.client().post(REGISTER, body).await.expect_error(400, "invalid_request");
        }
        register(&server.client(), ANN, "123456").await.expect(200);
        server.stop().await;
    }

    async fn a07_long_passwords_are_refused_before_they_cost_anything(db) {
        let server = TestServer::start_with(db, |config| {
            config.limits.enabled = false;
            // Nobody is ever hashed in time, so that whatever costs a hash is answered with 503.
            config.auth.hash_wait = Span::seconds(0);
        })
        .await;
        let letters = |count| "a".repeat(count);
        register(&server.client(), ANN, &letters(256)).await.expect_error(503, "unavailable");
        register(&server.client(), ANN, &letters(257)).await.expect_error(400, "invalid_request");
        register(&server.client(), ANN, &letters(1025)).await.expect_error(400, "invalid_request");
        register(&server.client(), ANN, &letters(9 << 10)).await.expect_error(413, "payload_too_large");
        let mut raw = Raw::connect(server.running().addr).await;
        let head = "POST /api/email/register HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 10485760\r\n\r\n";
        raw.send(head.as_bytes()).await;
        assert_eq!(raw.answer().await.status, 413, "ten megabytes are refused before they come");
        // Who signs in with one is only told that it is wrong.
        let ann = server.member("Ann").await;
        login(&server.client(), &ann.email, &letters(1025)).await.expect_error(401, "invalid_credentials");
        let change = json!({ "currentPassword": letters(1025), "newPassword": PASSWORD });
        ann.client.post(CHANGE, change).await.expect_error(401, "invalid_credentials");
        let reset = json!({ "token": "A".repeat(43), "password": letters(257) });
        server.client().post(RESET, reset).await.expect_error(400, "invalid_request");
        server.stop().await;
    }

    async fn a08_passwords_are_kept_whole_in_any_script_and_spelling(db) {
        let server = without_limits(db).await;
        let (composed, decomposed) = ("\u{e9}".repeat(64), "e\u{301}".repeat(64));
        let long = "\u{4e2d}".repeat(256);
        let almost = format!("{}\u{4e2c}", "\u{4e2d}".repeat(255));
        let crabs = "\u{1f980}".repeat(6);
        let cases = [(&composed, &decomposed, &"\u{e9}".repeat(63)), (&long, &long, &almost), (&crabs, &crabs, &"\u{1f980}".repeat(5))];
        for (number, (password, same, other)) in cases.into_iter().enumerate() {
            let email = format!("ann{number}@example.org");
            sign_up(&server, &email, password, "Ann").await;
            login(&server.client(), &email, same).await.expect(200);
            login(&server.client(), &email, other).await.expect_error(401, "invalid_credentials");
        }
        server.stop().await;
    }

    async fn a08_a_password_is_not_cut_off_at_a_null(db) {
        let server = without_limits(db).await;
        register(&server.client(), ANN, "correct\0horse").await.expect_error(400, "invalid_request");
        let ann = server.member("Ann").await;
        login(&server.client(), &ann.email, &format!("{PASSWORD}\0")).await.expect(400);
        server.stop().await;
    }
}
