//! Looks at messages before anybody sees them: words and links that the operator does not want, and people who write too much at once.
//! What it refused or changed is in the log, and for owners and moderators of the room in `/modlog`.

mod flood;
mod history;
mod links;
mod review;
mod rules;
mod text;
mod words;

use openclaw_sdk::{Answer, Argument, BeforeMessage, Command, Commands, Context, Draft, Introduction, Lifecycle, Verdict, log};

use crate::rules::Rules;

struct Moderator;

impl BeforeMessage for Moderator {
    fn before_message(draft: Draft) -> Verdict {
        match Rules::from_settings() {
            Ok(rules) => review::decide(&rules, &draft),
            // Settings were checked when the bot was loaded.
            Err(why) => {
                log::error(&format!("nothing is moderated: {why}"));
                Verdict::Allow
            }
        }
    }
}

impl Commands for Moderator {
    fn commands() -> Vec<Command> {
        vec![history::command()]
    }

    fn run(_: String, arguments: Vec<Argument>, context: Context) -> Result<Option<Answer>, String> {
        history::answer(&arguments, &context)
    }
}

impl Lifecycle for Moderator {
    fn about() -> Introduction {
        Introduction::new("Moderator", "Keeps unwanted words, links and floods out of rooms")
            .version(env!("CARGO_PKG_VERSION"))
            .settings(include_str!("settings.json"))
    }

    fn start() -> Result<(), String> {
        if Rules::from_settings()?.are_empty() {
            log::warn("no rule is set, so every message passes: set `words`, `link_action` or `flood_messages`");
        }
        Ok(())
    }
}

openclaw_sdk::export_bot!(Moderator: before_message, commands, lifecycle);

#[cfg(test)]
mod tests;
