//! Behind nginx, with the configuration in `examples/nginx`.

use super::{
    cookie_of,
    javascript::{self, Over},
    python, with_bot,
};
use crate::support::{Db, Nginx, Sockets, TestServer};

/// A server that believes the proxy on this machine, and a proxy.
async fn proxied() -> (TestServer, Nginx) {
    let server = TestServer::start_with(Db::Sqlite, |config| {
        with_bot(config);
        config.http.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
        config.limits.sockets_per_client = 4;
    })
    .await;
    let nginx = Nginx::start(&server.url()).await;
    (server, nginx)
}

#[test]
fn the_example_has_the_three_directives_of_the_reference() {
    for directive in ["proxy_http_version 1.1;", "proxy_set_header Upgrade $http_upgrade;", "proxy_set_header Connection \"upgrade\";"] {
        assert!(Nginx::EXAMPLE.lines().any(|line| line.trim() == directive), "no {directive}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn official_clients_talk_through_nginx() {
    for over in [Over::WebSocket, Over::Polling, Over::Both] {
        let (server, nginx) = proxied().await;
        javascript::play(&server, nginx.url(), over).await;
        server.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn python_talks_through_nginx() {
    for transport in ["websocket", "polling", "polling,websocket"] {
        let (server, nginx) = proxied().await;
        python::play(&server, nginx.url(), transport).await;
        server.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn plain_requests_pass_nginx_as_they_are() {
    let (server, nginx) = proxied().await;
    let ann = server.member("Ann").await;
    let behind = crate::support::Client::new(nginx.url());
    behind.set_cookie(ann.cookie_name, &ann.client.cookie(ann.cookie_name).unwrap());
    let post = serde_json::json!({ "title": "Hello", "body": "x".repeat(50_000) });
    behind.post("/api/posts", post.clone()).await.expect(200);
    let answer = behind.get("/api/posts").await.expect(200);
    assert_eq!(answer.json()[0]["body"], post["body"]);
    let tag = answer.header("etag").unwrap().to_owned();
    behind.call("GET", "/api/posts").header("if-none-match", tag).send().await.expect(304);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sockets_are_counted_by_the_address_that_nginx_reports() {
    let (server, nginx) = proxied().await;
    let ann = server.member("Ann").await;
    let sockets = Sockets::at(nginx.url()).await;
    let from = |address: &str| {
        let dial = sockets.dial().header("Cookie", &cookie_of(&ann)).header("X-Forwarded-For", address);
        dial.websocket().try_connect()
    };
    let mut held = Vec::new();
    for _ in 0..4 {
        held.push(from("203.0.113.7").await.unwrap());
    }
    let refusal = from("203.0.113.7").await.map(|_| ()).unwrap_err();
    assert_eq!(refusal.status, Some(503), "{refusal:?}");
    from("203.0.113.8").await.unwrap();
    server.stop().await;
}
