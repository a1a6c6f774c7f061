//! `community mail test`: the operator sees at once whether mail works.

use crate::support::{Binary, Db, Fault, SmtpSink, free_port};

const ANN: &str = "ann@example.org";

#[tokio::test]
async fn it_sends_a_mail_and_says_so() {
    let sink = SmtpSink::start().await;
    let settings = [("SMTP_URL", sink.url()), ("COMMUNITY_MAIL__FROM", "The Hall <hall@example.org>".to_owned())];
    let binary = Binary::prepare(Db::Sqlite, &settings).await;
    let said = binary.run_well(&["mail", "test", ANN], "").await;
    assert_eq!(said.trim(), format!("The mail server took a mail for {ANN}."));
    let mail = sink.wait(ANN, 1).await;
    assert!(mail.subject.contains("Test mail") && mail.text.contains("Mail works."), "{mail:?}");
    assert!(mail.raw.contains("hall@example.org"), "{}", mail.raw);
    binary.stop().await;
}

#[tokio::test]
async fn it_writes_a_file_where_there_is_no_mail_server() {
    let binary = Binary::prepare(Db::Sqlite, &[]).await;
    let said = binary.run_well(&["mail", "test", ANN], "").await;
    assert!(said.contains("is a file in"), "{said}");
    assert!(binary.mails().wait(ANN, 1).await.text.contains("Mail works."));
    binary.stop().await;
}

#[tokio::test]
async fn it_says_why_it_does_not_work() {
    let sink = SmtpSink::start().await;
    sink.fault(Fault { rcpt: Some("550 5.1.1 no such user"), ..Fault::default() }).await;
    let complaint = async |url: String, address: &str| {
        let binary = Binary::prepare(Db::Sqlite, &[("SMTP_URL", url)]).await;
        let output = binary.run(&["mail", "test", address], "").await;
        binary.stop().await;
        assert!(!output.status.success() && output.stdout.is_empty(), "{output:?}");
        String::from_utf8(output.stderr).unwrap()
    };
    assert!(complaint(sink.url(), ANN).await.contains("no such user"));
    let told = complaint(sink.url(), "no address").await;
    assert!(told.contains("\"no address\" is no email address") && !told.contains("refused"), "{told}");
    let password = "S3cr3tCanary";
    let gone = complaint(format!("smtp://user:{password}@127.0.0.1:{}", free_port()), ANN).await;
    assert!(!gone.contains(password), "{gone}");
}
