//! The plain pages: what they show to whom, and what they never contain.

mod assets;
mod pages;
mod policy;

use serde_json::json;

use crate::support::{Client, Db, TestServer};

/// A visitor who has registered and followed the link.
async fn member(server: &TestServer, email: &str, username: &str) -> Client {
    let client = server.client();
    let body = json!({"email": email, "password": "secret1", "username": username});
    client.post("/api/email/register", body).await.expect(200);
    let link = server.mail_to(email).await.link("/api/email/verify");
    assert_eq!(client.get(&link).await.expect_redirect(), "/posts/?login=ok");
    client
}

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
