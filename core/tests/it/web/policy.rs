//! What no page may contain or permit.

use super::{page, post, server};
use crate::support::Answer;

/// The directives of the policy that came with an answer.
fn policy(answer: &Answer) -> Vec<String> {
    let text = answer.header("content-security-policy").expect("a policy");
    text.split(';').map(|directive| directive.trim().to_owned()).collect()
}

/// What a strict policy would block: scripts, styles and handlers that stand in the page itself.
fn inline_code(html: &str) -> Vec<&str> {
    let tags = html.split('<').skip(1).filter_map(|rest| rest.split('>').next());
    tags.filter(|tag| {
        // Without what stands in quotes.
        let names: String = tag.split('"').step_by(2).collect();
        let has = |start: &str| names.split_whitespace().skip(1).any(|attribute| attribute.starts_with(start));
        (tag.starts_with("script") && !tag.contains(" src=\"/assets/"))
            || tag.starts_with("style")
            || has("style=")
            || has("on")
            || tag.contains("href=\"javascript:")
    })
    .collect()
}

#[tokio::test]
async fn d04_what_people_write_is_shown_as_text() {
    let server = server().await;
    let ann = server.member("<i>Ann</i>").await.client;
    post(&ann, "<script>alert(1)</script>", "<img src=x onerror=alert(1)>\n[x](javascript:alert(1)) \"'&").await;
    for path in ["/", "/posts/", "/settings/"] {
        let text = page(&ann, path).await;
        assert!(inline_code(&text).is_empty(), "{path}: {:?}", inline_code(&text));
        assert!(!text.contains("<script>") && !text.contains("<img src=x") && !text.contains("<i>"), "{path}: {text}");
        assert!(path == "/settings/" || text.contains("alert(1)"), "{path}: it is there, as text");
    }
    let answer = ann.get("/posts/").await;
    assert!(policy(&answer).contains(&"script-src 'self'".to_owned()), "and the policy would stop it");
    server.stop().await;
}

#[tokio::test]
async fn c15_the_api_reference_has_no_code_of_its_own_and_loads_the_document() {
    let server = server().await;
    let visitor = server.client();
    for path in ["/api-docs.html", "/docs"] {
        let text = page(&visitor, path).await;
        assert!(inline_code(&text).is_empty(), "{path}: {:?}", inline_code(&text));
        assert!(text.contains("← Community home") && text.contains("swagger-ui-bundle.js"), "{text}");
        assert!(!text.contains("\"openapi\""), "the document is loaded, not pasted in");
    }
    let document = visitor.get("/openapi.json").await.expect(200);
    assert_eq!(document.header("content-type"), Some("application/json; charset=utf-8"));
    assert!(document.json()["paths"]["/api/posts"].is_object());
    assert!(!document.text().contains("</script"), "nothing in it could end a script");
    let tag = document.header("etag").unwrap().to_owned();
    visitor.call("GET", "/openapi.json").header("if-none-match", tag).send().await.expect(304);
    server.stop().await;
}

#[tokio::test]
async fn c16_no_page_can_be_framed_or_run_foreign_code() {
    let server = server().await;
    let ann = server.member("Ann").await.client;
    for path in ["/", "/posts/", "/settings/", "/api-docs.html", "/docs", "/docs/events", "/posts/?before=x&login=error"] {
        let answer = ann.get(path).await.expect(200);
        let policy = policy(&answer);
        assert!(policy.contains(&"img-src 'self' data: blob:".to_owned()), "{path}: pictures of nobody else: {policy:?}");
        for wanted in [
            "default-src 'self'",
            "script-src 'self'",
            "style-src 'self'",
            "object-src 'none'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        ] {
            assert!(policy.contains(&wanted.to_owned()), "{path}: no {wanted} in {policy:?}");
        }
        assert!(!policy.iter().any(|directive| directive.contains("unsafe")), "{path}: {policy:?}");
        assert_eq!(answer.header("x-frame-options"), Some("DENY"));
        assert_eq!(answer.header("cache-control"), Some("no-store"), "who is signed in is on the page");
    }
    server.stop().await;
}
