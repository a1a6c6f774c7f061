//! Counts messages. Each leaves a key of its own in the same call, so that a test can see whether every one was counted, and once.

use openclaw_sdk::{Answer, Argument, Command, Commands, Context, Event, Message, OnMessage, store};

struct Counting;

impl OnMessage for Counting {
    fn on_message(event: Event, message: Message) -> Result<(), String> {
        store::set(&format!("event/{}", event.id), message.id)?;
        store::increment("count", 1)?;
        Ok(())
    }
}

impl Commands for Counting {
    fn commands() -> Vec<Command> {
        vec![Command::new("count", "How many messages there were")]
    }

    fn run(_: String, _: Vec<Argument>, _: Context) -> Result<Option<Answer>, String> {
        Ok(Some(Answer::caller(store::count("count")?.to_string())))
    }
}

openclaw_sdk::export_bot!(Counting: on_message, commands);
