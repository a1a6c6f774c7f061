//! Which host, port and scheme a request may name.

use community::{
    config::OutboundSection,
    outbound::{AllowList, ErrorKind, Outbound, Place},
};
use url::Url;

use super::{
    Names, assert_refused, client, client_with, get, owned,
    peer::{Canary, Peer},
    private, public,
};

#[test]
fn p09_only_the_very_host_and_port_are_allowed() {
    let list = public(&["discord.com", "id.example:8443", "bücher.example", "[2606:4700::1111]:444"]);
    for url in [
        "https://discord.com/api",
        "https://discord.com:443/",
        "https://DISCORD.COM/",
        "https://id.example:8443/",
        "https://xn--bcher-kva.example/",
        "https://BÜCHER.example/",
        "https://[2606:4700:0::1111]:444/",
    ] {
        assert!(list.check(&Url::parse(url).unwrap()).is_ok(), "{url}");
    }
    for url in [
        "http://discord.com/",
        "http://discord.com:443/",
        "ftp://discord.com/",
        "ws://discord.com/",
        "file:///etc/passwd",
        "data:,x",
        "https://discord.com:22/",
        "https://discord.com:25/",
        "https://discord.com:80/",
        "https://discord.com:6379/",
        "https://discord.com:8443/",
        "https://id.example/",
        "https://discord.com./",
        "https://discord.com.evil.example/",
        "https://evil.discord.com/",
        "https://evildiscord.com/",
        "https://discord.co/",
        "https://discord.com@evil.example/",
        "https://evil.example@discord.com/",
        "https://user:password@discord.com/",
        "https://:password@discord.com/",
        "https://evil.example\\@discord.com/",
        "https://evil.example#@discord.com/",
        "https://evil.example/discord.com",
        "https://evil.example?discord.com",
        "https://disc\u{43e}rd.com/",
        "https://xn--discrd-hxe.com/",
        "https://dıscord.com/",
        "https://bucher.example/",
        "https://localhost/",
        "https://1.1.1.1/",
    ] {
        assert!(list.check(&Url::parse(url).unwrap()).is_err(), "{url}");
    }
}

#[test]
fn p09_entries_that_say_more_than_a_host_are_refused() {
    for entry in [
        "",
        " ",
        ".",
        "discord.com.",
        "*",
        "*.discord.com",
        "https://discord.com",
        "discord.com/api",
        "discord.com/",
        "user@discord.com",
        "discord.com?x",
        "discord.com#x",
        "discord.com:",
        "discord.com:0",
        "discord.com:65536",
        "discord.com:https",
        "a b.example",
        "discord.com\n",
        "dis%63ord.com",
        "2001:db8::1",
        "[fe80::1%25eth0]",
        "\\evil.example",
        "1.2.3.4.5",
        "0x",
        "xn--a",
        "a..example:x",
    ] {
        let error = AllowList::parse(&owned(&["id.example", entry]), false).expect_err(entry);
        assert!(error.starts_with(&format!("\"{entry}\" ")), "{error}");
    }
    assert_eq!(AllowList::parse(&owned(&["id.example"]), false), AllowList::parse(&owned(&["ID.example:443"]), false));
}

#[test]
fn p09_plain_http_needs_the_permission_for_private_addresses() {
    let url = Url::parse("http://id.example:80/").unwrap();
    let refused = public(&["id.example:80"]).check(&url).unwrap_err().to_string();
    assert!(refused.contains("allow_private = true"), "{refused}");
    assert!(private(&["id.example:80"]).check(&url).is_ok());
    assert!(private(&["id.example"]).check(&url).is_err());
}

#[tokio::test]
async fn p09_plain_http_goes_to_private_addresses_only() {
    let allowed = private(&["id.example:80", "1.1.1.1:80"]);
    for answer in [&["93.184.215.14"][..], &["127.0.0.1", "93.184.215.14"]] {
        let outbound = client_with(Names::answering(&[answer]), |_| ());
        let error = get(&outbound, &allowed, "http://id.example/").await.unwrap_err();
        assert!(error.kind == ErrorKind::Refused && error.to_string().contains("https only"), "{error}");
    }
    assert_refused(get(&client(|_| ()), &allowed, "http://1.1.1.1/").await, "a public address by itself");
}

#[tokio::test]
async fn p06_what_the_server_is_connected_to_itself_is_not_asked() {
    let canary = Canary::listen();
    let port = canary.port();
    let (section, site) = (OutboundSection::default(), "https://community.example".parse().unwrap());
    let allowed = private(&[&format!("id.example:{port}"), &format!("127.0.0.1:{port}")]);
    for (place, entry) in
        [("127.0.0.1", "id.example"), ("id.example", "id.example"), ("db.example", "127.0.0.1"), ("0.0.0.0", "id.example")]
    {
        let names = Names::answering(&[&["127.0.0.1"]]);
        let outbound = Outbound::new(&section, names, &site, vec![Place::new(place, port)]).unwrap();
        assert_refused(get(&outbound, &allowed, &format!("http://{entry}:{port}/")).await, &format!("{place} by {entry}"));
    }
    canary.assert_unvisited("the database was asked");
    let peer = Peer::answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await;
    let outbound = Outbound::new(&section, Names::answering(&[&["127.0.0.1"]]), &site, vec![Place::new("127.0.0.1", port)]).unwrap();
    get(&outbound, &private(&[&peer.entry()]), &peer.url("/")).await.expect("another port is another server");
}

#[tokio::test]
async fn p09_what_is_not_allowed_is_not_even_looked_up() {
    let canary = Canary::listen();
    let names = Names::answering(&[&["127.0.0.1"]]);
    let outbound = client_with(names.clone(), |_| ());
    let allowed = private(&[&format!("id.example:{}", canary.port())]);
    for url in [
        format!("http://evil.example:{}/", canary.port()),
        format!("http://id.example.:{}/", canary.port()),
        format!("http://a@id.example:{}/", canary.port()),
        format!("ftp://id.example:{}/", canary.port()),
        "http://id.example/".to_owned(),
    ] {
        assert_refused(get(&outbound, &allowed, &url).await, &url);
    }
    assert_refused(get(&outbound, &AllowList::default(), &format!("https://id.example:{}/", canary.port())).await, "nothing is allowed");
    assert_refused(get(&outbound, &allowed, "/relative").await, "no host at all");
    assert_eq!(names.asked(), 0);
    canary.assert_unvisited("a request left");
}

#[tokio::test]
async fn p08_redirects_are_handed_back_and_not_followed() {
    let canary = Canary::listen();
    for status in ["301", "302", "303", "307", "308"] {
        let location = format!("http://127.0.0.1:{}/", canary.port());
        let peer = Peer::answering(format!("HTTP/1.1 {status} Elsewhere\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n")).await;
        let outbound = client_with(Names::answering(&[&["127.0.0.1"]]), |_| ());
        let allowed = private(&[&peer.entry()]);
        let answer = get(&outbound, &allowed, &peer.url("/")).await.unwrap();
        assert_eq!((answer.status().as_str(), answer.headers()["location"].to_str().unwrap()), (status, location.as_str()));
        assert_eq!(peer.requests().len(), 1);
        assert_refused(get(&outbound, &allowed, &location).await, "whoever follows by hand is stopped as well");
    }
    canary.assert_unvisited("a redirect was followed");
}
