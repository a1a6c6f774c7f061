//! Who is doing this.

use crate::{
    error::{Error, Result},
    ids::UserId,
};

/// What a person may do beyond their own things.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// A member.
    User,
    /// May also change what others own.
    Admin,
}

impl Role {
    /// The word in the database and on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Admin => "admin",
        }
    }

    /// Reads [`Self::as_str`]; anything else is a plain user.
    pub fn from_stored(text: &str) -> Self {
        if text == "admin" { Self::Admin } else { Self::User }
    }
}

/// Whoever causes an action. Rules are written once, against this.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// A signed-in person.
    User {
        /// Whose account.
        id: UserId,
        /// With which role.
        role: Role,
    },
    /// The operator at the command line, or the server itself.
    System,
}

impl Actor {
    /// The person behind the action.
    ///
    /// # Errors
    /// `login_required` if there is none.
    pub fn user(&self) -> Result<&UserId> {
        match self {
            Self::User { id, .. } => Ok(id),
            Self::System => Err(Error::login_required()),
        }
    }

    /// Whether the actor may change what others own.
    pub fn is_admin(&self) -> bool {
        matches!(self, Self::System | Self::User { role: Role::Admin, .. })
    }
}
