//! From a form to an account.

use super::invalid_token;
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
    lock(tx, &register.registration.applicant.subject).await?;
    if bots::queries::is_name(tx.conn(), &register.registration.applicant.username).await? {
        return Err(Error::invalid("username is the name of a bot. Please choose another one."));
    }
    let taken = accounts::queries::identity(tx.conn(), PROVIDER, &register.registration.applicant.subject).await?.is_some();
    match &register.notice {
        None if taken => Err(Error::new(Kind::Invalid, "email_taken", "This email is already registered. Sign in, or reset the password.")),
        Some(notice) if taken => {
            mail::actions::require_quota(tx, &register.origin).await?;
            mail::actions::count(tx, &register.letter).await?;
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

/// Lets what is done with the registration of `subject` wait for each other: of two side by side neither may bring back what the other
/// replaced.
async fn lock(tx: &Tx, subject: &str) -> Result<()> {
    tx.lock(&format!("registration {subject}")).await
}

/// Queues a letter, or counts it if its address has had its share: otherwise a network that is never refused would tell that
/// somebody waits there.
async fn queue_counted(tx: &mut Tx, letter: &NewMail) -> Result<bool> {
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
    /// The network of the request.
    pub origin: String,
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
        Some(plan) => Ok(Some(sessions::actions::start(tx, &plan.of(&user.id, user.role, PROVIDER, &identity.id)).await?)),
        None => Ok(None),
    }
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
