//! `[site]`: what the community is called.

use serde::{Deserialize, Serialize};

use super::Report;

/// The community as people see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SiteSection {
    /// The name on pages, in mails and in the API document.
    pub name: String,
}

impl Default for SiteSection {
    fn default() -> Self {
        Self { name: "OpenClaw Community".to_owned() }
    }
}

impl SiteSection {
    /// Checks the section.
    pub fn validate(&self, report: &mut Report) {
        let printable = !self.name.trim().is_empty() && !self.name.chars().any(char::is_control) && self.name.chars().count() <= 80;
        report.require(printable, "site.name", "must be 1 to 80 printable characters");
    }
}
