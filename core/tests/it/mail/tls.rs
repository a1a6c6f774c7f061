//! Mail over encrypted connections: whose certificate is believed, and that nothing is sent without one.
//!
//! The certificates are those of `outbound/tls`, which tells what they are.

use std::path::{Path, PathBuf};

use community::config::{Config, SecretUrl};

use super::queue::{register, until};
use crate::support::{Db, SmtpSink, TestServer};

const ANN: &str = "ann@example.org";

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/outbound/tls").join(name)
}

/// A mail server that shows `certificate`; with `--smtps` among the options it is encrypted from the first byte.
async fn sink(certificate: &str, options: &[&str]) -> SmtpSink {
    let (certificate, key) = (file(certificate), file("server.key"));
    let tls = ["--tls", certificate.to_str().unwrap(), key.to_str().unwrap()];
    SmtpSink::start_with(&[&tls[..], options].concat()).await
}

/// A server that sends its mail to `url` and trusts the authority of the tests, or not.
async fn server(db: Db, url: String, trusting: bool) -> TestServer {
    let change = |config: &mut Config| {
        config.mail.smtp_url = Some(SecretUrl::new(url));
        config.mail.ca_file = trusting.then(|| file("ca.pem"));
    };
    TestServer::start_with(db, change).await
}

/// Every way to have a connection encrypted, by what the sink and the URL need.
fn ways(port: u16) -> [(bool, String); 3] {
    [
        (true, format!("smtps://127.0.0.1:{port}")),
        (false, format!("smtp://127.0.0.1:{port}?tls=required")),
        (false, format!("smtp://127.0.0.1:{port}?tls=opportunistic")),
    ]
}

#[tokio::test]
async fn a_mail_goes_encrypted_to_a_server_whose_authority_is_in_the_file() {
    for number in 0..3 {
        let options: &[&str] = if ways(0)[number].0 { &["--smtps"] } else { &[] };
        let sink = sink("server.pem", options).await;
        let (_, url) = &ways(sink.port())[number];
        let server = server(Db::Sqlite, url.clone(), true).await;
        register(&server.client(), ANN).await;
        assert!(sink.wait(ANN, 1).await.encrypted, "{url}");
        server.stop().await;
    }
}

#[tokio::test]
async fn a_password_is_said_only_after_the_connection_is_encrypted() {
    let sink = sink("server.pem", &["--auth", "ann", "secret"]).await;
    let server = server(Db::Sqlite, format!("smtp://ann:secret@127.0.0.1:{}?tls=required", sink.port()), true).await;
    register(&server.client(), ANN).await;
    assert!(sink.wait(ANN, 1).await.encrypted);
    server.stop().await;
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_gets_no_mail() {
    for (certificate, trusting) in [("server.pem", false), ("expired.pem", true)] {
        for number in 0..3 {
            let options: &[&str] = if ways(0)[number].0 { &["--smtps"] } else { &[] };
            let sink = sink(certificate, options).await;
            let (_, url) = &ways(sink.port())[number];
            let server = server(Db::Sqlite, url.clone(), trusting).await;
            register(&server.client(), ANN).await;
            let connection = server.database().connect().await;
            let row = until(&connection, "the failure", |row| row.last_error.is_some()).await;
            assert!(!row[0].sent && row[0].next_attempt_at.is_some(), "it is tried again: {row:?}");
            assert!(sink.all().await.is_empty(), "{certificate} by {url}");
            server.stop().await;
        }
    }
}

#[tokio::test]
async fn where_encryption_is_required_and_not_offered_nothing_is_sent() {
    let sink = SmtpSink::start().await;
    let server = server(Db::Sqlite, format!("smtp://127.0.0.1:{}?tls=required", sink.port()), true).await;
    register(&server.client(), ANN).await;
    let connection = server.database().connect().await;
    until(&connection, "the failure", |row| row.last_error.is_some()).await;
    assert!(sink.all().await.is_empty());
    server.stop().await;
}

#[tokio::test]
async fn a_file_without_authorities_is_an_error_that_names_it() {
    let mut config = Config::default();
    config.mail.smtp_url = Some(SecretUrl::new("smtps://127.0.0.1:1"));
    for (name, fault) in [("none.pem", "No such file"), ("server.key", "has no certificate")] {
        config.mail.ca_file = Some(file(name));
        let error = community::mail::transport::Transport::new(&config).map(|_| ()).unwrap_err().to_string();
        assert!(error.contains("mail.ca_file") && error.contains(name) && error.contains(fault), "{error}");
    }
}
