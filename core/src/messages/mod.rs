//! Messages: what is said in rooms. Each has its place in the room (`seq`, without gaps); every change of a room, a new message as
//! well as an edit, a deletion or a reaction, takes the next `rev`. Whoever knows the last `rev` they saw can be told exactly what
//! they missed.
//!
//! Sending is what happens most, so it takes one look at the database: rows of messages and the rooms' counts are left for the end of
//! the transaction, which on SQLite many senders share. Whoever sends a message has read the room up to it.
//!
//! Every change tells of the whole message, with the text for listeners in this process beside the event.

pub mod actions;
pub(crate) mod entity;
pub mod events;
pub mod gate;
pub mod http;
pub mod model;
pub mod policy;
pub mod queries;
pub mod requests;
pub mod socket;
pub(crate) mod store;
