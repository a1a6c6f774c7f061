//! Child processes that never outlive their test.

use std::{
    io::Write,
    process::{Child, Command, ExitStatus, Output, Stdio},
    time::Duration,
};

use tokio::time::{sleep, timeout};

use super::DEADLINE;

/// A running child; dropping it kills it.
pub struct Process(pub Child);

impl Process {
    /// Starts `command`.
    pub fn spawn(command: &mut Command) -> std::io::Result<Self> {
        command.spawn().map(Self)
    }

    /// The exit status, if it has ended.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.0.try_wait().unwrap()
    }

    /// Waits for its end; `None` if it goes on for three times [`DEADLINE`].
    pub async fn end(&mut self) -> Option<ExitStatus> {
        let ended = async {
            loop {
                if let Some(status) = self.ended() {
                    return status;
                }
                sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(3 * DEADLINE, ended).await.ok()
    }

    /// SIGKILL, and no zombie left.
    pub fn kill(&mut self) {
        // It may be gone already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }

    /// Sends a signal by its name (`TERM`, `STOP`, `CONT`).
    pub fn signal(&self, name: &str) {
        let status = Command::new("kill").args(["-s", name, &self.0.id().to_string()]).status();
        assert!(status.unwrap().success(), "cannot send {name}");
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Runs a command to its end with `input` on its standard input.
pub async fn output(mut command: Command, input: &str) -> Output {
    let (input, shown) = (input.to_owned(), format!("{command:?}"));
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let run = tokio::task::spawn_blocking(move || {
        let mut child = command.spawn().unwrap();
        // A command that does not read its input may be gone already.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        child.wait_with_output().unwrap()
    });
    timeout(6 * DEADLINE, run).await.unwrap_or_else(|_| panic!("{shown} does not end")).unwrap()
}
