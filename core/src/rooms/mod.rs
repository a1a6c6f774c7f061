//! Rooms: a name, members with roles, and the messages they write. Rooms are unlisted: only members see one, and whoever holds the
//! unguessable id of an open room, or was invited, may become one. To everybody else a room and an id that never was look alike.
//!
//! Any member may invite, unless the owners restrict it: people and bots by their id, and others by an address or by what they are
//! called at a provider. Who has no account yet finds the invitation waiting at their first sign-in through that provider. Bots need not
//! accept: they are in at once. Whoever was removed needs a new invitation, in open rooms too.
//!
//! There is always an owner: when the last one leaves, or has their account shut, the room passes to the moderator, or else the member, who
//! has been there longest; with the last person it ends.

pub mod actions;
pub(crate) mod entity;
pub mod events;
pub mod http;
pub mod model;
pub mod online;
pub mod policy;
pub mod queries;
pub mod requests;
pub mod socket;
pub(crate) mod store;
