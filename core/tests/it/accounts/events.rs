//! The end of a session is told to every process that serves it.

use std::sync::{Arc, Mutex};

use community::{
    accounts::actions::set_disabled,
    actor::{Actor, Role},
    sessions::events::Ended,
};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::support::{PASSWORD, TestServer, eventually};

db_test! {
    async fn a31_every_process_hears_why_a_session_ended(db) {
        let server = TestServer::start(db).await;
        let (ann, bob) = (server.member("Ann").await, server.member("Bob").await);
        let second = server.new_session(&ann, Role::User).await;
        // Another process with the same database.
        let (store, stop) = (server.store().await, CancellationToken::new());
        let heard: Arc<Mutex<Vec<Ended>>> = Arc::default();
        let listener = heard.clone();
        store.listen(move |event| listener.lock().unwrap().extend(Ended::read(event)));
        let follower = tokio::spawn(store.follow(stop.clone()).await.unwrap());
        let reasons = async |count: usize| {
            eventually("the end of sessions", || async {
                let heard = heard.lock().unwrap();
                (heard.len() >= count).then(|| heard.iter().map(|ended| (ended.user.clone(), ended.reason.clone())).collect::<Vec<_>>())
            })
            .await
        };

        ann.client.post("/api/email/login", json!({ "email": ann.email, "password": PASSWORD })).await.expect(200);
        assert_eq!(reasons(1).await, [(ann.id.clone(), "replaced".to_owned())]);
        bob.client.get("/api/logout").await.expect_redirect();
        assert_eq!(reasons(2).await[1], (bob.id.clone(), "logout".to_owned()));
        ann.client.delete("/api/sessions").await.expect(200);
        assert_eq!(reasons(3).await[2], (ann.id.clone(), "revoked".to_owned()));
        let work = ann.id.clone();
        store.write(work, |tx, id| Box::pin(set_disabled(tx, &Actor::System, id, true))).await.unwrap();
        assert_eq!(reasons(4).await[3], (ann.id.clone(), "disabled".to_owned()));
        assert_eq!(second.len(), 43);
        stop.cancel();
        follower.await.unwrap().unwrap();
        server.stop().await;
    }
}
