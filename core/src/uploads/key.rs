//! The names of objects.

use std::fmt::{self, Display, Formatter, Write as _};

use super::model::Kind;
use crate::{clock::Timestamp, random::Random};

/// Where an object is in the store: `community/<year>/<month>/<128 random bits>.<ending>`. Nothing of it comes from a client.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ObjectKey(String);

/// What all keys begin with.
pub const PREFIX: &str = "community/";
/// What stands between the name of a picture and the ending of its small version.
const SMALL: &str = "-small";

impl ObjectKey {
    /// A new key for a file of this kind.
    pub fn new(now: Timestamp, random: &Random, kind: Kind) -> Self {
        let moment = now.to_string();
        let mut key = format!("{PREFIX}{}/{}/", &moment[..4], &moment[5..7]);
        for byte in random.bytes::<16>() {
            let _ = write!(key, "{byte:02x}");
        }
        Self(format!("{key}.{}", kind.ending()))
    }

    /// Reads a key that a client asks for or the store lists; `None` unless it is one that this server could have made.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.strip_prefix(PREFIX)?.split('/');
        let (year, month, name) = (parts.next()?, parts.next()?, parts.next()?);
        let (name, ending) = name.split_once('.')?;
        let digits = |text: &str, length: usize| text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit());
        let random = name.strip_suffix(SMALL).unwrap_or(name);
        let hex = random.len() == 32 && random.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let fits = parts.next().is_none() && digits(year, 4) && digits(month, 2) && hex && Kind::from_ending(ending).is_some();
        fits.then(|| Self(text.to_owned()))
    }

    /// Takes a key from the database as it is.
    pub fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// The key of the picture's small version.
    #[must_use]
    pub fn small(&self, kind: Kind) -> Self {
        let (name, _) = self.0.rsplit_once('.').unwrap_or((&self.0, ""));
        Self(format!("{name}{SMALL}.{}", kind.ending()))
    }

    /// The key of the file that this is the small version of, whatever its ending; its own one otherwise, without the ending.
    pub fn stem(&self) -> &str {
        let (name, _) = self.0.rsplit_once('.').unwrap_or((&self.0, ""));
        name.strip_suffix(SMALL).unwrap_or(name)
    }

    /// The kind that its ending tells.
    pub fn kind(&self) -> Option<Kind> {
        Kind::from_ending(self.0.rsplit_once('.')?.1)
    }

    /// The last part.
    pub fn name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or_default()
    }

    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Display for ObjectKey {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn e07_only_keys_of_this_server_are_keys() {
        let (now, random) = (Timestamp::from_millis(1_780_315_200_000), Random::seeded(1));
        let key = ObjectKey::new(now, &random, Kind::Png);
        assert!(key.as_str().starts_with("community/2026/06/") && key.kind() == Some(Kind::Png), "{key}");
        assert_eq!(ObjectKey::parse(key.as_str()), Some(key.clone()));
        let small = key.small(Kind::Jpeg);
        assert_eq!((ObjectKey::parse(small.as_str()), small.stem()), (Some(small.clone()), key.stem()));
        let hex = "0123456789abcdef0123456789abcdef";
        for text in [
            "",
            "community",
            "community/2026/06/",
            "/community/2026/06/x.png",
            "community/2026/06/../../x.png",
            &format!("community/2026/06/{hex}"),
            &format!("community/2026/06/{hex}.html"),
            &format!("community/2026/6/{hex}.png"),
            &format!("community/2026/06/{hex}.png/"),
            &format!("community/2026/06/{}.png", hex.to_uppercase()),
            &format!("community/2026/06/{hex}.tar.png"),
            &format!("community/../06/{hex}.png"),
            &format!("community/2026/06/{hex}\0.png"),
        ] {
            assert_eq!(ObjectKey::parse(text), None, "{text:?}");
        }
    }
}
