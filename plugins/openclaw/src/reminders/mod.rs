//! Reminders: jobs of the schedule, one for each, with everything in it that is to be said then.

mod when;

use openclaw_sdk::{
    Answer, Argument, Arguments, Choice, Command, Context, Due, Error, Time, chat, escape_markdown, log,
    schedule::{self, Job},
    store,
};
use serde::{Deserialize, Serialize};

/// How many reminders a person may have at the same time.
const MOST: usize = 25;
/// How long a reminder may be, in characters.
const MAX_TEXT: usize = 1000;

/// How much of it is shown in a list.
const SHORT: usize = 80;

/// What is to be said.
#[derive(Serialize, Deserialize)]
struct Reminder {
    room_id: String,
    room_name: String,
    name: String,
    text: String,
}

pub fn commands() -> [Command; 3] {
    [
        Command::new("remind", "Remind you here")
            .text("how", "After a while or at a time")
            .choices([("in", "After a while: 10m, 2h30m, 1d"), ("at", "At a time: 2026-12-24T18:00:00Z")])
            .text("when", "Such as 10m, 2h30m or 1d; or such as 2026-12-24T18:00:00Z")
            .text("text", "Of what"),
        Command::new("reminders", "All reminders that you are waiting for"),
        Command::new("forget", "Forget a reminder").integer("number", "Its number in /reminders"),
    ]
}

pub fn add(arguments: &[Argument], context: &Context) -> Result<Option<Answer>, String> {
    let text = arguments.text("text").unwrap_or_default().trim();
    if !(1..=MAX_TEXT).contains(&text.chars().count()) {
        return Err(format!("A reminder has 1 to {MAX_TEXT} characters."));
    }
    let typed = arguments.text("when").unwrap_or_default();
    let at = when::parse(arguments.text("how").unwrap_or_default(), typed, Time::parse(&context.time)?)?;
    let prefix = prefix(&context.caller.id);
    if schedule::jobs()?.iter().filter(|job| job.name.starts_with(&prefix)).count() >= MOST {
        return Err(format!("You are waiting for {MOST} reminders already. Forget one with /forget."));
    }
    let reminder = Reminder {
        room_id: context.room_id.clone(),
        room_name: context.room_name.clone(),
        name: context.caller.name.clone(),
        text: text.to_owned(),
    };
    let number = next_number(&context.caller.id)?;
    let payload = serde_json::to_string(&reminder).map_err(|error| error.to_string())?;
    match schedule::add(&format!("{prefix}{number}"), at, payload) {
        Ok(()) => Ok(Some(Answer::caller(format!("I will remind you here at {}. It is number {number}.", at.to_minute())))),
        Err(Error::Limited(_)) => Err("I have too much to remember already. Please try again another day.".to_owned()),
        Err(error) => Err(error.into()),
    }
}

/// Read and written in the same call, so that two reminders never get the same number.
fn next_number(caller: &str) -> Result<i64, Error> {
    let key = format!("reminders/{caller}");
    let number = store::count(&key)? + 1;
    store::set(&key, number.to_string())?;
    Ok(number)
}

pub fn list(context: &Context) -> Result<Option<Answer>, String> {
    let mut text = String::new();
    for (number, at, reminder) in of(&context.caller.id)? {
        let line = format!(
            "\n- **{number}** at {at} in {}: {}",
            escape_markdown(&reminder.room_name),
            escape_markdown(&shortened(&reminder.text))
        );
        text.push_str(&line);
    }
    let text = if text.is_empty() { "You are not waiting for a reminder.".to_owned() } else { format!("You are waiting for:\n{text}") };
    Ok(Some(Answer::caller(text)))
}

pub fn forget(arguments: &[Argument], context: &Context) -> Result<Option<Answer>, String> {
    let number = arguments.integer("number").unwrap_or_default();
    if !of(&context.caller.id)?.iter().any(|(other, ..)| *other == number) {
        return Err(format!("You have no reminder number {number}. All of yours are in /reminders."));
    }
    schedule::cancel(&format!("{}{number}", prefix(&context.caller.id)))?;
    Ok(Some(Answer::caller("Forgotten.")))
}

/// Numbers for `/forget`.
pub fn suggestions(typed: &str, context: &Context) -> Vec<Choice> {
    let reminders = of(&context.caller.id).unwrap_or_default().into_iter();
    let choices = reminders.map(|(number, _, reminder)| Choice::new(number.to_string(), shortened(&reminder.text)));
    choices.filter(|choice| choice.value.starts_with(typed)).collect()
}

/// Says a reminder whose time has come.
pub fn deliver(job: &Due) -> Result<(), String> {
    let Ok(reminder) = serde_json::from_str::<Reminder>(&job.payload) else {
        log::warn(&format!("the job `{}` is no reminder", job.name));
        return Ok(());
    };
    let text = format!("⏰ {}, you asked me to remind you:\n\n{}", escape_markdown(&reminder.name), reminder.text);
    match chat::send(&reminder.room_id, text) {
        // The room may be gone, or the bot may no longer be in it.
        Ok(_) | Err(Error::NotFound) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Somebody's reminders, soonest first: number, time, and what is to be said.
fn of(caller: &str) -> Result<Vec<(i64, String, Reminder)>, Error> {
    let prefix = prefix(caller);
    let read = |job: &Job| {
        let number = job.name.strip_prefix(&prefix)?.parse().ok()?;
        let at = Time::parse(&job.at).map_or_else(|_| job.at.clone(), Time::to_minute);
        Some((number, at, serde_json::from_str(&job.payload).ok()?))
    };
    Ok(schedule::jobs()?.iter().filter_map(read).collect())
}

fn prefix(caller: &str) -> String {
    format!("remind/{caller}/")
}

/// One short line of a text.
fn shortened(text: &str) -> String {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(SHORT).collect();
    if text.chars().nth(SHORT).is_some() { line + "…" } else { line }
}

#[cfg(test)]
mod tests;
