//! Accounts, and what the operator does with them.

mod commands;
mod events;
