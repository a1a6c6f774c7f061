//! How a client says who it is.

use poem_openapi::{Object, types::Example};

/// What a program sends as `auth` when it connects. Browsers send nothing: they have their session cookie.
#[derive(Clone, Default, Object)]
#[oai(rename_all = "camelCase", example)]
pub struct ConnectAuth {
    /// A bot's token: one of its own, or the server's `CHAT_BOT_TOKEN`.
    pub bot_token: Option<String>,
    /// Which bot, with `CHAT_BOT_TOKEN` only: its own tokens name it already.
    pub bot_id: Option<String>,
    /// The name that the bot shows, with `CHAT_BOT_TOKEN` only.
    pub bot_name: Option<String>,
}

impl Example for ConnectAuth {
    fn example() -> Self {
        Self { bot_token: Some("…".to_owned()), bot_id: Some("openclaw".to_owned()), bot_name: Some("OpenClaw".to_owned()) }
    }
}
