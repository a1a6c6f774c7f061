//! Who is doing this.

use crate::{
    bots::model::{Ability, Rights},
    error::{Error, Result},
    ids::{BotId, MemberId, RoomId, UserId},
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
    /// A program that takes part in rooms.
    Bot {
        /// Which.
        id: BotId,
        /// What it may do, and where.
        rights: Rights,
    },
    /// The operator at the command line, or the server itself.
    System,
}

impl Actor {
    /// The person behind the action.
    ///
    /// # Errors
    /// `login_required` if there is none; `forbidden` for bots.
    pub fn user(&self) -> Result<&UserId> {
        match self {
            Self::User { id, .. } => Ok(id),
            Self::Bot { .. } => Err(Error::forbidden("Bots may not do this.")),
            Self::System => Err(Error::login_required()),
        }
    }

    /// The person or bot behind the action.
    ///
    /// # Errors
    /// `login_required` if there is neither.
    pub fn member(&self) -> Result<MemberId> {
        match self {
            Self::User { id, .. } => Ok(MemberId::User(id.clone())),
            Self::Bot { id, .. } => Ok(MemberId::Bot(id.clone())),
            Self::System => Err(Error::login_required()),
        }
    }

    /// Whether the actor has the means to do such a thing in `room`, whatever its role there. People have.
    ///
    /// # Errors
    /// `not_found` where a bot's token does not reach; `forbidden` if the token lacks the ability.
    pub fn require(&self, ability: Ability, room: &RoomId) -> Result<()> {
        match self {
            Self::Bot { rights, .. } => rights.require(ability, room),
            Self::User { .. } | Self::System => Ok(()),
        }
    }

    /// Whether the actor may change what others own.
    pub fn is_admin(&self) -> bool {
        matches!(self, Self::System | Self::User { role: Role::Admin, .. })
    }
}
