//! The one way in which this server calls others over HTTP; no other code opens such connections.
//!
//! A request goes only to a host and port that an [`AllowList`] names ([`hosts`]). The name is looked up once ([`resolve`]); if
//! any of the addresses is one that requests from a server must not reach ([`addresses`]), the whole request is refused, and
//! otherwise exactly these addresses are dialled ([`dial`]), so that the name cannot change its meaning in between; what the server
//! is connected to itself, like its database, is refused as well ([`avoid`]). One exchange
//! over HTTP/1.1 follows, with caps on time and size ([`client`]). Redirects are handed back like any other answer, bodies are
//! never decompressed, cookies and proxies do not exist. The library for object stores has a transport of its own ([`objects`]): its
//! one host is named by the operator.

pub mod addresses;
mod avoid;
mod client;
mod dial;
mod error;
mod hosts;
mod objects;
mod resolve;
mod target;

pub use self::{
    avoid::Place,
    client::{Outbound, is_own_header},
    error::{ErrorKind, OutboundError, Refused, SetupError},
    hosts::AllowList,
    objects::ObjectTransport,
    resolve::{Resolve, SystemResolver},
};
