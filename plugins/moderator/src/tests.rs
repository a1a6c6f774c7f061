use std::time::Duration;

use openclaw_sdk::{
    Argument, BeforeMessage, Commands, Draft, Lifecycle, Time, Verdict,
    commands::Value,
    testing::{self, context, member},
};

use super::Moderator;

fn set(settings: &[(&str, &str)]) {
    testing::with(|host| host.settings.extend(settings.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))));
}

fn draft(author: &str, role: &str, body: &str) -> Draft {
    let author = member(author);
    Draft {
        room_id: "r-1".to_owned(),
        author,
        role: role.to_owned(),
        body: body.to_owned(),
        reply_to: None,
        attachments: Vec::new(),
        editing: None,
    }
}

fn say(body: &str) -> Verdict {
    Moderator::before_message(draft("Ann", "member", body))
}

fn modlog(role: &str, count: Option<i64>) -> Result<String, String> {
    let arguments = count.map(|count| Argument { name: "count".to_owned(), value: Value::Integer(count) });
    let answer = Moderator::run("modlog".to_owned(), arguments.into_iter().collect(), context("r-1", "Mo", role));
    answer.map(|answer| answer.unwrap().body)
}

fn at(time: &str) {
    testing::with(|host| host.now = Some(Time::parse(time).unwrap()));
}

#[test]
fn words_are_refused_or_blacked_out() {
    set(&[("words", "spam*, Bäh")]);
    assert_eq!(say("hello"), Verdict::Allow);
    assert_eq!(say("such Spammers!"), Verdict::Reject("Please say that without “Spammers”.".to_owned()));
    set(&[("word_action", "rewrite")]);
    assert_eq!(say("bah, such Spammers!"), Verdict::Rewrite("███, such ████████!".to_owned()));
}

#[test]
fn links_are_refused_or_removed() {
    set(&[("link_hosts", "good.example"), ("link_action", "reject")]);
    assert_eq!(say("https://www.good.example/x"), Verdict::Allow);
    assert_eq!(say("https://evil.example/x"), Verdict::Reject("Links to evil.example are not welcome here.".to_owned()));
    set(&[("link_action", "rewrite")]);
    assert_eq!(
        say("https://evil.example/x or https://good.example"),
        Verdict::Rewrite("(link removed) or https://good.example".to_owned())
    );
}

#[test]
fn both_are_changed_together_and_a_refusal_comes_first() {
    set(&[("words", "spam"), ("word_action", "rewrite"), ("link_action", "rewrite")]);
    assert_eq!(say("spam at https://spam.example"), Verdict::Rewrite("████ at (link removed)".to_owned()));
    set(&[("link_action", "reject")]);
    assert!(matches!(say("spam at https://spam.example"), Verdict::Reject(_)));
}

#[test]
fn who_writes_too_much_waits() {
    set(&[("flood_messages", "2"), ("flood_seconds", "5")]);
    at("2026-11-28T13:00:00Z");
    assert_eq!([say("1"), say("2")], [Verdict::Allow, Verdict::Allow]);
    for _ in 0..3 {
        assert_eq!(say("3"), Verdict::Reject("That was a lot at once. Please wait a few seconds.".to_owned()));
    }
    assert_eq!(Moderator::before_message(draft("Ben", "member", "hi")), Verdict::Allow);
    at("2026-11-28T13:00:05Z");
    assert_eq!(say("4"), Verdict::Allow);
    assert_eq!(modlog("owner", None).unwrap().lines().count(), 1, "a flood is one entry");
}

#[test]
fn bots_do_not_flood_but_speak_properly() {
    set(&[("flood_messages", "1"), ("words", "spam")]);
    let say = |body| {
        let mut draft = draft("Dot", "member", body);
        draft.author.is_bot = true;
        Moderator::before_message(draft)
    };
    assert_eq!([say("1"), say("2"), say("3")], [Verdict::Allow, Verdict::Allow, Verdict::Allow]);
    assert!(matches!(say("spam"), Verdict::Reject(_)));
}

#[test]
fn owners_and_moderators_are_exempt_unless_the_operator_says_otherwise() {
    set(&[("words", "spam"), ("flood_messages", "1")]);
    for role in ["owner", "moderator"] {
        assert_eq!([(); 3].map(|()| Moderator::before_message(draft("Mo", role, "spam"))), [(); 3].map(|()| Verdict::Allow));
    }
    set(&[("exempt_moderators", "false")]);
    assert!(matches!(Moderator::before_message(draft("Mo", "owner", "spam")), Verdict::Reject(_)));
}

#[test]
fn moderators_read_what_happened_newest_first() {
    set(&[("words", "spam")]);
    assert_eq!(modlog("owner", None).unwrap(), "Nothing was refused or changed in this room.");
    for (minute, author) in ["Ann", "Ben", "*Cy*"].into_iter().enumerate() {
        at(&format!("2026-11-28T13:0{minute}:00Z"));
        Moderator::before_message(draft(author, "member", "spam\n[x](y)"));
    }
    let newest = r"- 2026-11-28 13:02 UTC **\*Cy\***, refused (word spam): spam \[x\](y)";
    let log = modlog("moderator", None).unwrap();
    assert_eq!((log.lines().count(), log.lines().next()), (3, Some(newest)));
    assert_eq!(modlog("owner", Some(1)).unwrap(), newest);
    assert_eq!(modlog("member", None).unwrap_err(), "Only owners and moderators of this room can see that.");
    testing::with(|host| host.now = host.now.map(|now| now + Duration::from_hours(24 * 30)));
    assert_eq!(modlog("owner", None).unwrap(), "Nothing was refused or changed in this room.");
}

#[test]
fn the_log_of_the_server_repeats_nothing_of_a_message() {
    set(&[("words", "spam")]);
    say("spam and a secret");
    assert_eq!(testing::with(|host| host.log.clone()), ["refused a message of usr-ann in r-1: word spam"]);
}

#[test]
fn an_answer_is_never_too_long() {
    set(&[("words", "spam"), ("flood_messages", "0")]);
    for second in 10..60 {
        at(&format!("2026-11-28T13:00:{second}Z"));
        say(&format!("spam {}", "*".repeat(500)));
    }
    let log = modlog("owner", Some(50)).unwrap();
    assert!((3000..=4000).contains(&log.chars().count()), "{}", log.chars().count());
}

#[test]
fn wrong_settings_are_named_at_the_start() {
    Moderator::start().unwrap();
    for (key, value, why) in [
        ("words", "a-b", "`words` has `a-b` in it, which is no single word of letters and digits"),
        ("word_action", "no", "set `word_action` to \"allow\", \"reject\" or \"rewrite\""),
        ("flood_seconds", "0", "set `flood_seconds` to a number above 0"),
        ("exempt_moderators", "maybe", "set `exempt_moderators` to true or false"),
    ] {
        set(&[(key, value)]);
        assert_eq!(Moderator::start().unwrap_err(), why);
        assert_eq!(say("hello"), Verdict::Allow);
        testing::with(|host| host.settings.clear());
    }
}

#[test]
fn a_moderator_without_rules_says_so() {
    set(&[("flood_messages", "0")]);
    Moderator::start().unwrap();
    assert!(testing::with(|host| host.log.concat()).starts_with("no rule is set"));
}

#[test]
fn the_schema_is_json_and_its_defaults_change_nothing() {
    let schema: serde_json::Value = serde_json::from_str(&Moderator::about().settings_schema.unwrap()).unwrap();
    for (key, property) in schema["properties"].as_object().unwrap() {
        let default = match &property["default"] {
            serde_json::Value::String(text) => text.clone(),
            serde_json::Value::Null => continue,
            other => other.to_string(),
        };
        let before = format!("{:?}", crate::rules::Rules::from_settings().unwrap());
        set(&[(key, &default)]);
        assert_eq!(format!("{:?}", crate::rules::Rules::from_settings().unwrap()), before, "{key}");
    }
}

#[test]
fn the_log_of_a_room_does_not_grow_for_ever() {
    set(&[("words", "spam"), ("flood_messages", "0")]);
    let begin = Time::parse("2026-11-28T13:00:00Z").unwrap();
    for second in 0..120 {
        testing::with(|host| host.now = Some(begin + Duration::from_secs(second)));
        assert!(matches!(say(&format!("spam number {second}")), Verdict::Reject(_)));
    }
    assert_eq!(openclaw_sdk::store::keys("log/r-1/").unwrap().len(), 100);
    let log = modlog("owner", Some(50)).unwrap();
    assert!(log.contains("number 119") && log.contains("number 90"), "{log}");
}
