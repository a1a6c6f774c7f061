//! Pages of one's own machine, opened under another of its names than the base URL has.

use super::{
    app::{App, config},
    raw::{Answer, ask},
};

/// What browsers say of a page that somebody opens.
const OPENED: &str = "Sec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\n";

/// The answer of a server at `base_url` to a request that came to it as `host`.
async fn answer(base_url: &str, line: &str, host: &str, headers: &str) -> Answer {
    let mut config = config();
    config.http.base_url = Some(base_url.parse().unwrap());
    let app = App::start(config).await;
    ask(app.address, format!("{line} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{headers}\r\n")).await
}

#[tokio::test]
async fn a_page_under_another_name_of_this_machine_leads_to_the_base_url_with_path_and_query() {
    for (base_url, host) in [
        ("http://127.0.0.1:3000", "localhost:3000"),
        ("http://127.0.0.1:3000", "LocalHost:3000"),
        ("http://127.0.0.1:3000", "[::1]:3000"),
        ("http://localhost:3000", "127.0.0.1:3000"),
        ("http://localhost", "127.0.0.1"),
        ("http://[::1]:3000", "community.localhost:3000"),
    ] {
        let answer = answer(base_url, "GET /page?before=u-1&x=%2F", host, OPENED).await;
        let there = format!("{base_url}/page?before=u-1&x=%2F");
        assert_eq!((answer.status, answer.header("location")), (307, Some(there)), "{host} at {base_url}");
    }
}

#[tokio::test]
async fn a_page_under_the_name_that_was_set_is_answered() {
    assert_eq!(answer("http://127.0.0.1:3000", "GET /page", "127.0.0.1:3000", OPENED).await.status, 200);
    assert_eq!(answer("http://localhost:80", "GET /page", "localhost", OPENED).await.status, 200);
}

#[tokio::test]
async fn nobody_is_sent_from_or_to_another_machine_or_port() {
    for (base_url, host) in [
        ("http://127.0.0.1:3000", "localhost:4000"),
        ("http://127.0.0.1:3000", "localhost"),
        ("http://127.0.0.1:3000", "community.example:3000"),
        ("http://127.0.0.1:3000", "192.168.1.5:3000"),
        ("http://127.0.0.1:3000", "localhost.evil.example:3000"),
        ("http://127.0.0.1:3000", "evil.example@localhost:3000"),
        ("http://127.0.0.1:3000", "0.0.0.0:3000"),
        ("https://community.example", "localhost"),
        ("http://192.168.1.5:3000", "127.0.0.1:3000"),
    ] {
        let answer = answer(base_url, "GET /page", host, OPENED).await;
        assert_eq!((answer.status, answer.header("location")), (200, None), "{host} at {base_url}");
    }
}

#[tokio::test]
async fn what_is_no_page_that_somebody_opens_stays_where_it_is() {
    for (line, headers) in [
        ("GET /page", ""),
        ("GET /page", "Sec-Fetch-Mode: cors\r\nSec-Fetch-Dest: empty\r\n"),
        ("GET /page", "Sec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: iframe\r\n"),
        ("GET /page", "Sec-Fetch-Mode: no-cors\r\nSec-Fetch-Dest: image\r\n"),
        ("GET /api/cached", OPENED),
        ("HEAD /page", OPENED),
    ] {
        let answer = answer("http://127.0.0.1:3000", line, "localhost:3000", headers).await;
        assert_eq!((answer.status, answer.header("location")), (200, None), "{line} {headers}");
    }
}
