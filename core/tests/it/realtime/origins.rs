//! Which pages may connect, and at which address.

use serde_json::json;

use super::*;
use crate::support::{Db, Light, Opening, Sockets};

const EVIL: &str = "https://evil.example";
const LISTED: &str = "https://other.example";

async fn server() -> TestServer {
    TestServer::start_with(Db::Sqlite, |config| config.cors.origins = vec![LISTED.to_owned()]).await
}

#[tokio::test]
async fn s02_pages_of_other_sites_cannot_connect_with_a_visitors_cookie() {
    let server = server().await;
    let (ann, own) = (server.member("Ann").await, server.url());
    for headers in [
        vec![("Origin", EVIL)],
        vec![("Origin", "null")],
        vec![("Origin", EVIL), ("Sec-Fetch-Site", "cross-site")],
        vec![("Sec-Fetch-Site", "same-site")],
        vec![("Referer", "https://evil.example/page")],
        vec![("Origin", "https://other.example.evil.com")],
    ] {
        let opening = headers.iter().fold(Opening::of(&ann), |opening, (name, value)| opening.header(name, value));
        assert_eq!(opening.open(&own).await.err(), Some(403), "{headers:?}");
        let get = ann.client.call("GET", "/socket.io/?EIO=4&transport=polling");
        let get = headers.iter().fold(get, |call, (name, value)| call.header(name, value));
        get.send().await.expect_error(403, "origin_rejected");
    }
    for headers in [vec![], vec![("Origin", own.as_str())], vec![("Sec-Fetch-Site", "same-origin")], vec![("Origin", LISTED)]] {
        let opening = headers.iter().fold(Opening::of(&ann), |opening, (name, value)| opening.header(name, value));
        let mut light = Light::connect_with(&own, opening, None).await.unwrap_or_else(|error| panic!("{headers:?}: {error}"));
        assert_eq!(light.call("room:list", json!({})).await["ok"], true);
    }
    server.stop().await;
}

#[tokio::test]
async fn s28_only_listed_origins_may_read_answers_of_polling() {
    let server = server().await;
    let ask = |origin: &'static str| server.client().call("GET", "/socket.io/?EIO=4&transport=polling").header("Origin", origin).send();
    let answer = ask(LISTED).await.expect(200);
    assert_eq!(answer.header("access-control-allow-origin"), Some(LISTED));
    assert_eq!(answer.header("access-control-allow-credentials"), None);
    let refused = ask(EVIL).await.expect(403);
    assert_eq!(refused.header("access-control-allow-origin"), None);
    server.stop().await;
}

#[tokio::test]
async fn s28_browsers_that_ask_first_are_told_the_same() {
    for cross_site_cookies in [false, true] {
        let server = TestServer::start_with(Db::Sqlite, |config| {
            config.cors.origins = vec![LISTED.to_owned()];
            config.cors.cross_site_cookies = cross_site_cookies;
        });
        let server = server.await;
        let credentials = cross_site_cookies.then_some("true");
        let address = "/socket.io/?EIO=4&transport=polling";
        let preflight = |origin: &'static str| {
            let call = server.client().call("OPTIONS", address).header("Origin", origin);
            call.header("Access-Control-Request-Method", "POST").header("Access-Control-Request-Headers", "content-type").send()
        };
        let read = |origin: &'static str| server.client().call("GET", address).header("Origin", origin).send();
        for answer in [preflight(LISTED).await.expect(204), read(LISTED).await.expect(200)] {
            let granted = ["access-control-allow-origin", "access-control-allow-credentials"].map(|name| answer.header(name));
            assert_eq!(granted, [Some(LISTED), credentials], "{}", answer.asked);
        }
        for answer in [preflight(EVIL).await.expect(403), read(EVIL).await.expect(403)] {
            let grants: Vec<_> = answer.headers.keys().filter(|name| name.as_str().starts_with("access-control-")).collect();
            assert!(grants.is_empty(), "{}: {grants:?}", answer.asked);
        }
        server.stop().await;
    }
}

#[tokio::test]
async fn s03_the_requests_of_a_connection_come_from_whoever_opened_it() {
    let server = TestServer::start_with(Db::Sqlite, |config| config.http.trusted_proxies = vec!["127.0.0.1".parse().unwrap()]).await;
    let (ann, bob) = (server.member("Ann").await, server.member("Bob").await);
    let sid = polling::open(&ann.client).await;
    let address = format!("/socket.io/?EIO=4&transport=polling&sid={sid}");
    bob.client.call("POST", &address).body("40").send().await.expect_error(403, "forbidden");
    server.client().call("GET", &address).send().await.expect_error(403, "forbidden");
    ann.client.call("POST", &address).header("Origin", EVIL).body("40").send().await.expect_error(403, "origin_rejected");
    ann.client.call("POST", &address).body("40").send().await.expect(200);
    let nobody = server.client();
    let from = |address: &'static str, target: String| nobody.call("GET", &target).header("X-Forwarded-For", address);
    let opened = from("192.0.2.1", "/socket.io/?EIO=4&transport=polling".to_owned()).send().await.expect(200).text();
    let sid = polling::sid(&opened);
    from("192.0.2.2", format!("/socket.io/?EIO=4&transport=polling&sid={sid}")).send().await.expect_error(403, "forbidden");
    server.stop().await;
}

#[tokio::test]
async fn s26_the_engine_answers_at_its_address_and_nowhere_else() {
    let server = server().await;
    let client = server.client();
    for path in ["/socket.io", "/socket.io/"] {
        client.get(&format!("{path}?EIO=4&transport=polling")).await.expect(200);
    }
    for path in ["/socket.iofoo", "/socket.io/foo", "/SOCKET.IO/", "//socket.io/", "/socket.io//", "/api/socket.io/"] {
        client.get(&format!("{path}?EIO=4&transport=polling")).await.expect(404);
    }
    let ann = server.member("Ann").await;
    let sockets = Sockets::at(server.url()).await;
    let socket = sockets.dial().person(&ann).option("addTrailingSlash", json!(false)).connect().await;
    socket.emit("room:list", json!({})).await.ok();
    server.stop().await;
}

#[tokio::test]
async fn s25_old_protocols_are_refused() {
    let server = server().await;
    for query in ["EIO=3&transport=polling", "transport=polling", "EIO=5&transport=polling", "EIO=4", "EIO=4&transport=pigeon", ""] {
        server.client().get(&format!("/socket.io/?{query}")).await.expect(400);
    }
    let mut raw = crate::support::Raw::connect(server.running().addr).await;
    raw.send(b"GET /socket.io/?EIO=3&transport=websocket HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n").await;
    assert_eq!(raw.answer().await.status, 400);
    server.stop().await;
}
