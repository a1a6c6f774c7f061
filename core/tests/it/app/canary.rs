//! A secret that is in the configuration, and nowhere else.

use serde_json::json;

use crate::{
    realtime::polling,
    support::{Binary, Fault, Opening, PASSWORD, SmtpSink, free_port},
};

const CANARY: &str = "S3cr3tCanary";

db_test! {
    async fn o03_what_a_mail_server_says_of_people_stays_out_of_the_log(db) {
        let sink = SmtpSink::start().await;
        sink.fault(Fault { rcpt: Some("550 5.1.1 <bob@example.org>: no S3cr3tCanary here"), ..Fault::default() }).await;
        let binary = Binary::start(db, &[("SMTP_URL", sink.url()), ("COMMUNITY_LOG__FILTER", "debug".to_owned())]).await;
        let register = json!({ "email": "bob@example.org", "password": PASSWORD, "username": "Bob" });
        binary.client().post("/api/email/register", register).await.expect(200);
        binary.logged("a mail was not delivered").await;
        let log = binary.log();
        assert!(log.contains("the mail server answers 550 5.1.1"), "{log}");
        assert!(!log.contains(CANARY) && !log.contains("bob@example.org"), "{log}");
        binary.stop().await;
    }

    async fn o02_o03_s03_secrets_are_shown_nowhere(db) {
        let metrics = free_port();
        let secret = format!("{CANARY}{CANARY}{CANARY}");
        let settings = [
            // Nobody listens there, so that sending fails and is talked about.
            ("SMTP_URL", format!("smtp://{CANARY}:{CANARY}@127.0.0.1:{}", free_port())),
            ("CHAT_BOT_TOKEN", secret.clone()),
            ("COMMUNITY_METRICS__LISTEN", format!("127.0.0.1:{metrics}")),
            ("COMMUNITY_LOG__FILTER", "debug".to_owned()),
        ];
        let mut binary = Binary::start(db, &settings).await;
        let ann = crate::store::member(&binary, "Ann").await;
        let guest = binary.client();
        // Secrets that people bring: a password, a link, a cookie.
        let register = json!({ "email": "bob@example.org", "password": format!("{CANARY} of Bob"), "username": "Bob" });
        guest.post("/api/email/register", register).await.expect(200);
        binary.logged("mail").await;
        guest.post("/api/email/login", json!({ "email": "ann@example.org", "password": CANARY })).await.expect(401);
        guest.get(&format!("/api/email/verify?token={CANARY}")).await.expect_redirect();
        guest.call("GET", "/api/me").header("cookie", format!("community_sid={CANARY}")).send().await.expect(401);
        guest.call("GET", "/api/me").header("authorization", format!("Bearer {secret}")).send().await.expect(401);
        // The id of a socket that polls and goes on as a WebSocket: who has it and the cookie can speak in its place.
        let sid = polling::connected(&ann).await;
        let mut socket = Opening::of(&ann).query(&format!("sid={sid}")).open(&binary.base_url()).await.unwrap();
        socket.send("2probe").await;
        assert_eq!(socket.next_packet().await.as_deref(), Some("3probe"));
        socket.send("5").await;
        assert_eq!(socket.call("room:list", json!({})).await["ok"], true);
        socket.close().await;
        let mut seen = String::new();
        for path in ["/openapi.json", "/asyncapi.json", "/docs/events", "/", "/posts/", "/api-docs.html", "/api/posts", "/api/nothing", "/healthz", "/readyz"] {
            seen += &ann.client.get(path).await.text();
        }
        let counters = crate::support::Client::new(format!("http://127.0.0.1:{metrics}")).get("/metrics").await.expect(200).text();
        assert!(counters.contains("community_http_requests_total") && !counters.contains(ann.id.as_str()), "{counters}");
        guest.get("/metrics").await.expect(404);
        let session = ann.client.cookie(ann.cookie_name).unwrap();
        assert!(binary.terminate().await.success());
        let log = binary.log();
        assert!(log.contains("ready at"), "{log}");
        assert!(!log.contains(PASSWORD), "the log shows a password");
        for secret in [CANARY, &session, &sid, "bob@example.org", "ann@example.org"] {
            for (what, text) in [("the log", &log), ("an answer", &seen), ("a counter", &counters)] {
                let place = text.find(secret).map(|at| &text[at.saturating_sub(300)..(at + secret.len()).min(text.len())]);
                assert_eq!(place, None, "{what} shows {secret}");
            }
        }
        binary.stop().await;
    }
}
