//! An address for an account that has other ways to sign in.

use super::{
    invalid_token,
    register::{profile, queue_counted, tell_owner},
};
use crate::{
    accounts,
    email::{PROVIDER, model::Addition, store},
    error::{Error, Kind, Result},
    ids::UserId,
    mail::{
        self,
        model::{NewMail, Origin},
    },
    sessions::{self, model::Session},
    store::Tx,
};

/// An addition with the letters that may follow from it.
#[derive(Debug)]
pub struct Add {
    /// Who wants to add what.
    pub addition: Addition,
    /// The letter with the link.
    pub letter: NewMail,
    /// The letter to the owner of an address that is taken.
    pub notice: NewMail,
    /// From where the request came.
    pub origin: Origin,
}

/// The answer to someone whose account has an address.
pub fn has_address() -> Error {
    let message = "Your account has an email address already. Please remove that one first.";
    Error::new(Kind::Conflict, "email_linked", message)
}

/// Keeps an addition and queues its letter. Whoever asks cannot tell whether the address is taken.
///
/// # Errors
/// `email_linked` if the account has an address already; `login_required` if the session ended meanwhile; `rate_limited` if the network
/// has asked for too many letters.
pub async fn add(tx: &mut Tx, add: &Add) -> Result<()> {
    let Add { addition, letter, notice, origin } = add;
    lock(tx, &addition.user).await?;
    sessions::actions::require_live(tx, &addition.session).await?;
    if accounts::queries::identity_of(tx.conn(), &addition.user, PROVIDER).await?.is_some() {
        return Err(has_address());
    }
    mail::actions::require_quota(tx, origin).await?;
    let is_taken = accounts::queries::identity(tx.conn(), PROVIDER, &addition.subject).await?.is_some();
    if is_taken {
        tell_owner(tx, letter, notice).await?;
    }
    if !is_taken && queue_counted(tx, letter).await? {
        // A registration of the address stays until its mailbox is proven: whoever asks is anybody so far.
        store::put_addition(tx, addition).await
    } else {
        // An earlier link to this address goes on when no new one goes out. One to another address ends in any case: that it went on
        // would tell that this one is taken.
        store::remove_addition_of_others(tx, &addition.user, &addition.subject).await
    }
}

/// Lets what is done with the addition of `user` wait for each other: a link must not bring in what another has replaced meanwhile.
async fn lock(tx: &Tx, user: &UserId) -> Result<()> {
    tx.lock(&format!("addition {user}")).await
}

/// Adds the address to the account that asked for it, if `present` is the very session that did. No other will do: the mailbox of an
/// address that was mistyped must not open the account, nobody's address goes to a stranger's by a click, and what somebody asked for in
/// a session of theirs that has been ended is not finished in another by a click either.
///
/// # Errors
/// `invalid_token` if the link was replaced or is too old; `login_required` in any other session, which leaves the link as it is;
/// `linked_elsewhere` if somebody else signs in with the address by now; `too_many_identities`; `account_disabled`.
pub(super) async fn attach(tx: &mut Tx, waiting: &Addition, present: Option<&Session>) -> Result<()> {
    if waiting.expires_at <= tx.now() {
        return Err(invalid_token());
    }
    let present = present.filter(|session| session.id == waiting.session).ok_or_else(Error::login_required)?;
    lock(tx, &waiting.user).await?;
    let has_one = accounts::queries::identity_of(tx.conn(), &waiting.user, PROVIDER).await?.is_some();
    if !store::take_addition(tx, &waiting.token).await? || has_one {
        return Err(invalid_token());
    }
    // The mailbox is proven: whoever registered the address, before or meanwhile, keeps nothing.
    store::remove_registration(tx, &waiting.subject).await?;
    let profile = profile(&waiting.subject, &waiting.address, String::new());
    let identity = accounts::actions::link(tx, &waiting.user, &profile, &present.id).await?;
    store::set_password(tx, &identity.id, &waiting.phc).await
}
