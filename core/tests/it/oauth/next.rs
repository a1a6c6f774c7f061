//! Where people go after signing in: to a page of this site, whatever the link said.

use super::{OK, browser, community, someone};

db_test! {
    async fn b12_a_page_of_this_site_is_returned_to(db) {
        let server = community(db, &["discord"]).await;
        let account = someone("ada");
        for next in ["/posts/", "/rooms/r-01_x", "/"] {
            let mut ada = browser(&server);
            assert_eq!(ada.sit_down(&account).open(&format!("/api/login?next={next}")).await, next);
            ada.me().await;
        }
        server.stop().await;
    }

    async fn b12_any_other_address_is_ignored(db) {
        let server = community(db, &["discord"]).await;
        let mut ada = browser(&server);
        ada.sit_down(&someone("ada"));
        for next in [
            "//evil", "/%5Cevil", "/\\evil", "https:evil", "https://evil", "javascript:alert(1)", "/%2f/evil", "/%252f/evil", "%2F%2Fevil",
            "/a%0d%0aSet-Cookie:%20x=y", "/a%00b", "/posts/?x=y", "/posts/%23x", "/api.x", "%09/evil", "/%E2%80%AEx", "", "evil",
        ] {
            for parameter in ["next", "redirect", "redirect_uri", "return_to"] {
                let back = ada.open(&format!("/api/login?{parameter}={next}")).await;
                assert_eq!(back, OK, "{parameter}={next}");
            }
            assert!(ada.answer().header("set-cookie").is_none());
        }
        // Nor is it taken from the way back.
        let mut back = ada.begin("discord", &someone("ada")).await;
        back.query_pairs_mut().append_pair("next", "/posts/");
        assert_eq!(ada.go_on(back).await, OK);
        server.stop().await;
    }
}
