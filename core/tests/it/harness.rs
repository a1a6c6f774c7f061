//! The harness is code as well: what the other tests rely on.

use std::sync::Arc;

use community::{
    clock::SystemClock,
    config::{DatabaseSection, SecretUrl},
    random::Random,
    store::Store,
};

use serde_json::json;

use crate::support::{Binary, Database, Db, Fault, Mail, PASSWORD, SmtpSink, Sockets, TestServer};

const MESSAGE: &str = "To: Ann <a@x.test>\r\nSubject: =?utf-8?b?VmVyaWZ5IOKAlA==?= =?utf-8?b?IMO8?= now\r\n\
    Content-Type: multipart/alternative;\r\n boundary=\"b1\"\r\n\r\n--b1\r\n\
    Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n\
    Gr=C3=BC=\r\n=C3=9Fe: http://127.0.0.1:1/api/email/verify?token=3Dabc.\r\n\
    --b1\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\nPGI+\r\nPC9iPg==\r\n--b1--\r\n";

#[test]
fn a_mail_is_read_as_its_reader_sees_it() {
    let mail = Mail::parse(MESSAGE);
    assert_eq!((mail.to[0].as_str(), mail.subject.as_str()), ("a@x.test", "Verify — ü now"));
    assert!(mail.text.starts_with("Grüße: "), "{}", mail.text);
    assert_eq!(mail.html.as_deref().map(str::trim), Some("<b></b>"));
}

#[tokio::test]
async fn the_mail_server_keeps_mails_and_misbehaves_on_demand() {
    let sink = SmtpSink::start().await;
    assert!(sink.all().await.is_empty());
    sink.fault(Fault { rcpt: Some("550 5.1.1 no such user"), times: Some(1), ..Fault::default() }).await;
    let url = sink.url();
    let transport = lettre::AsyncSmtpTransport::<lettre::Tokio1Executor>::from_url(&url).unwrap().build();
    let message = || {
        let letter = lettre::Message::builder().from("b@x.test".parse().unwrap()).to("a@x.test".parse().unwrap()).subject("Hi ü");
        letter.body("see http://127.0.0.1/posts/?login=ok".to_owned()).unwrap()
    };
    lettre::AsyncTransport::send(&transport, message()).await.unwrap_err();
    lettre::AsyncTransport::send(&transport, message()).await.unwrap();
    let mail = sink.wait("a@x.test", 1).await;
    assert_eq!((mail.subject.as_str(), mail.link("/posts/").as_str()), ("Hi ü", "http://127.0.0.1/posts/?login=ok"));
    assert_eq!(sink.seen().await["refused"], 1);
}

#[tokio::test]
async fn the_socket_clients_connect_send_hear_and_are_cut_off() {
    let sockets = Sockets::at_reference_server().await;
    let refusal = sockets.dial().try_connect().await.map(|_| ()).unwrap_err();
    assert_eq!((refusal.code(), refusal.status), ("login_required", None));

    let bot = || sockets.dial().auth(json!({ "botToken": "secret" }));
    let dialled = [bot(), bot().websocket(), bot().polling()];
    for (dial, transport) in dialled.into_iter().zip(["websocket", "websocket", "polling"]) {
        let ann = dial.header("Cookie", "a=b").first("who", json!({})).connect().await;
        assert_eq!(ann.first.clone().ok(), json!({ "ok": true, "cookie": "a=b", "auth": { "botToken": "secret" } }));
        ann.emit("say", json!({ "n": 1 })).await.ok();
        ann.emit("say", json!({ "n": 2 })).await.ok();
        assert_eq!(ann.expect_where("said", |said| said["message"]["n"] == 2).await["message"]["n"], 2);
        assert!(ann.received().is_empty(), "{:?}", ann.received());
        ann.emit("fail", json!({})).await.error("forbidden");
        if ann.transport().await != transport {
            assert_eq!(ann.expect("$upgrade").await, transport);
        }
        ann.cut().await;
        assert_ne!(ann.disconnected().await, "io client disconnect");
        ann.reconnect().await.unwrap();
        ann.tell("kick", json!({})).await;
        assert_eq!(ann.disconnected().await, "io server disconnect");
    }
}

db_test! {
    async fn a_test_gets_a_migrated_database_of_its_own(db) {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::create(db, folder.path()).await;
        let section = DatabaseSection { url: Some(SecretUrl::new(database.url.clone())), ..DatabaseSection::default() };
        if db == Db::Postgres {
            let plan = Store::plan(&section, folder.path()).await.unwrap();
            assert!(plan.pending.is_empty(), "the template lacks {plan:?}");
        }
        let store = Store::open(&section, folder.path(), Arc::new(SystemClock), Arc::new(Random::from_system())).await.unwrap();
        store.ping().await.unwrap();
        database.drop_it().await;
    }
}

db_test! {
    async fn a_server_starts_answers_and_starts_again(db) {
        let mut server = TestServer::start(db).await;
        let ann = server.member("Ann").await;
        assert_eq!(ann.client.get("/api/me").await.expect(200).json()["user"]["username"], "Ann");
        server.client().get("/api/me").await.expect_error(401, "login_required");
        server.restart().await;
        let again = server.client();
        again.set_cookie(ann.cookie_name, &ann.client.cookie(ann.cookie_name).unwrap());
        assert_eq!(again.get("/api/me").await.expect(200).json()["user"]["id"], ann.id.as_str());
        server.stop().await;
    }

    async fn the_binary_starts_runs_commands_and_survives_a_crash(db) {
        let mut binary = Binary::start(db, &[]).await;
        let arguments = ["user", "create", "--email", "ann@example.org", "--username", "Ann", "--password-stdin"];
        binary.run_well(&arguments, PASSWORD).await;
        let cookie = binary.run_well(&["user", "session", "ann@example.org"], "").await;
        let (name, value) = cookie.trim().split_once('=').unwrap();
        let ann = binary.client();
        ann.set_cookie(name, value);
        ann.get("/api/me").await.expect(200);
        binary.kill();
        binary.serve().await;
        ann.get("/api/me").await.expect(200);
        assert!(binary.terminate().await.success(), "{}", binary.log());
        binary.stop().await;
    }
}
