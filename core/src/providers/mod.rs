//! Which ways to sign in there are on this server. What happens at each of them is `email`'s and `oauth`'s business.

pub mod catalog;
pub mod http;
