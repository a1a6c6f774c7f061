//! Every address of the OpenAPI document, called well and badly: the headers and the shape of every answer.

use std::collections::BTreeSet;

use community::actor::Role;
use serde_json::Value;

use crate::{
    posts, rooms,
    support::{Answer, Client, Form, Person, TestServer},
    uploads,
};

/// On every answer of a server on plain http.
const ALWAYS: [(&str, &str); 4] = [
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("x-frame-options", "DENY"),
    ("cross-origin-resource-policy", "same-origin"),
];

/// An operation of the document.
struct Operation {
    path: String,
    method: String,
    /// What the document says of it.
    said: Value,
    /// The example of its body.
    example: Option<Value>,
}

impl Operation {
    /// Whether the document says that it can answer this.
    fn documents(&self, answer: &Answer) -> bool {
        self.said["responses"].get(answer.status.to_string()).is_some()
    }

    fn takes_body(&self) -> bool {
        self.said.get("requestBody").is_some()
    }

    /// Whether it is for people who are signed in.
    fn is_for_members(&self) -> bool {
        self.said["security"].as_array().is_some_and(|schemes| !schemes.is_empty())
    }
}

async fn operations(client: &Client) -> Vec<Operation> {
    let document = client.get("/openapi.json").await.expect(200).json();
    let example = |said: &Value| {
        let schema = said.pointer("/requestBody/content/application~1json/schema/$ref")?.as_str()?;
        Some(document.pointer(schema.strip_prefix('#')?)?["example"].clone())
    };
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in ["get", "post", "patch", "put", "delete"] {
            if let Some(said) = item.get(method) {
                let (path, method) = (path.clone(), method.to_uppercase());
                found.push(Operation { path, method, said: said.clone(), example: example(said) });
            }
        }
    }
    assert!(found.len() >= 20, "{:?}", found.iter().map(|operation| &operation.path).collect::<Vec<_>>());
    found
}

/// `path` with an id of nothing in place of each parameter.
fn nowhere(path: &str) -> String {
    place(path, "u-01kb3x2v5q8m4n7p9r1s3t5v7w", "m-01kb3x2v5q8m4n7p9r1s3t5v7w", "usr-01kb3x2v5q8m4n7p9r1s3t5v7w")
}

fn place(path: &str, id: &str, message: &str, member: &str) -> String {
    let values = [("{id}", id), ("{message}", message), ("{member}", member), ("{provider}", "discord"), ("{emoji}", "👍")];
    let place = values.iter().fold(path.to_owned(), |path, (name, value)| path.replace(name, value));
    assert!(!place.contains('{'), "this test knows no value for {place}");
    place
}

/// `path` with something that `ann` has just made, so that she may do with it what the operation does; `bob` is a member of her rooms.
async fn somewhere(path: &str, ann: &Client, bob: &Person) -> String {
    let (mut message, member) = (String::new(), bob.id.to_string());
    let id = match path.split('/').nth(2).filter(|_| path.contains("{id}")) {
        Some("posts") => posts::id(&posts::write(ann, "Hello").await),
        Some("uploads") => rooms::id(&uploads::upload(ann, uploads::PDF).await.expect(200).json()),
        Some("identities") => rooms::id(&ann.get("/api/identities").await.expect(200).json()["identities"][0]),
        Some("sessions") => {
            let list = ann.get("/api/sessions").await.expect(200).json();
            let other = list["sessions"].as_array().unwrap().iter().find(|session| session["current"] == false);
            rooms::id(other.expect("there is another session"))
        }
        Some("rooms") => {
            let room = rooms::open_room(ann, "Lobby").await;
            rooms::join(&bob.client, &room).await.expect(200);
            message = rooms::id(&rooms::say(ann, &room, "Good morning!").await);
            room
        }
        Some(other) => panic!("this test makes no {other}"),
        None => String::new(),
    };
    place(path, &id, &message, &member)
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

/// Calls an operation properly and improperly.
async fn ask_in_every_way(client: &Client, operation: &Operation, path: &str) -> Vec<Answer> {
    // Each time with the cookies as they were: some of the calls end the session.
    let call = || {
        let visitor = client.stranger();
        client.cookies().iter().for_each(|(name, value)| visitor.set_cookie(name, value));
        visitor.call(&operation.method, path)
    };
    let foreign = call().header("origin", "https://evil.example").send().await;
    if operation.method != "GET" {
        foreign.clone().expect_error(403, "origin_rejected");
    }
    let mut answers = vec![foreign, call().header("cookie", "community_sid=%00; community_sid=x").send().await];
    answers.push(call().header("sec-purpose", "prefetch").send().await);
    if operation.takes_body() || operation.method != "GET" {
        answers.push(call().header("content-encoding", "gzip").body("{}").send().await);
        answers.push(call().body(" ".repeat(300 << 10)).send().await);
    }
    if operation.takes_body() {
        answers.push(call().header("content-type", "text/plain").body("{}").send().await);
        answers.push(call().header("content-type", "application/json").body("{").send().await);
        answers.push(call().header("content-type", "application/json").body("{}").send().await);
        answers.push(call().header("content-type", "application/json").body(" ".repeat(300 << 10)).send().await);
    }
    // At the end what may end the session, or the thing that the path names.
    answers.push(call().send().await);
    if let Some(example) = &operation.example {
        answers.push(call().json(example).send().await);
    } else if operation.takes_body() {
        answers.push(call().header("content-type", Form::kind()).body(Form::of(uploads::PDF).body()).send().await);
    }
    answers
}

db_test! {
    async fn c14_every_answer_of_every_route_has_the_headers(db) {
        let server = TestServer::start_with(db, |config| config.limits.enabled = false).await;
        let (ann, bob, stranger) = (server.member("Ann").await, server.member("Bob").await, server.client());
        let mut statuses = BTreeSet::new();
        let operations = operations(&stranger).await;
        for operation in &operations {
            // Earlier ones may have ended it.
            ann.client.set_cookie(ann.cookie_name, &server.new_session(&ann, Role::User).await);
            let path = somewhere(&operation.path, &ann.client, &bob).await;
            for (client, is_member) in [(&stranger, false), (&ann.client, true)] {
                let answers = ask_in_every_way(client, operation, &path).await;
                for answer in &answers {
                    audit(answer);
                    statuses.insert(answer.status);
                    assert!(operation.documents(answer), "{} answered {} without the document saying so", answer.asked, answer.status);
                }
                let is_let_in = answers.iter().any(|answer| !matches!(answer.status, 401 | 403 | 413 | 415));
                assert!(!operation.is_for_members() || is_let_in == is_member, "{} {path}, signed in: {is_member}", operation.method);
            }
        }
        for operation in &operations {
            for method in ["PUT", "TRACE", "OPTIONS", "HEAD", "BREW", "DELETE", "PATCH"] {
                if operations.iter().any(|other| other.path == operation.path && other.method == method) {
                    continue;
                }
                let answer = stranger.call(method, &nowhere(&operation.path)).send().await;
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
        let tag = stranger.get("/api/posts").await.header("etag").unwrap().to_owned();
        let same = stranger.call("GET", "/api/posts").header("if-none-match", tag).send().await;
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
        posts::write(&ann, "Hello").await;
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
