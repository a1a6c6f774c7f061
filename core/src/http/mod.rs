//! The HTTP base: the accept loop, what every request passes through, and the one shape of errors.
//!
//! [`base::Base`] puts around an app what every request passes, in this order from the outside: [`request_id`], [`log`],
//! [`metrics`], [`headers`], [`panic`], [`client_ip`], [`gate`], [`alias`], [`cors`], [`origin`], [`body_limit`],
//! [`routes`].
//! [`server::Server`] then serves it.

pub mod alias;
pub mod auth;
pub mod base;
pub mod body;
pub mod body_limit;
pub mod client_ip;
pub mod cors;
pub mod data;
pub mod docs;
pub mod document;
pub mod error;
pub mod fail;
pub mod failures;
pub mod gate;
mod guard;
pub mod headers;
pub mod json_schema;
pub mod log;
pub mod map_error;
pub mod metrics;
pub mod origin;
pub mod panic;
pub mod payload;
pub mod places;
pub mod query;
pub mod rate;
pub mod request_id;
pub mod routes;
mod schema;
pub mod server;
mod words;
