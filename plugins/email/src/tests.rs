use openclaw_sdk::{Letter, PasswordProvider, RegistrationForm, testing};

use crate::Email;

fn register(login: &str, username: Option<&str>) -> Result<(String, String, String), (String, String)> {
    Email::check_registration(RegistrationForm { login: login.into(), username: username.map(Into::into) })
        .map(|r| (r.subject, r.address, r.username))
        .map_err(|r| (r.field, r.message))
}

fn name(username: &str) -> Result<String, String> {
    register("user@example.com", Some(username)).map(|r| r.2).map_err(|(field, message)| {
        assert_eq!(field, "username");
        message
    })
}

#[test]
fn a04_addresses_that_could_steer_a_mail_server_are_refused() {
    let long_local = format!("{}@example.com", "a".repeat(65));
    let long_address = format!("a@{}.com", "b.".repeat(125));
    let cases = [
        "",
        "@",
        "user",
        "user@",
        "@example.com",
        "a@b@example.com",
        "user@@example.com",
        &long_local,
        &long_address,
        "user@example.com\r\nBcc: x@example.com",
        "user\r\nBcc: x@example.com",
        "us\0er@example.com",
        "user%0d%0aBcc:x@example.com",
        "user%0d%0a@example.com",
        "user%evil.test@example.com",
        " user@example.com",
        "user@example.com ",
        "us er@example.com",
        "user@exam ple.com",
        "\"quoted\"@example.com",
        "\"a b\"@example.com",
        "user@[127.0.0.1]",
        "user@[IPv6:::1]",
        "user@127.0.0.1",
        "user@example.com.",
        "user@.example.com",
        "user@example..com",
        "user@-example.com",
        "user@example-.com",
        "user@exa_mple.com",
        "user@localhost",
        ".user@example.com",
        "user.@example.com",
        "us..er@example.com",
        "user@example.com,x@example.com",
        "<user@example.com>",
        "User <user@example.com>",
        "user(comment)@example.com",
        "user@xn--.com",
        "us\u{200b}er@example.com",
        "user@exam\u{ad}ple.com",
        "üser@example.com",
        "user\u{7f}@example.com",
    ];
    for case in cases {
        assert_eq!(register(case, None), Err(("login".into(), "Invalid email address.".into())), "{case:?}");
        assert!(Email::check_login(case.into()).is_err(), "{case:?}");
    }
    let longest = format!("{}@{}.example.com", "a".repeat(64), "b".repeat(63));
    assert!(register(&longest, None).is_ok());
}

#[test]
fn a05_one_person_has_one_subject() {
    let (subject, address, _) = register("User.Name+tag@EXAMPLE.com", None).unwrap();
    assert_eq!((subject.as_str(), address.as_str()), ("user.name+tag@example.com", "User.Name+tag@example.com"));
    assert_eq!(Email::check_login("user.NAME+tag@example.COM".into()).unwrap(), subject);
    assert_ne!(Email::check_login("user.name@example.com".into()).unwrap(), subject, "a tag makes another address");
    assert_eq!(Email::check_login("user@BÜCHER.example".into()).unwrap(), "user@xn--bcher-kva.example");
    assert_eq!(Email::check_login("user@xn--bcher-kva.example".into()).unwrap(), "user@xn--bcher-kva.example");
}

#[test]
fn a05_full_width_forms_are_refused_and_homographs_differ() {
    for case in ["user＠example.com", "ｕｓｅｒ@example.com", "user@ｅxample.com", "user@example．com", "user@①.example.com"] {
        assert!(register(case, None).is_err(), "{case:?}");
    }
    let cyrillic = Email::check_login("user@ex\u{430}mple.com".into()).unwrap();
    assert!(cyrillic.starts_with("user@xn--"), "{cyrillic}");
}

#[test]
fn a09_names_that_hide_something_are_refused() {
    let hidden = "A username must not contain control or invisible characters.";
    for case in
        ["a\u{202e}b", "a\u{200b}b", "a\u{200d}b", "a\u{feff}b", "a\nb", "a\0b", "a\u{2028}b", "a\u{2066}b", "\u{3164}", "a\u{e0041}"]
    {
        assert_eq!(name(case), Err(hidden.into()), "{case:?}");
    }
    let zalgo = format!("a{}", "\u{301}".repeat(5));
    assert_eq!(name(&zalgo), Err("A username must not stack more than four accents on a character.".into()));
    assert!(name(&format!("a{}", "\u{301}".repeat(4))).is_ok());
    let length = "A username has 1 to 64 characters.";
    assert_eq!(name(&format!("a{}", "\u{301}".repeat(5000))), Err(length.into()));
    assert_eq!(name(&"x".repeat(65)), Err(length.into()));
    assert_eq!(name(&"ü".repeat(64)), Ok("ü".repeat(64)));
}

#[test]
fn a09_names_are_trimmed_and_kept_literally() {
    assert_eq!(name("  <script>alert(1)</script> "), Ok("<script>alert(1)</script>".into()));
    assert_eq!(name("Zoë 👋 李小龍"), Ok("Zoë 👋 李小龍".into()));
}

#[test]
fn a09_without_a_name_one_is_made_that_does_not_leak_the_address() {
    let derived = |login: &str| register(login, Some("   ")).unwrap().2;
    assert_eq!(derived("jane@example.com"), "jane");
    assert_eq!(derived("Jane.van_Doe+shop@example.com"), "Jane van Doe");
    assert_eq!(derived("+++@example.com"), "member");
    assert_eq!(derived("system@example.com"), "member");
    assert_eq!(derived(&format!("{}@example.com", "a".repeat(64))), "a".repeat(32));
}

#[test]
fn a10_names_of_the_server_and_its_bots_are_reserved() {
    for case in ["system", "SYSTEM", " System ", "OpenClaw", "bot:helper", "BOT:", "ｓｙｓｔｅｍ"] {
        assert_eq!(name(case), Err("This username is reserved.".into()), "{case:?}");
    }
    for case in ["admin", "systems", "robot: x", "bot"] {
        assert!(name(case).is_ok(), "{case:?}");
    }
}

fn letter(site: &str, username: &str, valid_hours: u32) -> Letter {
    Letter { link: "https://x.example/api/email/verify?token=a&b=\"c".into(), site: site.into(), username: username.into(), valid_hours }
}

#[test]
fn mails_carry_the_link_in_both_forms() {
    for mail in [Email::verification_mail(letter("Example", "Zoë Doe", 24)), Email::reset_mail(letter("Example", "Zoë Doe", 1))] {
        assert!(mail.text.contains("https://x.example/api/email/verify?token=a&b=\"c"));
        assert!(mail.html.contains("<a href=\"https://x.example/api/email/verify?token=a&amp;b=&quot;c\">"));
        assert!(mail.text.starts_with("Hello Zoë Doe,\n") && mail.html.contains("<p>Hello Zoë Doe,</p>"));
        assert!(mail.subject.ends_with(" for Example"));
    }
    assert!(Email::verification_mail(letter("E", "n", 24)).text.contains("works for 24 hours."));
    assert!(Email::reset_mail(letter("E", "n", 1)).text.contains("works for one hour."));
}

#[test]
fn mails_escape_the_site_and_leave_out_names_that_look_like_messages() {
    let mail = Email::verification_mail(letter("<b>\r\nBcc: x", "<img src=x>", 24));
    assert!(!mail.html.contains("<b>") && !mail.html.contains("<img") && mail.html.contains("&lt;b&gt;"));
    assert!(!mail.subject.contains(['\r', '\n']), "{}", mail.subject);
    for stranger in ["win at evil.example", "https://evil.example", "please send all your money to me"] {
        assert!(Email::verification_mail(letter("E", stranger, 24)).text.starts_with("Hello,\n"), "{stranger}");
    }
}

#[test]
fn mails_are_in_the_language_of_the_community() {
    let speak = |language: &str| testing::with(|host| host.settings.insert("language".into(), language.into()));
    speak("de");
    let mail = Email::verification_mail(letter("Beispiel", "Zoë", 24));
    assert_eq!(mail.subject, "Bestätige deine E-Mail-Adresse für Beispiel");
    assert!(mail.text.starts_with("Hallo Zoë,\n\nbitte bestätige") && mail.text.contains("Der Link gilt 24 Stunden."), "{}", mail.text);
    assert!(mail.html.contains("<html lang=\"de\">") && !mail.html.contains("browser"), "{}", mail.html);
    assert!(Email::reset_mail(letter("Beispiel", "Zoë", 1)).text.contains("Der Link gilt eine Stunde."));
    speak("tlh");
    assert_eq!(Email::reset_mail(letter("Example", "Zoë", 1)).subject, "Choose a new password for Example");
    let told = testing::with(|host| host.log.clone());
    assert_eq!(told, ["there are no mails in the language \"tlh\", only in en and de: this one is in English"]);
}
