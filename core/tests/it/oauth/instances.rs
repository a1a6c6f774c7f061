//! Several OpenID providers side by side, each from its section alone.

use super::{OK, accounts, browser, community, community_with, someone};
use crate::support::{Account, OAuthServers};

db_test! {
    async fn openid_providers_stand_side_by_side(db) {
        let server = community(db, &["work", "club"]).await;
        let account = Account { name: Some("Ada L.".to_owned()), ..someone("ada").with_email("ada@example.org", true) };
        let (mut work, mut club) = (browser(&server), browser(&server));
        assert_eq!((work.sign_in("work", &account).await, club.sign_in("club", &account).await), (OK.to_owned(), OK.to_owned()));
        let (one, other) = (work.me().await, club.me().await);
        assert_eq!((&one["provider"], &other["provider"]), (&"work".into(), &"club".into()));
        assert_eq!((&one["email"], &other["username"]), (&"ada@example.org".into(), &"Ada L.".into()));
        assert_ne!(one["id"], other["id"]);
        let mut again = browser(&server);
        assert_eq!(again.sign_in("work", &account).await, OK);
        assert_eq!((&again.me().await["id"], accounts(&server).await), (&one["id"], 2));
        server.stop().await;
    }

    async fn what_a_sign_in_page_needs_is_told(db) {
        let servers = OAuthServers::shared().await;
        let mut work = servers.section("work");
        work.settings.insert("name".to_owned(), "The <Works>".to_owned());
        let sections = [("work", work), ("club", servers.section("club")), ("discord", servers.section("discord"))];
        let server = community_with(db, &sections, |_| ()).await;
        let providers = server.client().get("/api/providers").await.expect(200).json()["providers"].clone();
        let find = |id: &str| providers.as_array().unwrap().iter().find(|provider| provider["id"] == id).cloned();
        let work = find("work").unwrap();
        assert_eq!(work["name"], "The <Works>");
        assert_eq!(find("club").unwrap()["name"], "club", "not what every one of them would be called");
        let page = server.client().get("/posts/").await.expect(200).text();
        for path in ["/api/work/login", "/api/login"] {
            assert!(providers.to_string().contains(path), "{providers}");
            assert!(page.contains(path), "{page}");
        }
        assert!(!page.contains("The <Works>"), "{page}");
        assert!(!page.contains("/api/reddit/login"), "no button for what is off");
        server.stop().await;
    }
}
