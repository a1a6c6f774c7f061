//! Bots: programs that take part in rooms under a name of their own.
//!
//! A bot is known by a token. The operator makes bots, each with tokens that name what they permit and, if wanted, the rooms in which
//! they do; a token is shown once, only its hash is kept, and it can be revoked. Beside them there is the one token of the configuration
//! (`chat.bot_token`, `CHAT_BOT_TOKEN`): whoever has it says which bot they are, may become a member of every room, and may list them
//! all.
//!
//! A bot is always marked as one. It cannot take the name of a person or of another bot, and people cannot take its name.

pub mod actions;
pub(crate) mod entity;
pub mod events;
pub mod gate;
pub mod model;
pub mod queries;
pub(crate) mod store;
