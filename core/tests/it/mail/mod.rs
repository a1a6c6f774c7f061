//! The mail queue against a real mail server that works, refuses, is slow or gone.

mod command;
mod delivery;
mod outage;
pub mod queue;
mod tls;
