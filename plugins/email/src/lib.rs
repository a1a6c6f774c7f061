//! The email provider: who an address belongs to, which names are acceptable, and what the mails say.
//!
//! Pure functions; the host keeps passwords, tokens, accounts and the mail queue.

mod address;
mod hidden;
mod letters;
mod username;

use openclaw_sdk::{Letter, Mail, PasswordProvider, Refusal, Registration, RegistrationForm};

use crate::address::Address;

struct Email;

impl PasswordProvider for Email {
    fn check_registration(form: RegistrationForm) -> Result<Registration, Refusal> {
        let address = parse_login(&form.login)?;
        let username = match form.username.as_deref().map(str::trim) {
            None | Some("") => username::derived_from(address.local()),
            Some(name) => {
                username::check(name).map_err(|message| refusal("username", message))?;
                name.to_owned()
            }
        };
        Ok(Registration { subject: address.subject(), address: address.to_string(), username })
    }

    fn check_login(login: String) -> Result<String, Refusal> {
        Ok(parse_login(&login)?.subject())
    }

    fn verification_mail(letter: Letter) -> Mail {
        letters::verification(&letter)
    }

    fn reset_mail(letter: Letter) -> Mail {
        letters::reset(&letter)
    }
}

fn parse_login(login: &str) -> Result<Address, Refusal> {
    Address::parse(login).ok_or_else(|| refusal("login", "Invalid email address."))
}

fn refusal(field: &str, message: &str) -> Refusal {
    Refusal { field: field.to_owned(), message: message.to_owned() }
}

openclaw_sdk::export_password_provider!(Email);

#[cfg(test)]
mod tests;
