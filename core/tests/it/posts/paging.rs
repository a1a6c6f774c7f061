//! Reading the list page by page.

use std::time::Duration;

use community::{ids::PostId, posts::queries::json_statement};
use sea_orm::ConnectionTrait;

use super::{fill, ids, write};
use crate::support::{Client, Db, TestServer};

/// Reads page after page to the end; `between` happens after each.
async fn walk<F: Future<Output = ()>>(client: &Client, first: &str, mut between: impl FnMut() -> F) -> Vec<Vec<String>> {
    let (mut pages, mut next) = (Vec::new(), Some(first.to_owned()));
    while let Some(path) = next {
        let answer = client.get(&path).await.expect(200);
        pages.push(ids(&answer.json()));
        next = answer.next_page();
        assert!(pages.len() < 1000, "the pages never end");
        between().await;
    }
    pages
}

db_test! {
    async fn d11_malformed_paging_is_refused(db) {
        let server = TestServer::start(db).await;
        let ann = server.member("Ann").await;
        fill(server.store().await, &ann, 250, "").await;
        for query in [
            "limit=-1", "limit=0", "limit=1e9", "limit=abc", "limit=1.5", "limit=", "limit=99999999999999999999999", "limit=5&limit=6", "limit=%00",
            "before=garbage", "before=", "before=u-", "before=usr-01kb3x2v5q8m4n7p9r1s3t5v7w", "before=u-01kb3x2v5q8m4n7p9r1s3t5v7w&before=u-01kb3x2v5q8m4n7p9r1s3t5v7w",
            "limit=5&before=%27",
        ] {
            ann.client.get(&format!("/api/posts?{query}")).await.expect_error(400, "invalid_request");
        }
        for query in ["limit=200", "limit=201", "limit=1000000000"] {
            assert_eq!(ids(&ann.client.get(&format!("/api/posts?{query}")).await.expect(200).json()).len(), 200, "{query}");
        }
        assert_eq!(ids(&ann.client.get("/api/posts?unknown=1").await.expect(200).json()).len(), 250, "parameters of others are ignored");
        server.stop().await;
    }

    async fn every_post_comes_once_while_others_write(db) {
        let server = TestServer::start(db).await;
        let ann = server.member("Ann").await;
        let mut all = Vec::new();
        for _ in 0..4 {
            all.extend(fill(server.store().await, &ann, 250, "text").await);
            server.clock.advance(Duration::from_millis(1));
        }
        all.sort_unstable_by(|one, other| other.cmp(one));
        // Whoever writes while somebody pages, writes newer posts.
        let pages = walk(&server.client(), "/api/posts?limit=70", || async {
            write(&ann.client, "meanwhile").await;
            server.clock.advance(Duration::from_secs(1));
        })
        .await;
        assert_eq!(pages.concat(), all);
        assert!(pages[..14].iter().all(|page| page.len() == 70) && pages.len() == 15, "{:?}", pages.iter().map(Vec::len).collect::<Vec<_>>());
        server.stop().await;
    }

    async fn pages_end_where_the_list_ends(db) {
        let server = TestServer::start(db).await;
        let ann = server.member("Ann").await;
        let empty = server.client().get("/api/posts?limit=10").await.expect(200);
        assert_eq!((empty.text().as_str(), empty.next_page()), ("[]", None));
        let all = fill(server.store().await, &ann, 20, "").await;
        let walked = walk(&server.client(), &format!("/api/posts?limit=10&before={}", all[0]), || async {}).await;
        assert_eq!(walked, [&all[1..11], &all[11..]]);
        // No page of nothing after an even number.
        assert_eq!(walk(&server.client(), &format!("/api/posts?limit=19&before={}", all[0]), || async {}).await.len(), 1);
        assert_eq!(ids(&ann.client.get(&format!("/api/posts?before={}", all[4])).await.expect(200).json()), all[5..]);
        // A place in the list outlives its post.
        ann.client.delete(&format!("/api/posts/{}", all[9])).await.expect(200);
        assert_eq!(ids(&ann.client.get(&format!("/api/posts?before={}", all[9])).await.expect(200).json()), all[10..]);
        server.stop().await;
    }

    async fn d12_a_page_is_found_by_its_key(db) {
        let server = TestServer::start(db).await;
        let ann = server.member("Ann").await;
        let all = fill(server.store().await, &ann, 3000, "").await;
        for query in ["offset=2000", "page=40", "skip=2000"] {
            let page = ann.client.get(&format!("/api/posts?limit=50&{query}")).await.expect(200).json();
            assert_eq!(ids(&page), all[..50], "{query}");
        }
        let deep = ann.client.get(&format!("/api/posts?limit=50&before={}", all[2900])).await.expect(200).json();
        assert_eq!(ids(&deep), all[2901..2951]);
        // The order of pages is the order of an index: nothing is sorted and nothing is skipped, however deep.
        let connection = server.database().connect().await;
        let mut page = json_statement(connection.get_database_backend(), PostId::parse(&all[2900]).as_ref(), 50);
        let (explain, way) = if db == Db::Postgres {
            // A small table would be cheaper to sort; the question is whether it must be.
            connection.execute_unprepared("ANALYZE posts; SET enable_bitmapscan = off; SET enable_seqscan = off").await.unwrap();
            ("EXPLAIN", "Index Scan Backward using posts_pkey on posts p")
        } else {
            ("EXPLAIN QUERY PLAN", "SEARCH p USING INDEX")
        };
        page.sql = format!("{explain} {}", page.sql);
        let rows = connection.query_all_raw(page).await.unwrap();
        let column = if db == Db::Postgres { 0 } else { 3 };
        let plan: String = rows.iter().map(|row| row.try_get_by_index::<String>(column).unwrap() + "\n").collect();
        assert!(plan.contains(way) && !plan.contains("Sort") && !plan.contains("B-TREE"), "{plan}");
        connection.close().await.unwrap();
        server.stop().await;
    }
}
