//! Password providers, typed: what the server asks them and what it gets.

use std::sync::Arc;

use super::{
    Unavailable,
    answers::password as answers,
    bindings::password::{PasswordProviderPre, exports::openclaw::provider::password as guest},
    call::{Caller, ask},
    state::GuestState,
};

/// What a person typed to sign up, unchanged and without the password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegistrationForm {
    /// The address or login name.
    pub login: String,
    /// The name to be shown to others, if given.
    pub username: Option<String>,
}

/// A registration the provider accepted, normalised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registration {
    /// Who this is, within the provider.
    pub subject: Subject,
    /// Where mail goes: plain ASCII, at most 254 bytes, parses as a mailbox.
    pub address: String,
    /// The name to be shown to others: 1 to 64 printable characters.
    pub username: String,
}

/// Identifies a person within one provider: 1 to 255 printable bytes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Subject(pub String);

/// Why the provider did not accept the input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The field that is wrong: `login` or `username`, or one of the provider's own.
    pub field: String,
    /// One sentence for the person.
    pub message: String,
}

/// What a mail is to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// The link to follow, a secret of the addressee.
    pub link: String,
    /// The name of the site.
    pub site: String,
    /// The name of the account.
    pub username: String,
    /// For how many hours the link works.
    pub valid_hours: u32,
}

/// A mail in the provider's words: one subject line, both forms at most 64 KiB.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// The subject line, 1 to 200 characters.
    pub subject: String,
    /// The plain text.
    pub text: String,
    /// The same as HTML; empty if there is none.
    pub html: String,
}

/// A running provider on the `password` interface. Cheap to clone.
///
/// Every call runs in a fresh instance, and an answer that breaks the rules above counts as a failed call.
#[derive(Clone)]
pub struct PasswordProvider {
    caller: Arc<Caller>,
    component: PasswordProviderPre<GuestState>,
}

impl PasswordProvider {
    pub(super) fn new(caller: Arc<Caller>, component: PasswordProviderPre<GuestState>) -> Self {
        Self { caller, component }
    }

    /// The id of the plugin, which is also the name of the provider.
    pub fn id(&self) -> &str {
        self.caller.id()
    }

    /// Normalises what a person typed to sign up, or says what is wrong with it.
    pub async fn check_registration(&self, form: RegistrationForm) -> Result<Result<Registration, Refusal>, Unavailable> {
        let form = guest::RegistrationForm { login: form.login, username: form.username };
        ask!(self, openclaw_provider_password, "check-registration", call_check_registration(form), answers::registration)
    }

    /// The subject that a login belongs to, whether or not there is such an account.
    pub async fn check_login(&self, login: &str) -> Result<Result<Subject, Refusal>, Unavailable> {
        ask!(self, openclaw_provider_password, "check-login", call_check_login(login.to_owned()), answers::login)
    }

    /// The mail that asks a new person to confirm the address.
    pub async fn verification_mail(&self, letter: Letter) -> Result<Mail, Unavailable> {
        ask!(self, openclaw_provider_password, "verification-mail", call_verification_mail(letter.into_guest()), answers::mail)
    }

    /// The mail that lets a person choose a new password.
    pub async fn reset_mail(&self, letter: Letter) -> Result<Mail, Unavailable> {
        ask!(self, openclaw_provider_password, "reset-mail", call_reset_mail(letter.into_guest()), answers::mail)
    }

    pub(super) fn caller(&self) -> &Caller {
        &self.caller
    }
}

impl Letter {
    fn into_guest(self) -> guest::Letter {
        guest::Letter { link: self.link, site: self.site, username: self.username, valid_hours: self.valid_hours }
    }
}
