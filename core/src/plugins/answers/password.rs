//! What the functions of the `password` interface answered.

use super::{can_be_mailed, check_subject, is_printable};
use crate::{
    plugins::{
        bindings::password::exports::openclaw::provider::password as guest,
        password::{Mail, Refusal, Registration, Subject},
    },
    text,
};

/// Longest field name of a refusal, in bytes.
const MAX_FIELD: usize = 32;
/// Longest sentence of a refusal, in bytes.
const MAX_MESSAGE: usize = 500;
/// Longest subject line of a mail, in characters.
const MAX_SUBJECT_LINE: usize = 200;
/// Longest form of a mail, in bytes.
const MAX_MAIL: usize = 64 << 10;

pub fn registration(answer: Result<guest::Registration, guest::Refusal>) -> Result<Result<Registration, Refusal>, String> {
    match answer {
        Err(refusal) => self::refusal(refusal).map(Err),
        Ok(guest::Registration { subject, address, username }) => {
            check_subject(&subject)?;
            if !can_be_mailed(&address) {
                return Err("answered with an address that cannot be mailed".to_owned());
            }
            if !text::is_name(&username) {
                return Err("answered with a user name that is empty, too long, not printable or reserved".to_owned());
            }
            Ok(Ok(Registration { subject: Subject(subject), address, username }))
        }
    }
}

pub fn login(answer: Result<String, guest::Refusal>) -> Result<Result<Subject, Refusal>, String> {
    match answer {
        Err(refusal) => self::refusal(refusal).map(Err),
        Ok(subject) => check_subject(&subject).map(|()| Ok(Subject(subject))),
    }
}

pub fn mail(answer: guest::Mail) -> Result<Mail, String> {
    let guest::Mail { subject, text, html } = answer;
    if !(1..=MAX_SUBJECT_LINE).contains(&subject.chars().count()) || !is_printable(&subject) {
        return Err("answered with a subject line that is empty, too long or not printable".to_owned());
    }
    if text.is_empty() || text.len() > MAX_MAIL || html.len() > MAX_MAIL {
        return Err("answered with a mail that is empty or longer than 64 KiB".to_owned());
    }
    if text.contains('\0') || html.contains('\0') {
        return Err("answered with a mail that is not text".to_owned());
    }
    Ok(Mail { subject, text, html })
}

fn refusal(refusal: guest::Refusal) -> Result<Refusal, String> {
    let guest::Refusal { field, message } = refusal;
    let fits = (1..=MAX_FIELD).contains(&field.len()) && (1..=MAX_MESSAGE).contains(&message.len());
    if !fits || !is_printable(&field) || !is_printable(&message) {
        return Err("refused without a field and a sentence that can be shown".to_owned());
    }
    Ok(Refusal { field, message })
}
