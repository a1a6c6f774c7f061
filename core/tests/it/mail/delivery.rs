//! One mail: how it arrives, when it is tried again, when it is given up.

use std::time::Duration;

use community::config::SecretUrl;

use super::queue::{register, rows, sending_to, until, with_sink};
use crate::support::{Fault, SmtpSink, TestServer, eventually};

const ANN: &str = "ann@example.org";
const LINK: &str = "/api/email/verify";

db_test! {
    async fn a_mail_arrives_once_with_all_it_needs(db) {
        let (server, sink) = with_sink(db).await;
        register(&server.client(), ANN).await;
        let mail = sink.wait(ANN, 1).await;
        assert_eq!(mail.to, [ANN]);
        let link = mail.link(LINK);
        assert!(mail.html.unwrap().contains(&link));
        let headers = mail.raw.split("\r\n\r\n").next().unwrap().to_lowercase();
        for header in ["from: community@localhost", "to: ann@example.org", "message-id: <", "date: ", "mime-version: 1.0"] {
            assert!(headers.contains(header), "no {header:?} in {headers}");
        }
        let connection = server.database().connect().await;
        let delivered = until(&connection, "the mail to be settled", |row| row.sent).await;
        assert_eq!((delivered[0].attempts, delivered[0].next_attempt_at), (1, None));
        assert!(delivered[0].text.is_empty(), "a delivered mail keeps its secret link to itself");
        assert_eq!(sink.all().await.len(), 1);
        server.stop().await;
    }

    async fn a40_a_mail_is_tried_again_ever_later_and_then_given_up(db) {
        let (server, sink) = with_sink(db).await;
        sink.fault(Fault { connect: Some("421 busy"), ..Fault::default() }).await;
        register(&server.client(), ANN).await;
        let connection = server.database().connect().await;
        for (attempt, wait) in [(1, 10), (2, 20), (3, 40), (4, 60)] {
            let next = server.now().plus(Duration::from_secs(wait));
            let row = until(&connection, &format!("a retry {wait} s after failure {attempt}"), |row| {
                row.attempts == attempt && row.next_attempt_at == Some(next)
            })
            .await;
            assert!(!row[0].sent && row[0].last_error.is_some() && row[0].text.contains(LINK), "{row:?}");
            server.clock.advance(Duration::from_secs(wait));
        }
        // 130 seconds after it was queued it is not tried again.
        let last = until(&connection, "the mail to be given up", |row| row.attempts == 5 && row.next_attempt_at.is_none()).await;
        assert!(!last[0].sent && last[0].last_error.is_some() && last[0].text.is_empty(), "{last:?}");
        server.stop().await;
    }

    async fn a40_a_refused_recipient_is_given_up_at_once(db) {
        let (server, sink) = with_sink(db).await;
        sink.fault(Fault { rcpt: Some("550 5.1.1 no such user"), times: Some(1), ..Fault::default() }).await;
        register(&server.client(), ANN).await;
        let connection = server.database().connect().await;
        let refused = until(&connection, "the mail to be given up", |row| row.next_attempt_at.is_none()).await;
        assert!(!refused[0].sent && refused[0].text.is_empty(), "{refused:?}");
        assert!(refused[0].last_error.as_ref().unwrap().contains("no such user"), "{refused:?}");
        // The next one is delivered, and nobody has tried the first again.
        server.clock.advance(Duration::from_mins(1));
        register(&server.client(), "bob@example.org").await;
        sink.wait("bob@example.org", 1).await;
        assert_eq!(sink.seen().await["recipients"], 2);
        assert_eq!(rows(&connection).await[0].attempts, 1);
        server.stop().await;
    }

    async fn a40_a_mail_waits_while_the_mail_server_refuses_this_one(db) {
        for fault in [
            Fault { connect: Some("554 5.7.1 your address is on a list"), ..Fault::default() },
            Fault { connect: Some("550 nobody wants you"), ..Fault::default() },
            Fault { mail: Some("553 5.7.1 not your sender"), ..Fault::default() },
            Fault { rcpt: Some("554 5.7.1 relay access denied"), ..Fault::default() },
        ] {
            // A new one each time: connections that once worked are kept and greet nobody.
            let (server, sink) = with_sink(db).await;
            sink.fault(fault.clone()).await;
            register(&server.client(), ANN).await;
            let connection = server.database().connect().await;
            let waiting = until(&connection, "the first failure", |row| row.last_error.is_some()).await;
            assert!(waiting[0].next_attempt_at.is_some() && waiting[0].text.contains(LINK), "{fault:?}: {waiting:?}");
            sink.fault(Fault::default()).await;
            server.clock.advance(Duration::from_secs(10));
            sink.wait(ANN, 1).await;
            server.stop().await;
        }
    }

    async fn a40_a_mail_waits_while_the_mail_server_does_not_know_our_password(db) {
        let sink = SmtpSink::start_with(&["--auth", "ann", "secret"]).await;
        let mut server = sending_to(db, &format!("smtp://ann:wrong@127.0.0.1:{}", sink.port())).await;
        register(&server.client(), ANN).await;
        let connection = server.database().connect().await;
        let waiting = until(&connection, "the first failure", |row| row.last_error.is_some()).await;
        assert!(waiting[0].last_error.as_ref().unwrap().contains("535"), "{waiting:?}");
        assert!(waiting[0].next_attempt_at.is_some() && waiting[0].text.contains(LINK), "{waiting:?}");
        // The operator corrects it.
        server.config.mail.smtp_url = Some(SecretUrl::new(format!("smtp://ann:secret@127.0.0.1:{}", sink.port())));
        server.restart().await;
        server.clock.advance(Duration::from_secs(10));
        sink.wait(ANN, 1).await;
        server.stop().await;
    }

    async fn a40_a_mail_that_is_refused_for_now_arrives_later(db) {
        let (server, sink) = with_sink(db).await;
        sink.fault(Fault { data: Some("451 4.3.0 try again"), times: Some(1), ..Fault::default() }).await;
        register(&server.client(), ANN).await;
        let connection = server.database().connect().await;
        until(&connection, "the first failure", |row| row.last_error.is_some()).await;
        assert!(sink.all().await.is_empty());
        server.clock.advance(Duration::from_secs(10));
        let mail = sink.wait(ANN, 1).await;
        assert_eq!(server.client().get(&mail.link(LINK)).await.expect_redirect(), "/posts/?login=ok");
        server.stop().await;
    }

    async fn a40_a_slow_delivery_holds_up_no_other(db) {
        let sink = SmtpSink::start().await;
        let server = TestServer::start_with(db, |config| config.mail.smtp_url = Some(SecretUrl::new(sink.url()))).await;
        // Longer than this test takes to look at both.
        sink.fault(Fault { delay: 30.0, ..Fault::default() }).await;
        for (number, address) in [(1, ANN), (2, "bob@example.org")] {
            register(&server.client(), address).await;
            eventually("the mail server to hear of it", || async { (sink.seen().await["recipients"] == number).then_some(()) }).await;
        }
        assert!(sink.all().await.is_empty(), "the first was under way when the second began");
        sink.fault(Fault::default()).await;
        sink.wait(ANN, 1).await;
        sink.wait("bob@example.org", 1).await;
        server.stop().await;
    }

    async fn a40_a_restart_keeps_the_queue(db) {
        let (mut server, sink) = with_sink(db).await;
        sink.fault(Fault { connect: Some("421 busy"), ..Fault::default() }).await;
        for number in 0..3 {
            register(&server.client(), &format!("a{number}@example.org")).await;
        }
        let connection = server.database().connect().await;
        until(&connection, "three failures", |row| row.last_error.is_some()).await;
        server.restart().await;
        sink.fault(Fault::default()).await;
        server.clock.advance(Duration::from_secs(10));
        for number in 0..3 {
            sink.wait(&format!("a{number}@example.org"), 1).await;
        }
        until(&connection, "all to be settled", |row| row.sent).await;
        assert_eq!(sink.all().await.len(), 3);
        server.stop().await;
    }
}
