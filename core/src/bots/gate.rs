//! Who presents a bot's token, over HTTP and sockets alike.

use super::{
    actions,
    model::{Bot, BotName, Handle, Rights},
    queries,
};
use crate::{
    actor::Actor,
    config::ChatSection,
    error::{Error, Kind, Result},
    http::failures::FailureDelay,
    ids::BotId,
    random::TokenHash,
    store::Store,
};

/// The bot of the configuration, unless it says which one it is.
pub const HANDLE: &str = "openclaw";
/// Its name.
const NAME: &str = "OpenClaw";
/// Longer texts are no tokens.
const MAX_TOKEN: usize = 512;

/// Knows bots by their tokens. Cheap to clone.
#[derive(Clone)]
pub struct Bots {
    store: Store,
    /// What is kept of the token of the configuration: what is compared are hashes, which tell nothing of how much was right.
    configured: Option<TokenHash>,
    /// Whether that one could be found out by trying.
    can_be_guessed: bool,
    failures: FailureDelay,
}

/// What a bot says of itself.
#[derive(Debug, Clone, Copy)]
pub struct Credentials<'a> {
    /// The secret.
    pub token: &'a str,
    /// Which bot it is, with the token of the configuration: a handle or an id.
    pub id: Option<&'a str>,
    /// What it is called, with the token of the configuration.
    pub name: Option<&'a str>,
    /// Where it comes from, for counting what is wrong.
    pub client: &'a str,
}

/// A bot that is known, and what it may do.
#[derive(Debug, Clone)]
pub struct KnownBot {
    /// The bot.
    pub bot: Bot,
    /// What it may do.
    pub rights: Rights,
}

impl KnownBot {
    /// The bot as the cause of an action.
    pub fn actor(&self) -> Actor {
        Actor::Bot { id: self.bot.id.clone(), rights: self.rights.clone() }
    }
}

impl Bots {
    /// Knows the bots of `store`, and the one of the configuration.
    pub fn new(store: Store, section: &ChatSection, failures: FailureDelay) -> Self {
        let configured = section.bot_token.as_ref().map(|token| TokenHash::of(token.expose()));
        Self { store, configured, can_be_guessed: section.can_be_guessed(), failures }
    }

    /// Who presents this.
    ///
    /// # Errors
    /// `invalid_bot_token`; `rate_limited` after too many of these from one client; with the token of the configuration
    /// `invalid_request` for an id or a name that no bot can have, and `name_taken`.
    pub async fn authenticate(&self, credentials: Credentials<'_>) -> Result<KnownBot> {
        let hash = TokenHash::of(credentials.token);
        let fits = !credentials.token.is_empty() && credentials.token.len() <= MAX_TOKEN;
        if fits && let Some((bot, token)) = queries::by_token(self.store.reader(), &hash).await? {
            let rights = Rights { token: Some(token.id), abilities: token.abilities, rooms: token.rooms, everywhere: false };
            return Ok(KnownBot { bot, rights });
        }
        let client = format!("bot {}", credentials.client);
        let right = fits && self.configured.as_ref() == Some(&hash);
        // Tokens of our own cannot be guessed, and the one of the configuration only if it is short: whoever has a long one does not
        // suffer from those who try at the same address.
        if !right || self.can_be_guessed {
            self.failures.require_free(&client)?;
        }
        if !right {
            self.failures.failed(&client);
            return Err(Error::new(Kind::Unauthenticated, "invalid_bot_token", "This bot token is wrong, or was revoked."));
        }
        let bot = self.configured_bot(credentials.id.unwrap_or(HANDLE), credentials.name).await?;
        Ok(KnownBot { bot, rights: Rights::of_configuration() })
    }

    /// The bot that whoever has the token of the configuration says it is.
    async fn configured_bot(&self, id: &str, name: Option<&str>) -> Result<Bot> {
        if let Some(id) = BotId::parse(id) {
            let unknown = || Error::invalid("There is no bot with this id.");
            return queries::by_id(self.store.reader(), &id).await?.ok_or_else(unknown);
        }
        let handle = Handle::parse(id)?;
        let name = name.map(BotName::parse).transpose()?;
        if let Some(bot) = queries::by_handle(self.store.reader(), &handle).await?
            && name.as_ref().is_none_or(|name| name == &bot.name)
        {
            return Ok(bot);
        }
        let usual = if handle.as_str() == HANDLE { NAME } else { handle.as_str() };
        let name = name.unwrap_or_else(|| BotName::from_stored(usual.to_owned()));
        self.store.write((handle, name), |tx, (handle, name)| Box::pin(actions::found_or_made(tx, handle, name))).await
    }
}
