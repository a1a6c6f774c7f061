//! What the operator wants, from the settings.

use std::time::Duration;

use openclaw_sdk::settings;

use crate::words::Words;

/// Settings unless the operator writes others.
const FLOOD_MESSAGES: i64 = 10;
const FLOOD_SECONDS: i64 = 10;
const LOG_DAYS: i64 = 30;

/// What becomes of a message that breaks a rule.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Action {
    Allow,
    Reject,
    Rewrite,
}

/// All rules.
#[derive(Debug)]
pub struct Rules {
    pub words: Words,
    pub word_action: Action,
    pub link_action: Action,
    /// In lower case.
    pub link_hosts: Vec<String>,
    /// 0 for any number.
    pub flood_messages: i64,
    pub flood_time: Duration,
    pub exempt_moderators: bool,
    pub log_time: Duration,
}

impl Rules {
    /// Reads the settings, or names the one that is wrong.
    pub fn from_settings() -> Result<Self, String> {
        let hosts = settings::words("link_hosts").unwrap_or_default();
        Ok(Self {
            words: Words::new(&settings::words("words").unwrap_or_default())?,
            word_action: action("word_action", Action::Reject)?,
            link_action: action("link_action", Action::Allow)?,
            link_hosts: hosts.into_iter().map(|host| host.trim_start_matches("*.").to_ascii_lowercase()).collect(),
            flood_messages: settings::integer("flood_messages")?.unwrap_or(FLOOD_MESSAGES),
            flood_time: Duration::from_secs(positive("flood_seconds", FLOOD_SECONDS)?),
            exempt_moderators: settings::boolean("exempt_moderators")?.unwrap_or(true),
            log_time: Duration::from_hours(positive("log_days", LOG_DAYS)?.saturating_mul(24)),
        })
    }

    /// Whether every message passes.
    pub fn are_empty(&self) -> bool {
        self.words.are_empty() && self.link_action == Action::Allow && self.flood_messages <= 0
    }
}

fn action(key: &str, default: Action) -> Result<Action, String> {
    match settings::get(key).as_deref() {
        None => Ok(default),
        Some("allow") => Ok(Action::Allow),
        Some("reject") => Ok(Action::Reject),
        Some("rewrite") => Ok(Action::Rewrite),
        Some(_) => Err(format!("set `{key}` to \"allow\", \"reject\" or \"rewrite\"")),
    }
}

fn positive(key: &str, default: i64) -> Result<u64, String> {
    let number = settings::integer(key)?.unwrap_or(default);
    u64::try_from(number).ok().filter(|number| *number > 0).ok_or_else(|| format!("set `{key}` to a number above 0"))
}
