//! Values that must not be seen: nothing here can be printed, logged or serialised by accident.

use std::{
    fmt::{self, Debug, Display, Formatter},
    str::FromStr,
};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use url::Url;

/// What is shown in place of a secret.
pub const REDACTED: &str = "***";

/// A secret text: a password, a token. Only [`Secret::expose`] gives it away.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

/// An address that may carry a password, of a database or a mail server. Shown without the password.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretUrl(String);

impl Secret {
    /// Takes `text` into custody.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself. Every use is a place where it could leak.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl SecretUrl {
    /// Takes `url` into custody.
    pub fn new(url: impl Into<String>) -> Self {
        Self(url.into())
    }

    /// The whole URL, password included.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The part before the first colon, in lower case.
    pub fn scheme(&self) -> String {
        self.0.split(':').next().unwrap_or_default().to_ascii_lowercase()
    }

    /// The URL with its password and every query value hidden. What cannot be parsed might hold a password anywhere and is
    /// hidden whole, except for `SQLite`, whose URLs are file names.
    pub fn redacted(&self) -> String {
        if self.scheme() == "sqlite" {
            return self.0.clone();
        }
        let Ok(mut url) = Url::parse(&self.0) else { return REDACTED.to_owned() };
        if url.cannot_be_a_base() {
            return REDACTED.to_owned();
        }
        if url.password().is_some() && url.set_password(Some(REDACTED)).is_err() {
            return REDACTED.to_owned();
        }
        if url.query().is_some() {
            let hidden: Vec<String> = url.query_pairs().map(|(name, value)| shown_pair(&name, &value)).collect();
            url.set_query(Some(&hidden.join("&")));
        }
        url.into()
    }
}

/// A query parameter as it may be shown: only those that are known to be harmless keep their value.
fn shown_pair(name: &str, value: &str) -> String {
    match name {
        "sslmode" | "tls" | "application_name" | "host" | "port" | "dbname" | "mode" => format!("{name}={value}"),
        _ => format!("{name}={REDACTED}"),
    }
}

impl Debug for Secret {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(REDACTED)
    }
}

impl Display for Secret {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(REDACTED)
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(REDACTED)
    }
}

impl Debug for SecretUrl {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&self.redacted())
    }
}

impl Display for SecretUrl {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&self.redacted())
    }
}

impl Serialize for SecretUrl {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl FromStr for Secret {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.is_empty() { Err("is empty; leave it out to have none".to_owned()) } else { Ok(Self::new(text)) }
    }
}

impl FromStr for SecretUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.contains(':') { Ok(Self::new(text)) } else { Err("is not a URL; write it like scheme://host".to_owned()) }
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        unechoed(from)
    }
}

impl<'de> Deserialize<'de> for SecretUrl {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        unechoed(from)
    }
}

/// Reads a text without ever repeating it in the error, as serde's own message for a wrong type would.
fn unechoed<'de, D: Deserializer<'de>, T: FromStr<Err = String>>(from: D) -> Result<T, D::Error> {
    match serde_json::Value::deserialize(from)? {
        serde_json::Value::String(text) => text.parse().map_err(de::Error::custom),
        _ => Err(de::Error::custom("expected text in quotes")),
    }
}
