//! What a session is, and how long it lives.

use std::time::Duration;

use crate::{
    actor::{Actor, Role},
    clock::Timestamp,
    config::SessionsSection,
    ids::{IdentityId, SessionId, UserId},
};

/// A use is written down at most this often, so that reading does not become writing.
const TOUCH_EVERY: Duration = Duration::from_mins(5);

/// A live session, as its owner may see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Opaque id. Not the secret.
    pub id: SessionId,
    /// Whose it is.
    pub user: UserId,
    /// The provider that was used to sign in.
    pub provider: String,
    /// The identity that was used, unless it was removed meanwhile.
    pub identity: Option<IdentityId>,
    /// What the browser or program called itself.
    pub client: String,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was last used, to within five minutes.
    pub last_seen_at: Timestamp,
    /// When it ends if it is not used; never later than `expires_at`.
    pub idle_expires_at: Timestamp,
    /// When it ends in any case.
    pub expires_at: Timestamp,
}

impl Session {
    /// Whether the session still holds at `now`.
    pub fn is_live(&self, now: Timestamp) -> bool {
        now < self.idle_expires_at && now < self.expires_at
    }

    /// Whether its last use is old enough to be written down anew.
    pub fn wants_touch(&self, now: Timestamp) -> bool {
        now.since(self.last_seen_at) >= TOUCH_EVERY
    }
}

/// Who sends a request: a session and its user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedIn {
    /// The session.
    pub session: Session,
    /// The name that others see.
    pub username: String,
    /// The user's role.
    pub role: Role,
}

impl SignedIn {
    /// The user as the cause of an action.
    pub fn actor(&self) -> Actor {
        Actor::User { id: self.session.user.clone(), role: self.role }
    }
}

/// How long sessions of a role live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifetime {
    /// Unused.
    pub idle: Duration,
    /// In any case.
    pub absolute: Duration,
}

impl Lifetime {
    /// What the configuration says for `role`.
    pub fn of(section: &SessionsSection, role: Role) -> Self {
        match role {
            Role::User => Self { idle: section.idle.0, absolute: section.absolute.0 },
            Role::Admin => Self { idle: section.admin_idle.0, absolute: section.admin_absolute.0 },
        }
    }

    /// How long the browser keeps the cookie: as long as any session can live. The server alone decides when one has ended.
    pub fn longest(section: &SessionsSection) -> Duration {
        section.absolute.0.max(section.admin_absolute.0)
    }
}

/// A session for whoever turns out to be signing in.
#[derive(Debug, Clone)]
pub struct SessionPlan {
    /// What the browser calls itself.
    pub client: String,
    /// The session that the same browser had; it ends.
    pub replaces: Option<Session>,
    /// Lifetimes and how many a user may have.
    pub rules: SessionsSection,
}

impl SessionPlan {
    /// The session of `user`, who signed in with `identity` at `provider`.
    pub fn of(&self, user: &UserId, role: Role, provider: &str, identity: &IdentityId) -> NewSession {
        NewSession {
            user: user.clone(),
            role,
            provider: provider.to_owned(),
            identity: Some(identity.clone()),
            client: self.client.clone(),
            replaces: self.replaces.clone(),
            rules: self.rules.clone(),
        }
    }
}

/// What is needed to begin a session.
#[derive(Debug, Clone)]
pub struct NewSession {
    /// For whom.
    pub user: UserId,
    /// With which role.
    pub role: Role,
    /// Signed in through which provider.
    pub provider: String,
    /// The identity at that provider, if it is known.
    pub identity: Option<IdentityId>,
    /// What the browser or program calls itself; cut to 200 characters.
    pub client: String,
    /// The session that the same browser had before; it ends.
    pub replaces: Option<Session>,
    /// Lifetimes and how many a user may have.
    pub rules: SessionsSection,
}
