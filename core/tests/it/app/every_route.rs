//! Every address of the OpenAPI document, called well and badly: the headers and the shape of every answer.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::support::{Answer, Client, TestServer};

/// On every answer of a server on plain http.
const ALWAYS: [(&str, &str); 4] = [
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("x-frame-options", "DENY"),
    ("cross-origin-resource-policy", "same-origin"),
];

/// Path and method of every operation, with something in place of parameters.
async fn operations(client: &Client) -> Vec<(String, String, Value)> {
    let document = client.get("/openapi.json").await.expect(200).json();
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in ["get", "post", "patch", "put", "delete"] {
            if let Some(operation) = item.get(method) {
                let path = path.replace("{id}", "u-01kb3x2v5q8m4n7p9r1s3t5v7w").replace("{provider}", "discord");
                let path = path
                    .replace("{member}", "usr-01kb3x2v5q8m4n7p9r1s3t5v7w")
                    .replace("{message}", "m-01kb3x2v5q8m4n7p9r1s3t5v7w")
                    .replace("{emoji}", "👍");
                assert!(!path.contains('{'), "this test knows no value for {path}");
                found.push((path, method.to_uppercase(), operation.clone()));
            }
        }
    }
    assert!(found.len() >= 20, "{found:?}");
    found
}

fn audit(answer: &Answer) {
    let asked = format!("{} answered {}", answer.asked, answer.status);
    for (name, value) in ALWAYS {
        assert_eq!(answer.header(name), Some(value), "{asked}: {name}");
    }
    let policy = answer.header("content-security-policy").unwrap_or_else(|| panic!("{asked}: no policy"));
    assert!(
        policy.contains("frame-ancestors 'none'") && policy.contains("base-uri 'none'") && !policy.contains("unsafe"),
        "{asked}: {policy}"
    );
    let vary = answer.headers.get_all("vary").iter().map(|value| value.to_str().unwrap()).collect::<Vec<_>>().join(", ");
    assert!(vary.contains("Cookie") && vary.contains("Origin"), "{asked}: Vary is {vary}");
    assert!(answer.header("permissions-policy").is_some() && answer.header("x-request-id").is_some_and(|id| id.len() == 26), "{asked}");
    for name in ["server", "x-powered-by", "access-control-allow-origin", "strict-transport-security"] {
        assert_eq!(answer.header(name), None, "{asked}: {name}");
    }
    let cache = answer.header("cache-control").unwrap_or_else(|| panic!("{asked}: no Cache-Control"));
    let may_be_kept =
        ["/api/posts", "/api/posts?limit=5", "/openapi.json", "/asyncapi.json"].iter().any(|path| answer.asked.ends_with(path));
    assert!(cache == "no-store" || (may_be_kept && answer.status < 400 && cache.contains("must-revalidate")), "{asked}: {cache}");
    assert!(answer.status < 500 || answer.status == 503, "{asked}: {}", answer.text());
    if answer.status >= 400 && !answer.asked.starts_with("HEAD") {
        let body = answer.json();
        assert!(
            body["ok"] == false && body["code"].is_string() && body["error"].as_str().is_some_and(|text| text.ends_with('.')),
            "{asked}: {body}"
        );
        assert_eq!(answer.header("content-type"), Some("application/json; charset=utf-8"), "{asked}");
    }
}

/// Whether the document says that `operation` can answer this.
fn documented(operation: &Value, answer: &Answer) -> bool {
    operation["responses"].get(answer.status.to_string()).is_some()
}

/// Calls an operation properly and improperly, each time with the session as it was: some of the calls end it.
async fn ask_in_every_way(client: &Client, method: &str, path: &str, takes_body: bool) -> Vec<Answer> {
    let call = || {
        let visitor = client.stranger();
        client.cookies().iter().for_each(|(name, value)| visitor.set_cookie(name, value));
        visitor.call(method, path)
    };
    let mut answers = vec![call().send().await, call().header("origin", "https://evil.example").send().await];
    answers.push(call().header("cookie", "community_sid=%00; community_sid=x").send().await);
    answers.push(call().header("sec-purpose", "prefetch").send().await);
    if takes_body || method != "GET" {
        answers.push(call().header("content-encoding", "gzip").body("{}").send().await);
        answers.push(call().body(" ".repeat(300 << 10)).send().await);
    }
    if takes_body {
        answers.push(call().header("content-type", "text/plain").body("{}").send().await);
        answers.push(call().header("content-type", "application/json").body("{").send().await);
        answers.push(call().header("content-type", "application/json").body("{}").send().await);
        answers.push(call().header("content-type", "application/json").body(" ".repeat(300 << 10)).send().await);
    }
    answers
}

db_test! {
    async fn c14_every_answer_of_every_route_has_the_headers(db) {
        let server = TestServer::start_with(db, |config| config.limits.enabled = false).await;
        let (ann, stranger) = (server.member("Ann").await.client, server.client());
        let mut statuses = BTreeSet::new();
        let operations = operations(&stranger).await;
        for (path, method, operation) in &operations {
            for client in [&stranger, &ann] {
                for answer in ask_in_every_way(client, method, path, operation.get("requestBody").is_some()).await {
                    audit(&answer);
                    statuses.insert(answer.status);
                    assert!(documented(operation, &answer), "{} answered {} without the document saying so", answer.asked, answer.status);
                }
            }
        }
        for (path, ..) in &operations {
            for method in ["PUT", "TRACE", "OPTIONS", "HEAD", "BREW", "DELETE", "PATCH"] {
                if operations.iter().any(|(other, known, _)| other == path && known == method) {
                    continue;
                }
                let answer = stranger.call(method, path).send().await;
                audit(&answer);
                statuses.insert(answer.status);
                assert!(method == "HEAD" || method == "OPTIONS" || (answer.status == 405 && answer.header("allow").is_some()), "{} {}", answer.asked, answer.status);
            }
        }
        for path in ["/", "/posts/", "/api-docs.html", "/docs/events", "/openapi.json", "/asyncapi.json", "/healthz", "/readyz", "/api", "/api/", "/api/nothing", "/nothing", "/..%2f", "/api/posts/"] {
            for method in ["GET", "HEAD", "POST"] {
                let answer = stranger.call(method, path).send().await;
                statuses.insert(answer.status);
                if path.starts_with("/api/") || answer.status < 400 {
                    audit_page(&answer);
                }
            }
        }
        let tag = ann.get("/api/posts").await.header("etag").unwrap().to_owned();
        let same = ann.call("GET", "/api/posts").header("if-none-match", tag).send().await;
        audit(&same);
        statuses.insert(same.status);
        for status in [200, 303, 304, 400, 401, 403, 404, 405, 413, 415, 503] {
            assert!(statuses.contains(&status), "no answer was a {status}: {statuses:?}");
        }
        server.stop().await;
    }

    async fn c17_only_public_things_may_be_kept(db) {
        let server = TestServer::start(db).await;
        let ann = server.member("Ann").await.client;
        for path in ["/api/me", "/api/me?x=1", "/api/sessions", "/api/identities"] {
            let answer = ann.call("GET", path).header("x-forwarded-host", "evil.example").header("x-original-url", "/api/posts").send().await.expect(200);
            assert_eq!(answer.header("cache-control"), Some("no-store"), "{path}");
            assert_eq!(answer.header("etag"), None, "{path}");
        }
        // Signed in or not, the list is the same bytes, so whoever keeps it gives nothing away.
        crate::posts::write(&ann, "Hello").await;
        let (own, strangers) = (ann.get("/api/posts").await.expect(200), server.client().get("/api/posts").await.expect(200));
        assert_eq!((own.body, own.headers.get("etag")), (strangers.body, strangers.headers.get("etag")));
        assert!(own.headers.get("set-cookie").is_none());
        server.stop().await;
    }

    async fn c13_what_people_type_makes_no_header(db) {
        let server = TestServer::start(db).await;
        let ann = server.member("Ann").await.client;
        for path in [
            "/posts/?login=%0d%0aSet-Cookie:%20x=1", "/api/posts?limit=%0d%0aSet-Cookie:%20x=1", "/api/posts?before=%0d%0aX-Bad:%201", "/%0d%0aX-Bad:%201",
            "/api/email/verify?token=%0d%0aX-Bad:%201", "/api/posts/%0d%0aX-Bad:%201", "/api/%0d%0aX-Bad:%201/login", "//evil.example/%2f..",
        ] {
            let answer = ann.get(path).await;
            assert!(answer.header("x-bad").is_none() && !answer.set_cookies().iter().any(|cookie| cookie.starts_with("x=")), "{path}");
            assert!(answer.header("location").is_none_or(|place| place.starts_with('/') && !place.starts_with("//")), "{path}: {:?}", answer.header("location"));
        }
        server.stop().await;
    }
}

/// The headers that pages have as well, and the shape of errors under `/api`.
fn audit_page(answer: &Answer) {
    for (name, value) in ALWAYS {
        assert_eq!(answer.header(name), Some(value), "{} {}: {name}", answer.asked, answer.status);
    }
    let policy = answer.header("content-security-policy").unwrap();
    assert!(policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe"), "{}: {policy}", answer.asked);
    assert!(answer.header("server").is_none() && answer.header("x-request-id").is_some(), "{}", answer.asked);
    let shaped = answer.status < 400 || answer.asked.starts_with("HEAD") || answer.json()["code"].is_string();
    assert!(shaped, "{} {}: {}", answer.asked, answer.status, answer.text());
}
