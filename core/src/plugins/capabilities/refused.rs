//! What a call was refused, for whoever wants to know once it has ended and nothing else is left of it.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::Shortage;
use crate::plugins::bindings::bot::openclaw::{http::http::Error as HttpError, types::types::Error};

/// An error with which the host answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// What it said.
    pub sentence: String,
    /// Whether there was too much of something at that moment.
    pub limited: bool,
}

impl From<&Error> for Refused {
    fn from(error: &Error) -> Self {
        let sentence: &str = match error {
            Error::NotFound => "what it wanted is not there, or not for it",
            Error::Invalid(sentence)
            | Error::Forbidden(sentence)
            | Error::Limited(sentence)
            | Error::Unavailable(sentence)
            | Error::Other(sentence) => sentence,
        };
        Self { sentence: sentence.to_owned(), limited: matches!(error, Error::Limited(_)) }
    }
}

impl From<&HttpError> for Refused {
    fn from(error: &HttpError) -> Self {
        let sentence: &str = match error {
            HttpError::Timeout => "another server took too long to answer it",
            HttpError::TooLarge => "the answer of another server was too large",
            HttpError::Denied(sentence) | HttpError::Unreachable(sentence) | HttpError::Limited(sentence) | HttpError::Other(sentence) => {
                sentence
            }
        };
        Self { sentence: sentence.to_owned(), limited: matches!(error, HttpError::Limited(_)) }
    }
}

/// What one call was refused.
#[derive(Default)]
pub struct Refusals(Mutex<State>);

#[derive(Default)]
struct State {
    last: Option<Refused>,
    shortage: Option<Shortage>,
}

impl Refusals {
    /// It asks for something else: what was refused before did not end the call.
    pub fn pass(&self) {
        self.state().last = None;
    }

    /// It was refused something.
    pub fn note(&self, refused: Refused) {
        self.state().last = Some(refused);
    }

    /// It wanted more than there was.
    pub fn fall_short(&self, shortage: Shortage) {
        self.state().shortage = Some(shortage);
    }

    /// What was refused, if the call asked for nothing after that.
    pub fn last(&self) -> Option<Refused> {
        self.state().last.clone()
    }

    /// What the call wanted more of than there was.
    pub fn shortage(&self) -> Option<Shortage> {
        self.state().shortage.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
