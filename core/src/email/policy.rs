//! What a new password must be.

use super::model::Password;
use crate::{
    config::PasswordProfile,
    error::{Error, Result},
};

/// Shortest passwords: what the public contract says, and what NIST asks of a password that is the only factor.
const CONTRACT_MIN: usize = 6;
const NIST_MIN: usize = 15;
/// Longest password in characters.
const MAX: usize = 256;

/// Common passwords that are long enough to pass the longer minimum.
const COMMON: &str = include_str!("common_passwords.txt");

/// The shortest password of a profile, in characters.
pub const fn minimum(profile: PasswordProfile) -> usize {
    match profile {
        PasswordProfile::Contract => CONTRACT_MIN,
        PasswordProfile::Nist => NIST_MIN,
    }
}

/// Accepts a new password, or says what it lacks. `context` holds words that an attacker would try first: the site, the address.
pub fn accept(typed: &str, profile: PasswordProfile, context: &[&str]) -> Result<Password> {
    let min = minimum(profile);
    let password = Password::parse(typed).filter(|password| password.chars() <= MAX);
    let password = password.ok_or_else(|| Error::invalid(format!("Password must be at most {MAX} characters.")))?;
    if password.chars() < min {
        return Err(Error::invalid(format!("Password must be at least {min} characters.")));
    }
    if profile == PasswordProfile::Nist && is_guessable(&password.expose().to_lowercase(), context) {
        return Err(Error::invalid("This password is easily guessed. Please choose another one."));
    }
    Ok(password)
}

/// Whether `password` is a common one, one word or pattern again and again, or little more than a word of the context.
fn is_guessable(password: &str, context: &[&str]) -> bool {
    let common = COMMON.lines().any(|line| line == password);
    let repeated = (1..=password.len() / 2).any(|length| {
        password.is_char_boundary(length)
            && password.len().is_multiple_of(length)
            && password.as_bytes().chunks(length).all(|chunk| chunk == &password.as_bytes()[..length])
    });
    let letters: String = password.chars().filter(|c| c.is_alphabetic()).collect();
    let known = context.iter().any(|word| {
        let word: String = word.to_lowercase().chars().filter(|c| c.is_alphabetic()).collect();
        !word.is_empty() && letters == word
    });
    common || repeated || known
}
