//! Signing in.

use super::invalid_credentials;
use crate::{
    accounts, devices,
    email::{PROVIDER, store},
    error::Result,
    ids::{IdentityId, UserId},
    random::{Token, TokenHash},
    sessions::{self, model::SessionPlan},
    store::Tx,
};

/// Someone whose password was right.
#[derive(Debug)]
pub struct Login {
    /// Who.
    pub user: UserId,
    /// The identity that the password belongs to.
    pub identity: IdentityId,
    /// The hash that the password was compared with.
    pub phc: String,
    /// How the session begins.
    pub plan: SessionPlan,
    /// The secret by which the browser was known so far.
    pub device: Option<TokenHash>,
}

/// What a browser gets when someone has signed in there.
#[derive(Debug)]
pub struct Entered {
    /// The secret of the session.
    pub session: Token,
    /// The secret by which the browser is known from now on.
    pub device: Token,
}

/// Begins a session for someone whose password was right, in a browser that is known from now on.
///
/// # Errors
/// `invalid_credentials` if the account was shut or the password changed meanwhile.
pub async fn login(tx: &mut Tx, login: &Login) -> Result<Entered> {
    if !is_still(tx, &login.identity, &login.phc).await? {
        return Err(invalid_credentials());
    }
    let user = accounts::queries::by_id(tx.conn(), &login.user).await?.filter(|user| !user.disabled);
    let user = user.ok_or_else(invalid_credentials)?;
    let (_, session) = sessions::actions::start(tx, &login.plan.of(&user.id, user.role, PROVIDER, &login.identity)).await?;
    let device = devices::actions::remember(tx, &login.identity, login.device.as_ref()).await?;
    Ok(Entered { session, device })
}

/// Whether a password is still the one that was compared with, and stays it until the end of the transaction. Comparing takes
/// long enough for the owner to set a new one, which must leave no session to whoever knew the old one.
pub(super) async fn is_still(tx: &mut Tx, identity: &IdentityId, phc: &str) -> Result<bool> {
    accounts::actions::hold(tx, identity).await?;
    Ok(store::password(tx.conn(), identity).await?.is_some_and(|present| present == phc))
}
