//! The cookie that binds a sign-in to the browser that began it.

use crate::{config::BaseUrl, cookie::TokenCookie};

/// The transactions' cookie on the site at `base_url`. It never travels with requests of pages on other sites, but does with the
/// navigation by which a provider sends the browser back.
pub fn of_site(base_url: &BaseUrl) -> TokenCookie {
    TokenCookie::new(base_url, "__Host-community_oauth", "community_oauth")
}
