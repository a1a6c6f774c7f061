//! `[cors]`: which pages of other origins may use the API. None, unless listed.

use serde::{Deserialize, Serialize};
use url::Url;

use super::Report;

/// The section `[cors]`, for REST and Socket.IO alike.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CorsSection {
    /// Origins whose pages may call the API, written exactly as browsers send them: `https://other.example.org`.
    pub origins: Vec<String>,
    /// Lets those pages use the visitor's session. Needs https, and gives session cookies `SameSite=None`.
    pub cross_site_cookies: bool,
}

impl CorsSection {
    /// Checks the section.
    pub fn validate(&self, report: &mut Report) {
        for origin in &self.origins {
            if origin.contains('*') || Url::parse(origin).map(|url| url.origin().ascii_serialization()).ok().as_ref() != Some(origin) {
                let form = "scheme and host in lower case, the port unless it is the default one, and nothing else, like \"https://other.example.org\"";
                let wildcard = if origin.contains('*') { "; \"*\" would let every site act for your users" } else { "" };
                report.error("cors.origins", format!("\"{origin}\" is not an origin: list them one by one, {form}{wildcard}"));
            }
        }
        if self.cross_site_cookies && self.origins.is_empty() {
            report.warning("cors.cross_site_cookies", "has no effect while cors.origins is empty");
        }
    }
}
