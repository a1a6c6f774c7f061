//! Passwords and what waits for a link to be followed.

use std::fmt;

use unicode_normalization::UnicodeNormalization;

use crate::{
    clock::Timestamp,
    ids::{IdentityId, SessionId, UserId},
    random::TokenHash,
};

/// A password in the form that is hashed: NFKC, so that every keyboard's way to write a character is the same one.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

impl Password {
    /// The longest text that is looked at, in bytes.
    pub const MAX_BYTES: usize = 1024;

    /// A password as typed; `None` if it is too long to be one.
    pub fn parse(typed: &str) -> Option<Self> {
        (typed.len() <= Self::MAX_BYTES).then(|| Self(typed.nfkc().collect()))
    }

    /// The text that is hashed.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Length in characters.
    pub fn chars(&self) -> usize {
        self.0.chars().count()
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(***)")
    }
}

/// Someone who wants an account, as the provider and the hasher left them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applicant {
    /// The provider's name for the person.
    pub subject: String,
    /// Where mail goes.
    pub address: String,
    /// The name that others will see.
    pub username: String,
    /// The hash of the password that begins with the account.
    pub phc: String,
}

/// Someone who registered and has not yet followed the link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registration {
    /// Who.
    pub applicant: Applicant,
    /// The hash of the link's token.
    pub token: TokenHash,
    /// Until when the link works.
    pub expires_at: Timestamp,
}

/// Someone who has an account, wants to sign in to it with an address, too, and has not yet followed the link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addition {
    /// Whose account.
    pub user: UserId,
    /// The session that asked; the addition ends with it.
    pub session: SessionId,
    /// The provider's name for whoever has the address.
    pub subject: String,
    /// Where mail goes.
    pub address: String,
    /// The hash of the password that begins with the address.
    pub phc: String,
    /// The hash of the link's token.
    pub token: TokenHash,
    /// Until when the link works.
    pub expires_at: Timestamp,
}

/// What is known of someone who tries to sign in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credential {
    /// An account with a password.
    Verified {
        /// Whose.
        user: UserId,
        /// The identity that the password belongs to.
        identity: IdentityId,
        /// The hash.
        phc: String,
    },
    /// A registration whose link was not followed yet.
    Unverified {
        /// The hash.
        phc: String,
    },
}

impl Credential {
    /// The hash to compare with.
    pub fn phc(&self) -> &str {
        match self {
            Self::Verified { phc, .. } | Self::Unverified { phc } => phc,
        }
    }
}

/// An identity whose password may be set anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResetTarget {
    /// Which identity.
    pub identity: IdentityId,
    /// Whose account.
    pub user: UserId,
    /// Where the link goes.
    pub address: String,
    /// How to greet.
    pub username: String,
}
