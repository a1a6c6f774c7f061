//! Signed-in browsers and programs.
//!
//! A session is a random token in a cookie; the database keeps its hash. It ends when it was not used for a while, at the latest
//! after its absolute lifetime, and at once when it is revoked. Whoever keeps a connection open for a session hears of its end
//! through [`events::Ended`].

pub mod actions;
pub mod cookie;
pub(crate) mod entity;
pub mod events;
pub mod http;
pub mod model;
pub mod queries;
pub(crate) mod store;
