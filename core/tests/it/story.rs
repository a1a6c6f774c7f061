//! What the server is for, from the first mail to the last page: the real binary against a real mail server.

use serde_json::json;

use crate::support::{Binary, Client, PASSWORD, SmtpSink};

const ANN: &str = "ann@example.org";
const LINK: &str = "/api/email/verify";

async fn register(client: &Client) {
    client.post("/api/email/register", json!({ "email": ANN, "password": PASSWORD, "username": "Ann" })).await.expect(200);
}

async fn post(client: &Client, title: &str) -> String {
    let answer = client.post("/api/posts", json!({ "title": title, "body": "hello" })).await.expect(200).json();
    assert_eq!((&answer["ok"], &answer["post"]["title"]), (&json!(true), &json!(title)));
    answer["post"]["id"].as_str().unwrap().to_owned()
}

/// All posts, page by page as a program reads them, and again at no cost while nothing has changed.
async fn read(visitor: &Client, written: &[String]) {
    let all = visitor.get("/api/posts").await.expect(200);
    let ids = |answer: &crate::support::Answer| -> Vec<String> {
        answer.json().as_array().unwrap().iter().map(|post| post["id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(ids(&all), written);
    assert!(!all.text().contains(ANN), "nobody's address is shown");

    let first = visitor.get("/api/posts?limit=2").await.expect(200);
    assert_eq!(ids(&first), written[..2]);
    let second = visitor.get(&first.next_page().expect("a link to the next page")).await.expect(200);
    assert_eq!((ids(&second), second.next_page()), (written[2..].to_vec(), None));

    for answer in [all, first] {
        let path = answer.asked.strip_prefix("GET ").unwrap();
        let again = visitor.call("GET", path).header("if-none-match", answer.header("etag").unwrap()).send().await.expect(304);
        assert!(again.body.is_empty());
    }
}

db_test! {
    async fn a_person_signs_up_by_mail_posts_and_is_read(db) {
        let sink = SmtpSink::start().await;
        let binary = Binary::start(db, &[("SMTP_URL", sink.url())]).await;
        let ann = binary.client();
        register(&ann).await;
        ann.post("/api/email/login", json!({ "email": ANN, "password": PASSWORD })).await.expect_error(403, "email_not_verified");
        let link = sink.wait(ANN, 1).await.link(LINK);
        assert!(link.starts_with(&binary.base_url()), "{link}");
        assert_eq!(ann.get(&link).await.expect_redirect(), "/posts/?login=ok");
        ann.get("/posts/?login=ok").await.expect(200);
        let me = ann.get("/api/me").await.expect(200).json();
        assert_eq!((&me["user"]["username"], &me["user"]["email"]), (&json!("Ann"), &json!(ANN)));

        assert_eq!(ann.get("/api/logout").await.expect_redirect(), "/");
        ann.get("/api/me").await.expect_error(401, "login_required");
        ann.post("/api/posts", json!({ "title": "nobody" })).await.expect_error(401, "login_required");
        ann.post("/api/email/login", json!({ "email": ANN, "password": PASSWORD })).await.expect(200);
        assert_eq!(ann.get("/api/me").await.expect(200).json(), me);

        let mut written = Vec::new();
        for title in ["first", "second", "third"] {
            written.insert(0, post(&ann, title).await);
        }
        let visitor = binary.client();
        read(&visitor, &written).await;
        let tag = visitor.get("/api/posts").await.header("etag").unwrap().to_owned();
        post(&ann, "fourth").await;
        visitor.call("GET", "/api/posts").header("if-none-match", tag).send().await.expect(200);

        let token = link.split_once("token=").unwrap().1;
        let cookie = ann.cookie("community_sid").unwrap();
        for secret in [token, &cookie, ANN, PASSWORD] {
            assert!(!binary.log().contains(secret), "the log tells {secret}");
        }
        binary.stop().await;
    }

    async fn without_a_mail_server_the_link_is_in_a_file_and_in_the_log(db) {
        let binary = Binary::start(db, &[]).await;
        let ann = binary.client();
        register(&ann).await;
        let link = binary.mails().wait(ANN, 1).await.link(LINK);
        binary.logged(&link).await;
        assert_eq!(ann.get(&link).await.expect_redirect(), "/posts/?login=ok");
        post(&ann, "hello").await;
        binary.stop().await;
    }
}
