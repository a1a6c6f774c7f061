//! The host checks what a provider answers.

use community::plugins::Letter;

use super::support::{form, letter, load_bad, misbehaving};

#[tokio::test]
async fn p24_bad_subjects_addresses_and_names_are_not_accepted() {
    let (bad, _) = load_bad(misbehaving("")).await;
    let cases = [
        ("empty-subject", "subject"),
        ("huge-subject", "subject"),
        ("control-subject", "subject"),
        ("bidi-subject", "subject"),
        ("bad-address", "address"),
        ("two-addresses", "address"),
        ("unicode-address", "address"),
        ("empty-username", "user name"),
        ("long-username", "user name"),
        ("control-username", "user name"),
        ("bad-refusal", "sentence"),
        ("endless-refusal", "sentence"),
    ];
    for (mode, what) in cases {
        let reason = bad.check_registration(form(mode, None)).await.unwrap_err().reason;
        assert!(reason.contains(what) && reason.ends_with("in `check-registration`"), "{mode}: {reason}");
        if what == "subject" {
            assert!(bad.check_login(mode).await.unwrap_err().reason.contains(what), "{mode}");
        }
    }
    bad.check_registration(form("fine", None)).await.unwrap().unwrap();
}

#[tokio::test]
async fn p24_bad_mails_are_not_accepted() {
    let (bad, _) = load_bad(misbehaving("")).await;
    for (mode, what) in [("header-mail", "subject line"), ("empty-mail", "empty"), ("long-mail", "64 KiB")] {
        let reason = bad.reset_mail(Letter { username: mode.into(), ..letter() }).await.unwrap_err().reason;
        assert!(reason.contains(what), "{mode}: {reason}");
    }
    bad.reset_mail(letter()).await.unwrap();
}
