//! Answers for which there was no room at once: they were paid for, so they wait.

use std::time::Duration;

use openclaw_sdk::{Due, Error, Message, Time, chat, chat::Outgoing, log, schedule};
use serde::{Deserialize, Serialize};

use super::conversation;

/// What the names of these jobs begin with.
const PREFIX: &str = "answer/";
/// How long bots are silent in a room where they have said too much.
const SILENCE: Duration = Duration::from_mins(1);
/// As many characters as fit into the 8 KiB of a job, whatever they are.
const MOST: usize = 1800;

#[derive(Serialize, Deserialize)]
struct Later {
    room_id: String,
    reply_to: String,
    text: String,
}

/// Has the answer to a message said as soon as there may be room for it.
pub fn say(message: &Message, text: &str) -> Result<(), String> {
    let later = Later { room_id: message.room_id.clone(), reply_to: message.id.clone(), text: conversation::cut(text, MOST) };
    let payload = serde_json::to_string(&later).map_err(|error| error.to_string())?;
    Ok(schedule::add(&format!("{PREFIX}{}", message.id), Time::now() + SILENCE, payload)?)
}

/// Whether a job is an answer.
pub fn is_answer(job: &Due) -> bool {
    job.name.starts_with(PREFIX)
}

/// Says an answer that has waited.
pub fn deliver(job: &Due) -> Result<(), String> {
    let Ok(Later { room_id, reply_to, text }) = serde_json::from_str(&job.payload) else {
        log::warn(&format!("the job `{}` is no answer", job.name));
        return Ok(());
    };
    match chat::send_message(&Outgoing { room_id, body: text, reply_to: Some(reply_to), attachments: Vec::new() }) {
        // The room may be gone, or the bot may no longer be in it.
        Ok(_) | Err(Error::NotFound) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
