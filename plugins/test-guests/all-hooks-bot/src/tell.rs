//! Telling what a hook was called with.

use openclaw_sdk::{chat, log, random, settings, store};

/// In the store: a line under a key that no other call has, in the order of the calls.
pub fn stored(hook: &str, line: &str) -> Result<(), String> {
    let number = store::increment("calls", 1)?;
    store::set(&format!("seen/{hook}/{number:06}-{}", random::number()), line)?;
    Ok(())
}

/// In the store, and in the room if that is wanted.
pub fn in_room(hook: &str, room_id: &str, line: &str) -> Result<(), String> {
    stored(hook, line)?;
    if settings::boolean("aloud")? == Some(true) {
        chat::send(room_id, format!("{hook}: {line}"))?;
    }
    Ok(())
}

/// For hooks that cannot fail.
pub fn if_possible(hook: &str, line: &str) {
    if let Err(error) = stored(hook, line) {
        log::warn(&format!("{hook}: {error}"));
    }
}
