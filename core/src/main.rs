//! The `community` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    community::cli::run()
}
