//! New passwords.

use super::{invalid_token, login::is_still, wrong_current};
use crate::{
    accounts,
    clock::Timestamp,
    devices,
    email::{model::ResetTarget, store},
    error::Result,
    ids::{IdentityId, SessionId},
    mail::{self, model::NewMail},
    random::TokenHash,
    sessions,
    store::Tx,
};

/// Someone who forgot a password.
#[derive(Debug)]
pub struct Forgot {
    /// Whose password; `None` if the address has no account.
    pub target: Option<ResetTarget>,
    /// The link's token.
    pub token: TokenHash,
    /// Until when it works.
    pub expires_at: Timestamp,
    /// The letter with the link.
    pub letter: NewMail,
}

/// Queues a letter with a link that sets a new password. Where there is no account one row is written all the same, so that the
/// time it takes tells nothing.
pub async fn forgot(tx: &mut Tx, forgot: &Forgot) -> Result<()> {
    let Some(target) = &forgot.target else { return mail::actions::count(tx, &forgot.letter).await };
    if mail::actions::queue(tx, &forgot.letter).await? {
        store::put_reset(tx, &forgot.token, &target.identity, forgot.expires_at).await?;
    }
    Ok(())
}

/// Sets a new password by a link. All sessions of the account end.
///
/// # Errors
/// `invalid_token` if the link was used, replaced or is too old.
pub async fn reset(tx: &mut Tx, token: &TokenHash, phc: &str) -> Result<()> {
    let now = tx.now();
    let link = store::take_reset(tx, token).await?.filter(|(_, expires_at)| now < *expires_at);
    let (identity, _) = link.ok_or_else(invalid_token)?;
    let user = accounts::queries::owner(tx.conn(), &identity).await?.ok_or_else(invalid_token)?;
    accounts::actions::hold(tx, &identity).await?;
    replace_password(tx, &identity, phc).await?;
    sessions::actions::end_all(tx, &user, None, "credential_changed").await
}

/// A new password for someone who is signed in and knew the old one.
#[derive(Debug)]
pub struct ChangePassword {
    /// Whose.
    pub target: ResetTarget,
    /// The hash that the old password was compared with.
    pub old: String,
    /// The hash of the new one.
    pub new: String,
    /// The session that stays.
    pub keep: SessionId,
}

/// Sets a new password for someone who is signed in and knew the old one. All other sessions end.
///
/// # Errors
/// `invalid_credentials` if the password was changed meanwhile.
pub async fn change_password(tx: &mut Tx, change: &ChangePassword) -> Result<()> {
    let ChangePassword { target, old, new, keep } = change;
    if !is_still(tx, &target.identity, old).await? {
        return Err(wrong_current());
    }
    replace_password(tx, &target.identity, new).await?;
    sessions::actions::end_all(tx, &target.user, Some(keep), "credential_changed").await
}

/// Sets a new password. What was handed out by reason of the old one is worth nothing any more.
async fn replace_password(tx: &mut Tx, identity: &IdentityId, phc: &str) -> Result<()> {
    store::set_password(tx, identity, phc).await?;
    store::remove_resets(tx, identity).await?;
    devices::actions::forget_all(tx, identity).await
}
