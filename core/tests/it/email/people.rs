//! What people do with the email provider, in few words.

use community::config::{Network, Span};
use serde_json::{Value, json};

use crate::support::{Answer, Client, Db, TestServer, patient};

pub const REGISTER: &str = "/api/email/register";
pub const RESEND: &str = "/api/email/resend-verification";
pub const LOGIN: &str = "/api/email/login";
pub const FORGOT: &str = "/api/email/forgot";
pub const RESET: &str = "/api/email/reset";
pub const CHANGE: &str = "/api/email/change-password";
pub const ADD: &str = "/api/email/link";
pub const VERIFY: &str = "/api/email/verify";
pub const SIGNED_IN: &str = "/posts/?login=ok";
pub const INVALID: &str = "/posts/?login=error&reason=invalid_token";

pub const ANN: &str = "ann@example.org";

/// The form of the sign-up page.
pub fn form(email: &str, password: &str, username: &str) -> Value {
    json!({ "email": email, "password": password, "username": username })
}

/// Registers with a name made from the address.
pub async fn register(client: &Client, email: &str, password: &str) -> Answer {
    client.post(REGISTER, json!({ "email": email, "password": password })).await
}

/// Signs in.
pub async fn login(client: &Client, email: &str, password: &str) -> Answer {
    client.post(LOGIN, json!({ "email": email, "password": password })).await
}

/// The link in the newest of `count` verification mails to `email`.
pub async fn link(server: &TestServer, email: &str, count: usize) -> String {
    server.mails().wait(email, count).await.link(VERIFY)
}

/// The whole way: registers, reads the mail and follows the link. The client is signed in afterwards.
pub async fn sign_up(server: &TestServer, email: &str, password: &str, username: &str) -> Client {
    let client = server.client();
    client.post(REGISTER, form(email, password, username)).await.expect(200);
    assert_eq!(client.get(&link(server, email, 1).await).await.expect_redirect(), SIGNED_IN);
    client
}

/// Who is signed in.
pub async fn me(client: &Client) -> Value {
    client.get("/api/me").await.expect(200).json()["user"].clone()
}

/// A server behind a proxy on this machine, so that a test can come from any address. Without the limits of `[limits]`.
pub async fn behind_proxy(db: Db) -> TestServer {
    TestServer::start_with(db, |config| {
        patient(config);
        config.http.trusted_proxies = vec!["127.0.0.1".parse::<Network>().unwrap()];
        config.limits.enabled = false;
    })
    .await
}

/// A server without the limits of `[limits]`, on which many may wait for their turn, however slow the machine is.
pub async fn without_limits(db: Db) -> TestServer {
    TestServer::start_with(db, |config| {
        patient(config);
        config.limits.enabled = false;
        config.auth.hash_queue = 64;
        config.auth.hash_wait = Span::minutes(1);
    })
    .await
}

/// POST by way of the proxy, on behalf of `address`.
pub async fn post_from(client: &Client, address: &str, path: &str, body: Value) -> Answer {
    client.call("POST", path).header("x-forwarded-for", address).json(&body).send().await
}

/// What a stranger can tell two answers apart by: everything but the date and the request's own number.
pub fn visible(answer: &Answer) -> (u16, Vec<(String, String)>, String) {
    let headers = answer.headers.iter().filter(|(name, _)| !matches!(name.as_str(), "date" | "x-request-id"));
    let headers = headers.map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()));
    (answer.status, headers.collect(), answer.text())
}
