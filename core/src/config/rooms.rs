//! `[rooms]`: how many and how long.

use serde::{Deserialize, Serialize};

use super::{Report, Span};

/// Rooms and invitations to them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RoomsSection {
    /// In how many rooms one may be.
    pub max_memberships: u32,
    /// How long an invitation holds.
    pub invite_lifetime: Span,
}

impl Default for RoomsSection {
    fn default() -> Self {
        Self { max_memberships: 500, invite_lifetime: Span::days(90) }
    }
}

impl RoomsSection {
    /// Checks the section. More rooms than a list of them shows would be hidden from their own members.
    pub fn validate(&self, report: &mut Report) {
        report.require((1..=1000).contains(&self.max_memberships), "rooms.max_memberships", "must be 1 to 1000");
        report.require(self.invite_lifetime >= Span::minutes(1), "rooms.invite_lifetime", "must be at least 1m");
    }
}
