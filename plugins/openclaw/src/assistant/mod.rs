//! Answers of a language model, on `/ask` and when somebody mentions the bot. Off unless the operator has set up a service.

mod backend;
mod conversation;
mod later;
mod mention;

use std::time::Duration;

use openclaw_sdk::{
    Answer, Argument, Arguments, Command, Context, Error, Event, Member, Message, chat, escape_markdown, secrets, settings, store,
};

pub use self::later::{deliver, is_answer};
use self::{backend::Backend, conversation::Conversation};
#[cfg(test)]
pub use self::{backend::TIMEOUT, conversation::PROMPT};

/// Settings unless the operator writes others.
pub const NAME: &str = "OpenClaw";
pub const HISTORY: u32 = 10;
pub const PER_HOUR: i64 = 20;
/// How often it is told of an event by itself, `limits.attempts` unless the operator writes another number.
const ATTEMPTS: u32 = 5;
/// How long a question may be, in characters.
const MAX_QUESTION: usize = 1000;
/// How long a message may be, in characters.
const MAX_MESSAGE: usize = 4000;

/// Refuses a service that is half set up, and says what is missing.
pub fn check() -> Result<(), String> {
    let parts = [
        ("chat_url", backend::setting("chat_url").is_some()),
        ("chat_model", backend::setting("chat_model").is_some()),
        ("chat_secret", secrets::available("chat_secret")),
    ];
    let names =
        |set: bool| parts.iter().filter(|(_, is)| *is == set).map(|(name, _)| format!("`{name}`")).collect::<Vec<_>>().join(" and ");
    if parts.iter().any(|(_, set)| *set) && parts.iter().any(|(_, set)| !set) {
        return Err(format!("set {}, too, or remove {}: the assistant needs all of them", names(false), names(true)));
    }
    Ok(())
}

/// `/ask`, if there is somebody to ask.
pub fn command() -> Option<Command> {
    Backend::from_settings().ok().flatten().map(|_| Command::new("ask", "Ask me anything").text("question", "What you want to know"))
}

/// The name by which the bot is talked to, if somebody would answer.
pub fn listens_to() -> Option<String> {
    command().map(|_| name())
}

pub fn ask(arguments: &[Argument], context: &Context) -> Result<Option<Answer>, String> {
    let Some(backend) = Backend::from_settings()? else { return Err("Nobody has set up an assistant here.".to_owned()) };
    let question = arguments.text("question").unwrap_or_default().trim();
    if !(1..=MAX_QUESTION).contains(&question.chars().count()) {
        return Err(format!("A question has 1 to {MAX_QUESTION} characters."));
    }
    let history = chat::latest(&context.room_id, history()?).unwrap_or_default();
    let answer = answer(&backend, &context.caller, &history, question)?;
    let text = format!("> {}\n\n{answer}", escape_markdown(question));
    Ok(Some(Answer::room(conversation::cut(&text, MAX_MESSAGE))))
}

/// Answers a message that talks to the bot. Bots are not answered, so that two of them do not talk for ever.
pub fn on_message(event: &Event, message: &Message) -> Result<(), String> {
    if message.author.is_bot || !mention::is_in(&message.body, &name()) {
        return Ok(());
    }
    let Some(backend) = Backend::from_settings()? else { return Ok(()) };
    // What was cut off because it took too long is not asked again by itself: somebody pays for it each time. The operator may.
    let answer = if (2..=ATTEMPTS).contains(&event.attempt) {
        Err("Sorry, I could not answer that in time.".to_owned())
    } else {
        let history = chat::before(message, history()?).unwrap_or_default();
        answer(&backend, &message.author, &history, &message.body)
    };
    let text = conversation::cut(&answer.unwrap_or_else(|sentence| sentence), MAX_MESSAGE);
    match chat::reply(message, text.clone()) {
        Err(Error::Limited(_)) => later::say(message, &text),
        said => said.map(drop).map_err(Into::into),
    }
}

/// The model's answer, or a sentence for who asked.
fn answer(backend: &Backend, who: &Member, history: &[Message], question: &str) -> Result<String, String> {
    let most = settings::integer("chat_per_hour")?.unwrap_or(PER_HOUR);
    if store::increment_for(&format!("asked/{}", who.id), 1, Duration::from_hours(1))? > most {
        return Err("You have asked me a lot lately. Please give me a break, for an hour at most.".to_owned());
    }
    let answer = backend.complete(&Conversation::new(&name(), history, who, question))?;
    Ok(answer.trim().to_owned())
}

fn name() -> String {
    settings::get_or("name", NAME)
}

fn history() -> Result<u32, String> {
    Ok(settings::integer("chat_history")?.map_or(HISTORY, |number| u32::try_from(number).unwrap_or_default()))
}

#[cfg(test)]
mod tests;
