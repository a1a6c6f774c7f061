//! Greets people: answers whoever says hello, and has the command `/greet`.

use openclaw_sdk::{Answer, Argument, Arguments, Command, Commands, Context, Event, Message, OnMessage, chat, settings};

struct Bot;

/// What it begins with, which the operator can set.
fn greeting() -> String {
    settings::get("greeting").unwrap_or_else(|| "Hello".to_owned())
}

impl OnMessage for Bot {
    fn on_message(_: Event, message: Message) -> Result<(), String> {
        if message.body.eq_ignore_ascii_case("hello") {
            chat::reply(&message, format!("{}, {}!", greeting(), message.author.name))?;
        }
        Ok(())
    }
}

impl Commands for Bot {
    fn commands() -> Vec<Command> {
        vec![Command::new("greet", "Greet somebody").text("whom", "Who is to be greeted")]
    }

    fn run(_: String, arguments: Vec<Argument>, _: Context) -> Result<Option<Answer>, String> {
        let whom = arguments.text("whom").ok_or("Whom?")?;
        if whom.starts_with('@') {
            return Ok(Some(Answer::caller("Without the @, please.")));
        }
        Ok(Some(Answer::room(format!("{}, {whom}!", greeting()))))
    }
}

openclaw_sdk::export_bot!(Bot: on_message, commands);
