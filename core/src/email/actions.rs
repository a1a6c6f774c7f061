//! The writes of signing up and in.

use super::{
    PROVIDER,
    model::{Applicant, Registration, ResetTarget},
    store,
};
use crate::{
    accounts::{
        self,
        model::{Identity, Profile, User},
    },
    actor::Role,
    clock::Timestamp,
    devices,
    error::{Error, Kind, Result},
    ids::{IdentityId, SessionId, UserId},
    mail::{self, model::NewMail},
    random::{Token, TokenHash},
    sessions::{
        self,
        model::{Session, SessionPlan},
    },
    store::Tx,
};

/// A registration with the letters that may follow from it.
#[derive(Debug)]
pub struct Register {
    /// Who registers.
    pub registration: Registration,
    /// The letter with the link.
    pub letter: NewMail,
    /// The letter to the owner of an address that is taken. Without one, whoever registers is told that it is taken.
    pub notice: Option<NewMail>,
    /// The network of the request.
    pub origin: String,
}

/// Keeps a registration and queues its letter.
///
/// # Errors
/// `email_taken` if the address has an account; `rate_limited` if the network has asked for too many letters.
pub async fn register(tx: &mut Tx, register: &Register) -> Result<()> {
    let taken = accounts::queries::identity(tx.conn(), PROVIDER, &register.registration.applicant.subject).await?.is_some();
    match &register.notice {
        None if taken => Err(Error::new(Kind::Invalid, "email_taken", "This email is already registered. Sign in, or reset the password.")),
        Some(notice) if taken => {
            mail::actions::require_quota(tx, &register.origin).await?;
            mail::actions::count(tx, &without_receiver(&register.letter)).await?;
            mail::actions::queue(tx, notice).await?;
            Ok(())
        }
        _ => {
            mail::actions::require_quota(tx, &register.origin).await?;
            // An earlier link keeps working when no new one goes out: otherwise asking often would lock the owner out.
            if queue_counted(tx, &register.letter).await? {
                store::put_registration(tx, &register.registration).await?;
            }
            Ok(())
        }
    }
}

/// Queues a letter, or counts it if its address has had its share: otherwise a network that is never refused would tell that
/// somebody waits there.
async fn queue_counted(tx: &mut Tx, letter: &NewMail) -> Result<bool> {
    let queued = mail::actions::queue(tx, letter).await?;
    if !queued {
        mail::actions::count(tx, &without_receiver(letter)).await?;
    }
    Ok(queued)
}

/// The same mail without address and text: it counts for the network and for nobody else.
fn without_receiver(letter: &NewMail) -> NewMail {
    let content = mail::model::Content { subject: String::new(), text: String::new(), html: String::new() };
    NewMail { address: String::new(), content, ..letter.clone() }
}

/// A new link for someone who waits for one.
#[derive(Debug)]
pub struct Resend {
    /// Who.
    pub subject: String,
    /// The new link's token.
    pub token: TokenHash,
    /// Until when it works.
    pub expires_at: Timestamp,
    /// The letter with the link.
    pub letter: NewMail,
    /// The network of the request.
    pub origin: String,
}

/// Replaces the link of a registration and queues its letter. Nobody waiting is no error and counts all the same.
///
/// # Errors
/// `rate_limited` if the network has asked for too many letters.
pub async fn resend(tx: &mut Tx, resend: &Resend) -> Result<()> {
    mail::actions::require_quota(tx, &resend.origin).await?;
    match store::registration_of(tx.conn(), &resend.subject).await? {
        Some(waiting) => {
            let renewed = Registration { token: resend.token.clone(), expires_at: resend.expires_at, ..waiting };
            if queue_counted(tx, &NewMail { address: renewed.applicant.address.clone(), ..resend.letter.clone() }).await? {
                store::put_registration(tx, &renewed).await?;
            }
            Ok(())
        }
        None => mail::actions::count(tx, &without_receiver(&resend.letter)).await,
    }
}

/// A link that was followed.
#[derive(Debug)]
pub struct Verify {
    /// The link's token.
    pub token: TokenHash,
    /// How the session begins, but for the user; none if the browser's present session must stay.
    pub session: Option<SessionPlan>,
}

/// Turns a registration into an account, and begins a session.
///
/// # Errors
/// `invalid_token` if the link was used, replaced or is too old.
pub async fn verify(tx: &mut Tx, verify: &Verify) -> Result<Option<(Session, Token)>> {
    let taken = store::take_registration(tx, &verify.token).await?;
    let now = tx.now();
    let waiting = taken.filter(|waiting| now < waiting.expires_at).ok_or_else(invalid_token)?;
    let (user, identity) = open_account(tx, &waiting.applicant, Role::User).await?;
    match &verify.session {
        Some(plan) => Ok(Some(begin(tx, &user, &identity.id, plan).await?)),
        None => Ok(None),
    }
}

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
    let (_, session) = begin(tx, &user.ok_or_else(invalid_credentials)?, &login.identity, &login.plan).await?;
    let device = devices::actions::remember(tx, &login.identity, login.device.as_ref()).await?;
    Ok(Entered { session, device })
}

/// Whether a password is still the one that was compared with, and stays it until the end of the transaction. Comparing takes
/// long enough for the owner to set a new one, which must leave no session to whoever knew the old one.
async fn is_still(tx: &mut Tx, identity: &IdentityId, phc: &str) -> Result<bool> {
    accounts::actions::hold(tx, identity).await?;
    Ok(store::password(tx.conn(), identity).await?.is_some_and(|present| present == phc))
}

async fn begin(tx: &mut Tx, user: &User, identity: &IdentityId, plan: &SessionPlan) -> Result<(Session, Token)> {
    sessions::actions::start(tx, &plan.of(&user.id, user.role, PROVIDER, identity)).await
}

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
    let Some(target) = &forgot.target else { return mail::actions::count(tx, &without_receiver(&forgot.letter)).await };
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

/// Makes an account for someone whose address is known to be theirs: by a link, or by the operator's word.
pub async fn open_account(tx: &mut Tx, applicant: &Applicant, role: Role) -> Result<(User, Identity)> {
    let profile = Profile {
        provider: PROVIDER.to_owned(),
        subject: applicant.subject.clone(),
        handle: None,
        email: Some(applicant.address.clone()),
        email_verified: true,
        avatar: None,
        username: applicant.username.clone(),
    };
    let (user, identity) = accounts::actions::create(tx, &profile, role).await?;
    store::set_password(tx, &identity.id, &applicant.phc).await?;
    Ok((user, identity))
}

/// The one answer to a wrong address, a wrong password and a shut account.
pub fn invalid_credentials() -> Error {
    Error::new(Kind::Unauthenticated, "invalid_credentials", "Email or password is wrong.")
}

/// The answer to a wrong password of someone who is signed in.
pub fn wrong_current() -> Error {
    Error::new(Kind::Unauthenticated, "invalid_credentials", "The current password is wrong.")
}

/// The one answer to links that do not work, whatever the reason.
pub fn invalid_token() -> Error {
    Error::new(Kind::Invalid, "invalid_token", "This link does not work any more. Please request a new one.")
}

/// Removes links that no longer work.
pub async fn sweep(tx: &mut Tx) -> Result<()> {
    store::remove_expired(tx).await
}
