//! `[limits]`: how often things may be done.

use serde::{Deserialize, Serialize};

/// Rate limits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LimitsSection {
    /// False switches all off but the reference's own.
    pub enabled: bool,
}

impl Default for LimitsSection {
    fn default() -> Self {
        Self { enabled: true }
    }
}
