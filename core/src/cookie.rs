//! Cookies that carry one secret. Written by hand because the removal of a `__Host-` cookie must carry the same attributes as
//! its setting.

use std::time::Duration;

use poem::http::{HeaderMap, HeaderValue, header};

use crate::{config::BaseUrl, random::Token};

/// How a cookie is called and written on this site: with the `__Host-` prefix wherever the site is on https.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenCookie {
    name: &'static str,
    secure: bool,
    cross_site: bool,
}

/// What a request says about a secret.
#[derive(Debug, Clone)]
pub enum Presented {
    /// No cookie of ours.
    Nothing,
    /// Something that cannot be ours: malformed, or two different ones.
    Nonsense,
    /// A well-formed token.
    Token(Token),
}

impl Presented {
    /// The token, if there is one.
    pub fn token(self) -> Option<Token> {
        match self {
            Self::Token(token) => Some(token),
            Self::Nothing | Self::Nonsense => None,
        }
    }
}

impl TokenCookie {
    /// A cookie called `host_name` at an https `base_url`, and `plain_name` at any other, since browsers refuse the prefix there.
    pub fn new(base_url: &BaseUrl, host_name: &'static str, plain_name: &'static str) -> Self {
        let secure = base_url.is_https();
        Self { name: if secure { host_name } else { plain_name }, secure, cross_site: false }
    }

    /// Whether the cookie travels with requests of pages on other sites. Browsers take such cookies on https only.
    #[must_use]
    pub fn cross_site(self, wanted: bool) -> Self {
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

    /// Finds the token in the `Cookie` headers of a request. The name must match exactly.
    pub fn read(self, headers: &HeaderMap) -> Presented {
        let values = headers.get_all(header::COOKIE).iter().filter_map(|value: &HeaderValue| value.to_str().ok());
        let pairs = values.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
        let mut found = pairs.filter(|(name, _)| *name == self.name).map(|(_, value)| value);
        let Some(first) = found.next() else { return Presented::Nothing };
        if found.any(|other| other != first) {
            return Presented::Nonsense;
        }
        Token::parse(first).map_or(Presented::Nonsense, Presented::Token)
    }
}
