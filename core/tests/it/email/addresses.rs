//! Which addresses are taken, and for whose.

use super::people::*;
use crate::support::PASSWORD;

db_test! {
    async fn a04_malformed_addresses_are_refused_and_mailed_nothing(db) {
        let server = without_limits(db).await;
        let (long, long_local) = (format!("a@{}.example", "b".repeat(250)), format!("{}@example.org", "a".repeat(65)));
        let malformed = [
            "", "@", "ann", "ann@", "@example.org", "ann@@example.org", "ann@exa@mple.org", &long, &long_local, " ann@example.org",
            "ann@example.org ", "ann@example.org\r\nBcc: bob@example.org", "ann\n@example.org", "ann%0d%0aBcc:bob@example.org",
            "\"ann\"@example.org", "ann@[127.0.0.1]", "ann@127.0.0.1", "ann@localhost", "ann@example.org.", "ann@-example.org",
            "ann <ann@example.org>", "ann@example.org,bob@example.org", "ann..b@example.org", "<ann@example.org>",
        ];
        for address in malformed {
            let error = register(&server.client(), address, PASSWORD).await.expect_error(400, "invalid_request");
            assert_eq!(error["error"], "Invalid email address.", "{address:?}");
        }
        register(&server.client(), "ann\0@example.org", PASSWORD).await.expect_error(400, "invalid_request");
        register(&server.client(), "last@example.org", PASSWORD).await.expect(200);
        server.mail_to("last@example.org").await;
        assert_eq!(server.mails().all().len(), 1, "only the last one is an address");
        server.stop().await;
    }

    async fn a05_an_address_in_another_case_is_the_same_one(db) {
        let server = without_limits(db).await;
        let user = sign_up(&server, "User@example.com", PASSWORD, "User").await;
        assert_eq!(me(&user).await["email"], "User@example.com");
        register(&server.client(), "user@EXAMPLE.com", PASSWORD).await.expect_error(400, "email_taken");
        login(&server.client(), "uSER@Example.Com", PASSWORD).await.expect(200);
        server.stop().await;
    }

    async fn a05_a_tag_makes_another_address_and_look_alikes_are_none(db) {
        let server = without_limits(db).await;
        sign_up(&server, "user@example.com", PASSWORD, "User").await;
        sign_up(&server, "user+tag@example.com", PASSWORD, "Tag").await;
        for alike in ["user\u{ff20}example.com", "\u{ff55}ser@example.com", "user@\u{ff45}xample.com", "us\u{435}r@example.com"] {
            register(&server.client(), alike, PASSWORD).await.expect_error(400, "invalid_request");
        }
        // A domain of other letters is written the way the network writes it, and so are both spellings.
        sign_up(&server, "user@xn--bcher-kva.example", PASSWORD, "Books").await;
        register(&server.client(), "user@B\u{dc}cher.example", PASSWORD).await.expect_error(400, "email_taken");
        server.stop().await;
    }
}
