//! `[auth]`: how people prove who they are.

use serde::{Deserialize, Serialize};

use super::{Report, Span};

/// Passwords, one-time links, and which provider owns the short paths.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AuthSection {
    /// The redirect provider that answers at `/api/login` and `/api/callback`.
    pub root_provider: String,
    /// What a password must be.
    pub password_profile: PasswordProfile,
    /// Registering an address that is taken answers as if it were free, and tells its owner by mail. Signing in does not tell then that
    /// an address is not confirmed yet.
    pub enumeration_safe: bool,
    /// How long the link in a verification mail works.
    pub verification_lifetime: Span,
    /// How long the link in a password reset mail works.
    pub reset_lifetime: Span,
    /// Threads that hash passwords, 19 MiB each. Unset: half of the processors.
    pub hash_threads: Option<u32>,
    /// Passwords that may wait for a thread; more are answered with 503.
    pub hash_queue: u32,
    /// How long a password may wait for a thread.
    pub hash_wait: Span,
}

/// Rules for new passwords.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PasswordProfile {
    /// At least 6 characters.
    Contract,
    /// At least 15 characters, none of the common ones.
    Nist,
}

impl Default for AuthSection {
    fn default() -> Self {
        Self {
            root_provider: "discord".to_owned(),
            password_profile: PasswordProfile::Contract,
            enumeration_safe: false,
            verification_lifetime: Span::hours(24),
            reset_lifetime: Span::hours(1),
            hash_threads: None,
            hash_queue: 32,
            hash_wait: Span::seconds(2),
        }
    }
}

impl AuthSection {
    /// Threads that hash passwords, at least one.
    pub fn hash_threads(&self) -> usize {
        let half = || std::thread::available_parallelism().map_or(1, |count| count.get() / 2);
        self.hash_threads.map_or_else(half, |count| count as usize).max(1)
    }

    /// Checks the section.
    pub fn validate(&self, report: &mut Report) {
        let minute = Span::minutes(1);
        report.require(!self.root_provider.is_empty(), "auth.root_provider", "must name a provider, like \"discord\"");
        report.require(self.verification_lifetime >= minute, "auth.verification_lifetime", "must be at least 1m");
        report.require(self.reset_lifetime >= minute, "auth.reset_lifetime", "must be at least 1m");
        report.require(self.hash_threads.is_none_or(|count| (1..=64).contains(&count)), "auth.hash_threads", "must be 1 to 64");
        report.require((1..=10_000).contains(&self.hash_queue), "auth.hash_queue", "must be 1 to 10000");
        report.require(self.hash_wait.as_millis() > 0, "auth.hash_wait", "must be longer than zero");
    }
}
