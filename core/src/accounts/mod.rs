//! People.
//!
//! A *user* is a person with an account: a name that others see, a role, perhaps disabled. An *identity* is a way to sign in: one
//! subject at one provider. A user has one or more of them. Users are never known by an address, and nobody's address is shown to
//! anyone else.

pub mod actions;
pub(crate) mod entity;
pub mod events;
pub mod http;
pub mod model;
pub mod queries;
pub(crate) mod store;
