//! What signing in asks about devices.

use super::store;
use crate::{clock::Timestamp, error::Result, ids::IdentityId, random::TokenHash, store::Reader};

/// Whether `identity` has signed in with this device.
pub async fn is_known(conn: &Reader, identity: &IdentityId, token: &TokenHash, now: Timestamp) -> Result<bool> {
    store::is_known(conn, identity, token, now).await
}
