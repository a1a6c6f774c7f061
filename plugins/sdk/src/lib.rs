//! Write plugins in Rust.
//!
//! A provider implements [`PasswordProvider`] and exports it with one macro; `settings` and `log` are there without
//! any permission:
//!
//! ```
//! use openclaw_sdk::{Letter, Mail, PasswordProvider, Refusal, Registration, RegistrationForm};
//!
//! struct Staff;
//!
//! impl PasswordProvider for Staff {
//!     fn check_registration(form: RegistrationForm) -> Result<Registration, Refusal> {
//!         let subject = Self::check_login(form.login)?;
//!         Ok(Registration { address: format!("{subject}@example.com"), username: subject.clone(), subject })
//!     }
//!     fn check_login(login: String) -> Result<String, Refusal> {
//!         if login.chars().all(|c| c.is_ascii_lowercase()) {
//!             Ok(login)
//!         } else {
//!             Err(Refusal { field: "login".into(), message: "Small letters only.".into() })
//!         }
//!     }
//!     fn verification_mail(letter: Letter) -> Mail {
//!         Mail { subject: "Welcome".into(), text: letter.link.clone(), html: openclaw_sdk::escape_html(&letter.link) }
//!     }
//!     fn reset_mail(letter: Letter) -> Mail {
//!         Self::verification_mail(letter)
//!     }
//! }
//!
//! # #[cfg(target_family = "wasm")]
//! openclaw_sdk::export_password_provider!(Staff);
//! ```
//!
//! Functions of the host exist only inside a component: in native tests `settings::get` answers none and `log` does
//! nothing.

#[doc(hidden)]
pub mod bindings;
mod html;
pub mod log;
pub mod settings;

pub use bindings::exports::openclaw::provider::password::{
    Guest as PasswordProvider, Letter, Mail, Refusal, Registration, RegistrationForm,
};
pub use html::escape_html;

#[doc(hidden)]
pub use bindings::__export_password_provider;

/// Exports a type that implements [`PasswordProvider`] as the component's `password` interface.
#[macro_export]
macro_rules! export_password_provider {
    ($provider:ident) => {
        $crate::__export_password_provider!($provider with_types_in $crate::bindings);
    };
}
