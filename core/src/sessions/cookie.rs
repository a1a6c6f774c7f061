//! The session's cookie.

use crate::{
    config::{BaseUrl, CorsSection},
    cookie::TokenCookie,
};

/// The session's cookie on the site at `base_url`. It travels with requests of pages on other sites only if `cors` wants that.
pub fn of_site(base_url: &BaseUrl, cors: &CorsSection) -> TokenCookie {
    TokenCookie::new(base_url, "__Host-community_sid", "community_sid").cross_site(cors.cross_site_cookies)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attributes(base_url: &str, cross_site_cookies: bool) -> String {
        let base_url = base_url.parse().expect("an address");
        let cors = CorsSection { cross_site_cookies, ..CorsSection::default() };
        of_site(&base_url, &cors).remove()
    }

    #[test]
    fn the_cookie_travels_to_other_sites_only_where_that_is_wanted_and_on_https() {
        for (base_url, cross_site, wanted) in [
            ("https://a.example", false, "SameSite=Lax"),
            ("https://a.example", true, "SameSite=None"),
            ("http://127.0.0.1:3000", true, "SameSite=Lax"),
        ] {
            let written = attributes(base_url, cross_site);
            assert!(written.contains(wanted), "{base_url}: {written}");
        }
    }
}
