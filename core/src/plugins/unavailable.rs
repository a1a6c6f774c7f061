//! The one way in which a plugin fails its caller.

use std::{error::Error as StdError, fmt};

use crate::error::{Error, Kind};

/// The plugin is off, broke down or broke a limit. Another call may well succeed, unless there is a `message`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unavailable {
    /// Why, for the operator; people who sign in are not shown it.
    pub reason: String,
    /// A sentence for people, where nothing changes until the operator acts.
    pub message: Option<String>,
    /// It, or what it needs of the server, has too much to do at the moment, which is no fault of this call.
    pub busy: bool,
}

impl Unavailable {
    pub(super) fn new(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), message: None, busy: false }
    }

    /// The same with a sentence for people.
    pub(super) fn telling(self, message: impl Into<String>) -> Self {
        Self { message: Some(message.into()), ..self }
    }

    /// What people who sign in are told.
    pub fn message(&self) -> &str {
        self.message.as_deref().unwrap_or("This way of signing in is not available at the moment.")
    }
}

impl fmt::Display for Unavailable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

impl StdError for Unavailable {}

impl From<Unavailable> for Error {
    fn from(unavailable: Unavailable) -> Self {
        Self::new(Kind::Unavailable, "provider_unavailable", unavailable.message()).caused_by(unavailable)
    }
}
