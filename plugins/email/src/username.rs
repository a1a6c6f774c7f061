//! The name shown to others. HTML stays as typed: escaping is the business of whoever displays it.

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

use crate::hidden::is_hidden;

/// The longest name, in characters.
const MAX_CHARS: usize = 64;
/// The longest name made from an address.
const MAX_DERIVED: usize = 32;
/// How many combining marks may follow each other; Vietnamese needs two, other scripts three or four.
const MAX_MARKS: usize = 4;
/// What a person is called whose address gives no usable name.
const FALLBACK: &str = "member";

/// Refuses a trimmed name that is too long, hides something or pretends to be the system.
pub fn check(name: &str) -> Result<(), &'static str> {
    if name.is_empty() || name.chars().count() > MAX_CHARS {
        return Err("A username has 1 to 64 characters.");
    }
    if name.chars().any(is_hidden) {
        return Err("A username must not contain control or invisible characters.");
    }
    if has_stacked_marks(name) {
        return Err("A username must not stack more than four accents on a character.");
    }
    if is_reserved(name) {
        return Err("This username is reserved.");
    }
    Ok(())
}

/// A name from the part of an address before the `@`: without tag and punctuation, so that the address cannot be read
/// off it.
pub fn derived_from(local: &str) -> String {
    let untagged = local.split('+').next().unwrap_or_default();
    let words = untagged.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let name: String = words.collect::<Vec<_>>().join(" ").chars().take(MAX_DERIVED).collect();
    let name = name.trim_end();
    if check(name).is_ok() { name.to_owned() } else { FALLBACK.to_owned() }
}

/// Names of the server itself, of its bot, and the prefix that marks bots; compatibility forms count as what they look like.
fn is_reserved(name: &str) -> bool {
    let folded: String = name.nfkc().flat_map(char::to_lowercase).collect();
    matches!(folded.as_str(), "system" | "openclaw") || folded.starts_with("bot:")
}

fn has_stacked_marks(name: &str) -> bool {
    let mut marks = 0;
    name.chars().any(|c| {
        marks = if is_combining_mark(c) { marks + 1 } else { 0 };
        marks > MAX_MARKS
    })
}
