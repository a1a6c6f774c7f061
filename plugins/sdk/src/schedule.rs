//! Doing something later, once, through the bot's [`Scheduled`](crate::Scheduled). Permission: `schedule`.
//!
//! Jobs that come back are declared in `Scheduled::jobs` and need no permission.

pub use crate::bindings::bot::openclaw::schedule::schedule::Job;
use crate::host::schedule;
use crate::{Error, Time};

/// Has something done at this time; a moment that has passed means at once. A job of the same name is replaced. `payload` is what
/// the bot wants to know then, at most 8 KiB.
///
/// # Errors
/// [`Error::Invalid`] for a name that is not 1 to 128 bytes without control characters, [`Error::Limited`] for more than 1000 jobs.
pub fn add(name: &str, at: Time, payload: impl Into<String>) -> Result<(), Error> {
    schedule::add(&Job { name: name.to_owned(), at: at.to_string(), payload: payload.into() })
}

/// Has it not done. A job that is not there is no error.
///
/// # Errors
/// [`Error::Invalid`] for what cannot be a name.
pub fn cancel(name: &str) -> Result<(), Error> {
    schedule::cancel(name)
}

/// What is to be done, soonest first.
///
/// # Errors
/// [`Error::Unavailable`].
pub fn jobs() -> Result<Vec<Job>, Error> {
    schedule::list_jobs()
}
