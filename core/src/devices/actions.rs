//! What can be done to devices.

use super::{LIFETIME, MAX_PER_IDENTITY, store};
use crate::{
    error::Result,
    ids::IdentityId,
    random::{Token, TokenHash},
    store::Tx,
};

/// Makes a browser known to `identity` and returns its new secret; `old`, which it had before, is forgotten. Writes for the same
/// identity must wait for each other.
pub async fn remember(tx: &mut Tx, identity: &IdentityId, old: Option<&TokenHash>) -> Result<Token> {
    if let Some(old) = old {
        store::remove(tx, identity, old).await?;
    }
    store::remove_all_but(tx, identity, MAX_PER_IDENTITY - 1).await?;
    let token = tx.random().token();
    store::add(tx, identity, &token.hash(), tx.now().plus(LIFETIME)).await?;
    Ok(token)
}

/// Forgets all devices of `identity`.
pub async fn forget_all(tx: &mut Tx, identity: &IdentityId) -> Result<()> {
    store::remove_all_but(tx, identity, 0).await
}

/// Forgets devices that were not used for long.
pub async fn sweep(tx: &mut Tx) -> Result<()> {
    store::remove_expired(tx).await
}
