//! Addresses: strict enough that nothing in them can steer a mail server, lenient where people differ.

use std::fmt;

use unicode_normalization::UnicodeNormalization;

use crate::hidden::is_hidden;

/// The longest address a mail server has to accept, in bytes.
const MAX_ADDRESS: usize = 254;
/// The longest part before the `@`, in bytes.
const MAX_LOCAL: usize = 64;

/// An address that can be mailed: ASCII, the domain in lower case and in its DNS form.
pub struct Address {
    local: String,
    domain: String,
}

impl Address {
    /// Parses what a person typed, unchanged: spaces around it are an error, because a form that sends them is broken.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > MAX_ADDRESS {
            return None;
        }
        let (local, domain) = text.split_once('@')?;
        let domain = parse_domain(domain)?;
        let address = Self { local: parse_local(local)?, domain };
        (address.local.len() + 1 + address.domain.len() <= MAX_ADDRESS).then_some(address)
    }

    /// The part before the `@`, in the case it was typed in.
    pub fn local(&self) -> &str {
        &self.local
    }

    /// What tells people apart: mail servers could tell `User@` from `user@`, people cannot.
    pub fn subject(&self) -> String {
        self.to_string().to_ascii_lowercase()
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.local, self.domain)
    }
}

/// A dot-atom without `%`, which some mail servers still read as a second `@`.
fn parse_local(local: &str) -> Option<String> {
    let atom = |c: char| c.is_ascii_alphanumeric() || "!#$&'*+-/=?^_`{|}~".contains(c);
    let fits = local.len() <= MAX_LOCAL && local.split('.').all(|part| !part.is_empty() && part.chars().all(atom));
    fits.then(|| local.to_owned())
}

/// A host name of at least two labels, in its ASCII form. No IP addresses, no trailing dot.
fn parse_domain(domain: &str) -> Option<String> {
    // IDNA would quietly drop what cannot be seen and turn compatibility forms such as full-width letters into ASCII.
    let lower = domain.to_lowercase();
    if lower.chars().any(is_hidden) || !lower.nfkc().eq(lower.chars()) {
        return None;
    }
    let ascii = idna::domain_to_ascii_strict(&lower).ok()?;
    let last = ascii.rsplit('.').next()?;
    let valid = ascii.contains('.')
        && ascii.split('.').all(|label| !label.is_empty() && !label.starts_with('-') && !label.ends_with('-'))
        && ascii.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '.')
        && !last.chars().all(|c| c.is_ascii_digit());
    valid.then_some(ascii)
}
