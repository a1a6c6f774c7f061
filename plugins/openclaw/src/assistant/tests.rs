use openclaw_sdk::{
    Argument, Due, Event, Message,
    commands::{Audience, Value},
    http::{Error, Response},
    testing::{self, context, event, message, said},
};
use serde_json::{Value as Json, json};

use super::{ask, check, command, deliver, is_answer, on_message};

fn set(key: &str, value: &str) {
    testing::with(|host| host.settings.insert(key.to_owned(), value.to_owned()));
}

fn set_up() {
    set("chat_url", "https://api.example/v1/chat/completions");
    set("chat_model", "small");
    testing::with(|host| host.secrets.insert("chat_secret".to_owned()));
}

fn answered(response: Response) {
    failed(Ok(response));
}

fn failed(response: Result<Response, Error>) {
    testing::with(|host| host.responses.push_back(response));
}

fn response(status: u16, body: &str) -> Response {
    Response { status, headers: Vec::new(), body: body.into() }
}

fn completion(text: &str) -> Response {
    response(200, &json!({ "choices": [{ "index": 0, "message": { "role": "assistant", "content": text } }] }).to_string())
}

fn asked(question: &str) -> Result<String, String> {
    let argument = Argument { name: "question".to_owned(), value: Value::Text(question.to_owned()) };
    ask(&[argument], &context("r-1", "Ann", "member")).map(|answer| {
        let answer = answer.unwrap();
        assert_eq!(answer.audience, Audience::Room);
        answer.body
    })
}

#[test]
fn a_question_is_answered_before_everybody() {
    set_up();
    message("r-1", "Ben", "hello");
    answered(completion(" *Two.* "));
    assert_eq!(asked("1 + *1*?").unwrap(), "> 1 + \\*1\\*?\n\n*Two.*");
    let request = testing::with(|host| host.requests.remove(0));
    assert_eq!(
        (request.method.as_str(), request.url.as_str(), request.timeout_ms),
        ("POST", "https://api.example/v1/chat/completions", Some(30_000))
    );
    assert_eq!((request.secret_headers[0].prefix.as_str(), request.secret_headers[0].secret.as_str()), ("Bearer ", "chat_secret"));
    let body: Json = serde_json::from_slice(&request.body).unwrap();
    assert_eq!(
        (&body["model"], &body["messages"][1]["content"], &body["messages"][2]["content"]),
        (&json!("small"), &json!("Ben: hello"), &json!("Ann: 1 + *1*?"))
    );
    assert!(body["messages"][0]["content"].as_str().unwrap().starts_with("You are OpenClaw, "));
}

#[test]
fn a_mention_is_answered_with_what_was_said_before() {
    set_up();
    set("chat_history", "2");
    for number in 1..=4 {
        message("r-1", "Ben", &format!("number {number}"));
    }
    let question = message("r-1", "Ann", "@openclaw and now?");
    answered(completion("Five."));
    on_message(&event(), &question).unwrap();
    assert_eq!(said(), ["Five."]);
    let body: Json = serde_json::from_slice(&testing::with(|host| host.requests.remove(0)).body).unwrap();
    let told: Vec<_> = body["messages"].as_array().unwrap().iter().skip(1).map(|turn| turn["content"].as_str().unwrap()).collect();
    assert_eq!(told, ["Ben: number 3", "Ben: number 4", "Ann: @openclaw and now?"]);
}

#[test]
fn what_is_not_meant_for_it_is_left_alone() {
    set_up();
    let mut bot: Message = message("r-1", "Dot", "@openclaw hi");
    bot.author.is_bot = true;
    for message in [bot, message("r-1", "Ann", "hi")] {
        on_message(&event(), &message).unwrap();
    }
    assert!(said().is_empty() && testing::with(|host| host.requests.is_empty()));
}

#[test]
fn nothing_is_asked_again_at_once_for_the_same_message() {
    set_up();
    on_message(&Event { attempt: 2, ..event() }, &message("r-1", "Ann", "@openclaw hi")).unwrap();
    assert_eq!((said(), testing::with(|host| host.requests.len())), (vec!["Sorry, I could not answer that in time.".to_owned()], 0));
}

#[test]
fn an_answer_for_which_there_is_no_room_is_said_later_and_not_paid_for_again() {
    set_up();
    answered(completion("Two."));
    testing::with(|host| host.silenced = true);
    let question = message("r-1", "Ann", "@openclaw 1 + 1?");
    on_message(&event(), &question).unwrap();
    assert!(said().is_empty());
    let job = testing::with(|host| {
        host.silenced = false;
        host.jobs.remove(0)
    });
    let due = Due { id: "j".to_owned(), name: job.name, payload: job.payload, time: job.at, attempt: 1 };
    assert!(is_answer(&due));
    deliver(&due).unwrap();
    assert_eq!((said(), testing::with(|host| host.requests.len())), (vec!["Two.".to_owned()], 1));
}

#[test]
fn what_the_operator_lets_it_try_again_is_asked_again() {
    set_up();
    answered(completion("Hello."));
    on_message(&Event { attempt: 6, ..event() }, &message("r-1", "Ann", "@openclaw hi")).unwrap();
    assert_eq!((said(), testing::with(|host| host.requests.len())), (vec!["Hello.".to_owned()], 1));
}

#[test]
fn troubles_of_the_service_become_sentences() {
    set_up();
    let cases = [
        (Ok(response(429, "")), "I am asked too much at the moment. Please try again in a minute."),
        (Ok(response(503, "")), "I cannot think at the moment. Please try again later."),
        (Ok(response(401, r#"{"error":"wrong key sk-1"}"#)), "I am not set up properly. Please tell whoever runs this community."),
        (Ok(response(302, "")), "I am not set up properly. Please tell whoever runs this community."),
        (Ok(response(200, "<html>")), "Sorry, I did not understand the answer that I was given."),
        (Ok(response(200, r#"{"choices":[]}"#)), "I have nothing to say to that."),
        (Ok(completion(" ")), "I have nothing to say to that."),
        (Ok(response(200, r#"{"choices":[{"message":{"content":null}}]}"#)), "I have nothing to say to that."),
        (Err(Error::Timeout), "Sorry, I could not answer that in time."),
        (Err(Error::Denied("x".to_owned())), "I am not set up properly. Please tell whoever runs this community."),
        (Err(Error::Unreachable("x".to_owned())), "I cannot think at the moment. Please try again later."),
    ];
    for (response, sentence) in cases {
        failed(response);
        assert_eq!(asked("why?").unwrap_err(), sentence);
    }
    let log = testing::with(|host| host.log.join("\n"));
    assert!(log.contains("chat_url answered with status 401: is `chat_secret` right?") && !log.contains("sk-1"), "{log}");
}

#[test]
fn a_long_answer_fits_into_a_message() {
    set_up();
    answered(completion(&"ü".repeat(10_000)));
    let answer = asked(&"*".repeat(1000)).unwrap();
    assert_eq!((answer.chars().count(), answer.chars().last()), (4000, Some('…')));
}

#[test]
fn nobody_asks_without_end() {
    set_up();
    set("chat_per_hour", "2");
    for _ in 0..2 {
        answered(completion("ok"));
        asked("?").unwrap();
    }
    assert!(asked("?").unwrap_err().starts_with("You have asked me a lot lately."));
    assert_eq!(testing::with(|host| host.requests.len()), 2);
}

#[test]
fn it_is_off_unless_all_of_it_is_set_up() {
    assert_eq!((check(), command().is_none(), asked("?").unwrap_err().as_str()), (Ok(()), true, "Nobody has set up an assistant here."));
    on_message(&event(), &message("r-1", "Ann", "@openclaw hi")).unwrap();
    set("chat_url", "https://api.example/v1");
    set("chat_model", " ");
    assert_eq!(check().unwrap_err(), "set `chat_model` and `chat_secret`, too, or remove `chat_url`: the assistant needs all of them");
    assert!(command().is_none());
    set_up();
    assert_eq!((check(), command().is_some()), (Ok(()), true));
    assert!(said().is_empty());
}
