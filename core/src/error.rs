//! The one error of the application: few kinds, a sentence for people, a code for programs. No HTTP here.

use std::{error::Error as StdError, fmt};

/// What went wrong, seen from the caller's side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The input is not acceptable; the message says which part and why.
    Invalid,
    /// Nobody is signed in, or the credentials are wrong.
    Unauthenticated,
    /// The caller is known and may not do this.
    Forbidden,
    /// There is no such thing, or the caller may not know of it.
    NotFound,
    /// The request contradicts the present state.
    Conflict,
    /// The input exceeds a size limit.
    TooLarge,
    /// The input came too slowly.
    TooSlow,
    /// The input is in a format that is not spoken here.
    Unsupported,
    /// A rate limit was hit; `retry_after` says when to come back.
    Limited,
    /// A part that is needed does not work at the moment.
    Unavailable,
    /// Our fault. The source is logged and never shown.
    Internal,
}

/// An error as every action returns it.
#[derive(Debug)]
pub struct Error {
    /// The class of the error.
    pub kind: Kind,
    /// Stable identifier for programs, `snake_case`.
    pub code: &'static str,
    /// A sentence for people: what was wrong and what to do.
    pub message: String,
    /// Seconds after which a retry makes sense.
    pub retry_after: Option<u64>,
    /// True when asking for a new verification mail would help.
    pub resend: bool,
    /// What caused it, for the log only.
    pub source: Option<Box<dyn StdError + Send + Sync>>,
}

/// The result of an action.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An error of `kind` with its code and sentence.
    pub fn new(kind: Kind, code: &'static str, message: impl Into<String>) -> Self {
        Self { kind, code, message: message.into(), retry_after: None, resend: false, source: None }
    }

    /// The same for one more who has to hear of it, without its cause.
    #[must_use]
    pub fn retold(&self) -> Self {
        let Self { kind, code, message, retry_after, resend, .. } = self;
        Self { kind: *kind, code, message: message.clone(), retry_after: *retry_after, resend: *resend, source: None }
    }

    /// Input that is not acceptable (`invalid_request`).
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(Kind::Invalid, "invalid_request", message)
    }

    /// Nobody is signed in (`login_required`).
    pub fn login_required() -> Self {
        Self::new(Kind::Unauthenticated, "login_required", "Please sign in first.")
    }

    /// The caller may not do this (`forbidden`).
    pub fn forbidden(message: impl Into<String>) -> Self {
        Self::new(Kind::Forbidden, "forbidden", message)
    }

    /// There is no such thing (`not_found`).
    pub fn not_found(what: &str) -> Self {
        Self::new(Kind::NotFound, "not_found", format!("There is no such {what}."))
    }

    /// A rate limit was hit (`rate_limited`); `seconds` until a retry makes sense.
    pub fn limited(message: impl Into<String>, seconds: u64) -> Self {
        Self { retry_after: Some(seconds), ..Self::new(Kind::Limited, "rate_limited", message) }
    }

    /// A needed part does not work at the moment (`unavailable`); the cause goes to the log.
    pub fn unavailable(message: impl Into<String>) -> Self {
        Self { retry_after: Some(1), ..Self::new(Kind::Unavailable, "unavailable", message) }
    }

    /// Our fault (`internal`); the cause goes to the log.
    pub fn internal(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self { source: Some(source.into()), ..Self::new(Kind::Internal, "internal", "Something went wrong on our side.") }
    }

    /// The same error, with its cause for the log.
    #[must_use]
    pub fn caused_by(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}
