use openclaw_sdk::{
    Answer, Argument, Context, Due, Time,
    commands::Value,
    testing::{self, context, said},
};

use super::{add, deliver, forget, list, suggestions};

fn ann() -> Context {
    testing::with(|host| host.now = Some(Time::parse("2026-11-28T13:00:00Z").unwrap()));
    context("r-1", "Ann", "member")
}

fn remind(context: &Context, when: &str, text: &str) -> Result<String, String> {
    let argument = |name: &str, text: &str| Argument { name: name.to_owned(), value: Value::Text(text.to_owned()) };
    add(&[argument("how", "in"), argument("when", when), argument("text", text)], context).map(body)
}

fn drop_number(context: &Context, number: i64) -> Result<String, String> {
    forget(&[Argument { name: "number".to_owned(), value: Value::Integer(number) }], context).map(body)
}

fn body(answer: Option<Answer>) -> String {
    answer.map(|answer| answer.body).unwrap_or_default()
}

#[test]
fn a_reminder_is_said_when_its_time_has_come() {
    assert_eq!(remind(&ann(), "10m", "the *tea*").unwrap(), "I will remind you here at 2026-11-28 13:10 UTC. It is number 1.");
    let job = testing::with(|host| host.jobs.remove(0));
    assert_eq!((job.name.as_str(), job.at.as_str()), ("remind/usr-ann/1", "2026-11-28T13:10:00Z"));
    deliver(&Due { id: "j".to_owned(), name: job.name, payload: job.payload, time: job.at, attempt: 1 }).unwrap();
    assert_eq!(said(), ["⏰ Ann, you asked me to remind you:\n\nthe *tea*"]);
}

#[test]
fn people_see_their_own_reminders_soonest_first() {
    assert_eq!(body(list(&ann()).unwrap()), "You are not waiting for a reminder.");
    remind(&ann(), "2h", "later").unwrap();
    remind(&ann(), "1h", "sooner").unwrap();
    remind(&context("r-1", "Ben", "member"), "1h", "not hers").unwrap();
    let expected =
        "You are waiting for:\n\n- **2** at 2026-11-28 14:00 UTC in Lounge: sooner\n- **1** at 2026-11-28 15:00 UTC in Lounge: later";
    assert_eq!(body(list(&ann()).unwrap()), expected);
}

#[test]
fn a_reminder_can_be_forgotten_by_whom_it_belongs_to() {
    remind(&ann(), "1h", "x").unwrap();
    drop_number(&context("r-1", "Ben", "owner"), 1).unwrap_err();
    assert_eq!(drop_number(&ann(), 2).unwrap_err(), "You have no reminder number 2. All of yours are in /reminders.");
    assert_eq!(drop_number(&ann(), 1).unwrap(), "Forgotten.");
    assert!(testing::with(|host| host.jobs.is_empty()));
    assert_eq!(remind(&ann(), "1h", "y").unwrap(), "I will remind you here at 2026-11-28 14:00 UTC. It is number 2.");
}

#[test]
fn numbers_suggest_themselves() {
    for text in ["one", "two"] {
        remind(&ann(), "1h", text).unwrap();
    }
    let values = |typed| suggestions(typed, &ann()).into_iter().map(|choice| (choice.value, choice.description)).collect::<Vec<_>>();
    assert_eq!(values(""), [("1".to_owned(), "one".to_owned()), ("2".to_owned(), "two".to_owned())]);
    assert_eq!(values("2"), [("2".to_owned(), "two".to_owned())]);
}

#[test]
fn lists_show_the_beginning_of_a_text_on_one_line() {
    remind(&ann(), "1h", &format!("*a*\n{}", "b".repeat(100))).unwrap();
    let line = format!("a\\* {}…", "b".repeat(76));
    assert!(body(list(&ann()).unwrap()).ends_with(&line));
    assert_eq!(suggestions("", &ann())[0].description, format!("*a* {}…", "b".repeat(76)));
}

#[test]
fn nobody_has_too_many_or_too_long_ones() {
    for _ in 0..25 {
        remind(&ann(), "1h", "x").unwrap();
    }
    assert_eq!(remind(&ann(), "1h", "x").unwrap_err(), "You are waiting for 25 reminders already. Forget one with /forget.");
    remind(&context("r-1", "Ben", "member"), "1h", "x").unwrap();
    assert_eq!(remind(&ann(), "1h", &"x".repeat(1001)).unwrap_err(), "A reminder has 1 to 1000 characters.");
}

#[test]
fn what_is_no_reminder_is_left_alone() {
    let due =
        |payload: &str| Due { id: "j".to_owned(), name: "x".to_owned(), payload: payload.to_owned(), time: String::new(), attempt: 1 };
    deliver(&due("{}")).unwrap();
    assert!(said().is_empty());
}
