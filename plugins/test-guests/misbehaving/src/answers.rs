//! Answers that no host should accept, next to a good one.

use std::env;

use openclaw_sdk::{Mail, Refusal, Registration, settings};

/// A registration as bad as `mode` says.
pub fn registration(mode: &str) -> Result<Registration, Refusal> {
    let mut good = Registration { subject: "someone".into(), address: "someone@example.com".into(), username: "Someone".into() };
    match mode {
        "empty-subject" => good.subject.clear(),
        "huge-subject" => good.subject = "x".repeat(1 << 20),
        "control-subject" => good.subject = "some\none".into(),
        "bidi-subject" => good.subject = "some\u{202e}one".into(),
        "bad-address" => good.address = "someone@example.com\r\nBcc: all@example.com".into(),
        "two-addresses" => good.address = "someone@example.com,all@example.com".into(),
        "unicode-address" => good.address = "sömeone@example.com".into(),
        "empty-username" => good.username.clear(),
        "long-username" => good.username = "x".repeat(65),
        "control-username" => good.username = "a\u{1b}[31m".into(),
        "bad-refusal" => return Err(Refusal { field: "login".into(), message: "line\nbreak".into() }),
        "endless-refusal" => return Err(Refusal { field: "login".into(), message: "x".repeat(10_000) }),
        "spy" => return Err(Refusal { field: "login".into(), message: seen() }),
        _ => {}
    }
    Ok(good)
}

/// A mail as bad as `mode` says.
pub fn mail(mode: &str) -> Mail {
    let mut good = Mail { subject: "Hello".into(), text: "text".into(), html: "<p>text</p>".into() };
    match mode {
        "header-mail" => good.subject = "Hello\r\nBcc: all@example.com".into(),
        "empty-mail" => good.text.clear(),
        "long-mail" => good.html = "x".repeat(100 << 10),
        "huge-string" => good.text = "x".repeat(100 << 20),
        _ => {}
    }
    good
}

/// Everything a plugin can see of the world.
fn seen() -> String {
    let environment: Vec<_> = env::vars().collect();
    let arguments: Vec<_> = env::args().collect();
    let own: Vec<_> = ["open", "client_secret", "database", "plugins.email.settings"].map(settings::get).into();
    format!("environment {environment:?}, arguments {arguments:?}, settings {own:?}")
}
