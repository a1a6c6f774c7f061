//! Browsers in which someone has signed in with a password before.
//!
//! Such a browser has a long-lived cookie with a random token; the database keeps its hash beside the identity. The delay after wrong
//! passwords, which everyone may cause, does not apply to it: it has one of its own, so that a stolen cookie guesses no faster. Each
//! sign-in hands out a new token in place of the browser's old one, and a changed password makes all of them worthless.

pub mod actions;
pub mod cookie;
pub(crate) mod entity;
pub mod queries;
pub(crate) mod store;

use std::time::Duration;

/// How long a device is known after the last sign-in.
pub const LIFETIME: Duration = Duration::from_hours(180 * 24);

/// Devices of one identity; one more and the oldest is forgotten.
pub const MAX_PER_IDENTITY: usize = 10;
