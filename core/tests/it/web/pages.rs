//! What the pages show.

use std::time::Duration;

use serde_json::json;

use super::{page, post, server};
use crate::support::{Client, Db, TestServer};

#[tokio::test]
async fn strangers_read_and_are_shown_how_to_join() {
    let server = server().await;
    let visitor = server.client();
    for path in ["/", "/posts/"] {
        let text = page(&visitor, path).await;
        assert!(text.contains("OpenClaw Community") && text.contains("Nobody has written anything yet."), "{text}");
        assert!(text.contains("href=\"/posts/#sign-in\"") && !text.contains("Signed in as"), "{text}");
    }
    let posts = page(&visitor, "/posts/").await;
    for form in ["/api/email/login", "/api/email/register", "/api/email/forgot", "/api/email/reset"] {
        assert!(posts.contains(&format!("data-api=\"{form}\"")), "no form for {form}");
    }
    assert!(!posts.contains("data-api=\"/api/posts\""));
    assert_eq!(visitor.get("/posts").await.expect(308).header("location"), Some("/posts/"));
    server.stop().await;
}

#[tokio::test]
async fn members_write_and_delete_their_own() {
    let server = server().await;
    let ann = server.member("Ann").await.client;
    let bob = server.member("Bob").await.client;
    let id = post(&ann, "Hello", "First\n\nsecond").await;
    let hers = page(&ann, "/posts/").await;
    assert!(hers.contains(&format!("id=\"{id}\"")) && hers.contains("<p>First</p><p>second</p>"), "{hers}");
    assert!(hers.contains("data-api=\"/api/posts\"") && hers.contains(&format!("data-delete=\"/api/posts/{id}\"")), "{hers}");
    assert!(hers.contains("Signed in as Ann") && page(&ann, "/settings/").await.contains("href=\"/api/logout\""), "{hers}");
    for other in [page(&bob, "/posts/").await, page(&server.client(), "/posts/").await] {
        assert!(other.contains("Hello") && !other.contains("data-delete"), "{other}");
    }
    let home = page(&bob, "/").await;
    assert!(home.contains(&format!("/posts/{id}")) && home.contains("Signed in as Bob") && !home.contains("/posts/#sign-in"), "{home}");
    for address in ["ann@example.org", "bob@example.org"] {
        assert!(!hers.contains(address) && !home.contains(address), "an address is nobody's business");
    }
    server.stop().await;
}

#[tokio::test]
async fn older_posts_are_a_page_further() {
    let server = server().await;
    let ann = server.member("Ann").await.client;
    for number in 0..25 {
        server.clock.advance(Duration::from_secs(1));
        post(&ann, &format!("Post {number}."), "").await;
    }
    let first = page(&ann, "/posts/").await;
    assert!(first.contains("Post 24.") && first.contains("Post 5.") && !first.contains("Post 4."), "{first}");
    assert!(!first.contains("Newest posts</a>"));
    let (_, rest) = first.split_once("href=\"/posts/?before=").expect("a link to older posts");
    let second = page(&ann, &format!("/posts/?before={}", rest.split('"').next().unwrap())).await;
    assert!(second.contains("Post 4.") && second.contains("Post 0.") && !second.contains("Post 5."), "{second}");
    assert!(second.contains("Newest posts</a>") && !second.contains("Older posts</a>"), "{second}");
    assert!(page(&ann, "/posts/?before=nonsense").await.contains("Post 24."), "a mangled address shows the first page");
    server.stop().await;
}

#[tokio::test]
async fn every_redirect_from_signing_in_arrives_at_a_sentence() {
    let server = server().await;
    let (stranger, ann) = (server.client(), server.member("Ann").await.client);
    for (query, sentence) in [
        ("login=error&reason=invalid_token", "This link does not work any more"),
        ("login=error&reason=denied", "You did not give your consent"),
        ("login=error&reason=provider", "The other site could not sign you in"),
        ("login=error&reason=refused", "cannot be used to sign in here"),
        ("login=error&reason=rate_limited", "from your network"),
        ("login=error&reason=state", "was begun in another browser"),
        ("login=error&reason=disabled", "closed by an administrator"),
        ("login=error&reason=login_required", "in the browser in which that was asked for"),
        ("login=error&reason=linked_elsewhere", "belongs to another member"),
        ("login=error&reason=too_many_identities", "as many ways to sign in as it can have"),
        ("login=error&reason=%3Cscript%3E", "Signing in did not work"),
        ("login=already", "You are still signed in with your other account"),
    ] {
        for path in ["/", "/posts/"] {
            let text = page(&stranger, &format!("{path}?{query}")).await;
            assert!(text.contains(sentence) && text.contains("role=\"alert\"") && !text.contains("<script>"), "{query}: {text}");
        }
    }
    assert!(page(&ann, "/posts/?login=ok").await.contains("You are signed in."));
    assert!(page(&ann, "/settings/?login=linked").await.contains("from now on you can sign in this way"));
    assert!(page(&stranger, "/?login=tried").await.contains("nobody was signed in"));
    assert!(!page(&stranger, "/posts/?login=ok").await.contains("You are signed in."), "not to someone who is not");
    server.stop().await;
}

/// A page as somebody with these headers sees it.
async fn seen_with(client: &Client, path: &str, headers: &[(&'static str, &str)]) -> String {
    let call = headers.iter().fold(client.call("GET", path), |call, (name, value)| call.header(name, *value));
    call.send().await.expect(200).text()
}

#[tokio::test]
async fn pages_speak_the_language_that_is_asked_for_or_set_and_wear_the_theme_that_is_set() {
    let server = server().await;
    let visitor = server.client();
    for (headers, lang, word) in [
        (vec![("accept-language", "de-AT, en;q=0.5")], "de", "Beiträge"),
        (vec![("accept-language", "fr")], "en", "Posts"),
        (vec![("accept-language", "de"), ("cookie", "lang=en")], "en", "Posts"),
        (vec![("cookie", "lang=de; theme=dark")], "de", "data-theme=\"dark\""),
    ] {
        let text = seen_with(&visitor, "/posts/", &headers).await;
        assert!(text.contains(&format!("<html lang=\"{lang}\"")) && text.contains(word), "{headers:?}: {text}");
    }
    let odd = seen_with(&visitor, "/posts/", &[("cookie", "lang=\"><script>; theme=x\"y")]).await;
    assert!(odd.contains("<html lang=\"en\">") && !odd.contains("<script>"), "{odd}");
    server.stop().await;
}

#[tokio::test]
async fn a_post_has_a_page_that_says_what_it_is_to_people_and_to_previews() {
    let server = server().await;
    let ann = server.member("Ann").await.client;
    let id = post(&ann, "Tomatoes & \"basil\"", "They **like** each other.\n\n![x](https://elsewhere.example/x.png)").await;
    let text = page(&server.client(), &format!("/posts/{id}")).await;
    for part in [
        "<title>Tomatoes &#38; &#34;basil&#34; · OpenClaw Community</title>",
        "<meta property=\"og:title\" content=\"Tomatoes &#38; &#34;basil&#34;\">",
        "<meta name=\"description\" content=\"They like each other. x\">",
        "<strong>like</strong>",
        "<a href=\"https://elsewhere.example/x.png\" rel=\"nofollow noopener ugc\">x</a>",
        &format!("<link rel=\"canonical\" href=\"{}/posts/{id}\">", server.url()),
        &format!("<meta property=\"og:image\" content=\"{}/assets/", server.url()),
    ] {
        assert!(text.contains(part), "no {part} in {text}");
    }
    assert!(!text.contains("<img src=\"https://elsewhere"), "pictures of others are links");
    for gone in ["/posts/u-01kb3x2v5q8m4n7p9r1s3t5v7w", "/posts/nonsense"] {
        let answer = server.client().call("GET", gone).header("accept", "text/html").send().await.expect(404);
        assert!(answer.text().contains("There is nothing here"), "{}", answer.text());
    }
    server.stop().await;
}

#[tokio::test]
async fn feed_readers_get_the_newest_posts_and_are_told_when_nothing_is_new() {
    let server = server().await;
    let ann = server.member("Ann").await.client;
    let seeds = "https://elsewhere.example/seeds?a=1&b=2";
    let wanted = json!({ "title": "A < B", "body": "Line\u{1}one & <b>two</b>", "attachments": [seeds] });
    let id = ann.post("/api/posts", wanted).await.expect(200).json()["post"]["id"].as_str().unwrap().to_owned();
    let visitor = server.client();
    let answer = visitor.get("/posts/feed.xml").await.expect(200);
    assert_eq!(answer.header("content-type"), Some("application/atom+xml; charset=utf-8"));
    let xml = answer.text();
    for part in [
        "<title>A &lt; B</title>",
        "<name>Ann</name>",
        &format!("{}/posts/{id}</id>", server.url()),
        "Lineone &amp;amp; &amp;lt;b&amp;gt;two",
        "<link rel=\"enclosure\" href=\"https://elsewhere.example/seeds?a=1&amp;b=2\"/>",
        &format!("<content type=\"html\" xml:base=\"{}/posts/{id}\">", server.url()),
    ] {
        assert!(xml.contains(part), "no {part} in {xml}");
    }
    let tag = answer.header("etag").unwrap().to_owned();
    visitor.call("GET", "/posts/feed.xml").header("if-none-match", tag.clone()).send().await.expect(304);
    post(&ann, "Another", "").await;
    visitor.call("GET", "/posts/feed.xml").header("if-none-match", tag).send().await.expect(200);
    server.stop().await;
}

#[tokio::test]
async fn long_posts_are_begun_in_the_list_and_read_on_their_page() {
    let server = server().await;
    let ann = server.member("Ann").await.client;
    let id = post(&ann, "Long", &format!("beginning\n\n{}\n\nthe very end", "word ".repeat(500))).await;
    let list = page(&ann, "/posts/").await;
    let (list, _) = list.split_once("class=\"tools\"").unwrap();
    assert!(list.contains("beginning") && !list.contains("the very end") && list.contains(">Read on</a>"), "{list}");
    assert!(page(&ann, &format!("/posts/{id}")).await.contains("<p>the very end</p>"));
    server.stop().await;
}

#[tokio::test]
async fn an_operator_gives_the_community_a_logo_a_colour_and_a_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let logo = folder.path().join("logo.svg");
    std::fs::write(&logo, "<svg xmlns=\"http://www.w3.org/2000/svg\"/>").unwrap();
    let server = TestServer::start_with(Db::Sqlite, |config| {
        config.site.logo = Some(logo);
        config.site.accent = Some("#0055aa".to_owned());
        config.site.description = Some("Seeds and advice.".to_owned());
    })
    .await;
    let visitor = server.client();
    let text = page(&visitor, "/").await;
    assert!(text.contains("<meta name=\"description\" content=\"Seeds and advice.\">"), "{text}");
    let named = |end: &str| {
        text.split('"').find(|part| part.starts_with("/assets/") && part.ends_with(end)).unwrap_or_else(|| panic!("{end}: {text}"))
    };
    let logo = visitor.get(named("/logo")).await.expect(200);
    assert_eq!(logo.header("content-type"), Some("image/svg+xml"));
    assert!(logo.header("content-security-policy").unwrap().contains("default-src 'none'"), "a drawing runs nothing");
    assert_eq!(visitor.get("/favicon.ico").await.expect(307).header("location"), Some(named("/logo")));
    let manifest = visitor.get(named("/site.webmanifest")).await.expect(200).json();
    assert_eq!(manifest["icons"], json!([{ "src": named("/logo"), "sizes": "any", "type": "image/svg+xml" }]));
    assert!(visitor.get(named("/site.css")).await.expect(200).text().contains("--accent: light-dark(#0055aa"));
    server.stop().await;
}

#[tokio::test]
async fn an_address_that_leads_nowhere_is_a_page_for_people_and_an_error_for_programs() {
    let server = server().await;
    let visitor = server.client();
    let answer = visitor.call("GET", "/no/such/page").header("accept", "text/html,*/*").send().await.expect(404);
    assert!(answer.text().contains("There is nothing here"), "{}", answer.text());
    visitor.get("/no/such/page").await.expect_error(404, "not_found");
    visitor.call("GET", "/api/no/such").header("accept", "text/html").send().await.expect_error(404, "not_found");
    server.stop().await;
}

#[tokio::test]
async fn a_slash_too_many_leads_to_the_page_and_an_id_that_can_be_none_to_nothing() {
    let server = server().await;
    let visitor = server.client();
    for path in ["/posts/u-01kb3x2v5q8m4n7p9r1s3t5v7w", "/rooms/r-01kb3x2v5q8m4n7p9r1s3t5v7w", "/docs", "/docs/events"] {
        assert_eq!(visitor.get(&format!("{path}/")).await.expect(308).header("location"), Some(path));
    }
    for path in ["/rooms/%zz", "/rooms/nonsense", "/posts/%ff"] {
        let answer = visitor.call("GET", path).header("accept", "text/html").send().await.expect(404);
        assert!(answer.text().contains("There is nothing here"), "{path}: {}", answer.text());
    }
    server.stop().await;
}

#[tokio::test]
async fn phones_and_previews_get_pictures_of_the_logo_that_they_can_read() {
    let server = server().await;
    let visitor = server.client();
    let text = page(&visitor, "/").await;
    let after =
        |beginning: &str| text.split_once(beginning).and_then(|(_, rest)| rest.split_once('"')).unwrap_or_else(|| panic!("{text}")).0;
    let manifest = visitor.get(after("<link rel=\"manifest\" href=\"")).await.expect(200);
    assert_eq!(manifest.header("content-type"), Some("application/manifest+json"));
    let manifest = manifest.json();
    assert_eq!(manifest["name"], "OpenClaw Community");
    let icons = manifest["icons"].as_array().unwrap().iter().map(|icon| icon["src"].as_str().unwrap().to_owned());
    let preview = after("<meta property=\"og:image\" content=\"").strip_prefix(&server.url()).unwrap().to_owned();
    for icon in icons.chain([preview, after("<link rel=\"apple-touch-icon\" href=\"").to_owned()]) {
        let picture = visitor.get(&icon).await.expect(200);
        assert_eq!(picture.header("content-type"), Some("image/png"), "{icon}");
        assert!(picture.body.starts_with(b"\x89PNG"), "{icon}");
    }
    server.stop().await;
}

#[tokio::test]
async fn whoever_is_signed_in_is_so_on_a_page_that_is_not_there() {
    let server = server().await;
    let ann = server.member("Ann").await.client;
    for path in ["/no/such/page", "/posts/u-01kb3x2v5q8m4n7p9r1s3t5v7w"] {
        let text = ann.call("GET", path).header("accept", "text/html").send().await.expect(404).text();
        assert!(text.contains("Signed in as Ann"), "{path}: {text}");
        let text = server.client().call("GET", path).header("accept", "text/html").send().await.expect(404).text();
        assert!(!text.contains("Signed in as"), "{path}: {text}");
    }
    server.stop().await;
}

#[tokio::test]
async fn home_and_the_list_say_what_they_are_to_previews() {
    let server = server().await;
    let visitor = server.client();
    for (path, title) in [("/", "OpenClaw Community"), ("/posts/", "Posts · OpenClaw Community")] {
        let text = page(&visitor, path).await;
        for part in [
            format!("<link rel=\"canonical\" href=\"{}{path}\">", server.url()),
            format!("<meta property=\"og:url\" content=\"{}{path}\">", server.url()),
            format!("<meta property=\"og:title\" content=\"{title}\">"),
            format!("<meta property=\"og:image\" content=\"{}/assets/", server.url()),
            "<meta property=\"og:site_name\" content=\"OpenClaw Community\">".to_owned(),
            "<meta property=\"og:description\" content=\"".to_owned(),
        ] {
            assert!(text.contains(&part), "no {part} on {path}: {text}");
        }
    }
    let older = page(&visitor, "/posts/?before=u-01kb3x2v5q8m4n7p9r1s3t5v7w").await;
    assert!(!older.contains("rel=\"canonical\"") && older.contains("<meta name=\"description\""), "{older}");
    for (path, what) in [("/rooms/", "a page of its own"), ("/api-docs.html", "a reference")] {
        assert!(!page(&visitor, path).await.contains("og:url"), "{path} is {what}");
    }
    server.stop().await;
}
