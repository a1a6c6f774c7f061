//! More than one way to sign in to an account, and back to one.

use community::{accounts::model::Profile, actor::Role};
use sea_orm::{ConnectionTrait, Statement};
use serde_json::{Value, json};

use super::{actions, enter, link, list, me, profile, session, sign_in};
use crate::support::{Client, PASSWORD, TestServer};

async fn remove(client: &Client, identity: &Value) -> crate::support::Answer {
    client.delete(&format!("/api/identities/{}", identity["id"].as_str().unwrap())).await
}

/// What the log says of identities: what happened, to which, and the details.
async fn events(server: &TestServer) -> Vec<(String, String, Value)> {
    let connection = server.database().connect().await;
    let query = "SELECT kind, subject, data FROM events WHERE kind LIKE 'identity.%' ORDER BY position";
    let rows = connection.query_all_raw(Statement::from_string(connection.get_database_backend(), query)).await.unwrap();
    let text = |row: &sea_orm::QueryResult, index| row.try_get_by_index::<String>(index).unwrap();
    let events = rows.iter().map(|row| (text(row, 0), text(row, 1), serde_json::from_str(&text(row, 2)).unwrap())).collect();
    connection.close().await.unwrap();
    events
}

db_test! {
    async fn a37_a_way_to_sign_in_comes_and_goes_and_other_sessions_end(db) {
        let server = TestServer::start(db).await;
        let ann = server.member("Ann").await;
        let elsewhere = async || {
            let client = server.client();
            client.set_cookie(ann.cookie_name, &server.new_session(&ann, Role::User).await);
            client
        };
        let before = elsewhere().await;
        let linked = link(&server, &ann.client, &profile("discord", "ann")).await.unwrap();
        before.get("/api/me").await.expect_error(401, "login_required");
        let found = sign_in(&server, &profile("discord", "ann")).await.unwrap();
        assert_eq!((&found.user.id, &found.identity.id, found.is_new), (&ann.id, &linked.id, false));
        let both = list(&ann.client).await;
        assert_eq!(both.iter().map(|one| one["provider"].as_str().unwrap()).collect::<Vec<_>>(), ["email", "discord"]);

        let (between, (_, discord)) = (elsewhere().await, enter(&server, &profile("discord", "ann")).await);
        remove(&ann.client, &both[1]).await.expect(200);
        for other in [between, discord] {
            other.get("/api/me").await.expect_error(401, "login_required");
        }
        me(&ann.client).await;
        assert!(sign_in(&server, &profile("discord", "ann")).await.unwrap().is_new, "the identity is free again");
        let details = json!({ "user": ann.id.as_str(), "provider": "discord" });
        let wanted = ["identity.linked", "identity.unlinked"].map(|kind| (kind.to_owned(), linked.id.to_string(), details.clone()));
        assert_eq!(events(&server).await, wanted);
        server.stop().await;
    }

    async fn who_was_signed_out_meanwhile_takes_no_way_to_sign_in_away(db) {
        let server = TestServer::start(db).await;
        let (found, ann) = enter(&server, &profile("discord", "ann")).await;
        let linked = link(&server, &ann, &profile("reddit", "ann")).await.unwrap();
        let (_, thief) = enter(&server, &profile("discord", "ann")).await;
        // Asked for before the owner ended that session, and done after it.
        let theirs = session(&thief).await;
        ann.delete("/api/sessions").await.expect(200);
        let input = (found.user.id, linked.id, theirs);
        let unlink = server.store().await.write(input, |tx, (user, id, keep)| Box::pin(actions::unlink(tx, user, id, keep))).await;
        assert_eq!(unlink.unwrap_err().code, "login_required");
        assert_eq!(list(&ann).await.len(), 2);
        server.stop().await;
    }

    async fn linking_ones_own_again_ends_nothing_and_brings_it_up_to_date(db) {
        let server = TestServer::start(db).await;
        let (_, ann) = enter(&server, &profile("discord", "ann")).await;
        let (_, second) = enter(&server, &profile("discord", "ann")).await;
        let renamed = Profile { handle: Some("ann.new".to_owned()), ..profile("discord", "ann") };
        link(&server, &ann, &renamed).await.unwrap();
        me(&second).await;
        let own = list(&ann).await;
        assert_eq!((own.len(), &own[0]["username"]), (1, &json!("ann.new")));
        assert!(events(&server).await.is_empty());
        server.stop().await;
    }

    async fn what_somebody_else_signs_in_with_cannot_be_linked(db) {
        let server = TestServer::start(db).await;
        let (ann, bob) = (server.member("Ann").await, enter(&server, &profile("discord", "bob")).await.1);
        assert_eq!(link(&server, &ann.client, &profile("discord", "bob")).await.unwrap_err().code, "linked_elsewhere");
        assert_eq!((list(&ann.client).await.len(), list(&bob).await.len()), (1, 1));
        server.stop().await;
    }

    async fn an_account_has_at_most_twenty_identities(db) {
        let server = TestServer::start(db).await;
        let (_, ann) = enter(&server, &profile("work", "0")).await;
        for number in 1..20 {
            link(&server, &ann, &profile("work", &number.to_string())).await.unwrap();
        }
        assert_eq!(link(&server, &ann, &profile("work", "20")).await.unwrap_err().code, "too_many_identities");
        link(&server, &ann, &profile("work", "19")).await.unwrap();
        assert_eq!(list(&ann).await.len(), 20);
        server.stop().await;
    }

    async fn the_last_one_stays_and_others_are_out_of_reach(db) {
        let server = TestServer::start(db).await;
        let (ann, bob) = (server.member("Ann").await, server.member("Bob").await);
        link(&server, &ann.client, &profile("discord", "ann")).await.unwrap();
        let hers = list(&ann.client).await;
        remove(&bob.client, &hers[1]).await.expect_error(404, "not_found");
        remove(&server.client(), &hers[1]).await.expect_error(401, "login_required");
        ann.client.delete("/api/identities/nonsense").await.expect_error(404, "not_found");
        let path = format!("/api/identities/{}", hers[1]["id"].as_str().unwrap());
        ann.client.call("DELETE", &path).header("origin", "https://evil.example").send().await.expect_error(403, "origin_rejected");
        assert_eq!(list(&ann.client).await, hers);

        remove(&ann.client, &hers[1]).await.expect(200);
        remove(&ann.client, &hers[1]).await.expect_error(404, "not_found");
        remove(&ann.client, &hers[0]).await.expect_error(409, "last_identity");
        ann.client.post("/api/email/login", json!({ "email": ann.email, "password": PASSWORD })).await.expect(200);
        server.stop().await;
    }

    async fn of_two_that_go_at_the_same_moment_one_stays(db) {
        let server = TestServer::start(db).await;
        let ann = server.member("Ann").await;
        link(&server, &ann.client, &profile("discord", "ann")).await.unwrap();
        let both = list(&ann.client).await;
        let (first, second) = tokio::join!(remove(&ann.client, &both[0]), remove(&ann.client, &both[1]));
        let mut statuses = [first.status, second.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 409], "{} {}", first.text(), second.text());
        assert_eq!(list(&ann.client).await.len(), 1);
        server.stop().await;
    }

    async fn with_an_address_its_password_goes(db) {
        let server = TestServer::start(db).await;
        let ann = server.member("Ann").await;
        link(&server, &ann.client, &profile("discord", "ann")).await.unwrap();
        let own = list(&ann.client).await;
        assert!(own[0]["current"] == true, "{own:?}");
        ann.client.post("/api/email/forgot", json!({ "email": ann.email })).await.expect(200);
        let link = server.mail_to(&ann.email).await.link("/posts/#reset=");
        remove(&ann.client, &own[0]).await.expect(200);
        let login = json!({ "email": ann.email, "password": PASSWORD });
        server.client().post("/api/email/login", login.clone()).await.expect_error(401, "invalid_credentials");
        let (_, token) = link.split_once("#reset=").unwrap();
        let reset = json!({ "token": token, "password": "another horse" });
        server.client().post("/api/email/reset", reset).await.expect_error(400, "invalid_token");
        // The session that removed it goes on, with no address any more.
        let known = me(&ann.client).await;
        assert_eq!((&known["id"], &known["email"]), (&json!(ann.id.as_str()), &json!(null)));
        let change = json!({ "currentPassword": PASSWORD, "newPassword": "another horse" });
        ann.client.post("/api/email/change-password", change).await.expect_error(401, "invalid_credentials");
        // The address is free, and opens another account.
        server.client().post("/api/email/register", login).await.expect(200);
        server.stop().await;
    }
}
