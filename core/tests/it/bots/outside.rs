//! Bots that ask other servers: only where they may, and with secrets that they never see.

use community::config::{PluginSection, Span};
use tokio::net::TcpStream;

use super::{ALL, bot, heard, present, run, scene, with};
use crate::{
    outbound::peer::{Canary, Peer},
    rooms::{open_room, read, say},
    support::{Db, Person, TestServer, eventually},
};

/// A bot that may ask `peer`, with a secret.
async fn asking(db: Db, allowed: &str) -> (TestServer, Person, String) {
    let server = TestServer::start_with(db, |config| {
        let mut section = bot("naughty_bot", &ALL);
        section.allow_hosts = vec![allowed.to_owned()];
        section.allow_private = true;
        section.settings.insert("api_secret".to_owned(), "SecretCanary-91c2".to_owned());
        (section.limits.attempts, section.limits.messages) = (1, 1000);
        section.limits.returned = community::config::Size::mib(4);
        with(config, "naughty", section);
    })
    .await;
    let (ann, room) = scene(&server).await;
    present(&ann.client, &room, "naughty").await;
    (server, ann, room)
}

/// What a peer does that never answers.
async fn never(stream: TcpStream) {
    std::future::pending::<()>().await;
    drop(stream);
}

/// A server with a bot that may ask `peer`, within limits.
async fn asked_at_most(db: Db, peer: &Peer, limit: impl FnOnce(&mut PluginSection)) -> TestServer {
    TestServer::start_with(db, |config| {
        let mut section = bot("naughty_bot", &ALL);
        section.allow_hosts = vec![format!("127.0.0.1:{}", peer.port())];
        section.allow_private = true;
        section.limits.attempts = 1;
        limit(&mut section);
        with(config, "naughty", section);
    })
    .await
}

/// Gives an order and returns what the bot says to it.
async fn order(ann: &Person, room: &str, order: &str) -> String {
    let asked = say(&ann.client, room, &format!("naughty {order}")).await;
    let after = asked["seq"].as_u64().unwrap();
    let answer = heard(&ann.client, room, order, |message| message["isBot"] == true && message["seq"].as_u64().unwrap() > after).await;
    answer["body"].as_str().unwrap().to_owned()
}

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-Odd: yes\r\nConnection: close\r\n\r\nhello";

db_test! {
    async fn p09_a_bot_asks_the_hosts_that_it_may_and_no_others(db) {
        let (peer, canary) = (Peer::answering(OK).await, Canary::listen());
        let (server, ann, room) = asking(db, &format!("127.0.0.1:{}", peer.port())).await;
        let answer = order(&ann, &room, &format!("http http://127.0.0.1:{}/a?b=c", peer.port())).await;
        assert!(answer.contains("status 200, 5 bytes: hello") && answer.contains("x-odd: yes"), "{answer}");
        assert!(peer.requests()[0].starts_with("GET /a?b=c HTTP/1.1\r\n"), "{:?}", peer.requests());
        for url in [
            format!("http://127.0.0.1:{}/", canary.port()),
            format!("http://localhost:{}/", canary.port()),
            format!("http://[::1]:{}/", canary.port()),
            format!("http://user@127.0.0.1:{}/", peer.port()),
            "ftp://127.0.0.1/".to_owned(),
            "http://169.254.169.254/latest".to_owned(),
            "nonsense".to_owned(),
        ] {
            let answer = order(&ann, &room, &format!("http {url}")).await;
            assert!(answer.contains("Denied"), "{url}: {answer}");
        }
        canary.assert_unvisited("a host that is not allowed");
        server.stop().await;
    }

    async fn p22_a_peer_that_never_answers_is_told_in_time_and_no_breakdown(db) {
        let peer = Peer::start(never).await;
        let server = asked_at_most(db, &peer, |section| {
            (section.limits.wall_clock, section.limits.breakdowns) = (Span::seconds(6), 1);
        }).await;
        let (ann, room) = scene(&server).await;
        present(&ann.client, &room, "naughty").await;
        let answer = order(&ann, &room, &format!("http http://127.0.0.1:{}/", peer.port())).await;
        assert!(answer.contains("Timeout") && peer.requests().len() == 1, "{answer}");
        let store = server.store().await;
        let notes = community::plugins::queries::notes(store.reader(), store.now()).await.unwrap();
        assert!(!notes.contains_key("naughty"), "{notes:?}");
        server.stop().await;
    }

    async fn p10_who_asks_too_much_at_once_is_told_so(db) {
        // Either the bot has as many requests under way as it may, or the server has.
        for (of_bot, of_server) in [(1, 32), (4, 1)] {
            let peer = Peer::start(never).await;
            let mut server = asked_at_most(db, &peer, |section| {
                (section.limits.wall_clock, section.limits.requests) = (Span::seconds(10), of_bot);
            }).await;
            server.config.outbound.concurrency = of_server;
            server.restart().await;
            let ann = server.member("Ann").await;
            let mut rooms = Vec::new();
            for name in ["One", "Other"] {
                rooms.push(open_room(&ann.client, name).await);
                present(&ann.client, rooms.last().unwrap(), "naughty").await;
            }
            let asks = format!("naughty http http://127.0.0.1:{}/", peer.port());
            say(&ann.client, &rooms[0], &asks).await;
            eventually("the first is asked", || async { (peer.requests().len() == 1).then_some(()) }).await;
            say(&ann.client, &rooms[1], &asks).await;
            heard(&ann.client, &rooms[1], "a refusal", |message| message["body"].as_str().unwrap().contains("Limited(")).await;
            server.stop().await;
        }
    }

    async fn p13_who_waits_for_an_answer_does_not_wait_for_what_bots_hear(db) {
        let peer = Peer::start(never).await;
        let server = asked_at_most(db, &peer, |section| {
            (section.limits.wall_clock, section.limits.concurrency) = (Span::seconds(30), 1);
        }).await;
        let (ann, room) = scene(&server).await;
        present(&ann.client, &room, "naughty").await;
        say(&ann.client, &room, &format!("naughty http http://127.0.0.1:{}/", peer.port())).await;
        eventually("the bot asks", || async { (peer.requests().len() == 1).then_some(()) }).await;
        assert_eq!(run(&ann.client, &room, "/naughty well").await, "done: well");
        assert!(read(&ann.client, &room, "").await.iter().all(|message| message["isBot"] == false), "it still waits");
        server.stop().await;
    }

    async fn p17_what_a_broken_call_asked_was_asked_and_is_not_told(db) {
        let peer = Peer::answering(OK).await;
        let (server, ann, room) = asking(db, &format!("127.0.0.1:{}", peer.port())).await;
        say(&ann.client, &room, &format!("naughty http-then-trap http://127.0.0.1:{}/once", peer.port())).await;
        let answer = order(&ann, &room, &format!("http http://127.0.0.1:{}/after", peer.port())).await;
        assert!(answer.contains("status 200"), "{answer}");
        let asked: Vec<_> = peer.requests().iter().map(|request| request.split(' ').nth(1).unwrap().to_owned()).collect();
        assert_eq!(asked, ["/once", "/after"]);
        assert_eq!(read(&ann.client, &room, "").await.iter().filter(|message| message["isBot"] == true).count(), 1);
        server.stop().await;
    }

    async fn p08_redirects_are_handed_back(db) {
        let canary = Canary::listen();
        let redirect = format!("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:{}/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", canary.port());
        let peer = Peer::answering(redirect).await;
        let (server, ann, room) = asking(db, &format!("127.0.0.1:{}", peer.port())).await;
        assert!(order(&ann, &room, &format!("http http://127.0.0.1:{}/", peer.port())).await.contains("status 302"));
        canary.assert_unvisited("a redirect");
        server.stop().await;
    }

    async fn p11_headers_of_the_connection_are_not_the_bots(db) {
        let peer = Peer::answering(OK).await;
        let (server, ann, room) = asking(db, &format!("127.0.0.1:{}", peer.port())).await;
        let url = format!("http://127.0.0.1:{}/", peer.port());
        for name in ["host", "Content-Length", "transfer-encoding", "connection", "cookie", "authorization", "proxy-authorization", "x-forwarded-for", "Forwarded", "a b", "x:"] {
            let answer = order(&ann, &room, &format!("http-header {name} {url}")).await;
            assert!(answer.contains("Denied"), "{name}: {answer}");
        }
        for value in ["a\\r\\nx-evil: 1", "a\\nb", "a\\0b"] {
            let answer = order(&ann, &room, &format!("http-header-value {value} {url}")).await;
            assert!(answer.contains("Denied") || answer.contains("error"), "{value}: {answer}");
        }
        assert!(order(&ann, &room, &format!("http-headers {url}")).await.contains("Denied"));
        assert!(order(&ann, &room, &format!("http-large {url}")).await.contains("Denied"));
        assert!(order(&ann, &room, &format!("http-method CONNECT {url}")).await.contains("Denied"));
        assert!(peer.requests().is_empty(), "{:?}", peer.requests());
        server.stop().await;
    }

    async fn p12_a_secret_is_sent_and_never_seen(db) {
        let peer = Peer::answering(OK).await;
        let (server, ann, room) = asking(db, &format!("127.0.0.1:{}", peer.port())).await;
        let url = format!("http://127.0.0.1:{}/", peer.port());
        let answer = order(&ann, &room, &format!("secret-echo {url}")).await;
        assert!(answer.contains("status 200"), "{answer}");
        assert!(peer.requests()[0].to_lowercase().contains("authorization: bearer secretcanary-91c2"), "{:?}", peer.requests());
        let answer = order(&ann, &room, &format!("secret-in x-api-key {url}")).await;
        assert!(answer.contains("status 200") && peer.requests()[1].contains("x-api-key: SecretCanary-91c2"), "{answer}");
        assert!(order(&ann, &room, &format!("secret-in cookie {url}")).await.contains("Denied"));
        assert!(order(&ann, &room, &format!("secret-named other_secret {url}")).await.contains("Denied"));
        let seen = order(&ann, &room, "read-all-secrets").await;
        assert!(!seen.contains("SecretCanary") && seen.contains("None, true"), "{seen}");
        let all = read(&ann.client, &room, "?limit=200").await;
        assert!(!format!("{all:?}").contains("SecretCanary"), "it is said nowhere");
        server.stop().await;
    }

    async fn p10_answers_and_requests_have_bounds(db) {
        let endless = format!("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{}", "x".repeat(2 << 20));
        let peer = Peer::answering(endless).await;
        let (server, ann, room) = asking(db, &format!("127.0.0.1:{}", peer.port())).await;
        let url = format!("http://127.0.0.1:{}/", peer.port());
        assert!(order(&ann, &room, &format!("http {url}")).await.contains("TooLarge"));
        let small = Peer::answering(OK).await;
        drop(small);
        let answer = order(&ann, &room, &format!("spin-http {url}")).await;
        assert!(answer.contains("stopped after"), "{answer}");
        assert!(peer.requests().len() <= 18, "{}", peer.requests().len());
        server.stop().await;
    }
}
