use openclaw_sdk::{Commands, Completion, Lifecycle, OnMember, testing};
use serde_json::Value;

use super::{OpenClaw, assistant, welcome};

#[test]
fn defaults_are_those_of_the_schema() {
    let about = OpenClaw::about();
    let schema: Value = serde_json::from_str(&about.settings_schema.unwrap()).unwrap();
    let default = |key: &str| &schema["properties"][key]["default"];
    assert_eq!(about.name, assistant::NAME);
    assert_eq!((default("name"), default("welcome")), (&assistant::NAME.into(), &welcome::DEFAULT.into()));
    assert_eq!(default("chat_prompt"), &Value::from(assistant::PROMPT));
    assert_eq!((default("chat_history"), default("chat_per_hour")), (&assistant::HISTORY.into(), &assistant::PER_HOUR.into()));
    assert_eq!(default("chat_timeout"), &Value::from(assistant::TIMEOUT));
}

#[test]
fn every_command_is_run() {
    for command in OpenClaw::commands() {
        let context = testing::context("r-1", "Ann", "member");
        let unknown = format!("I do not know /{}.", command.name);
        let answer = OpenClaw::run(command.name, Vec::new(), context);
        assert!(!answer.is_err_and(|sentence| sentence.starts_with(&unknown)));
    }
    OpenClaw::run("dance".to_owned(), Vec::new(), testing::context("r-1", "Ann", "member")).unwrap_err();
}

#[test]
fn only_those_who_join_are_welcomed() {
    for change in ["left", "removed", "joined"] {
        OpenClaw::on_member(testing::event(), testing::change(change, "Ann"), testing::room("r-1"), testing::member("Ann")).unwrap();
    }
    assert_eq!(testing::said().len(), 1);
}

#[test]
fn nothing_suggests_itself_where_there_is_nothing_to_choose() {
    let context = testing::context("r-1", "Ann", "member");
    assert!(OpenClaw::complete("poll".to_owned(), "question".to_owned(), String::new(), context).is_empty());
}
