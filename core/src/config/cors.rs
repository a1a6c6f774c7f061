//! `[cors]`: which other origins may call.

use serde::{Deserialize, Serialize};

use super::Report;

/// An exact-match list of origins.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CorsSection {
    /// Origins like `https://other.example.org`.
    pub origins: Vec<String>,
    /// Lets the session cookie travel cross-site (https only).
    pub cross_site_cookies: bool,
}

impl CorsSection {
    /// Checks the section.
    pub fn validate(&self, report: &mut Report) {
        let wildcard = self.origins.iter().any(|origin| origin.contains('*') || origin == "null");
        report.require(
            !wildcard,
            "cors.origins",
            "must list origins one by one, like \"https://other.example.org\"; \"*\" would let every site act for your users",
        );
    }
}
