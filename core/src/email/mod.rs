//! Signing up and in with an address and a password.
//!
//! The provider plugin decides what an address is, what name it stands for and how most letters read; it never sees a password. The rest
//! is here: hashes, one-time links, quotas, accounts, sessions. [`flows`] asks the provider and hashes before any transaction
//! begins; [`actions`] then does the rest in one.
//!
//! Who has registered and not yet followed the link is a *registration*, not a user. Registering again replaces it, password and
//! link together, so that nobody can plant a password in an account that somebody else will verify.
//!
//! Who signs in elsewhere may add an address to their account. Until the link is followed that is an *addition*, which waits beside
//! the registrations. Its link works in the session that asked for it, for as long as that lasts, and signs nobody in.

pub mod actions;
pub(crate) mod entity;
pub mod flows;
pub mod hasher;
pub mod http;
mod letters;
pub mod model;
pub mod policy;
pub mod queries;
pub mod requests;
pub(crate) mod store;

/// The provider behind `/api/email/…`.
pub const PROVIDER: &str = "email";
