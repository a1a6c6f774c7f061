//! The host's own look at what a provider answered: a plugin may be wrong, or hostile.

pub mod flow;
pub mod oauth;
pub mod password;

use lettre::Address;

use crate::text::is_hidden;

/// Longest subject, in bytes.
const MAX_SUBJECT: usize = 255;
/// Longest address, in bytes.
const MAX_ADDRESS: usize = 254;

fn check_subject(subject: &str) -> Result<(), String> {
    if !(1..=MAX_SUBJECT).contains(&subject.len()) || subject.trim() != subject || !is_printable(subject) {
        return Err("answered with a subject that is empty, longer than 255 bytes or not printable".to_owned());
    }
    Ok(())
}

/// The mail library quotes what it must, but what has to be quoted has no business here in the first place.
fn can_be_mailed(address: &str) -> bool {
    let plain = address.len() <= MAX_ADDRESS && address.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"<>(),;:\\[]".contains(&byte));
    plain && address.parse::<Address>().is_ok()
}

/// No control characters, line separators or marks that turn the reading direction around.
fn is_printable(text: &str) -> bool {
    !text.chars().any(is_hidden)
}
