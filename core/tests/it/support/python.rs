//! Scripts in Python that the tests run.

use std::process::Command;

use super::process;

/// The Python of the tests.
pub struct Python;

impl Python {
    /// A command that runs a script of `core/tests/tools`.
    pub fn script(name: &str) -> Command {
        let mut command = Command::new(super::peer("COMMUNITY_TEST_PYTHON"));
        command.arg(format!("{}/tests/tools/{name}", env!("CARGO_MANIFEST_DIR")));
        command
    }

    /// Runs a command that must work.
    pub async fn run_well(command: Command) {
        let output = process::output(command, "").await;
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}
