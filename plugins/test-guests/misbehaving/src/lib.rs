//! Does what the setting `misbehave` says, in whichever function is called.
#![allow(clippy::disallowed_methods, reason = "that is what it is for")]

mod answers;
mod deeds;

use openclaw_sdk::{Letter, Mail, PasswordProvider, Refusal, Registration, RegistrationForm, settings};

struct Misbehaving;

impl PasswordProvider for Misbehaving {
    fn check_registration(form: RegistrationForm) -> Result<Registration, Refusal> {
        let mode = mode(&form.login);
        deeds::act(&mode);
        answers::registration(&mode)
    }

    fn check_login(login: String) -> Result<String, Refusal> {
        let mode = mode(&login);
        deeds::act(&mode);
        answers::registration(&mode).map(|registration| registration.subject)
    }

    fn verification_mail(letter: Letter) -> Mail {
        let mode = mode(&letter.username);
        deeds::act(&mode);
        answers::mail(&mode)
    }

    fn reset_mail(letter: Letter) -> Mail {
        Self::verification_mail(letter)
    }
}

/// The setting, or else what the caller says, so that one plugin can behave and misbehave in turn.
fn mode(said: &str) -> String {
    settings::get("misbehave").unwrap_or_else(|| said.to_owned())
}

openclaw_sdk::export_password_provider!(Misbehaving);
