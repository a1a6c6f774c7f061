//! What can be done to accounts.

use super::{
    events,
    model::{Identity, Profile, User},
    store,
};
use crate::{
    actor::{Actor, Role},
    error::{Error, Result},
    ids::{IdentityId, UserId},
    sessions,
    store::Tx,
};

/// Makes an account for someone whom a provider vouches for.
///
/// # Errors
/// `conflict` if the identity has an account already.
pub async fn create(tx: &mut Tx, profile: &Profile, role: Role) -> Result<(User, Identity)> {
    if store::identity(tx.conn(), &profile.provider, &profile.subject).await?.is_some() {
        return Err(Error::new(crate::error::Kind::Conflict, "conflict", "There is an account for this address already."));
    }
    let id = UserId::new(tx.now(), tx.random());
    let user = User { id, username: profile.username.clone(), role, created_at: tx.now(), disabled: false };
    let identity = Identity {
        id: IdentityId::new(tx.now(), tx.random()),
        user: user.id.clone(),
        provider: profile.provider.clone(),
        subject: profile.subject.clone(),
        email: profile.email.clone(),
    };
    store::add_user(tx, &user).await?;
    store::add_identity(tx, &identity.id, &user.id, profile).await?;
    tx.record(events::created(&user.id, &profile.provider));
    Ok((user, identity))
}

/// Changes what a user may do. Sessions end, so that the new role begins with a new sign-in.
pub async fn set_role(tx: &mut Tx, actor: &Actor, user: &UserId, role: Role) -> Result<()> {
    require_admin(actor)?;
    if !store::set_role(tx, user, role).await? {
        return Err(Error::not_found("user"));
    }
    tx.record(events::changed(user));
    sessions::actions::end_all(tx, user, None, "role_changed").await
}

/// Shuts an account, which ends its sessions, or opens it again.
pub async fn set_disabled(tx: &mut Tx, actor: &Actor, user: &UserId, disabled: bool) -> Result<()> {
    require_admin(actor)?;
    if !store::set_disabled(tx, user, disabled).await? {
        return Err(Error::not_found("user"));
    }
    tx.record(events::changed(user));
    sessions::actions::end_all(tx, user, None, "disabled").await
}

fn require_admin(actor: &Actor) -> Result<()> {
    if actor.is_admin() { Ok(()) } else { Err(Error::forbidden("Only an admin may do this.")) }
}
