//! Whose address counts.

use std::net::IpAddr;

use community::http::client_ip::{ClientIp, Proxies};
use poem::http::{HeaderMap, HeaderName, HeaderValue};

use super::{
    app::{App, config},
    raw::{ask, request},
};

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn headers(lines: &[(&'static str, &str)]) -> HeaderMap {
    let pairs = lines.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_bytes(value.as_bytes()).unwrap()));
    pairs.collect()
}

#[test]
fn a14_only_a_trusted_proxy_is_believed() {
    let proxies = Proxies::new(&["10.0.0.0/8".parse().unwrap(), "127.0.0.1".parse().unwrap()]);
    for (peer, forwarded, client) in [
        // Whoever is no proxy cannot name another client.
        ("203.0.113.9", vec!["198.51.100.1"], "203.0.113.9"),
        // What stands to the left of the proxy's own entry was written by the client.
        ("10.0.0.1", vec!["198.51.100.1, 203.0.113.7"], "203.0.113.7"),
        ("10.0.0.1", vec!["198.51.100.1, 203.0.113.7, 10.2.3.4"], "203.0.113.7"),
        ("10.0.0.1", vec!["198.51.100.1", "203.0.113.7", "10.9.9.9, 127.0.0.1"], "203.0.113.7"),
        ("10.0.0.1", vec!["203.0.113.7:4711"], "203.0.113.7"),
        ("10.0.0.1", vec!["[2001:db8::1]:4711"], "2001:db8::1"),
        ("10.0.0.1", vec!["2001:db8::1"], "2001:db8::1"),
        ("10.0.0.1", vec!["::ffff:203.0.113.7"], "203.0.113.7"),
        ("::ffff:10.0.0.1", vec!["203.0.113.7"], "203.0.113.7"),
        // Malformed: the peer.
        ("10.0.0.1", vec!["203.0.113.7, nonsense"], "10.0.0.1"),
        ("10.0.0.1", vec!["203.0.113.7,"], "10.0.0.1"),
        ("10.0.0.1", vec!["203.0.113.7, \u{fc}"], "10.0.0.1"),
        ("10.0.0.1", vec![""], "10.0.0.1"),
        ("10.0.0.1", vec![], "10.0.0.1"),
        // A request from one proxy to another.
        ("10.0.0.1", vec!["10.0.0.7"], "10.0.0.7"),
    ] {
        let lines: Vec<_> = forwarded.iter().map(|value| ("x-forwarded-for", *value)).collect();
        assert_eq!(proxies.client(ip(peer), &headers(&lines)), ClientIp(ip(client)), "{peer} {forwarded:?}");
    }
    let others = headers(&[("x-real-ip", "198.51.100.1"), ("forwarded", "for=198.51.100.1")]);
    assert_eq!(proxies.client(ip("10.0.0.1"), &others), ClientIp(ip("10.0.0.1")));
    let random = (0..100).map(|host| headers(&[("x-forwarded-for", &format!("198.51.100.{host}"))]));
    assert!(random.into_iter().all(|headers| Proxies::default().client(ip("203.0.113.9"), &headers).key() == "203.0.113.9"));
}

#[test]
fn a15_one_network_is_one_client() {
    for (address, key, site) in [
        ("203.0.113.7", "203.0.113.7", None),
        ("::ffff:203.0.113.7", "203.0.113.7", None),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::", Some("2001:db8:1::/48")),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::", Some("2001:db8:1::/48")),
        ("2001:db8:1:3::1", "2001:db8:1:3::", Some("2001:db8:1::/48")),
    ] {
        let client = ClientIp(ip(address));
        assert_eq!((client.key().as_str(), client.site_key().as_deref()), (key, site), "{address}");
    }
}

#[tokio::test]
async fn a14_handlers_see_the_client() {
    let spoofed = || request("GET /api/ip", "X-Forwarded-For: 198.51.100.1\r\nX-Real-IP: 198.51.100.2\r\n", "");
    let app = App::start(config()).await;
    assert_eq!(ask(app.address, spoofed()).await.text(), "127.0.0.1");
    let mut config = config();
    config.http.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
    let app = App::start(config).await;
    assert_eq!(ask(app.address, spoofed()).await.text(), "198.51.100.1");
}

#[tokio::test]
async fn request_ids_are_ours_unless_a_trusted_proxy_chose_them() {
    let named = || request("GET /api/id", "X-Request-Id: chosen-by-client\r\n", "");
    let app = App::start(config()).await;
    let answer = ask(app.address, named()).await;
    assert_ne!(answer.text(), "chosen-by-client");
    assert_eq!(answer.header("x-request-id"), Some(answer.text()));
    let mut config = config();
    config.http.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    let app = App::start(config).await;
    assert_eq!(ask(app.address, named()).await.header("x-request-id").as_deref(), Some("chosen-by-client"));
    let answer = ask(app.address, request("GET /api/id", "X-Request-Id: a b\"c\r\n", "")).await;
    assert_eq!(answer.text().len(), 26);
}
