//! The community's assistant: help, a welcome for those who join, polls, reminders, and, where the operator has set one up, answers of
//! a language model.

mod assistant;
mod help;
mod polls;
mod reminders;
mod welcome;

use openclaw_sdk::{
    Answer, Argument, Change, Choice, Command, Commands, Completion, Context, Due, Event, Introduction, Lifecycle, Member, Message,
    OnMember, OnMessage, Recurring, Room, Scheduled,
};

struct OpenClaw;

impl OnMessage for OpenClaw {
    fn on_message(event: Event, message: Message) -> Result<(), String> {
        assistant::on_message(&event, &message)
    }
}

impl OnMember for OpenClaw {
    fn on_member(_: Event, change: Change, room: Room, member: Member) -> Result<(), String> {
        if change.what == "joined" { welcome::greet(&room, &member) } else { Ok(()) }
    }
}

impl Commands for OpenClaw {
    fn commands() -> Vec<Command> {
        let mut commands = vec![help::command()];
        commands.extend(polls::commands());
        commands.extend(reminders::commands());
        commands.extend(assistant::command());
        commands
    }

    fn run(command: String, arguments: Vec<Argument>, context: Context) -> Result<Option<Answer>, String> {
        match command.as_str() {
            "help" => Ok(Some(help::answer(&Self::commands(), assistant::listens_to()))),
            "poll" => polls::open(&arguments, &context),
            "poll-close" => polls::close(&context),
            "remind" => reminders::add(&arguments, &context),
            "reminders" => reminders::list(&context),
            "forget" => reminders::forget(&arguments, &context),
            "ask" => assistant::ask(&arguments, &context),
            _ => Err(format!("I do not know /{command}. Try /help.")),
        }
    }
}

impl Completion for OpenClaw {
    fn complete(command: String, _: String, typed: String, context: Context) -> Vec<Choice> {
        if command == "forget" { reminders::suggestions(&typed, &context) } else { Vec::new() }
    }
}

impl Scheduled for OpenClaw {
    fn jobs() -> Vec<Recurring> {
        Vec::new()
    }

    fn on_job(job: Due) -> Result<(), String> {
        if assistant::is_answer(&job) { assistant::deliver(&job) } else { reminders::deliver(&job) }
    }
}

impl Lifecycle for OpenClaw {
    fn about() -> Introduction {
        Introduction::new("OpenClaw", "Help, a welcome, polls, reminders, and answers of a language model")
            .version(env!("CARGO_PKG_VERSION"))
            .settings(include_str!("settings.json"))
    }

    fn start() -> Result<(), String> {
        assistant::check()
    }
}

openclaw_sdk::export_bot!(OpenClaw: on_message, on_member, commands, completion, scheduled, lifecycle);

#[cfg(test)]
mod tests;
