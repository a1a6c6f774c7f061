//! The writes of signing in at other sites.

use super::{
    model::{Purpose, Reason, Stop, Transaction, TrialOutcome},
    policy::{LIFETIME, PER_BROWSER},
    store,
};
use crate::{
    accounts::{self, model::Profile},
    error::Result,
    ids::UserId,
    random::{Token, TokenHash},
    sessions::{
        self,
        model::{Session, SessionPlan},
    },
    store::Tx,
};

/// Writes down that a sign-in is under way. A browser with too many of them loses its oldest.
pub async fn begin(tx: &mut Tx, new: &Transaction) -> Result<()> {
    if let Some(browser) = &new.browser {
        store::drop_oldest(tx, browser, PER_BROWSER - 1).await?;
    }
    store::add(tx, new).await
}

/// What came out of presenting a state.
#[derive(Debug)]
pub struct Taken {
    /// The sign-in, if there is one that this browser may finish at this provider.
    pub transaction: Result<Transaction, Stop>,
    /// Whether the browser has others under way, for which it still needs its cookie.
    pub others: bool,
}

/// A state that was presented.
#[derive(Debug)]
pub struct Presented {
    /// The hash of the state.
    pub state: TokenHash,
    /// The hash of the browser's cookie, if it has one.
    pub browser: Option<TokenHash>,
    /// Whose callback it came to.
    pub provider: String,
}

/// Takes out the sign-in that a state belongs to: whatever happens next, the state is used up.
pub async fn take(tx: &mut Tx, presented: &Presented) -> Result<Taken> {
    let transaction = store::take(tx, &presented.state).await?;
    let others = match &presented.browser {
        Some(browser) => store::has_open(tx, browser).await?,
        None => false,
    };
    let stop = |detail: &str| Err(Stop::new(Reason::State, detail));
    let transaction = match transaction {
        None => stop("the state was used already, or was never given out"),
        Some(found) if tx.now() >= found.expires_at => stop("the sign-in was begun too long ago"),
        Some(found) if found.provider != presented.provider => stop("the state belongs to a sign-in at another provider"),
        Some(found) if found.purpose != Purpose::Trial && (found.browser.is_none() || found.browser != presented.browser) => {
            stop("the state belongs to a sign-in of another browser")
        }
        Some(found) => Ok(found),
    };
    Ok(Taken { transaction, others })
}

/// Someone whom a provider vouches for.
#[derive(Debug)]
pub struct SignIn {
    /// What the provider told.
    pub profile: Profile,
    /// How the session begins.
    pub plan: SessionPlan,
}

/// Begins a session for someone whom a provider vouches for, with a new account the first time.
///
/// # Errors
/// `account_disabled` if an operator shut the account.
pub async fn sign_in(tx: &mut Tx, sign_in: &SignIn) -> Result<(Session, Token)> {
    let SignIn { profile, plan } = sign_in;
    let found = accounts::actions::sign_in(tx, profile).await?;
    sessions::actions::start(tx, &plan.of(&found.user.id, found.user.role, &profile.provider, &found.identity.id)).await
}

/// Adds an identity to the account of whoever is signed in with `present`.
///
/// # Errors
/// `login_required` if that session ended meanwhile; `linked_elsewhere` if the identity belongs to another account;
/// `too_many_identities`; `account_disabled`.
pub async fn link(tx: &mut Tx, present: &Session, profile: &Profile) -> Result<()> {
    accounts::actions::link(tx, &present.user, profile, &present.id).await?;
    Ok(())
}

/// Keeps what a trial found out for the command line to pick up.
pub async fn record_trial(tx: &mut Tx, state: &TokenHash, outcome: &TrialOutcome) -> Result<()> {
    store::put_outcome(tx, state, outcome, tx.now().plus(LIFETIME)).await
}

/// Ends the trial of `provider` that a state belongs to with `outcome`, if it is one. Anything else stays as it is.
pub async fn end_trial(tx: &mut Tx, state: &TokenHash, provider: &str, outcome: &TrialOutcome) -> Result<()> {
    if store::take_trial(tx, state, provider).await? { record_trial(tx, state, outcome).await } else { Ok(()) }
}

/// Removes what can no longer be finished or picked up.
pub async fn sweep(tx: &mut Tx) -> Result<()> {
    store::remove_expired(tx).await
}

/// Forgets what `user` has begun to link.
pub async fn forget_links(tx: &mut Tx, user: &UserId) -> Result<()> {
    store::remove_links(tx, user).await
}
