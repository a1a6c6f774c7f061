//! Cookies of this host alone. Written by hand because the removal of a `__Host-` cookie must carry the same attributes as its
//! setting.

use std::time::Duration;

use poem::http::{HeaderMap, header};

use crate::{config::BaseUrl, random::Token};

/// What browsers take as a promise that no other host has set the cookie. They do so on https only.
const PREFIX: &str = "__Host-";

/// How a cookie that holds a [`Token`] is called and written on this site.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HostCookie {
    name: &'static str,
    secure: bool,
    cross_site: bool,
}

/// What a request says in a cookie.
#[derive(Debug, Clone)]
pub enum Presented {
    /// No such cookie.
    Nothing,
    /// Something that cannot be ours: malformed, or two different ones.
    Nonsense,
    /// A well-formed token.
    Token(Token),
}

impl Presented {
    /// The token, if there is a well-formed one.
    pub fn token(self) -> Option<Token> {
        match self {
            Self::Token(token) => Some(token),
            Self::Nothing | Self::Nonsense => None,
        }
    }
}

impl HostCookie {
    /// The cookie `name`, which begins with `__Host-`, for a site at `base_url`. Without https it goes without the prefix.
    pub fn new(name: &'static str, base_url: &BaseUrl) -> Self {
        let secure = base_url.is_https();
        let name = if secure { name } else { name.trim_start_matches(PREFIX) };
        Self { name, secure, cross_site: false }
    }

    /// Lets the cookie travel with requests of pages on other sites, if that is `wanted`. Browsers take such cookies on https only.
    #[must_use]
    pub fn shared(self, wanted: bool) -> Self {
        Self { cross_site: self.secure && wanted, ..self }
    }

    /// The cookie's name.
    pub const fn name(self) -> &'static str {
        self.name
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
        format!("{}={value}; Path=/; HttpOnly; SameSite={same_site}; Max-Age={max_age}{secure}", self.name)
    }

    /// Finds the token in the request's `Cookie` headers. The name must match exactly.
    pub fn read(self, headers: &HeaderMap) -> Presented {
        let lines = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        let mut values = pairs.filter(|(name, _)| *name == self.name).map(|(_, value)| value);
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

    fn written(base_url: &str, shared: bool) -> String {
        let base_url = base_url.parse().expect("an address");
        HostCookie::new("__Host-community_x", &base_url).shared(shared).remove()
    }

    #[test]
    fn the_cookie_travels_to_other_sites_only_where_that_is_wanted_and_on_https() {
        for (base_url, shared, wanted) in [
            ("https://a.example", false, "__Host-community_x=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0; Secure"),
            ("https://a.example", true, "__Host-community_x=; Path=/; HttpOnly; SameSite=None; Max-Age=0; Secure"),
            ("http://127.0.0.1:3000", true, "community_x=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0"),
        ] {
            assert_eq!(written(base_url, shared), wanted);
        }
    }
}
