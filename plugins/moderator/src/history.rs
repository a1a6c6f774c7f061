//! What was refused or changed: a line in the log, and an entry for the owners and moderators of the room.

use openclaw_sdk::{Answer, Argument, Arguments, Command, Context, Draft, Error, Time, escape_markdown, log, store};
use serde::{Deserialize, Serialize};

use crate::rules::Rules;

/// How many entries `/modlog` shows, unless told otherwise, and at most.
const SHOWN: i64 = 10;
const MOST: f64 = 50.0;
/// How much of a text is kept, in characters.
const MAX_TEXT: usize = 120;
/// How many entries are kept of each room.
const KEPT: usize = 100;
/// How many keys are looked at before one more is kept: there may be a few more than are kept after two calls at the same moment.
const MOST_LISTED: u32 = 150;
/// How long an answer may be, in characters.
const MAX_ANSWER: usize = 4000;
/// The last moment that there is, in milliseconds. Keys count down from it, so that the newest entry is the first.
const LAST: i64 = 253_402_300_799_999;

#[derive(Serialize, Deserialize)]
struct Entry {
    time: String,
    author: String,
    /// `refused` or `changed`.
    what: String,
    why: String,
    text: String,
}

pub fn command() -> Command {
    Command::new("modlog", "What was refused or changed in this room, for owners and moderators")
        .integer("count", "How much of it")
        .between(1.0, MOST)
        .optional()
}

/// Keeps what became of a message. Whether that works or not does not change it.
pub fn keep(rules: &Rules, draft: &Draft, what: &str, why: &str) {
    log::info(&format!("{what} a message of {} in {}: {why}", draft.author.id, draft.room_id));
    let now = Time::now();
    let text = draft.body.chars().take(MAX_TEXT).collect();
    let entry = Entry { time: now.to_string(), author: draft.author.name.clone(), what: what.to_owned(), why: why.to_owned(), text };
    let key = format!("{}{:015}-{}", prefix(&draft.room_id), LAST - now.unix_ms(), draft.author.id);
    if let Err(error) = make_room(&draft.room_id).and_then(|()| store::set_json_for(&key, &entry, rules.log_time)) {
        log::warn(&format!("/modlog will not show it: {}", String::from(error)));
    }
}

/// Removes the oldest entries of a room, so that one more can be kept.
fn make_room(room_id: &str) -> Result<(), Error> {
    let newest_first = store::keys_after(&prefix(room_id), None, MOST_LISTED)?;
    newest_first.iter().skip(KEPT - 1).try_for_each(|key| store::delete(key))
}

pub fn answer(arguments: &[Argument], context: &Context) -> Result<Option<Answer>, String> {
    if !context.is_moderator() {
        return Err("Only owners and moderators of this room can see that.".to_owned());
    }
    let count = arguments.integer("count").unwrap_or(SHOWN);
    let mut text = String::new();
    for key in store::keys_after(&prefix(&context.room_id), None, u32::try_from(count).unwrap_or_default())? {
        let Some(entry) = store::json::<Entry>(&key)? else { continue };
        let line = line(&entry);
        if text.chars().count() + line.chars().count() > MAX_ANSWER {
            break;
        }
        text.push_str(&line);
    }
    let nothing = "Nothing was refused or changed in this room.";
    Ok(Some(Answer::caller(if text.is_empty() { nothing } else { text.trim_end() })))
}

fn line(entry: &Entry) -> String {
    let time = Time::parse(&entry.time).map_or_else(|_| entry.time.clone(), Time::to_minute);
    let [author, why, text] = [&entry.author, &entry.why, &entry.text].map(|text| escape_markdown(text));
    format!("- {time} **{author}**, {} ({why}): {text}\n", entry.what)
}

fn prefix(room_id: &str) -> String {
    format!("log/{room_id}/")
}
