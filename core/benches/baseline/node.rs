//! Bare Node.js over a copy of the same database: `posts.mjs` beside this file.

use std::{fs, path::Path};

use crate::{
    Outcome,
    cores::Cores,
    process::{Process, free_address},
};

const SCRIPT: &str = include_str!("posts.mjs");

/// Starts `node` over `database`, which becomes its own.
pub fn start(node: &Path, database: &Path, cores: &Cores) -> Outcome<Process> {
    let script = database.with_file_name("posts.mjs");
    fs::write(&script, SCRIPT)?;
    let addr = free_address()?;
    let mut command = cores.command(node);
    command.args(["--disable-warning=ExperimentalWarning".as_ref(), script.as_os_str(), database.as_os_str()]);
    command.arg(addr.port().to_string());
    Process::start(command, addr, "/api/posts?limit=1")
}
