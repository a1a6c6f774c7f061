//! The real `community` program with a folder of its own.

use std::{
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::{
    Outcome,
    cores::Cores,
    process::{Process, free_address},
};

/// A folder in which the program runs, as a server or as a command. All settings are the defaults, but for the rate limits.
pub struct Site<'a> {
    program: PathBuf,
    folder: PathBuf,
    /// Where servers run.
    pub cores: &'a Cores,
}

impl<'a> Site<'a> {
    /// An empty site in `folder`.
    pub fn new(program: &Path, folder: PathBuf, cores: &'a Cores) -> Outcome<Self> {
        if !program.exists() {
            return Err(format!("{} is missing: run `make build` first", program.display()).into());
        }
        fs::create_dir_all(&folder)?;
        Ok(Self { program: program.to_owned(), folder, cores })
    }

    /// The file that holds everything.
    pub fn database(&self) -> PathBuf {
        self.folder.join("data/community.db")
    }

    /// Where it runs; `data` below it is the data folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Writes the configuration file.
    pub fn configure(&self, toml: &str) -> Outcome {
        Ok(fs::write(self.folder.join("community.toml"), toml)?)
    }

    /// Forgets the compiled plugins.
    pub fn chill(&self) -> Outcome {
        let cache = self.folder.join("data/cache");
        if cache.exists() {
            fs::remove_dir_all(cache)?;
        }
        Ok(())
    }

    /// Starts the server and waits until it is ready. Its log goes into a file, as it would on a server.
    pub fn serve(&self) -> Outcome<Process> {
        self.start(self.command())
    }

    /// The same with the rate limits.
    pub fn serve_limited(&self) -> Outcome<Process> {
        let mut command = self.command();
        command.env("COMMUNITY_LIMITS__ENABLED", "true");
        self.start(command)
    }

    fn start(&self, mut command: Command) -> Outcome<Process> {
        let addr = free_address()?;
        let log = File::options().create(true).append(true).open(self.folder.join("log"))?;
        command.arg("serve").env("PORT", addr.port().to_string()).stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        Process::start(command, addr, "/readyz")
    }

    /// Runs a command and gives what it printed.
    pub fn run(&self, arguments: &[&str], input: &str) -> Outcome<String> {
        let mut child = self.command().args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        if let Some(mut stdin) = child.stdin.take() {
            stdin.write_all(input.as_bytes())?;
        }
        let output = child.wait_with_output()?;
        if !output.status.success() {
            return Err(format!("community {arguments:?} failed: {}", String::from_utf8_lossy(&output.stderr)).into());
        }
        Ok(String::from_utf8(output.stdout)?.trim().to_owned())
    }

    /// Makes an account and gives the `Cookie` header of a session.
    pub fn sign_in(&self, email: &str) -> Outcome<String> {
        self.run(&["user", "create", "--email", email, "--password-stdin"], "a long password for nobody")?;
        self.run(&["user", "session", email], "")
    }

    fn command(&self) -> Command {
        let mut command = self.cores.command(&self.program);
        command.current_dir(&self.folder).env("COMMUNITY_DATA_DIR", "data").env("COMMUNITY_LIMITS__ENABLED", "false");
        command
    }
}
