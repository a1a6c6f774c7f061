//! What signing in asks about devices, and what their owner may know.

use super::store;
use crate::{clock::Timestamp, error::Result, ids::IdentityId, random::TokenHash, store::Reader};

/// Whether `identity` has signed in with this device.
pub async fn is_known(conn: &Reader, identity: &IdentityId, token: &TokenHash, now: Timestamp) -> Result<bool> {
    store::is_known(conn, identity, token, now).await
}

/// Since when `identity` has devices, and until when they are known, oldest first.
pub async fn spans(conn: &Reader, identity: &IdentityId) -> Result<Vec<(Timestamp, Timestamp)>> {
    store::spans(conn, identity).await
}
