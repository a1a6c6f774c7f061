//! Two processes on one database: each hears of the other within a second.

use std::time::{Duration, Instant};

use serde_json::json;

use super::{member, sign_in};
use crate::{
    posts::{id, ids, write},
    support::{Binary, Client, eventually},
};

/// A second, and what a busy machine takes to notice.
const SOON: Duration = Duration::from_secs(10);

/// Waits until `path` has changed for a reader that knows it under `tag`.
async fn changed(client: &Client, path: &str, tag: &str) -> crate::support::Answer {
    let began = Instant::now();
    let answer = eventually(&format!("{path} to change"), || async {
        let answer = client.call("GET", path).header("if-none-match", tag).send().await;
        (answer.status == 200).then_some(answer)
    })
    .await;
    assert!(began.elapsed() < SOON, "only after {:?}", began.elapsed());
    answer
}

db_test! {
    async fn two_servers_on_one_database_agree(db) {
        let one = Binary::start(db, &[]).await;
        let shared = [("DATABASE_URL", one.database().url.clone())];
        let two = Binary::start(db, &shared).await;
        let ann = member(&one, "Ann").await;
        let here = ann.client.clone();
        let there = two.client();
        there.set_cookie(ann.cookie_name, &here.cookie(ann.cookie_name).unwrap());

        for path in ["/api/posts", "/api/posts?limit=5"] {
            let tag = |answer: &crate::support::Answer| answer.header("etag").unwrap().to_owned();
            let last = there.get(path).await.expect(200);
            let post = write(&here, "Hello").await;
            let last = changed(&there, path, &tag(&last)).await;
            assert_eq!(ids(&last.json())[0], id(&post));
            there.patch(&format!("/api/posts/{}", id(&post)), json!({ "title": "Edited there" })).await.expect(200);
            here.get(&format!("/api/posts/{}", id(&post))).await.expect(200);
            let last = there.get(path).await.expect(200);
            assert_eq!(last.json()[0]["title"], "Edited there", "a server does not see its own edit");
            here.delete(&format!("/api/posts/{}", id(&post))).await.expect(200);
            assert!(!ids(&changed(&there, path, &tag(&last)).await.json()).contains(&id(&post)));
        }

        // Sessions are the same everywhere, and end everywhere.
        there.get("/api/me").await.expect(200);
        here.post("/api/logout", json!({})).await.expect(200);
        there.get("/api/me").await.expect_error(401, "login_required");

        // So does what is done in the shell.
        sign_in(&one, &ann.email, &here).await;
        sign_in(&one, &ann.email, &there).await;
        there.get("/api/me").await.expect(200);
        one.run_well(&["user", "disable", &ann.email], "").await;
        for client in [&here, &there] {
            client.get("/api/me").await.expect_error(401, "login_required");
            client.post("/api/posts", json!({ "title": "x" })).await.expect_error(401, "login_required");
        }
        two.stop().await;
        one.stop().await;
    }
}
