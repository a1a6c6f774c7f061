//! Repeats what it is told, in each of the ways that a bot can answer.

use openclaw_sdk::{Answer, Argument, Arguments, Command, Commands, Context, Event, Message, OnMessage, chat};

struct Echo;

impl OnMessage for Echo {
    fn on_message(_: Event, message: Message) -> Result<(), String> {
        if let Some(text) = message.body.strip_prefix("echo ") {
            chat::reply(&message, format!("echo: {text}"))?;
        }
        Ok(())
    }
}

impl Commands for Echo {
    fn commands() -> Vec<Command> {
        vec![
            Command::new("echo", "Repeats a text, to you").text("text", "What to repeat"),
            Command::new("shout", "Repeats a text, to everybody").text("text", "What to repeat"),
        ]
    }

    fn run(command: String, arguments: Vec<Argument>, _: Context) -> Result<Option<Answer>, String> {
        let text = arguments.text("text").ok_or("there is no text")?;
        Ok(Some(if command == "shout" { Answer::room(text) } else { Answer::caller(text) }))
    }
}

openclaw_sdk::export_bot!(Echo: on_message, commands);
