//! A welcome for those who join a room.

use std::time::Duration;

use openclaw_sdk::{Error, Member, Room, chat, escape_markdown, log, settings, store};

/// The setting `welcome` unless the operator writes another one.
pub const DEFAULT: &str = "Welcome to {room}, {name}! 👋 Type /help to see what I can do.";
/// Whoever leaves and comes back within this time has been welcomed already.
const REMEMBERED: Duration = Duration::from_hours(24);

/// Welcomes a person. A welcome that cannot be said is not worth another try.
pub fn greet(room: &Room, member: &Member) -> Result<(), String> {
    let text = settings::get("welcome").unwrap_or_else(|| DEFAULT.to_owned());
    if member.is_bot || text.trim().is_empty() {
        return Ok(());
    }
    let key = format!("welcomed/{}/{}", room.id, member.id);
    if store::get(&key)?.is_some() {
        return Ok(());
    }
    match chat::send(&room.id, fill(&text, &room.name, &member.name)) {
        Ok(_) => Ok(store::set_for(&key, "", REMEMBERED)?),
        Err(Error::NotFound) => Ok(()),
        Err(error) => {
            log::warn(&format!("somebody was not welcomed in {}: {}", room.id, String::from(error)));
            Ok(())
        }
    }
}

/// Names are escaped, and put in once: one that contains `{room}` stays as it is.
fn fill(text: &str, room: &str, name: &str) -> String {
    let mut filled = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('{') {
        let (before, from) = rest.split_at(at);
        filled.push_str(before);
        let (value, length) = if from.starts_with("{name}") {
            (escape_markdown(name), "{name}".len())
        } else if from.starts_with("{room}") {
            (escape_markdown(room), "{room}".len())
        } else {
            ("{".to_owned(), 1)
        };
        filled.push_str(&value);
        rest = &from[length..];
    }
    filled.push_str(rest);
    filled
}

#[cfg(test)]
mod tests {
    use openclaw_sdk::testing::{self, member, room, said};

    use super::{fill, greet};

    fn set(text: &str) {
        testing::with(|host| host.settings.insert("welcome".to_owned(), text.to_owned()));
    }

    #[test]
    fn names_are_put_in_once_and_mean_nothing() {
        assert_eq!(fill("{name} in {room}{ {x}", "*Lounge*", "{room}"), r"{room} in \*Lounge\*{ {x}");
    }

    #[test]
    fn people_are_welcomed_once() {
        let lounge = room("r-1");
        greet(&lounge, &member("Ann")).unwrap();
        greet(&lounge, &member("Ann")).unwrap();
        greet(&lounge, &member("Ben")).unwrap();
        let welcome = |name: &str| format!("Welcome to Lounge, {name}! 👋 Type /help to see what I can do.");
        assert_eq!(said(), [welcome("Ann"), welcome("Ben")]);
    }

    #[test]
    fn bots_are_not_welcomed_and_nobody_is_without_a_text() {
        let (lounge, mut bot) = (room("r-1"), member("Bot"));
        bot.is_bot = true;
        greet(&lounge, &bot).unwrap();
        set("");
        greet(&lounge, &member("Ann")).unwrap();
        assert!(said().is_empty());
    }

    #[test]
    fn a_welcome_that_cannot_be_said_is_left_out() {
        set(&"x".repeat(4001));
        greet(&room("r-1"), &member("Ann")).unwrap();
        let told = testing::with(|host| host.log.concat());
        assert!(said().is_empty() && told.starts_with("somebody was not welcomed in r-1: "), "{told}");
    }
}
