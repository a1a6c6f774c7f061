//! The session's cookie. Written by hand because the removal of a `__Host-` cookie must carry the same attributes as its setting.

use std::time::Duration;

use crate::{
    config::{BaseUrl, CorsSection},
    random::Token,
};

/// How the cookie is called and written on this site.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionCookie {
    secure: bool,
    cross_site: bool,
}

/// What a request says about its session.
#[derive(Debug, Clone)]
pub enum Presented {
    /// No cookie of ours.
    Nothing,
    /// Something that cannot be ours: malformed, or two different ones.
    Nonsense,
    /// A well-formed token.
    Token(Token),
}

impl SessionCookie {
    /// For a site at `base_url`: with the `__Host-` prefix wherever the site is on https.
    pub fn new(base_url: &BaseUrl) -> Self {
        Self { secure: base_url.is_https(), cross_site: false }
    }

    /// Lets the cookie travel with requests of pages on other sites, if `cors` wants that. Browsers take such cookies on https only.
    #[must_use]
    pub fn shared_as(self, cors: &CorsSection) -> Self {
        Self { cross_site: self.secure && cors.cross_site_cookies, ..self }
    }

    /// The cookie's name.
    pub const fn name(self) -> &'static str {
        if self.secure { "__Host-community_sid" } else { "community_sid" }
    }

    /// The `Set-Cookie` value that hands out `token` for `lifetime`.
    pub fn set(self, token: &Token, lifetime: Duration) -> String {
        self.write(token.expose(), lifetime.as_secs())
    }

    /// The `Set-Cookie` value that takes the cookie away.
    pub fn remove(self) -> String {
        self.write("", 0)
    }

    fn write(self, value: &str, max_age: u64) -> String {
        let secure = if self.secure { "; Secure" } else { "" };
        let same_site = if self.cross_site { "None" } else { "Lax" };
        format!("{}={value}; Path=/; HttpOnly; SameSite={same_site}; Max-Age={max_age}{secure}", self.name())
    }

    /// Finds the token in the values of the request's `Cookie` headers. The name must match exactly.
    pub fn read<'a>(self, headers: impl Iterator<Item = &'a str>) -> Presented {
        let pairs = headers.flat_map(|header| header.split(';')).filter_map(|pair| pair.trim().split_once('='));
        let mut values = pairs.filter(|(name, _)| *name == self.name()).map(|(_, value)| value);
        let Some(first) = values.next() else { return Presented::Nothing };
        if values.any(|other| other != first) {
            return Presented::Nonsense;
        }
        Token::parse(first).map_or(Presented::Nonsense, Presented::Token)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attributes(base_url: &str, cross_site_cookies: bool) -> String {
        let base_url = base_url.parse().expect("an address");
        let cors = CorsSection { cross_site_cookies, ..CorsSection::default() };
        SessionCookie::new(&base_url).shared_as(&cors).remove()
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
