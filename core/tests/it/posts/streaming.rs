//! All posts at once, and readers who take their time.

use std::{fs, time::Duration};

use futures_util::{StreamExt, future::join_all};

use super::{fill, id, ids, write};
use crate::support::{Binary, Db, Raw, TestServer, eventually};

/// Kilobytes of memory that a process holds.
fn memory(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

db_test! {
    async fn the_whole_list_is_whole(db) {
        let server = TestServer::start(db).await;
        let ann = server.member("Ann").await;
        let mut all = fill(server.store().await, &ann, 2_345, "text with \"quotes\", commas, and ]").await;
        assert_eq!(ids(&server.client().get("/api/posts").await.expect(200).json()), all);
        // A multiple of every round number the server may read at once.
        all.extend(fill(server.store().await, &ann, 55, "").await);
        all.sort_unstable_by(|one, other| other.cmp(one));
        assert_eq!(ids(&server.client().get("/api/posts").await.expect(200).json()), all);
        server.stop().await;
    }

    async fn the_list_is_valid_while_it_changes(db) {
        let server = TestServer::start_with(db, |config| config.limits.enabled = false).await;
        let ann = server.member("Ann").await;
        let text = "x".repeat(60 << 10);
        let all = fill(server.store().await, &ann, 300, &text).await;
        server.clock.advance(Duration::from_millis(1));
        let mut stream = server.client().call("GET", "/api/posts").stream().await.unwrap().bytes_stream();
        let mut body = stream.next().await.unwrap().unwrap().to_vec();
        // The reader is in the first part of 18 MB. What it has not seen goes, and something new comes.
        let rest = &all[220..];
        for gone in rest {
            ann.client.delete(&format!("/api/posts/{gone}")).await.expect(200);
        }
        let new = id(&write(&ann.client, "new").await);
        while let Some(piece) = stream.next().await {
            body.extend(piece.unwrap());
        }
        let seen = ids(&serde_json::from_slice(&body).unwrap());
        assert_eq!(seen[..220], all[..220]);
        assert!(!seen.contains(&new) && seen[220..].iter().all(|known| rest.contains(known)));
        assert_eq!(ids(&server.client().get("/api/posts?limit=1").await.json()), [new]);
        server.stop().await;
    }

    async fn d15_slow_readers_cost_little(db) {
        let binary = Binary::start(db, &[("COMMUNITY_DATABASE__ACQUIRE_TIMEOUT", "10s".to_owned())]).await;
        let (store, ann) = author(&binary).await;
        fill(&store, &ann, 64, &"x".repeat(63 << 10)).await;
        drop(store);
        let reader = binary.client();
        eventually("the server to see the posts", || async { (ids(&reader.get("/api/posts?limit=64").await.json()).len() == 64).then_some(()) }).await;
        let before = memory(binary.pid());
        let address = binary.base_url().trim_start_matches("http://").parse().unwrap();
        let mut slow = Vec::new();
        for path in ["/api/posts?limit=64", "/api/posts"].repeat(50) {
            let mut raw = Raw::connect(address).await;
            assert!(raw.send(format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n").as_bytes()).await);
            slow.push(raw);
        }
        // The others are served meanwhile, and a hundred times 4 MB are not held a hundred times.
        join_all((0..8).map(|_| reader.get("/api/posts?limit=64"))).await.into_iter().for_each(|answer| drop(answer.expect(200)));
        let more = memory(binary.pid()).saturating_sub(before) / 1024;
        assert!(more < 200, "{more} MiB more for 100 slow readers");
        drop(slow);
        binary.stop().await;
    }
}

/// A member of the binary's community.
async fn author(binary: &Binary) -> (community::store::Store, crate::support::Person) {
    let ann = crate::store::member(binary, "Ann").await;
    (crate::store::open(binary).await, ann)
}

#[tokio::test]
async fn o07_a_list_without_a_database_is_an_honest_error() {
    let server = TestServer::start(Db::Postgres).await;
    server.database().drop_it().await;
    let client = server.client();
    for path in ["/api/posts", "/api/posts?limit=5", "/readyz"] {
        client.get(path).await.expect_error(503, "unavailable");
    }
    client.get("/healthz").await.expect(200);
    server.stop().await;
}
