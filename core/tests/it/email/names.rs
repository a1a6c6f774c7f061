//! Names that others see.

use serde_json::json;

use super::people::*;
use crate::support::PASSWORD;

db_test! {
    async fn a09_deceptive_and_endless_names_are_refused(db) {
        let server = without_limits(db).await;
        let (long, zalgo) = ("a".repeat(65), format!("a{}", "\u{301}".repeat(500)));
        let refused = ["a\u{202e}b", "a\u{2066}b", "a\u{200b}b", "\u{feff}a", "a\u{7}b", "a\nb", "a\u{ad}b", &zalgo, &long];
        for name in refused {
            server.client().post(REGISTER, form(ANN, PASSWORD, name)).await.expect_error(400, "invalid_request");
        }
        let five_marks = format!("o{}", "\u{301}".repeat(5));
        server.client().post(REGISTER, form(ANN, PASSWORD, &five_marks)).await.expect_error(400, "invalid_request");
        server.stop().await;
    }

    async fn a09_names_are_kept_as_typed_without_the_spaces_around_them(db) {
        let server = without_limits(db).await;
        let names = [
            ("a1@example.org", "<script>alert(1)</script>", "<script>alert(1)</script>"),
            ("a2@example.org", "  Zo\u{eb} \u{1f980} ", "Zo\u{eb} \u{1f980}"),
            ("jane.doe+news@example.org", "   ", "jane doe"),
        ];
        for (email, typed, shown) in names {
            assert_eq!(me(&sign_up(&server, email, PASSWORD, typed).await).await["username"], shown);
        }
        // Without a name there is one all the same, and it is not the address.
        let client = server.client();
        client.post(REGISTER, json!({ "email": "john_smith@example.org", "password": PASSWORD })).await.expect(200);
        client.get(&link(&server, "john_smith@example.org", 1).await).await.expect_redirect();
        assert_eq!(me(&client).await["username"], "john smith");
        server.stop().await;
    }

    async fn a10_nobody_gets_the_name_of_the_system(db) {
        let server = without_limits(db).await;
        for name in ["system", "SYSTEM", "\u{ff53}ystem", " system ", "OpenClaw", "bot:helper", "Bot:x"] {
            server.client().post(REGISTER, form(ANN, PASSWORD, name)).await.expect_error(400, "invalid_request");
        }
        assert_eq!(me(&sign_up(&server, ANN, PASSWORD, "admin").await).await["role"], "user");
        server.stop().await;
    }
}
