//! The plugin host, with the bundled provider and with guests that misbehave.

mod answers;
mod email;
mod limits;
mod refusals;
mod support;
mod traps;
