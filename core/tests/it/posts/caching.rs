//! `ETag`, 304, and how soon a change is seen.

use community::posts::{actions, model::Content};
use serde_json::json;

use super::{fill, id, ids, write};
use crate::support::{Answer, Client, TestServer, eventually};

async fn ask(client: &Client, path: &str, tag: &str) -> Answer {
    client.call("GET", path).header("if-none-match", tag).send().await
}

fn tag(answer: &Answer) -> String {
    answer.header("etag").unwrap_or_else(|| panic!("{}: no ETag", answer.asked)).to_owned()
}

db_test! {
    async fn what_has_not_changed_is_not_sent_again(db) {
        let server = TestServer::start(db).await;
        let ann = server.member("Ann").await.client;
        write(&ann, "Hello").await;
        for path in ["/api/posts", "/api/posts?limit=1"] {
            let full = ann.get(path).await.expect(200);
            assert_eq!(full.header("cache-control"), Some("public, max-age=0, must-revalidate"));
            let (own, other) = (tag(&full), "\"other\"");
            for tags in [own.clone(), format!("W/{own}"), format!("{other}, {own}"), "*".to_owned()] {
                let same = ask(&ann, path, &tags).await.expect(304);
                assert_eq!((same.body.len(), tag(&same), same.header("cache-control")), (0, own.clone(), full.header("cache-control")));
            }
            for tags in [other, "", own.trim_matches('"'), "\"\""] {
                assert_eq!(ask(&ann, path, tags).await.expect(200).body, full.body, "{tags}");
            }
        }
        server.stop().await;
    }

    async fn every_change_is_seen_at_once(db) {
        let server = TestServer::start(db).await;
        let ann = server.member("Ann").await.client;
        let post = write(&ann, "Hello").await;
        let path = format!("/api/posts/{}", id(&post));
        for list in ["/api/posts", "/api/posts?limit=10", "/api/posts?limit=11"] {
            let mut last = ann.get(list).await.expect(200);
            for change in ["create", "edit", "delete"] {
                let mut extra = String::new();
                match change {
                    "create" => extra = id(&write(&ann, "More").await),
                    "edit" => drop(ann.patch(&path, json!({ "title": format!("Edited for {list}") })).await.expect(200)),
                    _ => {
                        let newest = ids(&last.json());
                        let victim = newest.iter().find(|known| **known != id(&post)).unwrap();
                        ann.delete(&format!("/api/posts/{victim}")).await.expect(200);
                    }
                }
                let now = ask(&ann, list, &tag(&last)).await.expect(200);
                assert_ne!(now.body, last.body, "{list} does not show the {change}");
                assert_ne!(tag(&now), tag(&last));
                assert!(extra.is_empty() || ids(&now.json()).contains(&extra));
                last = now;
            }
        }
        server.stop().await;
    }

    async fn what_another_process_writes_is_seen_within_a_second(db) {
        let server = TestServer::start(db).await;
        let ann = server.member("Ann").await;
        let reader = server.client();
        for path in ["/api/posts?limit=10", "/api/posts"] {
            let before = tag(&reader.get(path).await.expect(200));
            let elsewhere = server.store().await;
            let new = fill(elsewhere, &ann, 1, "from elsewhere").await;
            let began = std::time::Instant::now();
            eventually("the post of another process", || async {
                let answer = ask(&reader, path, &before).await;
                (answer.status == 200 && ids(&answer.json()).contains(&new[0])).then_some(())
            })
            .await;
            // A second, and what a busy machine takes to notice.
            assert!(began.elapsed().as_secs() < 10, "{path}: only after {:?}", began.elapsed());
        }
        server.stop().await;
    }

    async fn a_reader_never_keeps_an_old_list_under_a_new_tag(db) {
        let server = TestServer::start_with(db, |config| config.limits.enabled = false).await;
        let ann = server.member("Ann").await.client;
        // Whoever has the tag of after the last change, has that change.
        let reader = tokio::spawn({
            let (client, mut seen) = (server.client(), Vec::new());
            async move {
                while seen.len() < 150 {
                    let answer = client.get("/api/posts?limit=200").await.expect(200);
                    seen.push((tag(&answer), ids(&answer.json()).len()));
                }
                seen
            }
        });
        for number in 0..40 {
            write(&ann, &number.to_string()).await;
        }
        let last = ann.get("/api/posts?limit=200").await.expect(200);
        assert_eq!(ids(&last.json()).len(), 40);
        for (seen, count) in reader.await.unwrap() {
            assert!(seen != tag(&last) || count == 40, "the last tag came with {count} posts");
        }
        server.stop().await;
    }

    async fn a_restart_makes_no_tag_mean_another_list(db) {
        let mut server = TestServer::start(db).await;
        let ann = server.member("Ann").await;
        let before = tag(&ann.client.get("/api/posts").await.expect(200));
        server.restart().await;
        let create = actions::Create {
            id: None,
            actor: community::actor::Actor::User { id: ann.id.clone(), role: community::actor::Role::User },
            author_name: "Ann".to_owned(),
            content: Content { title: "Hello".to_owned(), body: String::new(), attachments: Vec::new() },
            key: None,
        };
        server.store().await.write(create, |tx, create| Box::pin(actions::create(tx, create))).await.unwrap();
        let answer = ask(&server.client(), "/api/posts", &before).await.expect(200);
        assert_eq!(ids(&answer.json()).len(), 1);
        server.stop().await;
    }
}
