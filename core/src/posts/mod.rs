//! Posts: a title, a text, links to files. Everyone reads them, newest first; whoever is signed in writes; authors and admins
//! change.
//!
//! Reading is what happens most, so pages are built as JSON by the database ([`queries`]), the first ones are kept
//! ([`feed`]), and a tag that changes with every change answers most readers without any work.

pub mod actions;
pub(crate) mod entity;
pub mod events;
pub mod feed;
pub mod http;
pub mod model;
pub mod policy;
pub mod queries;
pub mod requests;
pub(crate) mod store;
