//! What a user and an identity are.

use crate::{
    actor::Role,
    clock::Timestamp,
    ids::{IdentityId, UserId},
};

/// A person with an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Opaque id.
    pub id: UserId,
    /// The name that others see. Not unique.
    pub username: String,
    /// What the person may do beyond their own things.
    pub role: Role,
    /// When the account was made.
    pub created_at: Timestamp,
    /// Whether an operator shut the account.
    pub disabled: bool,
}

/// A way to sign in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Opaque id.
    pub id: IdentityId,
    /// Whose it is.
    pub user: UserId,
    /// The provider that vouches for it.
    pub provider: String,
    /// The provider's own unchanging name for the person.
    pub subject: String,
    /// The address that the provider told, where there is one.
    pub email: Option<String>,
}

/// What a provider knows of someone who signs in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// Which provider.
    pub provider: String,
    /// The provider's unchanging name for the person.
    pub subject: String,
    /// The address, where there is one.
    pub email: Option<String>,
    /// The name to begin with.
    pub username: String,
}
