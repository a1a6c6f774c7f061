//! Where one is signed in, and ending that.

use community::actor::Role;
use serde_json::Value;

use crate::support::{Client, Person, TestServer};

const SESSIONS: &str = "/api/sessions";
const ME: &str = "/api/me";

async fn list(client: &Client) -> Vec<Value> {
    client.get(SESSIONS).await.expect(200).json()["sessions"].as_array().unwrap().clone()
}

async fn second_browser(server: &TestServer, person: &Person) -> Client {
    let client = server.client();
    client.set_cookie(person.cookie_name, &server.new_session(person, Role::User).await);
    client
}

db_test! {
    async fn own_sessions_are_listed_newest_first_without_their_secrets(db) {
        let server = TestServer::start(db).await;
        let (ann, bob) = (server.member("Ann").await, server.member("Bob").await);
        server.clock.advance(std::time::Duration::from_mins(1));
        let second = second_browser(&server, &ann).await;
        let answer = ann.client.get(SESSIONS).await.expect(200);
        assert!(!answer.text().contains(&second.cookie(ann.cookie_name).unwrap()));
        let sessions = list(&ann.client).await;
        assert_eq!(sessions.iter().map(|one| one["current"].as_bool().unwrap()).collect::<Vec<_>>(), [false, true]);
        let newest = &sessions[0];
        assert!(newest["id"].as_str().unwrap().starts_with("ses-"), "{newest}");
        assert_eq!((newest["provider"].as_str(), newest["client"].as_str()), (Some("email"), Some("test")));
        assert_eq!(newest["createdAt"], "2026-06-01T12:01:00.000Z");
        assert_eq!(newest["expiresAt"], "2026-07-01T12:01:00.000Z");
        assert_eq!(list(&bob.client).await.len(), 1);
        server.client().get(SESSIONS).await.expect_error(401, "login_required");
        server.stop().await;
    }

    async fn one_session_ends_and_only_ones_own(db) {
        let server = TestServer::start(db).await;
        let (ann, bob) = (server.member("Ann").await, server.member("Bob").await);
        let second = second_browser(&server, &ann).await;
        let id = |sessions: &[Value], current: bool| {
            let found = sessions.iter().find(|one| one["current"] == current).unwrap();
            format!("{SESSIONS}/{}", found["id"].as_str().unwrap())
        };
        let sessions = list(&ann.client).await;
        let (own, other) = (id(&sessions, true), id(&sessions, false));
        bob.client.delete(&other).await.expect_error(404, "not_found");
        server.client().delete(&other).await.expect_error(401, "login_required");
        let foreign = ann.client.call("DELETE", &other).header("origin", "https://evil.example").send().await;
        foreign.expect_error(403, "origin_rejected");
        second.get(ME).await.expect(200);

        let ended = ann.client.delete(&other).await.expect(200);
        assert!(ended.set_cookies().is_empty(), "{:?}", ended.set_cookies());
        second.get(ME).await.expect_error(401, "login_required");
        ann.client.delete(&other).await.expect_error(404, "not_found");
        ann.client.delete(&format!("{SESSIONS}/nonsense")).await.expect_error(404, "not_found");
        let ended = ann.client.delete(&own).await.expect(200);
        assert!(ended.set_cookies().iter().any(|cookie| cookie.contains("Max-Age=0")), "{:?}", ended.set_cookies());
        ann.client.get(ME).await.expect_error(401, "login_required");
        bob.client.get(ME).await.expect(200);
        server.stop().await;
    }

    async fn all_other_sessions_end(db) {
        let server = TestServer::start(db).await;
        let (ann, bob) = (server.member("Ann").await, server.member("Bob").await);
        let others = [second_browser(&server, &ann).await, second_browser(&server, &ann).await];
        ann.client.delete(SESSIONS).await.expect(200);
        for other in &others {
            other.get(ME).await.expect_error(401, "login_required");
        }
        assert_eq!(list(&ann.client).await.len(), 1);
        bob.client.get(ME).await.expect(200);
        server.stop().await;
    }
}
