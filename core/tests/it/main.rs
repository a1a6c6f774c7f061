//! Black-box tests: they start the server, in this process or as the real binary, and talk to it from outside.
//!
//! `make test` runs them with everything they need; by hand it is `make peers`, the exports it prints, and `cargo test`.
//! A test that needs a server of another kind fails without it, it is never skipped.
#![allow(
    missing_docs,
    clippy::duration_suboptimal_units,
    clippy::large_futures,
    clippy::match_wild_err_arm,
    clippy::print_stdout,
    clippy::too_many_lines,
    clippy::trivially_copy_pass_by_ref,
    clippy::unchecked_time_subtraction,
    clippy::unwrap_used,
    clippy::wildcard_imports,
    reason = "in a test a panic is the report, its name is the documentation, a table of cases is long, and the harness is meant to be at hand"
)]

#[macro_use]
mod support;

mod accounts;
mod app;
mod architecture;
mod bots;
mod cli;
mod clients;
mod config;
mod email;
mod harness;
mod http;
mod mail;
mod oauth;
mod outbound;
mod plugins;
mod posts;
mod realtime;
mod rooms;
mod sessions;
mod store;
mod stores;
mod story;
mod uploads;
mod web;
mod workbench;
