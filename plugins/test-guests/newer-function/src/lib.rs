//! Imports a function that settings get in a later, compatible version.

use openclaw_sdk::{Letter, Mail, PasswordProvider, Refusal, Registration, RegistrationForm};

mod later {
    #![allow(missing_docs, clippy::all, clippy::pedantic, reason = "generated")]

    wit_bindgen::generate!({
        inline: "
            package openclaw:settings@1.9.0;
            interface settings {
                get: func(key: string) -> option<string>;
                names: func() -> list<string>;
            }
            world later {
                import settings;
            }
        ",
    });
}

struct Guest;

impl PasswordProvider for Guest {
    fn check_registration(_: RegistrationForm) -> Result<Registration, Refusal> {
        Err(Refusal { field: "login".into(), message: later::openclaw::settings::settings::names().concat() })
    }
    fn check_login(_: String) -> Result<String, Refusal> {
        Err(Refusal { field: "login".into(), message: "No.".into() })
    }
    fn verification_mail(letter: Letter) -> Mail {
        Self::reset_mail(letter)
    }
    fn reset_mail(_: Letter) -> Mail {
        Mail { subject: "-".into(), text: "-".into(), html: String::new() }
    }
}

openclaw_sdk::export_password_provider!(Guest);
