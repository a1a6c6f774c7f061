//! The one way in which a plugin fails its caller.

use std::{error::Error as StdError, fmt};

use crate::error::{Error, Kind};

/// The plugin is off, broke down or broke a limit. Another call may well succeed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unavailable {
    /// Why, for the operator; people who sign in are not shown it.
    pub reason: String,
}

impl Unavailable {
    pub(super) fn new(reason: impl Into<String>) -> Self {
        Self { reason: reason.into() }
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
        let message = "This way of signing in is not available at the moment.";
        Self::new(Kind::Unavailable, "provider_unavailable", message).caused_by(unavailable)
    }
}
