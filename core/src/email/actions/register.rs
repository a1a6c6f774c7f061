//! From a form to an account.

use super::{add::attach, invalid_token};
use crate::{
    accounts::{
        self,
        model::{Identity, Profile, User},
    },
    actor::Role,
    bots,
    clock::Timestamp,
    email::{
        PROVIDER,
        model::{Applicant, Registration},
        store,
    },
    error::{Error, Kind, Result},
    mail::{
        self,
        model::{NewMail, Origin},
    },
    random::{Token, TokenHash},
    sessions::{self, model::SessionPlan},
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
    /// From where the request came.
    pub origin: Origin,
}

/// Keeps a registration and queues its letter.
///
/// # Errors
/// `email_taken` if the address has an account; `rate_limited` if the network has asked for too many letters.
pub async fn register(tx: &mut Tx, register: &Register) -> Result<()> {
    lock(tx, &register.registration.applicant.subject).await?;
    if bots::queries::is_name(tx.conn(), &register.registration.applicant.username).await? {
        return Err(Error::invalid("username is the name of a bot. Please choose another one."));
    }
    let taken = accounts::queries::identity(tx.conn(), PROVIDER, &register.registration.applicant.subject).await?.is_some();
    match &register.notice {
        None if taken => Err(Error::new(Kind::Invalid, "email_taken", "This email is already registered. Sign in, or reset the password.")),
        Some(notice) if taken => {
            mail::actions::require_quota(tx, &register.origin).await?;
            tell_owner(tx, &register.letter, notice).await
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

/// Lets what is done with the registration of `subject` wait for each other: of two side by side neither may bring back what the other
/// replaced.
async fn lock(tx: &Tx, subject: &str) -> Result<()> {
    tx.lock(&format!("registration {subject}")).await
}

/// Writes to the owner of an address that is taken, and counts the letter with the link, which nobody gets.
pub(super) async fn tell_owner(tx: &mut Tx, letter: &NewMail, notice: &NewMail) -> Result<()> {
    mail::actions::count(tx, letter).await?;
    mail::actions::queue(tx, notice).await?;
    Ok(())
}

/// Queues a letter, or counts it if its address has had its share: otherwise a network that is never refused would tell that
/// somebody waits there.
pub(super) async fn queue_counted(tx: &mut Tx, letter: &NewMail) -> Result<bool> {
    let queued = mail::actions::queue(tx, letter).await?;
    if !queued {
        mail::actions::count(tx, letter).await?;
    }
    Ok(queued)
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
    /// From where the request came.
    pub origin: Origin,
}

/// Replaces the link of a registration, and nothing else of it, and queues its letter. Nobody waiting is no error and counts all the
/// same.
///
/// # Errors
/// `rate_limited` if the network has asked for too many letters.
pub async fn resend(tx: &mut Tx, resend: &Resend) -> Result<()> {
    lock(tx, &resend.subject).await?;
    mail::actions::require_quota(tx, &resend.origin).await?;
    match store::registration_of(tx.conn(), &resend.subject).await? {
        Some(waiting) => {
            if queue_counted(tx, &NewMail { address: waiting.applicant.address.clone(), ..resend.letter.clone() }).await? {
                store::renew_registration(tx, &waiting.token, &resend.token, resend.expires_at).await?;
            }
            Ok(())
        }
        None => mail::actions::count(tx, &resend.letter).await,
    }
}

/// A link that was followed.
#[derive(Debug)]
pub struct Verify {
    /// The link's token.
    pub token: TokenHash,
    /// How a session begins; `replaces` is the present one.
    pub plan: SessionPlan,
    /// Whether the present session must stay.
    pub keep_present: bool,
}

/// What a link led to.
#[derive(Debug)]
pub enum Followed {
    /// A new account, to which its owner is signed in with this secret.
    SignedIn(Token),
    /// A new account, and the browser's session stayed.
    Kept,
    /// One more way to sign in to the account of the browser's session.
    Added,
}

/// Turns a registration into an account, and begins a session; or adds an address to the account that asked for it.
///
/// # Errors
/// `invalid_token` if the link was used, replaced or is too old; where an address is added also `login_required`, `linked_elsewhere`,
/// `too_many_identities` and `account_disabled`.
pub async fn verify(tx: &mut Tx, verify: &Verify) -> Result<Followed> {
    if let Some(waiting) = store::addition_of(tx.conn(), &verify.token).await? {
        attach(tx, &waiting, verify.plan.replaces.as_ref()).await?;
        return Ok(Followed::Added);
    }
    let taken = store::take_registration(tx, &verify.token).await?;
    let now = tx.now();
    let waiting = taken.filter(|waiting| now < waiting.expires_at).ok_or_else(invalid_token)?;
    let (user, identity) = open_account(tx, &waiting.applicant, Role::User).await?;
    if verify.keep_present {
        return Ok(Followed::Kept);
    }
    let (_, secret) = sessions::actions::start(tx, &verify.plan.of(&user.id, user.role, PROVIDER, &identity.id)).await?;
    Ok(Followed::SignedIn(secret))
}

/// Makes an account for someone whose address is known to be theirs: by a link, or by the operator's word.
pub async fn open_account(tx: &mut Tx, applicant: &Applicant, role: Role) -> Result<(User, Identity)> {
    let profile = profile(&applicant.subject, &applicant.address, applicant.username.clone());
    let (user, identity) = accounts::actions::create(tx, &profile, role).await?;
    store::set_password(tx, &identity.id, &applicant.phc).await?;
    Ok((user, identity))
}

/// Someone as accounts know them whose address is known to be theirs. `username` is the name of a new account.
pub(super) fn profile(subject: &str, address: &str, username: String) -> Profile {
    Profile {
        provider: PROVIDER.to_owned(),
        subject: subject.to_owned(),
        handle: None,
        email: Some(address.to_owned()),
        email_verified: true,
        avatar: None,
        username,
    }
}
