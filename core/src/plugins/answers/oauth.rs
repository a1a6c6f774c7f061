//! What `identify` answered. Names, pictures and addresses come from other sites: what is unfit of them is made fit or left
//! out, because it is no reason to keep somebody from signing in. A subject that is unfit is.

use url::Url;

use super::{can_be_mailed, check_subject};
use crate::{
    plugins::{
        Subject,
        bindings::oauth::exports::openclaw::provider::oauth as guest,
        oauth::{Email, Failure, Identity},
    },
    text,
};

/// What people are called whose site knows no usable name.
const NAMELESS: &str = "member";
/// Longest address of a picture, in bytes.
const MAX_AVATAR: usize = 2048;
/// Longest sentence for the log, in characters.
pub const MAX_SENTENCE: usize = 500;

pub fn identity(answer: Result<guest::Identity, guest::Failure>) -> Result<Result<Identity, Failure>, String> {
    match answer {
        Err(guest::Failure::Unexpected(sentence)) => Ok(Err(Failure::Unexpected(text::one_line(&sentence, MAX_SENTENCE)))),
        Err(guest::Failure::Refused(sentence)) => Ok(Err(Failure::Refused(text::one_line(&sentence, MAX_SENTENCE)))),
        Ok(guest::Identity { subject, username, display_name, avatar, email }) => {
            check_subject(&subject)?;
            let display_name = display_name.and_then(|name| text::name_from(&name));
            let username = text::name_from(&username).or_else(|| display_name.clone()).unwrap_or_else(|| NAMELESS.to_owned());
            Ok(Ok(Identity {
                subject: Subject(subject),
                username,
                display_name,
                avatar: avatar.filter(|address| is_picture(address)),
                email: email
                    .filter(|email| can_be_mailed(&email.address))
                    .map(|email| Email { address: email.address, verified: email.verified }),
            }))
        }
    }
}

fn is_picture(address: &str) -> bool {
    let parsed = || Url::parse(address).ok().filter(|url| url.as_str() == address && url.username().is_empty() && url.password().is_none());
    address.len() <= MAX_AVATAR && parsed().is_some_and(|url| url.scheme() == "https" && url.has_host())
}
