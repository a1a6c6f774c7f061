//! People.
//!
//! A *user* is a person with an account: a name that others see, a role, perhaps disabled. An *identity* is a way to sign in: one
//! subject at one provider. A user has one or more of them, also several at one provider. Users are never known by an address, and
//! nobody's address is shown to anyone else.
//!
//! Who signs in with an identity that nobody has gets a new account, whatever address it comes with: two accounts become one person's
//! only when that person is signed in to the one and links the identity of the other. What a provider says of a person (handle,
//! address, picture) belongs to the identity and is brought up to date at each sign-in; the account's name belongs to the person and
//! is not: they may change it, and it stays as they chose.
//!
//! When a way to sign in comes or goes, all other sessions end. The last one stays.

pub mod actions;
pub(crate) mod entity;
pub mod events;
pub mod http;
pub mod model;
pub mod queries;
pub mod requests;
pub(crate) mod store;
