//! The page of one's own account.

use std::collections::BTreeMap;

use community::config::PluginSection;

use super::page;
use crate::support::{Db, TestServer};

/// A server with one provider elsewhere. Nobody is sent there, so nothing has to answer.
async fn server() -> TestServer {
    let settings = [("client_id", "id"), ("client_secret", "secret")].map(|(name, value)| (name.to_owned(), value.to_owned()));
    let discord = PluginSection { settings: BTreeMap::from(settings), ..PluginSection::default() };
    TestServer::start_with(Db::Sqlite, |config| {
        config.plugins.insert("discord".to_owned(), discord);
    })
    .await
}

#[tokio::test]
async fn members_find_their_ways_to_sign_in_their_password_and_their_sessions() {
    let server = server().await;
    let ann = server.member("Ann").await;
    let text = page(&ann.client, "/settings/").await;
    for part in ["ann@example.org", "data-api=\"/api/me\" data-method=\"PATCH\"", "value=\"Ann\"", "data-api=\"/api/discord/link\""] {
        assert!(text.contains(part), "no {part} in {text}");
    }
    for part in ["data-api=\"/api/email/change-password\"", "This is your only way in"] {
        assert!(text.contains(part), "no {part} in {text}");
    }
    assert!(!text.contains("/api/email/link"), "an account has one address");
    let session = ann.client.get("/api/sessions").await.json()["sessions"][0]["id"].as_str().unwrap().to_owned();
    assert!(text.contains(&session) && !text.contains("data-delete=\"/api/identities/"), "{text}");
    assert!(!text.contains("data-delete=\"/api/sessions"), "there is no other session to end");
    server.new_session(&ann, community::actor::Role::User).await;
    assert!(page(&ann.client, "/settings/").await.contains("data-delete=\"/api/sessions/ses-"));
    assert_eq!(ann.client.get("/settings").await.expect(308).header("location"), Some("/settings/"));
    server.stop().await;
}

#[tokio::test]
async fn strangers_are_shown_where_to_sign_in_and_how() {
    let server = server().await;
    let visitor = server.client();
    assert_eq!(visitor.get("/settings/").await.expect_redirect(), "/posts/?next=/settings/#sign-in");
    for path in ["/", "/posts/"] {
        let text = page(&visitor, path).await;
        assert!(text.contains("href=\"/api/login\">Continue with Discord</a>"), "{text}");
        assert!(!text.contains("Continue with Reddit"), "no button for what is off");
    }
    let providers = visitor.get("/api/providers").await.expect(200).json();
    let wanted = serde_json::json!({"ok": true, "providers": [
        {"id": "discord", "name": "Discord", "kind": "redirect", "login": "/api/login"},
        {"id": "email", "name": "Email", "kind": "password", "login": "/api/email/login"},
    ]});
    assert_eq!(providers, wanted);
    server.stop().await;
}

#[tokio::test]
async fn a_server_without_passwords_has_no_form_for_them() {
    let server = TestServer::start_with(Db::Sqlite, |config| {
        config.plugins.insert("email".to_owned(), PluginSection { enabled: Some(false), ..PluginSection::default() });
    })
    .await;
    let ann = server.member("Ann").await;
    assert!(!page(&ann.client, "/settings/").await.contains("change-password"));
    let text = page(&server.client(), "/posts/").await;
    assert!(!text.contains("data-api=\"/api/email/login\"") && text.contains("Nobody can sign in here at the moment."), "{text}");
    server.stop().await;
}
