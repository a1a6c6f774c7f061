//! Write plugins in Rust.
//!
//! A provider implements one trait and exports it with one macro; `settings` and `log` are there without any permission.
//!
//! # Sign-in with a password
//!
//! A [`PasswordProvider`] says who a login belongs to and what the mails say:
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
//! # Sign-in at another site
//!
//! An [`OAuthProvider`] says where people go and who came back. The host does everything between; secrets, codes and tokens
//! stay with it:
//!
//! ```
//! use openclaw_sdk::{
//!     ClientAuthentication, Endpoints, Failure, Flow, Identity, OAuthProvider, Profile, Server, Site, Source, read_json, settings,
//! };
//!
//! struct Example;
//!
//! #[derive(serde::Deserialize)]
//! struct Person {
//!     id: u64,
//!     login: String,
//!     name: Option<String>,
//! }
//!
//! impl OAuthProvider for Example {
//!     fn authorization(_: Site) -> Result<Flow, String> {
//!         let host = settings::get("host").ok_or("set `host`, like \"example.com\"")?;
//!         Ok(Flow {
//!             name: "Example".into(),
//!             server: Server::Endpoints(Endpoints {
//!                 authorize: format!("https://{host}/authorize"),
//!                 token: format!("https://{host}/token"),
//!             }),
//!             scopes: vec!["profile".into()],
//!             parameters: vec![],
//!             client_authentication: ClientAuthentication::Basic,
//!             sources: vec![Source::Url(format!("https://{host}/me"))],
//!             user_agent: None,
//!         })
//!     }
//!     fn identify(profile: Profile) -> Result<Identity, Failure> {
//!         let person: Person = read_json(profile.documents.first())?;
//!         Ok(Identity { subject: person.id.to_string(), username: person.login, display_name: person.name, avatar: None, email: None })
//!     }
//! }
//!
//! # #[cfg(target_family = "wasm")]
//! openclaw_sdk::export_oauth_provider!(Example);
//! ```
//!
//! # Tests
//!
//! Functions of the host exist only inside a component: in native tests `settings::get` answers none and `log` does
//! nothing.

#[doc(hidden)]
pub mod bindings;
mod html;
pub mod log;
mod profile;
pub mod settings;

pub use bindings::{
    oauth::exports::openclaw::provider::oauth::{
        ClientAuthentication, Document, Email, Endpoints, Failure, Flow, Guest as OAuthProvider, Identity, Parameter, Profile, Server,
        Site, Source,
    },
    password::exports::openclaw::provider::password::{Guest as PasswordProvider, Letter, Mail, Refusal, Registration, RegistrationForm},
};
pub use html::escape_html;
pub use profile::read_json;

#[doc(hidden)]
pub use bindings::{oauth::__export_oauth_provider, password::__export_password_provider};

/// Exports a type that implements [`PasswordProvider`] as the component's `password` interface.
#[macro_export]
macro_rules! export_password_provider {
    ($provider:ident) => {
        $crate::__export_password_provider!($provider with_types_in $crate::bindings::password);
    };
}

/// Exports a type that implements [`OAuthProvider`] as the component's `oauth` interface.
#[macro_export]
macro_rules! export_oauth_provider {
    ($provider:ident) => {
        $crate::__export_oauth_provider!($provider with_types_in $crate::bindings::oauth);
    };
}
