//! What a user and an identity are.

use crate::{
    actor::Role,
    clock::Timestamp,
    error::{Error, Result},
    ids::{IdentityId, UserId},
    text,
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

/// A name that a person chose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Username(String);

impl Username {
    /// Accepts what can stand for a person, without the spaces around it.
    ///
    /// # Errors
    /// `invalid_request`.
    pub fn parse(typed: &str) -> Result<Self> {
        let name = typed.trim();
        if text::is_name(name) {
            return Ok(Self(name.to_owned()));
        }
        let rule = "must be 1 to 64 visible characters, with at most four accents on one of them, and no name of the system";
        Err(Error::invalid(format!("username {rule}.")))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
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
    /// What the person is called there. Changes hands as it pleases the provider; says nothing about who someone is.
    pub handle: Option<String>,
    /// The address that the provider told, where there is one.
    pub email: Option<String>,
    /// Whether the provider says that the address is the person's own.
    pub email_verified: bool,
    /// The address of a picture, where there is one.
    pub avatar: Option<String>,
    /// When it was added to the account.
    pub created_at: Timestamp,
}

impl Identity {
    /// The identity of `user` that `profile` describes, made now.
    pub fn new(id: IdentityId, user: &UserId, profile: &Profile, now: Timestamp) -> Self {
        Self {
            id,
            user: user.clone(),
            provider: profile.provider.clone(),
            subject: profile.subject.clone(),
            handle: profile.handle.clone(),
            email: profile.email.clone(),
            email_verified: profile.email_verified,
            avatar: profile.avatar.clone(),
            created_at: now,
        }
    }

    /// The addresses that are surely the person's own.
    pub fn own_addresses(&self) -> Vec<String> {
        let mut own: Vec<String> = self.email.iter().filter(|_| self.email_verified).cloned().collect();
        if self.provider == "email" {
            own.push(self.subject.clone());
        }
        own.dedup();
        own
    }

    /// The same identity with what the provider says of it today.
    #[must_use]
    pub fn refreshed(&self, profile: &Profile) -> Self {
        Self::new(self.id.clone(), &self.user, profile, self.created_at)
    }
}

/// What a provider knows of someone who signs in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// Which provider.
    pub provider: String,
    /// The provider's unchanging name for the person.
    pub subject: String,
    /// What the person is called there at the moment.
    pub handle: Option<String>,
    /// The address, where there is one.
    pub email: Option<String>,
    /// Whether the provider says that the address is the person's own. Only ever shown: nobody is found by an address.
    pub email_verified: bool,
    /// The address of a picture, where there is one.
    pub avatar: Option<String>,
    /// The name that a new account begins with.
    pub username: String,
}

/// Someone who signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignIn {
    /// Whose account.
    pub user: User,
    /// The identity that was used.
    pub identity: Identity,
    /// Whether the account was made just now.
    pub is_new: bool,
}
