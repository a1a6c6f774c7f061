//! `community doctor`: what is wrong, and what to do about it.

use std::{fs, os::unix::fs::PermissionsExt};

use crate::support::{Binary, Db, SmtpSink, free_port};

/// What it printed, and whether it ended well.
async fn ask(binary: &Binary) -> (String, bool) {
    let output = binary.run(&["doctor"], "").await;
    (String::from_utf8(output.stdout).unwrap(), output.status.success())
}

/// The line about `subject`.
fn line<'a>(report: &'a str, subject: &str) -> &'a str {
    report.lines().find(|line| line.split_at(9).1.starts_with(subject)).unwrap_or_else(|| panic!("nothing about {subject} in:\n{report}"))
}

db_test! {
    async fn a_fresh_server_is_well_and_the_doctor_says_what_to_set(db) {
        let binary = Binary::prepare(db, &[]).await;
        let (report, well) = ask(&binary).await;
        assert!(well, "{report}");
        assert!(line(&report, "address").starts_with("warning") && report.contains("BASE_URL"), "{report}");
        assert!(line(&report, "mail").starts_with("warning") && report.contains("SMTP_URL"), "{report}");
        assert!(line(&report, "database").starts_with("ok"), "{report}");
        assert!(line(&report, "plugin email").starts_with("ok"), "{report}");
        binary.stop().await;
    }

    async fn beside_a_running_server_everything_is_up_to_date(db) {
        let sink = SmtpSink::start().await;
        let settings = [
            ("SMTP_URL", sink.url()),
            ("BASE_URL", "https://community.example".to_owned()),
            ("COMMUNITY_HTTP__TRUSTED_PROXIES", "127.0.0.1".to_owned()),
        ];
        let binary = Binary::start(db, &settings).await;
        fs::set_permissions(binary.folder().join("data"), fs::Permissions::from_mode(0o700)).unwrap();
        let (report, well) = ask(&binary).await;
        assert!(well, "{report}");
        for subject in ["configuration", "address", "data folder", "database", "mail", "plugin email"] {
            assert!(line(&report, subject).starts_with("ok"), "{subject}:\n{report}");
        }
        binary.stop().await;
    }
}

#[tokio::test]
async fn what_is_broken_is_named_and_the_exit_code_says_so() {
    let smtp = format!("smtp://user:S3cr3tCanary@127.0.0.1:{}", free_port());
    let settings = [("DATABASE_URL", "postgres://community:S3cr3tCanary@127.0.0.1:1/none".to_owned()), ("SMTP_URL", smtp)];
    let binary = Binary::prepare(Db::Sqlite, &settings).await;
    fs::write(binary.folder().join("community.toml"), "[plugins.nobody]\ncomponent = \"missing.wasm\"\n").unwrap();
    let (report, well) = ask(&binary).await;
    assert!(!well, "{report}");
    for (subject, fix) in [("database", "DATABASE_URL"), ("mail", "SMTP_URL"), ("plugin nobody", "component")] {
        let line = line(&report, subject);
        assert!(line.starts_with("FAILED") && line.contains(fix), "{report}");
    }
    assert!(!report.contains("S3cr3tCanary"), "{report}");
    binary.stop().await;
}

#[tokio::test]
async fn a_setting_that_got_lost_on_its_way_is_named_wherever_somebody_looks() {
    let binary = Binary::prepare(Db::Sqlite, &[]).await;
    let section = "[plugins.moderator]\n[plugins.moderator.settings]\nwords = \"env:BAD_WORDS\"\n";
    fs::write(binary.folder().join("community.toml"), section).unwrap();
    let reason = "is not set up: set BAD_WORDS, or remove `words` from its settings";
    let (report, well) = ask(&binary).await;
    assert!(
        !well && line(&report, "plugin moderator").starts_with("FAILED") && line(&report, "plugin moderator").contains(reason),
        "{report}"
    );
    let list = binary.run_well(&["plugin", "list"], "").await;
    assert!(list.contains(&format!("moderator\tbot\toff: plugin `moderator` {reason}")), "{list}");
    let check = binary.run(&["config", "check"], "").await;
    let errors = String::from_utf8(check.stderr).unwrap();
    assert!(!check.status.success() && errors.contains(reason), "{errors}");
    binary.stop().await;
}

#[tokio::test]
async fn a_plugin_that_was_switched_off_is_no_fault() {
    let binary = Binary::prepare(Db::Sqlite, &[]).await;
    fs::write(binary.folder().join("community.toml"), "[plugins.email]\nenabled = false\n").unwrap();
    let (report, well) = ask(&binary).await;
    assert!(well && line(&report, "plugin email").contains("switched off"), "{report}");
    binary.stop().await;
}
