//! Addresses that requests of a server must not reach, however they are written and wherever they come from.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use community::outbound::{
    AllowList, ErrorKind, Resolve, SystemResolver,
    addresses::{Reach, reach},
};
use futures_util::future::BoxFuture;

use super::{
    Names, assert_refused, client, client_with, get, owned,
    peer::{Canary, Peer, answer_with},
    private, public,
};

/// What a URL can say in place of a host to mean something that is not public.
const WRITTEN: &[&str] = &[
    // This machine, in every notation that some parser takes.
    "127.0.0.1",
    "127.0.0.2",
    "127.255.255.254",
    "127.1",
    "127.0.1",
    "2130706433",
    "0x7f000001",
    "0x7f.1",
    "0x7f.0.0.1",
    "0X7F.0x0.0x0.0x1",
    "017700000001",
    "0177.0.0.1",
    "0177.1",
    "127.0.0.1.",
    "0",
    "0x0",
    "0.0.0.0",
    "0.0.0.1",
    "[::]",
    "[::1]",
    "[0:0:0:0:0:0:0:1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[0:0:0:0:0:ffff:7f00:0001]",
    "[::127.0.0.1]",
    "[::7f00:1]",
    "[::ffff:0:7f00:1]",
    "[64:ff9b::7f00:1]",
    "[64:ff9b::127.0.0.1]",
    "[64:ff9b:1::7f00:1]",
    "[2002:7f00:1::]",
    "[2002:7f00:0001::1]",
    "[2001:0:7f00:1::]",
    "localhost",
    "LOCALHOST",
    "LocalHost",
    "localhost.",
    "a.localhost",
    "localhost.localdomain",
    "%6cocalhost",
    "ⓛocalhost",
    // Where clouds keep the secrets of a machine.
    "169.254.169.254",
    "169.254.169.253",
    "169.254.170.2",
    "2852039166",
    "0xa9fea9fe",
    "0xa9.0xfe.0xa9.0xfe",
    "0251.0376.0251.0376",
    "169.254.43518",
    "[::ffff:169.254.169.254]",
    "[::a9fe:a9fe]",
    "[64:ff9b::a9fe:a9fe]",
    "[2002:a9fe:a9fe::]",
    "[fd00:ec2::254]",
    "[fd20:ce::254]",
    "[fe80::1]",
    "[fe80::a9fe:a9fe]",
    "[febf::1]",
    "100.100.100.200",
    "168.63.129.16",
    "192.0.0.192",
    "metadata.google.internal",
    "METADATA.google.internal",
    "instance-data.ec2.internal",
    // Private networks.
    "10.0.0.1",
    "10.255.255.255",
    "167772161",
    "172.16.0.1",
    "172.31.255.254",
    "192.168.0.1",
    "192.168.1.1",
    "0xc0a80001",
    "100.64.0.1",
    "100.127.255.254",
    "[::ffff:10.0.0.1]",
    "[64:ff9b::a00:1]",
    "[2002:a00:1::1]",
    "[fc00::1]",
    "[fdff::1]",
    "[fec0::1]",
    "printer.local",
    "router.home.arpa",
    // Nowhere.
    "192.0.2.1",
    "192.88.99.1",
    "192.175.48.1",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "4294967295",
    "[100::1]",
    "[2001::1]",
    "[2001:2::1]",
    "[2001:10::1]",
    "[2001:20::1]",
    "[2001:db8::1]",
    "[3fff::1]",
    "[5f00::1]",
    "[4000::1]",
    "[ff02::1]",
    "[ff0e::1]",
    "[::2]",
];

#[tokio::test]
async fn p06_no_notation_of_an_address_gets_past() {
    assert!(WRITTEN.len() >= 80, "{}", WRITTEN.len());
    let canary = Canary::listen();
    // Names lead to this machine, so whatever is not refused would be seen.
    let outbound = client(|_| ());
    for host in WRITTEN {
        let entry = format!("{host}:{}", canary.port());
        for scheme in ["http", "https"] {
            let Ok(url) = url::Url::parse(&format!("{scheme}://{entry}/")) else { continue };
            assert_refused(get(&outbound, &public(&["id.example"]), url.as_str()).await, host);
            if let Ok(allowed) = AllowList::parse(&owned(&[&entry]), false) {
                assert_refused(get(&outbound, &allowed, url.as_str()).await, host);
            }
        }
    }
    canary.assert_unvisited("a request left");
}

#[tokio::test]
async fn p06_a_listed_name_does_not_lead_to_such_an_address() {
    let canary = Canary::listen();
    let allowed = public(&[&format!("id.example:{}", canary.port())]);
    let mut seen = 0;
    for host in WRITTEN {
        let Ok(url) = url::Url::parse(&format!("http://{host}/")) else { continue };
        let address: IpAddr = match url.host() {
            Some(url::Host::Ipv4(address)) => address.into(),
            Some(url::Host::Ipv6(address)) => address.into(),
            _ => continue,
        };
        let outbound = client_with(Names::answering(&[&[&address.to_string()]]), |_| ());
        let outcome = get(&outbound, &allowed, &format!("https://id.example:{}/", canary.port())).await;
        assert_refused(outcome, host);
        seen += 1;
    }
    assert!(seen >= 80, "{seen}");
    canary.assert_unvisited("a request left");
}

#[tokio::test]
async fn p06_private_networks_are_reached_only_where_that_is_permitted() {
    let peer = Peer::answering("HTTP/1.1 204 No Content\r\n\r\n").await;
    let outbound = client(|_| ());
    assert_eq!(get(&outbound, &private(&[&peer.entry()]), &peer.url("/")).await.unwrap().status(), 204);
    let literal = format!("127.0.0.1:{}", peer.port());
    assert_eq!(get(&outbound, &private(&[&literal]), &format!("http://{literal}/")).await.unwrap().status(), 204);
    assert_eq!(get(&outbound, &private(&[&literal]), &format!("http://0x7f.1:{}/", peer.port())).await.unwrap().status(), 204);
    let error = AllowList::parse(&owned(&[&literal]), false).unwrap_err();
    assert!(error.contains(&literal) && error.contains("allow_private = true"), "{error}");
}

/// The network of a machine that has a public address, to which every name leads.
struct Home(IpAddr);

impl Resolve for Home {
    fn resolve<'a>(&'a self, _: &'a str, port: u16) -> BoxFuture<'a, io::Result<Vec<SocketAddr>>> {
        Box::pin(async move { Ok(vec![SocketAddr::new(self.0, port)]) })
    }

    fn is_own(&self, address: IpAddr) -> bool {
        address == self.0
    }
}

#[tokio::test]
async fn p06_a_public_address_of_the_machine_itself_is_refused() {
    for address in ["1.1.1.1", "2606:4700:4700::1111"] {
        let own: IpAddr = address.parse().unwrap();
        assert_eq!(reach(own), Reach::Public, "no other rule refuses it");
        let host = if own.is_ipv6() { format!("[{own}]") } else { address.to_owned() };
        let outbound = client_with(Arc::new(Home(own)), |_| ());
        for name in ["id.example", &host] {
            assert_refused(get(&outbound, &public(&[name]), &format!("https://{name}/")).await, name);
        }
    }
}

#[tokio::test]
async fn p06_the_metadata_service_is_reached_by_its_own_address_only() {
    let canary = Canary::listen();
    let allowed = private(&[&format!("id.example:{}", canary.port())]);
    for address in ["169.254.169.254", "fd00:ec2::254", "fe80::1", "::ffff:169.254.169.254", "100.100.100.200", "0.0.0.0", "ff02::1"] {
        let outbound = client_with(Names::answering(&[&[address]]), |_| ());
        assert_refused(get(&outbound, &allowed, &format!("http://id.example:{}/", canary.port())).await, address);
    }
    canary.assert_unvisited("a request left");
    AllowList::parse(&owned(&["169.254.169.254:80"]), true).unwrap();
    AllowList::parse(&owned(&["169.254.169.254:80"]), false).unwrap_err();
    AllowList::parse(&owned(&["0.0.0.0"]), true).unwrap_err();
}

#[test]
fn p06_public_addresses_are_public_in_every_notation() {
    for address in [
        "1.1.1.1",
        "162.159.128.233",
        "172.15.0.1",
        "172.32.0.1",
        "100.63.255.255",
        "100.128.0.1",
        "169.253.0.1",
        "192.0.1.1",
        "198.20.0.1",
    ] {
        assert_eq!(reach(address.parse().unwrap()), Reach::Public, "{address}");
    }
    for address in ["2606:4700::6810:84e5", "2001:4860:4860::8888", "2a00:1450::1", "::ffff:1.1.1.1", "64:ff9b::101:101", "2002:101:101::1"]
    {
        assert_eq!(reach(address.parse().unwrap()), Reach::Public, "{address}");
    }
}

#[tokio::test]
async fn p07_a_name_is_looked_up_once_and_what_was_vetted_is_dialled() {
    let first = Peer::answering("HTTP/1.1 204 No Content\r\n\r\n").await;
    let second = Peer::at(([127, 0, 0, 2], first.port()).into(), answer_with("HTTP/1.1 500 Oh\r\n\r\n")).await;
    let names = Names::answering(&[&["127.0.0.1"], &["127.0.0.2"]]);
    let outbound = client_with(names.clone(), |_| ());
    let answer = get(&outbound, &private(&[&first.entry()]), &first.url("/")).await.unwrap();
    assert_eq!((answer.status().as_u16(), names.asked()), (204, 1));
    assert!(second.requests().is_empty());
}

#[tokio::test]
async fn p07_one_forbidden_address_among_many_refuses_all() {
    let canary = Canary::listen();
    let (entry, url) = (format!("id.example:{}", canary.port()), format!("https://id.example:{}/", canary.port()));
    for answer in [
        &["1.1.1.1", "127.0.0.1"][..],
        &["127.0.0.1", "1.1.1.1"],
        &["1.1.1.1", "1.0.0.1", "2606:4700:4700::1111", "::1"],
        &["2606:4700:4700::1111", "::ffff:10.0.0.1"],
    ] {
        let names = Names::answering(&[answer, &["1.1.1.1"]]);
        let outbound = client_with(names.clone(), |_| ());
        assert_refused(get(&outbound, &public(&[&entry]), &url).await, answer[0]);
        assert_eq!(names.asked(), 1, "no second chance");
    }
    let outbound = client_with(Names::answering(&[&["127.0.0.1", "169.254.169.254"]]), |_| ());
    assert_refused(get(&outbound, &private(&[&entry]), &url).await, "metadata among private ones");
    canary.assert_unvisited("a request left");
}

#[tokio::test]
async fn a_name_without_addresses_is_unreachable() {
    let outbound = client_with(Names::answering(&[&[]]), |_| ());
    let error = get(&outbound, &public(&["id.example"]), "https://id.example/").await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unreachable, "{error}");
}

#[tokio::test]
async fn the_next_address_is_tried_when_one_does_not_answer() {
    let peer = Peer::answering("HTTP/1.1 204 No Content\r\n\r\n").await;
    let outbound = client_with(Names::answering(&[&["127.0.0.3", "::1", "127.0.0.1"]]), |_| ());
    assert_eq!(get(&outbound, &private(&[&peer.entry()]), &peer.url("/")).await.unwrap().status(), 204);
}

#[tokio::test]
async fn the_resolver_of_the_machine_knows_its_names() {
    let found = SystemResolver.resolve("localhost", 8080).await.unwrap();
    assert!(!found.is_empty() && found.iter().all(|address| address.ip().is_loopback() && address.port() == 8080), "{found:?}");
}
