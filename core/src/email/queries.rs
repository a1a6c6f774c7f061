//! What signing in needs to know. Nothing here decides a write.

use super::{
    PROVIDER,
    model::{Credential, Registration, ResetTarget},
    store,
};
use crate::{accounts, clock::Timestamp, devices, error::Result, ids::UserId, random::TokenHash, store::Reader};

/// The password of an account or a registration.
pub async fn credential(conn: &Reader, subject: &str) -> Result<Option<Credential>> {
    if let Some(identity) = accounts::queries::identity(conn, PROVIDER, subject).await? {
        let phc = store::password(conn, &identity.id).await?;
        return Ok(phc.map(|phc| Credential::Verified { user: identity.user, identity: identity.id, phc }));
    }
    Ok(store::registration_of(conn, subject).await?.map(|waiting| Credential::Unverified { phc: waiting.applicant.phc }))
}

/// Whether whoever has this subject has signed in with this device before.
pub async fn is_known_device(conn: &Reader, subject: &str, device: &TokenHash, now: Timestamp) -> Result<bool> {
    match accounts::queries::identity(conn, PROVIDER, subject).await? {
        Some(identity) => devices::queries::is_known(conn, &identity.id, device, now).await,
        None => Ok(false),
    }
}

/// Who waits for a link.
pub async fn registration(conn: &Reader, subject: &str) -> Result<Option<Registration>> {
    store::registration_of(conn, subject).await
}

/// Whether an account has an address already.
pub async fn has_address(conn: &Reader, user: &UserId) -> Result<bool> {
    Ok(accounts::queries::identity_of(conn, user, PROVIDER).await?.is_some())
}

/// Whose password may be set anew.
pub async fn reset_target(conn: &Reader, subject: &str) -> Result<Option<ResetTarget>> {
    let Some(identity) = accounts::queries::identity(conn, PROVIDER, subject).await? else { return Ok(None) };
    let user = accounts::queries::by_id(conn, &identity.user).await?.filter(|user| !user.disabled);
    let (Some(user), Some(address)) = (user, identity.email) else { return Ok(None) };
    Ok(Some(ResetTarget { identity: identity.id, user: user.id, address, username: user.username }))
}

/// A signed-in person's own identity with this provider, and the hash of its password.
pub async fn own_password(conn: &Reader, user: &UserId) -> Result<Option<(ResetTarget, String)>> {
    let Some(identity) = accounts::queries::identity_of(conn, user, PROVIDER).await? else { return Ok(None) };
    let Some(phc) = store::password(conn, &identity.id).await? else { return Ok(None) };
    let target =
        ResetTarget { identity: identity.id, user: user.clone(), address: identity.email.unwrap_or_default(), username: String::new() };
    Ok(Some((target, phc)))
}

/// The address that somebody wants to add to their account.
pub async fn waiting_address(conn: &Reader, user: &UserId) -> Result<Option<String>> {
    Ok(store::addition_for(conn, user).await?.map(|waiting| waiting.address))
}
