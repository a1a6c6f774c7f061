use openclaw_sdk::{
    Answer, Argument, Context, Reaction,
    commands::Value,
    store,
    testing::{self, Effect, context, said},
};

use super::{close, commands, open};

fn arguments(texts: &[&str]) -> Vec<Argument> {
    let names = ["question".to_owned()].into_iter().chain((1..).map(|number| format!("option-{number}")));
    names.zip(texts).map(|(name, text)| Argument { name, value: Value::Text((*text).to_owned()) }).collect()
}

fn ann() -> Context {
    context("r-1", "Ann", "member")
}

/// Opens a poll, and lets its message be there with these votes.
fn opened(votes: &[(&str, &[&str])]) -> String {
    assert_eq!(open(&arguments(&["Tea?", "yes", "no", "per*haps"]), &ann()), Ok(None));
    let id = testing::with(|host| {
        match host.effects.iter().rev().find_map(|effect| match effect {
            Effect::Send(id, message) => Some((id.clone(), message.body.clone())),
            _ => None,
        }) {
            Some((id, _)) => id,
            None => panic!("nothing was said"),
        }
    });
    let mut message = testing::message("r-1", "OpenClaw", "poll");
    message.id.clone_from(&id);
    message.reactions = votes
        .iter()
        .map(|(emoji, who)| Reaction { emoji: (*emoji).to_owned(), member_ids: who.iter().map(|id| (*id).to_owned()).collect() })
        .collect();
    testing::with(|host| host.messages.push(message));
    id
}

#[test]
fn a_poll_is_a_message_with_numbers_on_it() {
    let id = opened(&[]);
    let text =
        "📊 Ann asks: **Tea?**\n\n1\u{fe0f}\u{20e3} yes\n2\u{fe0f}\u{20e3} no\n3\u{fe0f}\u{20e3} per\\*haps\n\nVote with a number below.";
    assert_eq!(said(), [text]);
    let reactions = testing::with(|host| host.effects.split_off(1));
    let expected =
        ["1\u{fe0f}\u{20e3}", "2\u{fe0f}\u{20e3}", "3\u{fe0f}\u{20e3}"].map(|emoji| Effect::React(id.clone(), emoji.to_owned(), true));
    assert_eq!(reactions, expected);
}

#[test]
fn votes_are_counted_without_the_bots_own() {
    let bot = "usr-openclaw";
    opened(&[
        ("1\u{fe0f}\u{20e3}", &[bot, "usr-1"]),
        ("2\u{fe0f}\u{20e3}", &[bot, "usr-2"]),
        ("2\u{20e3}", &["usr-2", "usr-3"]),
        ("👍", &["usr-4"]),
        ("3\u{fe0f}\u{20e3}", &[bot]),
    ]);
    assert_eq!(close(&ann()), Ok(None));
    let result = "📊 **Tea?**\n\n1\u{fe0f}\u{20e3} yes: 1 vote\n2\u{fe0f}\u{20e3} no: 2 votes\n3\u{fe0f}\u{20e3} per\\*haps: 0 votes\n\n**no** wins.";
    assert_eq!(said().last().map(String::as_str), Some(result));
    let edited =
        testing::with(|host| host.effects.iter().any(|effect| matches!(effect, Effect::Edit(_, text) if text.ends_with("is closed."))));
    assert!(edited);
    assert_eq!(close(&ann()).unwrap_err(), "There is no open poll of yours in this room.");
}

#[test]
fn nobody_and_everybody_can_win() {
    opened(&[]);
    close(&ann()).unwrap();
    assert!(said().pop().unwrap().ends_with("Nobody voted."));
    opened(&[("1\u{fe0f}\u{20e3}", &["a"]), ("2\u{fe0f}\u{20e3}", &["b"]), ("3\u{fe0f}\u{20e3}", &["c"])]);
    close(&ann()).unwrap();
    assert!(said().pop().unwrap().ends_with("A tie between **yes**, **no** and **per\\*haps**."));
}

#[test]
fn only_who_opened_it_and_moderators_close_a_poll() {
    opened(&[]);
    close(&context("r-1", "Ben", "member")).unwrap_err();
    close(&context("r-2", "Ann", "member")).unwrap_err();
    assert_eq!(close(&context("r-1", "Ben", "moderator")), Ok(None));
}

#[test]
fn a_poll_whose_message_is_gone_is_forgotten() {
    let id = opened(&[]);
    testing::with(|host| host.messages.retain(|message| message.id != id));
    let gone = "Somebody has deleted that poll, so there is nothing to count.";
    assert_eq!(close(&ann()), Ok(Some(Answer::caller(gone))));
    assert_eq!(store::keys("poll/").unwrap().len(), 0);
}

#[test]
fn what_makes_no_poll_is_refused_with_the_reason() {
    let refused = |texts: &[&str]| open(&arguments(texts), &ann()).unwrap_err();
    assert_eq!(refused(&[" ", "a", "b"]), "A question has 1 to 300 characters.");
    assert_eq!(refused(&["q", "a"]), "A poll needs at least two options.");
    assert_eq!(refused(&["q", "a", &"b".repeat(101)]), "An option has 1 to 100 characters.");
    assert_eq!(refused(&["q", "Yes", "yes "]), "Two of the options are the same.");
    assert!(testing::with(|host| host.effects.is_empty()));
}

#[test]
fn a_command_has_at_most_ten_parameters_and_those_that_must_come_first() {
    let [poll, _] = commands();
    assert_eq!(poll.parameters.len(), 10);
    assert_eq!(poll.parameters.iter().map(|parameter| parameter.required).collect::<Vec<_>>().partition_point(|required| *required), 3);
}
