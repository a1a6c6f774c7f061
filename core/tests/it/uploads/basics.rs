//! A file goes in and comes out.

use super::*;
use crate::support::TestServer;

db_test! {
    async fn a_file_is_stored_and_served(db) {
        let server = TestServer::start(db).await;
        let ann = server.member("Ann").await.client;
        let answer = upload(&ann, PNG).await.expect(200).json();
        assert_eq!((&answer["ok"], answer["contentType"].as_str(), answer["size"].as_u64()), (&true.into(), Some("image/png"), Some(PNG.len() as u64)), "{answer}");
        assert_eq!((answer["width"].as_u64(), answer["height"].as_u64()), (Some(1), Some(1)));
        let url = answer["url"].as_str().unwrap();
        assert!(url.starts_with(&format!("{}/uploads/community/2026/06/", server.url())), "{url}");
        let file = server.client().get(url).await.expect(200);
        assert_eq!((file.body.as_slice(), file.header("content-type")), (PNG, Some("image/png")));
        server.stop().await;
    }
}
