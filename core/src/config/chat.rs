//! `[chat]`: the bot that connects with a token from the configuration.

use serde::{Deserialize, Serialize};

use super::{Report, Secret};

/// Below this many characters a token can be guessed.
const SHORT: usize = 24;

/// A bot that the configuration vouches for. Off without a token.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ChatSection {
    /// Whoever connects with this token is the bot.
    pub bot_token: Option<Secret>,
}

impl ChatSection {
    /// Whether somebody could find the token out by trying.
    pub fn can_be_guessed(&self) -> bool {
        self.bot_token.as_ref().is_some_and(|token| token.expose().chars().count() < SHORT)
    }

    /// Checks the section. A short token works, since it may be in use already, and is warned about.
    pub fn validate(&self, report: &mut Report) {
        if self.can_be_guessed() {
            report.warning(
                "chat.bot_token",
                format!("is short and can be guessed; use at least {SHORT} random characters, like: openssl rand -hex 24"),
            );
        }
    }
}
