//! What the database says about mails, for what nobody can see from outside.

use community::{
    clock::Timestamp,
    config::{SecretUrl, Span},
};
use sea_orm::{ConnectionTrait, DatabaseConnection, Statement};

use crate::support::{Answer, Client, Db, PASSWORD, SmtpSink, TestServer, eventually};

/// A queued mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub attempts: i32,
    pub next_attempt_at: Option<Timestamp>,
    pub sent: bool,
    pub last_error: Option<String>,
    pub text: String,
}

/// All mails, oldest first.
pub async fn rows(connection: &DatabaseConnection) -> Vec<Row> {
    let query = "SELECT attempts, next_attempt_at, sent_at, last_error, body_text FROM mails ORDER BY created_at, id";
    let found = connection.query_all_raw(Statement::from_string(connection.get_database_backend(), query)).await.unwrap();
    let rows = found.iter().map(|row| Row {
        attempts: row.try_get("", "attempts").unwrap(),
        next_attempt_at: row.try_get::<Option<String>>("", "next_attempt_at").unwrap().map(|at| Timestamp::parse(&at).unwrap()),
        sent: row.try_get::<Option<String>>("", "sent_at").unwrap().is_some(),
        last_error: row.try_get("", "last_error").unwrap(),
        text: row.try_get("", "body_text").unwrap(),
    });
    rows.collect()
}

/// Waits until all mails are as `wanted`.
pub async fn until(connection: &DatabaseConnection, what: &str, wanted: impl Fn(&Row) -> bool) -> Vec<Row> {
    eventually(what, || async {
        let rows = rows(connection).await;
        (!rows.is_empty() && rows.iter().all(&wanted)).then_some(rows)
    })
    .await
}

/// A server that sends to `url`, tries again after 10, 20, 40 and then 60 seconds, and gives up after two minutes.
pub async fn sending_to(db: Db, url: &str) -> TestServer {
    // Longer than anything takes on a busy machine: nobody turns the clock to a try after one that failed for that. A try under way keeps
    // others off four times as long, which is none of the waits above, so that a test can tell the two apart.
    sending_within(db, url, Span::seconds(12)).await
}

/// The same with another patience with the mail server.
pub async fn sending_within(db: Db, url: &str, timeout: Span) -> TestServer {
    TestServer::start_with(db, |config| {
        config.mail.smtp_url = Some(SecretUrl::new(url));
        config.mail.retry_first = Span::seconds(10);
        config.mail.retry_max = Span::seconds(60);
        config.mail.give_up_after = Span::minutes(2);
        config.mail.timeout = timeout;
        config.metrics.listen = Some(([127, 0, 0, 1], 0).into());
    })
    .await
}

/// [`sending_to`] a new mail server.
pub async fn with_sink(db: Db) -> (TestServer, SmtpSink) {
    let sink = SmtpSink::start().await;
    (sending_to(db, &sink.url()).await, sink)
}

/// Registers, which must work whatever the mail server does.
pub async fn register(client: &Client, email: &str) -> Answer {
    client.post("/api/email/register", serde_json::json!({ "email": email, "password": PASSWORD })).await.expect(200)
}
