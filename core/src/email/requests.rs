//! The bodies of the email routes.

use poem_openapi::{Object, types::Example};

/// Who wants to register.
#[derive(Debug, Object)]
#[oai(example)]
pub struct RegisterBody {
    /// The address.
    pub email: String,
    /// At least 6 characters.
    pub password: String,
    /// The name that others will see; absent: taken from the address.
    pub username: Option<String>,
}

impl Example for RegisterBody {
    fn example() -> Self {
        Self { email: "user@example.com".to_owned(), password: "correct horse".to_owned(), username: Some("Display Name".to_owned()) }
    }
}

/// An address with a password, for an account that has neither.
#[derive(Debug, Object)]
#[oai(example)]
pub struct LinkEmailBody {
    /// The address.
    pub email: String,
    /// At least 6 characters.
    pub password: String,
}

impl Example for LinkEmailBody {
    fn example() -> Self {
        Self { email: "user@example.com".to_owned(), password: "correct horse".to_owned() }
    }
}

/// An address, and nothing else.
#[derive(Debug, Object)]
#[oai(example)]
pub struct AddressBody {
    /// The address.
    pub email: String,
}

impl Example for AddressBody {
    fn example() -> Self {
        Self { email: "user@example.com".to_owned() }
    }
}

/// Who wants to sign in.
#[derive(Debug, Object)]
#[oai(example)]
pub struct LoginBody {
    /// The address.
    pub email: String,
    /// The password.
    pub password: String,
}

impl Example for LoginBody {
    fn example() -> Self {
        Self { email: "user@example.com".to_owned(), password: "correct horse".to_owned() }
    }
}

/// A new password for whoever has the link.
#[derive(Debug, Object)]
#[oai(example)]
pub struct ResetBody {
    /// The secret from the link in the mail: what follows `#reset=`.
    pub token: String,
    /// The new password.
    pub password: String,
}

impl Example for ResetBody {
    fn example() -> Self {
        Self { token: "q2Yk3P0hT7mD9vR1sX5bN8cL4wJ6zF0aG2eU3iO5yKE".to_owned(), password: "correct horse".to_owned() }
    }
}

/// A new password for whoever is signed in and knows the present one.
#[derive(Debug, Object)]
#[oai(example, rename_all = "camelCase")]
pub struct ChangePasswordBody {
    /// The present password.
    pub current_password: String,
    /// The new password.
    pub new_password: String,
}

impl Example for ChangePasswordBody {
    fn example() -> Self {
        Self { current_password: "correct horse".to_owned(), new_password: "battery staple".to_owned() }
    }
}

/// Where to go after signing in.
#[derive(Debug, Object)]
#[oai(example)]
pub struct LoggedIn {
    /// Always `true`.
    pub ok: bool,
    /// A path of this site.
    pub redirect: String,
}

impl Example for LoggedIn {
    fn example() -> Self {
        Self { ok: true, redirect: "/posts/?login=ok".to_owned() }
    }
}
