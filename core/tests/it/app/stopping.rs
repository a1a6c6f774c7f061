//! SIGTERM: what was begun is finished, nothing new is begun, and the process ends well.

use std::time::Instant;

use futures_util::future::join_all;
use serde_json::json;
use tokio::net::TcpStream;

use crate::{
    posts::ids,
    store::member,
    support::{Binary, DEADLINE, PASSWORD, Raw},
};

db_test! {
    async fn o16_a_server_that_stops_finishes_what_it_began(db) {
        let mut binary = Binary::start(db, &[("COMMUNITY_LIMITS__ENABLED", "false".to_owned())]).await;
        let ann = member(&binary, "Ann").await;
        let address: std::net::SocketAddr = binary.base_url().trim_start_matches("http://").parse().unwrap();
        let cookie = ann.client.cookie(ann.cookie_name).unwrap();
        // Requests under way whose ends have not come yet, and connections that only wait.
        let body = json!({ "title": "in flight" }).to_string();
        let mut under_way = Vec::new();
        for _ in 0..10 {
            let mut raw = Raw::connect(address).await;
            let head = format!(
                "POST /api/posts HTTP/1.1\r\nHost: a\r\nCookie: {}={cookie}\r\nContent-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: {}\r\n\r\n",
                ann.cookie_name,
                body.len()
            );
            assert!(raw.send(head.as_bytes()).await);
            // The server asks for the body, so it is in the middle of the request.
            assert_eq!(raw.answer().await.status, 100);
            under_way.push(raw);
        }
        let mut idle = Raw::connect(address).await;
        assert!(idle.send(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n").await);
        assert_eq!(idle.answer().await.status, 200);

        let began = Instant::now();
        let stopping = tokio::spawn(async move {
            let status = binary.terminate().await;
            (status, binary)
        });
        idle.closed().await;
        assert!(TcpStream::connect(address).await.is_err(), "a new connection is accepted");
        let answers = under_way.iter_mut().map(|raw| {
            let body = body.clone();
            async move {
                assert!(raw.send(body.as_bytes()).await);
                raw.answer().await
            }
        });
        for answer in join_all(answers).await {
            assert_eq!((answer.status, answer.header("connection")), (200, Some("close")), "{answer:?}");
        }
        let (status, mut binary) = stopping.await.unwrap();
        assert_eq!(status.code(), Some(0), "{}", binary.log());
        assert!(began.elapsed() < DEADLINE, "it took {:?}", began.elapsed());
        assert!(binary.log().contains("stopped"));
        binary.serve().await;
        assert_eq!(ids(&binary.client().get("/api/posts").await.expect(200).json()).len(), 10);
        binary.stop().await;
    }

    async fn o16_a_client_that_does_nothing_delays_the_end_only_so_long(db) {
        let mut binary = Binary::start(db, &[("COMMUNITY_HTTP__SHUTDOWN_TIMEOUT", "1s".to_owned())]).await;
        member(&binary, "Ann").await;
        let address = binary.base_url().trim_start_matches("http://").parse().unwrap();
        let mut raw = Raw::connect(address).await;
        let login = json!({ "email": "ann@example.org", "password": PASSWORD }).to_string();
        let head = format!(
            "POST /api/email/login HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: {}\r\n\r\n",
            login.len()
        );
        assert!(raw.send(head.as_bytes()).await);
        assert_eq!(raw.answer().await.status, 100);
        let began = Instant::now();
        assert_eq!(binary.terminate().await.code(), Some(0), "{}", binary.log());
        assert!(began.elapsed() < DEADLINE, "it took {:?}", began.elapsed());
        binary.stop().await;
    }
}
