//! Dividing the machine: servers here, the generator of load there.

use std::{
    ffi::OsStr,
    fmt, process,
    process::{Command, Stdio},
    thread,
};

/// Lists of cores as `taskset` reads them; `None` where there is nothing to divide.
pub struct Cores(Option<Division>);

struct Division {
    servers: String,
    load: String,
}

impl Cores {
    /// Keeps this process to the second half of the cores; servers get the first.
    pub fn divide() -> Self {
        let count = thread::available_parallelism().map_or(1, usize::from);
        let division = Division { servers: list(0, count / 2), load: list(count / 2, count) };
        let pinned = count > 1 && pin(&division.load);
        Self(pinned.then_some(division))
    }

    /// A command for a server.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let Some(division) = &self.0 else { return Command::new(program) };
        let mut command = Command::new("taskset");
        command.args(["--cpu-list", &division.servers]).arg(program);
        command
    }
}

impl fmt::Display for Cores {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(Division { servers, load }) => write!(f, "Servers run on the cores {servers}, the load comes from {load}."),
            None => f.write_str("Servers and load share all cores (one core only, or no `taskset`): figures are lower than they could be."),
        }
    }
}

fn list(from: usize, to: usize) -> String {
    format!("{from}-{}", to.saturating_sub(1))
}

fn pin(cores: &str) -> bool {
    let own = process::id().to_string();
    let mut command = Command::new("taskset");
    command.args(["--all-tasks", "--cpu-list", "--pid", cores, &own]).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}
