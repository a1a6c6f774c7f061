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
    assert!(all.len() >= 6, "{all:?}");
    for asset in all {
        let answer = visitor.get(&asset).await.expect(200);
        assert!(answer.body.len() > 100, "{asset} is empty");
        assert_eq!(answer.header("cache-control"), Some("public, max-age=31536000, immutable"), "{asset}");
        let (_, kind) = asset.rsplit_once('.').unwrap();
        let wanted = match kind {
            "css" => "text/css; charset=utf-8",
            "js" => "text/javascript; charset=utf-8",
            "png" => "image/png",
            "webmanifest" => "application/manifest+json",
            _ => "image/svg+xml",
        };
        assert_eq!(answer.header("content-type"), Some(wanted), "{asset}");
        assert!(!answer.headers.contains_key("set-cookie"));
    }
    server.stop().await;
}

#[tokio::test]
async fn the_built_front_end_is_small_and_comes_compressed_to_whoever_understands_it() {
    /// Script and style of the first page, compressed.
    const BUDGET: usize = 100 * 1024;
    let server = server().await;
    let visitor = server.client();
    let built: Vec<_> = named(&page(&visitor, "/posts/").await).into_iter().filter(|url| url.starts_with("/assets/app/")).collect();
    let ask = |url: &str, coding: &'static str| visitor.call("GET", url).header("accept-encoding", coding);
    let mut sum = 0;
    for url in &built {
        let plain = ask(url, "identity").send().await.expect(200);
        assert_eq!(plain.header("content-encoding"), None);
        for (asked, got) in
            [("gzip, deflate, br", Some("br")), ("gzip", Some("gzip")), ("br;q=0, gzip;q=0.5", Some("gzip")), ("zstd", None)]
        {
            let answer = ask(url, asked).send().await.expect(200);
            assert_eq!(answer.header("content-encoding"), got, "{url} for {asked}");
            assert!(got.is_none() || answer.body.len() < plain.body.len());
            assert!(answer.headers.get_all("vary").iter().any(|value| value == "Accept-Encoding"));
        }
        sum += ask(url, "gzip").send().await.body.len();
    }
    assert!(sum <= BUDGET, "{sum} bytes: {built:?}");
    // Without `make web` there is no front end, and the plain pages have a script of their own.
    assert!(!built.is_empty() || page(&visitor, "/posts/").await.contains("/community.js\""));
    server.stop().await;
}

#[tokio::test]
async fn search_engines_are_told_what_to_read() {
    let server = server().await;
    let answer = server.client().get("/robots.txt").await.expect(200);
    assert_eq!(answer.header("content-type"), Some("text/plain; charset=utf-8"));
    let text = answer.text();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines, ["User-agent: *", "Allow: /", "Disallow: /api/", "Disallow: /settings/"]);
    server.stop().await;
}

#[tokio::test]
async fn who_asks_for_an_icon_without_reading_a_page_is_led_to_the_one_of_the_pages() {
    let server = server().await;
    let visitor = server.client();
    let answer = visitor.get("/favicon.ico").await.expect(307);
    let icon = answer.header("location").unwrap();
    assert!(page(&visitor, "/").await.contains(&format!("<link rel=\"icon\" href=\"{icon}\">")), "{icon}");
    assert_eq!(visitor.get(icon).await.expect(200).header("content-type"), Some("image/svg+xml"));
    server.stop().await;
}

#[tokio::test]
async fn an_asset_of_another_version_is_not_there() {
    let server = server().await;
    for path in ["/assets/0000000000000000/style.css", "/assets/none/nothing.js", "/assets/app/nothing.js", "/assets/../Cargo.toml"] {
        server.client().get(path).await.expect(404);
    }
    server.stop().await;
}
