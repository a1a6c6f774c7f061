//! What can be done to accounts.

use super::{
    events,
    model::{Identity, Profile, SignIn, User, Username},
    store,
};
use crate::{
    actor::{Actor, Role},
    bots,
    error::{Error, Kind, Result},
    ids::{BotId, IdentityId, SessionId, UserId},
    rooms, sessions,
    store::Tx,
};

/// Ways to sign in that one account may have.
const MAX_IDENTITIES: usize = 20;
/// What everybody is called whose account was erased.
pub const ERASED: &str = "deleted";

/// Makes an account for someone whom a provider vouches for. Invitations to rooms that waited for them are theirs now.
///
/// # Errors
/// `conflict` if the identity has an account already.
pub async fn create(tx: &mut Tx, profile: &Profile, role: Role) -> Result<(User, Identity)> {
    hold_subject(tx, &profile.provider, &profile.subject).await?;
    if store::identity(tx.conn(), &profile.provider, &profile.subject).await?.is_some() {
        return Err(conflict("conflict", "There is an account for this address already."));
    }
    let id = UserId::new(tx.now(), tx.random());
    let username = bots::actions::name_for_person(tx, &profile.username).await?;
    let user = User { id, username, role, created_at: tx.now(), disabled: false };
    store::add_user(tx, &user).await?;
    let identity = add_identity(tx, &user.id, profile).await?;
    tx.record(events::created(&user.id, &profile.provider));
    rooms::actions::claim(tx, &user.id, &identity).await?;
    Ok((user, identity))
}

/// The account under which a bot's posts stand: of the bot's id and name, without any way to sign in. Made unless it is there.
pub async fn account_of_bot(tx: &Tx, bot: &BotId, name: &str) -> Result<UserId> {
    let id = UserId::from_stored(bot.to_string());
    match store::user(tx.conn(), &id).await? {
        None => {
            let user = User { id: id.clone(), username: name.to_owned(), role: Role::User, created_at: tx.now(), disabled: false };
            store::add_user(tx, &user).await?;
        }
        Some(user) if user.username != name => store::rename(tx, &id, name).await?,
        Some(_) => {}
    }
    Ok(id)
}

/// Gives `user` another name, as they asked in `session`.
///
/// # Errors
/// `login_required` if that session ended meanwhile; `name_taken` if a bot looks the same.
pub async fn rename(tx: &mut Tx, user: &UserId, name: &Username, session: &SessionId) -> Result<()> {
    bots::actions::hold_names(tx).await?;
    sessions::actions::require_live(tx, session).await?;
    let known = open_account(tx, user).await?;
    if known.username == name.as_str() {
        return Ok(());
    }
    if bots::queries::is_name(tx.conn(), name.as_str()).await? {
        return Err(conflict("name_taken", "A bot is called that. Please choose another name."));
    }
    store::rename(tx, user, name.as_str()).await?;
    tx.record(events::renamed(user));
    Ok(())
}

/// Signs in whomever a provider vouches for, with a new account the first time.
///
/// The identity learns what the provider says today. The name of the account stays as it is: it belongs to the person, who may
/// have chosen another one here. An address finds nobody, verified or not.
///
/// # Errors
/// `account_disabled` if an operator shut the account.
pub async fn sign_in(tx: &mut Tx, profile: &Profile) -> Result<SignIn> {
    hold_subject(tx, &profile.provider, &profile.subject).await?;
    let Some(known) = store::identity(tx.conn(), &profile.provider, &profile.subject).await? else {
        let (user, identity) = create(tx, profile, Role::User).await?;
        return Ok(SignIn { user, identity, is_new: true });
    };
    let user = open_account(tx, &known.user).await?;
    let identity = refresh(tx, &known, profile).await?;
    Ok(SignIn { user, identity, is_new: false })
}

/// Gives `user` one more way to sign in, as they asked in the session `keep`. All their others end. For an identity that is theirs already only what the
/// provider says of it is brought up to date.
///
/// One account may have several identities of one provider.
///
/// # Errors
/// `login_required` if that session ended meanwhile; `linked_elsewhere` if somebody else signs in with it; `too_many_identities`;
/// `account_disabled`.
pub async fn link(tx: &mut Tx, user: &UserId, profile: &Profile, keep: &SessionId) -> Result<Identity> {
    hold_subject(tx, &profile.provider, &profile.subject).await?;
    open_account(tx, user).await?;
    match store::identity(tx.conn(), &profile.provider, &profile.subject).await? {
        Some(known) if &known.user == user => return refresh(tx, &known, profile).await,
        Some(_) => {
            return Err(conflict("linked_elsewhere", "This is how somebody else signs in. Sign in with it and remove it there first."));
        }
        None => {}
    }
    hold_user(tx, user).await?;
    // After the lock: whoever ends the session while they change the account holds it, too.
    sessions::actions::require_live(tx, keep).await?;
    if store::identities_of(tx.conn(), user).await?.len() >= MAX_IDENTITIES {
        let message = format!("An account has at most {MAX_IDENTITIES} ways to sign in. Please remove one first.");
        return Err(conflict("too_many_identities", message));
    }
    let identity = add_identity(tx, user, profile).await?;
    tx.record(events::linked(&identity));
    rooms::actions::claim(tx, user, &identity).await?;
    sessions::actions::end_all(tx, user, Some(keep), "credential_changed").await?;
    Ok(identity)
}

/// Takes a way to sign in from `user`, and the password that belongs to it, as they asked in the session `keep`. All their others end.
///
/// # Errors
/// `login_required` if that session ended meanwhile; `not_found` if the user has no such identity; `last_identity` if there is no other.
pub async fn unlink(tx: &mut Tx, user: &UserId, id: &IdentityId, keep: &SessionId) -> Result<()> {
    let found = store::identity_by_id(tx.conn(), id).await?.filter(|identity| &identity.user == user);
    let identity = found.ok_or_else(|| Error::not_found("identity"))?;
    // Whoever signs in with it at this moment has a session before it goes, or none.
    hold_subject(tx, &identity.provider, &identity.subject).await?;
    hold(tx, id).await?;
    hold_user(tx, user).await?;
    sessions::actions::require_live(tx, keep).await?;
    if store::identities_of(tx.conn(), user).await?.iter().all(|other| &other.id == id) {
        return Err(conflict("last_identity", "This is the only way to sign in to your account. Please link another one first."));
    }
    if !store::remove_identity(tx, id).await? {
        return Err(Error::not_found("identity"));
    }
    tx.record(events::unlinked(&identity));
    sessions::actions::end_all(tx, user, Some(keep), "credential_changed").await
}

/// Lets those who rely on an identity or change it wait for each other.
pub async fn hold(tx: &Tx, identity: &IdentityId) -> Result<()> {
    tx.lock(&format!("identity {identity}")).await
}

/// Lets those who sign in as the same subject wait for each other, so that they find one account.
async fn hold_subject(tx: &Tx, provider: &str, subject: &str) -> Result<()> {
    tx.lock(&format!("subject {provider} {subject}")).await
}

/// Lets those who count a user's identities wait for each other.
async fn hold_user(tx: &Tx, user: &UserId) -> Result<()> {
    tx.lock(&format!("identities {user}")).await
}

async fn add_identity(tx: &Tx, user: &UserId, profile: &Profile) -> Result<Identity> {
    let identity = Identity::new(IdentityId::new(tx.now(), tx.random()), user, profile, tx.now());
    store::add_identity(tx, &identity).await?;
    Ok(identity)
}

/// Writes down what the provider says today, if it is news.
async fn refresh(tx: &Tx, known: &Identity, profile: &Profile) -> Result<Identity> {
    let today = known.refreshed(profile);
    if &today != known {
        store::refresh_identity(tx, &today).await?;
    }
    Ok(today)
}

/// The account, if it is open.
async fn open_account(tx: &Tx, id: &UserId) -> Result<User> {
    let user = store::user(tx.conn(), id).await?.ok_or_else(|| Error::not_found("user"))?;
    if user.disabled {
        return Err(Error::new(Kind::Forbidden, "account_disabled", "This account was closed by an administrator."));
    }
    Ok(user)
}

fn conflict(code: &'static str, message: impl Into<String>) -> Error {
    Error::new(Kind::Conflict, code, message)
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

/// Shuts an account that is to be erased, so that nothing new comes to what is removed bit by bit.
///
/// # Errors
/// `not_found`; `last_admin` if nobody else could look after the server.
pub async fn begin_erasure(tx: &mut Tx, user: &UserId) -> Result<()> {
    // Two admins who go at the same time wait for each other.
    tx.lock("last admin").await?;
    let known = store::user(tx.conn(), user).await?.ok_or_else(|| Error::not_found("user"))?;
    if known.role == Role::Admin && !known.disabled && !store::has_other_admin(tx.conn(), user).await? {
        let message = "This is the only admin. Make somebody else one first, with `community user promote`.";
        return Err(conflict("last_admin", message));
    }
    if known.disabled {
        return sessions::actions::end_all(tx, user, None, "disabled").await;
    }
    set_disabled(tx, &Actor::System, user, true).await
}

/// Removes what tells who somebody was: the ways to sign in, with their passwords and devices, what waits for them elsewhere, and the
/// name. The end of an erasure: until then the account is found by what it was known as, and whoever signs in is told that it is shut.
/// From then on they are somebody new.
pub async fn finish_erasure(tx: &mut Tx, user: &UserId) -> Result<()> {
    let known = store::user(tx.conn(), user).await?.ok_or_else(|| Error::not_found("user"))?;
    for identity in store::identities_of(tx.conn(), user).await? {
        hold_subject(tx, &identity.provider, &identity.subject).await?;
        hold(tx, &identity.id).await?;
    }
    // Who signed in at the moment at which the account was shut may have begun one more.
    sessions::actions::end_all(tx, user, None, "disabled").await?;
    let identities = store::identities_of(tx.conn(), user).await?;
    rooms::actions::forget_invitations(tx, user, &identities).await?;
    for identity in &identities {
        if store::remove_identity(tx, &identity.id).await? {
            tx.record(events::unlinked(identity));
        }
    }
    if known.role != Role::User && store::set_role(tx, user, Role::User).await? {
        tx.record(events::changed(user));
    }
    if known.username != ERASED {
        store::rename(tx, user, ERASED).await?;
        tx.record(events::renamed(user));
    }
    Ok(())
}

fn require_admin(actor: &Actor) -> Result<()> {
    if actor.is_admin() { Ok(()) } else { Err(Error::forbidden("Only an admin may do this.")) }
}
