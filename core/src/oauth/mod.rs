//! Signing in at other sites, by OAuth 2.0 and OpenID Connect.
//!
//! A provider plugin says where to go and reads what came back. Everything between is here, and none of it is visible to the
//! plugin: state, PKCE, nonce, redirect address, client secret, codes, tokens, ID tokens.
//!
//! A sign-in that is under way is a *transaction*: one row, found by the hash of its `state`, deleted by whoever comes back with
//! it. It belongs to one provider and to one browser, which proves itself with a short-lived cookie of its own. [`flows`] talks
//! to the provider before any database transaction begins; [`actions`] then does the rest in one.
//!
//! Rules:
//! - Who signs in is `(provider, subject)`. An address never decides it.
//! - PKCE is always S256. An OpenID provider also gets a nonce, and its ID token is verified whole: signature by a key of the
//!   provider and an asymmetric algorithm, issuer, audience without strangers, nonce, times by our clock.
//! - No redirect of a provider is followed, and no address is asked that the operator did not allow.
//! - What a provider says never reaches the browser: people see one of a few fixed reasons ([`model::Reason`]).
//! - A provider in trouble costs a visitor at most 15 seconds, and after a few failures nothing ([`breaker`]).

pub mod actions;
pub mod breaker;
pub mod checkup;
mod client;
pub mod cookie;
pub mod discovery;
pub(crate) mod entity;
pub mod flows;
pub mod http;
mod id_token;
pub mod model;
pub mod policy;
mod profile;
pub mod queries;
mod remote;
pub(crate) mod store;
mod tokens;
pub mod trial;
