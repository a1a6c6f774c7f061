//! Why a request got no answer. The sentences are for the operator's log and never hold a path, a query, a header or a body.

use std::{
    error::Error as StdError,
    fmt::{self, Display, Formatter},
};

/// A rule forbids the request; nothing was sent. The sentence names the rule and the setting that would change it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Refused(pub(super) String);

/// The client cannot be set up: a sentence with the setting and the fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SetupError(pub(super) String);

/// How a request failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// A rule forbids it; nothing was sent.
    Refused,
    /// This server had too many other requests under way; nothing was sent.
    Busy,
    /// No connection in time: the host has no address, does not accept it or has no certificate that is trusted.
    Unreachable,
    /// The answer was not complete in time.
    Timeout,
    /// The answer exceeds a cap.
    TooLarge,
    /// What came was not HTTP, or ended early.
    Protocol,
}

/// A request without an answer. Displayed as a sentence that names host and port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboundError {
    /// How it failed.
    pub kind: ErrorKind,
    message: String,
}

impl ErrorKind {
    /// How it is counted.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Busy => "busy",
            Self::Unreachable => "unreachable",
            Self::Timeout => "timeout",
            Self::TooLarge => "too_large",
            Self::Protocol => "protocol",
        }
    }
}

impl OutboundError {
    pub(super) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }
}

impl Display for OutboundError {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl StdError for OutboundError {}

impl From<Refused> for OutboundError {
    fn from(refused: Refused) -> Self {
        Self::new(ErrorKind::Refused, refused.0)
    }
}

/// `error` and what caused it, in one line.
pub(super) fn chain(error: &dyn StdError) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        next = cause.source();
    }
    text
}
