//! `[sessions]`: how long people stay signed in.

use serde::{Deserialize, Serialize};

use super::{Report, Span};

/// Lifetimes of sessions and how many a user may have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SessionsSection {
    /// A session ends this long after it was last used.
    pub idle: Span,
    /// A session ends this long after it began, used or not.
    pub absolute: Span,
    /// As `idle`, for administrators.
    pub admin_idle: Span,
    /// As `absolute`, for administrators.
    pub admin_absolute: Span,
    /// Live sessions of one user; one more ends the oldest.
    pub max_per_user: u32,
    /// Permits session cookies over plain http on a host that is not this machine. Anyone on the way can steal them.
    pub allow_insecure_cookies: bool,
}

impl Default for SessionsSection {
    fn default() -> Self {
        Self {
            idle: Span::days(7),
            absolute: Span::days(30),
            admin_idle: Span::minutes(30),
            admin_absolute: Span::hours(12),
            max_per_user: 20,
            allow_insecure_cookies: false,
        }
    }
}

impl SessionsSection {
    /// Checks the section.
    pub fn validate(&self, report: &mut Report) {
        let minute = Span::minutes(1);
        report.require(self.idle >= minute, "sessions.idle", "must be at least 1m");
        report.require(self.admin_idle >= minute, "sessions.admin_idle", "must be at least 1m");
        report.require(self.absolute >= self.idle, "sessions.absolute", "must not be shorter than sessions.idle");
        report.require(self.admin_absolute >= self.admin_idle, "sessions.admin_absolute", "must not be shorter than sessions.admin_idle");
        report.require((1..=1000).contains(&self.max_per_user), "sessions.max_per_user", "must be 1 to 1000");
    }
}
