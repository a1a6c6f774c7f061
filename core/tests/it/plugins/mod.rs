//! The plugin host, with the bundled provider and with guests that misbehave.

mod email;
mod support;
