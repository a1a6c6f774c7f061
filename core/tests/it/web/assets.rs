//! Scripts, styles and pictures.

use super::{page, server};

/// Every asset a page names.
fn named(html: &str) -> Vec<String> {
    let mut found: Vec<String> = html.split('"').filter(|text| text.starts_with("/assets/")).map(str::to_owned).collect();
    found.sort();
    found.dedup();
    found
}

#[tokio::test]
async fn every_asset_a_page_names_exists_and_is_kept() {
    let server = server().await;
    let visitor = server.client();
    let mut all = Vec::new();
    for path in ["/", "/posts/", "/api-docs.html"] {
        all.extend(named(&page(&visitor, path).await));
    }
    assert!(all.len() >= 7, "{all:?}");
    for asset in all {
        let answer = visitor.get(&asset).await.expect(200);
        assert!(answer.body.len() > 100, "{asset} is empty");
        assert_eq!(answer.header("cache-control"), Some("public, max-age=31536000, immutable"), "{asset}");
        let (_, kind) = asset.rsplit_once('.').unwrap();
        let wanted = match kind {
            "css" => "text/css; charset=utf-8",
            "js" => "text/javascript; charset=utf-8",
            _ => "image/svg+xml",
        };
        assert_eq!(answer.header("content-type"), Some(wanted), "{asset}");
        assert!(!answer.headers.contains_key("set-cookie"));
    }
    server.stop().await;
}

#[tokio::test]
async fn an_asset_of_another_version_is_not_there() {
    let server = server().await;
    for path in ["/assets/0000000000000000/style.css", "/assets/none/nothing.js", "/assets/../Cargo.toml"] {
        server.client().get(path).await.expect(404);
    }
    server.stop().await;
}
