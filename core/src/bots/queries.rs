//! Bots as operators and those who authenticate them need them.

use super::{
    model::{Bot, BotToken, Handle},
    store,
};
use crate::{error::Result, ids::BotId, random::TokenHash, store::Conn, text::name_key};

/// A bot by id.
pub async fn by_id(conn: &impl Conn, id: &BotId) -> Result<Option<Bot>> {
    store::by_id(conn, id).await
}

/// A bot by its handle.
pub async fn by_handle(conn: &impl Conn, handle: &Handle) -> Result<Option<Bot>> {
    store::by_handle(conn, handle).await
}

/// Whose token this is, and what it permits.
pub async fn by_token(conn: &impl Conn, hash: &TokenHash) -> Result<Option<(Bot, BotToken)>> {
    store::by_token(conn, hash).await
}

/// All bots with their tokens, both oldest first.
pub async fn all(conn: &impl Conn) -> Result<Vec<(Bot, Vec<BotToken>)>> {
    store::all(conn).await
}

/// Whether a bot is called something that looks like this.
pub async fn is_name(conn: &impl Conn, name: &str) -> Result<bool> {
    Ok(store::by_name_key(conn, &name_key(name)).await?.is_some())
}
