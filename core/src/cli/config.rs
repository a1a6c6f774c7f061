//! `community config`.

use std::path::Path;

use clap::Subcommand;

use super::Outcome;
use crate::config::{Sources, check, of_process};

#[derive(Subcommand)]
pub enum Command {
    /// Check the configuration and print what is in effect, without its secrets.
    Check,
}

pub fn run(command: &Command, path: Option<&Path>) -> Outcome {
    let Command::Check = command;
    let env = of_process();
    say!("{}", check(Sources { path, directory: Path::new("."), env: &env })?.trim_end());
    Ok(())
}
