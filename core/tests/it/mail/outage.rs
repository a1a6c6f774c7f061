//! A mail server that is gone, mute or slow costs nobody a registration.

use std::time::Duration;

use community::config::Span;
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    task::JoinHandle,
    time::timeout,
};

use super::queue::{register, sending_to, sending_within, until};
use crate::support::{Binary, Client, DEADLINE, Fault, SmtpSink, eventually, free_port};

const ANN: &str = "ann@example.org";

/// Passes on to `port` whatever comes to `listener`.
fn relay(listener: TcpListener, port: u16) -> JoinHandle<()> {
    tokio::spawn(async move {
        while let Ok((mut from, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut to = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
                // Either side may hang up.
                let _ = copy_bidirectional(&mut from, &mut to).await;
            });
        }
    })
}

db_test! {
    async fn a40_without_a_mail_server_people_register_and_the_mail_comes_later(db) {
        let sink = SmtpSink::start().await;
        let port = free_port();
        let server = sending_to(db, &format!("smtp://127.0.0.1:{port}")).await;
        register(&server.client(), ANN).await;
        let connection = server.database().connect().await;
        until(&connection, "the first failure", |row| row.last_error.is_some()).await;
        assert!(sink.all().await.is_empty());
        let counters = Client::new(format!("http://{}", server.running().metrics_addr.unwrap()));
        let text = counters.get("/metrics").await.expect(200).text();
        assert!(text.contains("community_mails_waiting 1\n") && text.contains("community_database_write_duration_seconds_count"), "{text}");
        // The mail server is back.
        let relay = relay(TcpListener::bind(("127.0.0.1", port)).await.unwrap(), sink.port());
        server.clock.advance(Duration::from_secs(10));
        let mail = sink.wait(ANN, 1).await;
        assert_eq!(server.client().get(&mail.link("/api/email/verify")).await.expect_redirect(), "/posts/?login=ok");
        eventually("none to wait", || async {
            counters.get("/metrics").await.expect(200).text().contains("community_mails_waiting 0\n").then_some(())
        }).await;
        relay.abort();
        server.stop().await;
    }

    async fn a40_nobody_waits_for_a_mail_server_that_says_nothing(db) {
        let sink = SmtpSink::start().await;
        let mute = TcpListener::bind("127.0.0.1:0").await.unwrap();
        // It is given up after three times as long, for which this test waits; and those that are sent later have as long.
        let server = sending_within(db, &format!("smtp://{}", mute.local_addr().unwrap()), Span::seconds(1)).await;
        register(&server.client(), ANN).await;
        let (held, _) = timeout(DEADLINE, mute.accept()).await.expect("the mail server was not called").unwrap();
        // While it holds that connection, everything else goes on.
        for number in 0..3 {
            register(&server.client(), &format!("a{number}@example.org")).await;
        }
        server.client().get("/api/posts").await.expect(200);
        let connection = server.database().connect().await;
        until(&connection, "every connection to be given up", |row| row.last_error.is_some()).await;
        drop(held);
        let relay = relay(mute, sink.port());
        server.clock.advance(Duration::from_secs(20));
        for email in [ANN, "a0@example.org", "a1@example.org", "a2@example.org"] {
            sink.wait(email, 1).await;
        }
        relay.abort();
        server.stop().await;
    }

    async fn a40_a_mail_server_that_thinks_for_a_while_gets_its_mail_once(db) {
        let sink = SmtpSink::start().await;
        let server = sending_within(db, &sink.url(), Span::seconds(2)).await;
        // As long as it may take to be reached.
        sink.fault(Fault { delay: 2.0, ..Fault::default() }).await;
        register(&server.client(), ANN).await;
        sink.wait(ANN, 1).await;
        let connection = server.database().connect().await;
        let settled = until(&connection, "the mail to be settled", |row| row.sent).await;
        assert_eq!((settled[0].attempts, sink.all().await.len()), (1, 1));
        server.stop().await;
    }

    async fn a40_a_crash_loses_no_mail(db) {
        let sink = SmtpSink::start().await;
        sink.fault(Fault { connect: Some("421 busy"), ..Fault::default() }).await;
        let settings = [
            ("SMTP_URL", sink.url()),
            ("COMMUNITY_MAIL__RETRY_FIRST", "300ms".to_owned()),
            ("COMMUNITY_MAIL__RETRY_MAX", "300ms".to_owned()),
            ("COMMUNITY_MAIL__TIMEOUT", "1s".to_owned()),
        ];
        let mut binary = Binary::start(db, &settings).await;
        register(&binary.client(), ANN).await;
        binary.kill();
        sink.fault(Fault::default()).await;
        binary.serve().await;
        let mail = sink.wait(ANN, 1).await;
        assert_eq!(binary.client().get(&mail.link("/api/email/verify")).await.expect_redirect(), "/posts/?login=ok");
        binary.stop().await;
    }
}
