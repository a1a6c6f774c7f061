//! The plain pages: what they show to whom, and what they never contain.

mod assets;
mod pages;
mod policy;
mod settings;

use serde_json::json;

use crate::support::{Client, Db, TestServer};

/// The id of a new post.
async fn post(client: &Client, title: &str, body: &str) -> String {
    let answer = client.post("/api/posts", json!({"title": title, "body": body})).await.expect(200).json();
    answer["post"]["id"].as_str().unwrap().to_owned()
}

/// The text of a page.
async fn page(client: &Client, path: &str) -> String {
    let answer = client.get(path).await.expect(200);
    assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"));
    answer.text()
}

async fn server() -> TestServer {
    TestServer::start(Db::Sqlite).await
}
