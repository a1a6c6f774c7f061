//! Mail that is promised and then delivered.
//!
//! A mail is queued in the transaction that needs it and sent afterwards by [`sender`], again and again until it is delivered or
//! given up. So a dead mail server neither fails nor slows a registration. The queue is also what quotas count.

pub mod actions;
pub(crate) mod entity;
pub mod events;
pub mod model;
pub mod policy;
pub mod queries;
pub mod sender;
pub(crate) mod store;
pub mod transport;
