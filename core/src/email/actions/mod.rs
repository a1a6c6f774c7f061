//! The writes of signing up and in.

mod add;
mod login;
mod passwords;
mod register;

pub use self::{
    add::{Add, add, has_address},
    login::{Entered, Login, login},
    passwords::{ChangePassword, Forgot, change_password, forgot, reset},
    register::{Followed, Register, Resend, Verify, open_account, register, resend, verify},
};
use super::store;
use crate::{
    error::{Error, Kind, Result},
    ids::UserId,
    mail,
    store::Tx,
};

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

/// Forgets the address that somebody wanted to add to their account, and the letters to it.
pub async fn forget_addition(tx: &mut Tx, user: &UserId) -> Result<()> {
    if let Some(waiting) = store::addition_for(tx.conn(), user).await? {
        store::remove_addition(tx, user).await?;
        mail::actions::forget_all_to(tx, &waiting.address).await?;
    }
    Ok(())
}

/// Forgets who registered with an address, and the letters to it.
pub async fn forget_address(tx: &mut Tx, address: &str) -> Result<()> {
    store::remove_registrations_of(tx, address).await?;
    mail::actions::forget_all_to(tx, address).await
}

/// Removes links that no longer work.
pub async fn sweep(tx: &mut Tx) -> Result<()> {
    store::remove_expired(tx).await
}
