//! The cookie by which a browser is known.

use crate::{config::BaseUrl, cookie::TokenCookie};

/// The cookie of a device on the site at `base_url`.
pub fn of_site(base_url: &BaseUrl) -> TokenCookie {
    TokenCookie::new(base_url, "__Host-community_dev", "community_dev")
}
