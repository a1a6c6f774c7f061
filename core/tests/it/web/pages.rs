//! What the pages show.

use std::time::Duration;

use super::{page, post, server};

#[tokio::test]
async fn strangers_read_and_are_shown_how_to_join() {
    let server = server().await;
    let visitor = server.client();
    for path in ["/", "/posts/"] {
        let text = page(&visitor, path).await;
        assert!(text.contains("OpenClaw Community") && text.contains("Nobody has written anything yet."), "{text}");
        assert!(text.contains("href=\"/posts/#sign-in\"") && !text.contains("Sign out"), "{text}");
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
    assert!(hers.contains(&format!("id=\"{id}\"")) && hers.contains("First\n\nsecond"), "{hers}");
    assert!(hers.contains("data-api=\"/api/posts\"") && hers.contains(&format!("data-delete=\"/api/posts/{id}\"")), "{hers}");
    assert!(hers.contains("Signed in as Ann") && hers.contains("href=\"/api/logout\""), "{hers}");
    for other in [page(&bob, "/posts/").await, page(&server.client(), "/posts/").await] {
        assert!(other.contains("Hello") && !other.contains("data-delete"), "{other}");
    }
    let home = page(&bob, "/").await;
    assert!(home.contains(&format!("/posts/#{id}")) && home.contains("You are signed in as <strong>Bob</strong>"), "{home}");
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
        ("login=error&reason=state", "was begun in another browser"),
        ("login=error&reason=disabled", "closed by an administrator"),
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
