//! Polls: a message with a number for each option, on which people vote with reactions.
//!
//! An open poll is a value in the store; votes are counted when it is closed.

mod text;

use std::time::Duration;

use openclaw_sdk::{Answer, Argument, Arguments, Command, Context, Error, chat, store};
use serde::{Deserialize, Serialize};

/// How many options a poll has at most: a command has ten parameters, and there are nine digits.
const MOST: usize = 9;
/// How long a question and an option may be, in characters.
const MAX_QUESTION: usize = 300;
const MAX_OPTION: usize = 100;
/// Polls that nobody closes are forgotten.
const REMEMBERED: Duration = Duration::from_hours(24 * 30);

/// An open poll.
#[derive(Serialize, Deserialize)]
struct Poll {
    question: String,
    options: Vec<String>,
    /// Who opened it.
    by: String,
    by_name: String,
}

pub fn commands() -> [Command; 2] {
    let mut poll = Command::new("poll", "Ask everybody here").text("question", "In quotation marks if it has several words");
    for number in 1..=MOST {
        poll = poll.text(&format!("option-{number}"), "One of the answers");
        if number > 2 {
            poll = poll.optional();
        }
    }
    [poll, Command::new("poll-close", "Close your last poll here and count the votes")]
}

/// Says the poll and puts the numbers on it, so that voting is a click.
pub fn open(arguments: &[Argument], context: &Context) -> Result<Option<Answer>, String> {
    let question = arguments.text("question").unwrap_or_default();
    let options: Vec<_> = (1..=MOST).filter_map(|number| arguments.text(&format!("option-{number}"))).collect();
    check(question, &options)?;
    let options = options.into_iter().map(|option| option.trim().to_owned()).collect();
    let poll = Poll { question: question.trim().to_owned(), options, by: context.caller.id.clone(), by_name: context.caller.name.clone() };
    let id = chat::send(&context.room_id, text::open(&poll))?;
    for number in 1..=poll.options.len() {
        chat::react(&id, &text::digit(number))?;
    }
    store::set_json_for(&key(&context.room_id, &id), &poll, REMEMBERED)?;
    Ok(None)
}

/// Closes the newest poll of the room that the caller opened; owners and moderators close anybody's.
pub fn close(context: &Context) -> Result<Option<Answer>, String> {
    let Some((id, poll)) = newest(context)? else {
        return Err("There is no open poll of yours in this room.".to_owned());
    };
    store::delete(&key(&context.room_id, &id))?;
    let message = match chat::message(&id) {
        Ok(message) if !message.deleted => message,
        Ok(_) | Err(Error::NotFound) => return Ok(Some(Answer::caller("Somebody has deleted that poll, so there is nothing to count."))),
        Err(error) => return Err(error.into()),
    };
    let votes = text::count(&poll, &message);
    chat::edit(&id, &text::closed(&poll))?;
    chat::reply(&message, text::result(&poll, &votes))?;
    Ok(None)
}

fn newest(context: &Context) -> Result<Option<(String, Poll)>, Error> {
    let prefix = key(&context.room_id, "");
    // Ids of messages are in the order of time.
    for key in store::keys(&prefix)?.iter().rev() {
        let poll = store::json::<Poll>(key)?.filter(|poll| poll.by == context.caller.id || context.is_moderator());
        if let Some(poll) = poll {
            return Ok(Some((key[prefix.len()..].to_owned(), poll)));
        }
    }
    Ok(None)
}

fn key(room_id: &str, message_id: &str) -> String {
    format!("poll/{room_id}/{message_id}")
}

fn check(question: &str, options: &[&str]) -> Result<(), String> {
    let fits = |text: &str, most: usize| (1..=most).contains(&text.trim().chars().count());
    if !fits(question, MAX_QUESTION) {
        return Err(format!("A question has 1 to {MAX_QUESTION} characters."));
    }
    if options.len() < 2 {
        return Err("A poll needs at least two options.".to_owned());
    }
    if !options.iter().all(|option| fits(option, MAX_OPTION)) {
        return Err(format!("An option has 1 to {MAX_OPTION} characters."));
    }
    let mut different: Vec<_> = options.iter().map(|option| option.trim().to_lowercase()).collect();
    different.sort_unstable();
    different.dedup();
    if different.len() < options.len() {
        return Err("Two of the options are the same.".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests;
