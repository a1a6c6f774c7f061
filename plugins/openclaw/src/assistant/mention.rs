//! Whether a message talks to the bot.

/// Whether the text has `@name` in it, or begins with the name and a comma or colon, in whatever case. A name that merely occurs is
/// talk about the bot, not to it.
pub fn is_in(text: &str, name: &str) -> bool {
    let (text, name) = (text.to_lowercase(), name.to_lowercase());
    let address = text.trim_start().strip_prefix(&name).is_some_and(|rest| rest.trim_start().starts_with([',', ':']));
    address || has_at(&text, &name)
}

fn has_at(text: &str, name: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices('@').any(|(at, _)| {
        let ends = text[at + 1..].strip_prefix(name).is_some_and(|rest| !rest.starts_with(is_part));
        ends && !text[..at].ends_with(is_part)
    })
}

#[cfg(test)]
mod tests {
    use super::is_in;

    #[test]
    fn a_bot_hears_when_it_is_talked_to() {
        for text in ["@OpenClaw hi", "hi @openclaw!", "what do you think, @OPENCLAW?", "OpenClaw, hi", " openclaw: hi", "(@openclaw)"] {
            assert!(is_in(text, "OpenClaw"), "{text}");
        }
        assert!(is_in("hello @Claw the Bot.", "Claw the Bot"));
    }

    #[test]
    fn talk_about_it_is_not_talk_to_it() {
        for text in ["I like openclaw", "openclaw is nice", "@openclawfan", "@openclaw_2", "me@openclaw.example@x", "@ openclaw", ""] {
            assert!(!is_in(text, "OpenClaw"), "{text}");
        }
    }
}
