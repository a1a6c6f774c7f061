//! People who write too much at once.

use openclaw_sdk::{Member, log, store};

use crate::rules::Rules;

/// How somebody writes at the moment.
#[derive(Debug, PartialEq)]
pub enum Pace {
    Fine,
    /// This message was the first one too many.
    TooFast,
    /// Even more.
    StillTooFast,
}

/// Counts a message of this person, in all rooms together. The counter goes away after a while, so it needs no looking after. Bots
/// answer many people at once, and have limits of their own.
pub fn count(rules: &Rules, author: &Member) -> Pace {
    if rules.flood_messages <= 0 || author.is_bot {
        return Pace::Fine;
    }
    match store::increment_for(&format!("flood/{}", author.id), 1, rules.flood_time) {
        Ok(count) if count <= rules.flood_messages => Pace::Fine,
        Ok(count) if count == rules.flood_messages + 1 => Pace::TooFast,
        Ok(_) => Pace::StillTooFast,
        Err(error) => {
            log::warn(&format!("a message could not be counted: {}", String::from(error)));
            Pace::Fine
        }
    }
}
