//! The plugin host, with the bundled provider and with guests that misbehave.

mod answers;
mod bundled;
mod email;
mod golden;
mod limits;
mod oauth;
pub mod refusals;
pub mod support;
mod traps;
