//! `[site]`: what the community is called, and how it looks.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::Report;

/// What a logo may be: the ending of its file's name, and its type.
const LOGOS: [(&str, &str); 4] = [("svg", "image/svg+xml"), ("png", "image/png"), ("webp", "image/webp"), ("jpg", "image/jpeg")];

/// The community as people see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SiteSection {
    /// The name on pages, in mails and in the API document.
    pub name: String,
    /// What it is about, in a sentence; unless set, a general one in the visitor's language.
    pub description: Option<String>,
    /// A picture that stands beside the name, and in the browser's tab.
    pub logo: Option<PathBuf>,
    /// The colour of buttons and links, as `#rrggbb`. Lightened or darkened where it could not be read otherwise.
    pub accent: Option<String>,
}

impl Default for SiteSection {
    fn default() -> Self {
        Self { name: "OpenClaw Community".to_owned(), description: None, logo: None, accent: None }
    }
}

impl SiteSection {
    /// Checks the section.
    pub fn validate(&self, report: &mut Report) {
        let printable =
            |text: &str, most: usize| !text.trim().is_empty() && !text.chars().any(char::is_control) && text.chars().count() <= most;
        report.require(printable(&self.name, 80), "site.name", "must be 1 to 80 printable characters");
        let described = self.description.as_deref().is_none_or(|text| printable(text, 300));
        report.require(described, "site.description", "must be 1 to 300 printable characters");
        report.require(self.accent.is_none() || self.colour().is_some(), "site.accent", "must be a colour like \"#9c3a26\"");
        report.require(self.logo.is_none() || self.logo_type().is_some(), "site.logo", "must be an svg, png, webp or jpg file");
    }

    /// Red, green and blue of the accent.
    pub fn colour(&self) -> Option<[u8; 3]> {
        let digits = self.accent.as_ref()?.strip_prefix('#')?;
        if digits.len() != 6 || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return None;
        }
        let part = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).ok();
        Some([part(0)?, part(2)?, part(4)?])
    }

    /// The type of the logo, by the ending of its name.
    pub fn logo_type(&self) -> Option<&'static str> {
        let ending = self.logo.as_ref()?.extension()?.to_str()?.to_ascii_lowercase();
        LOGOS.iter().find(|(known, _)| *known == ending || (*known == "jpg" && ending == "jpeg")).map(|(_, kind)| *kind)
    }
}
