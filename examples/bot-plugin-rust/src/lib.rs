//! Rolls a die for whoever writes `!roll` or `!roll 20` in the rooms it is in.

use openclaw_sdk::{Event, Message, OnMessage, chat, random};

struct Dice;

impl OnMessage for Dice {
    fn on_message(_: Event, message: Message) -> Result<(), String> {
        let mut words = message.body.split_whitespace();
        if words.next() == Some("!roll") {
            let sides: u64 = words.next().and_then(|word| word.parse().ok()).unwrap_or(6);
            chat::reply(&message, format!("🎲 {}", random::between(1, sides.clamp(2, 1000))))?;
        }
        Ok(())
    }
}

openclaw_sdk::export_bot!(Dice: on_message);
