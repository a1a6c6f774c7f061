//! What happens to bots.

use serde_json::json;

use super::model::BotToken;
use crate::{
    ids::{BotId, BotTokenId},
    store::Event,
};

const REVOKED: &str = "bot.revoked";
const DELETED: &str = "bot.deleted";

/// A token is worth nothing any more: whoever serves a bot that came with it must stop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revoked {
    /// Which.
    pub token: BotTokenId,
    /// Whose it was.
    pub bot: BotId,
}

/// The event for the end of `token`.
pub fn revoked(token: &BotToken) -> Event {
    Event::new(REVOKED, &token.id, &json!({ "bot": token.bot.as_str() }))
}

impl Revoked {
    /// Reads the event, if it is one of these.
    pub fn read(event: &Event) -> Option<Self> {
        if event.kind != REVOKED {
            return None;
        }
        Some(Self { token: BotTokenId::from_stored(event.subject.clone()), bot: BotId::from_stored(event.detail("bot")?) })
    }
}

/// The event for the end of a bot.
pub fn deleted(bot: &BotId) -> Event {
    Event::new(DELETED, bot, &json!({}))
}

/// The bot that is gone, if the event tells of one.
pub fn deleted_bot(event: &Event) -> Option<BotId> {
    (event.kind == DELETED).then(|| BotId::from_stored(event.subject.clone()))
}
