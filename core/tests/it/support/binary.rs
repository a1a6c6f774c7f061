//! The real `community` binary, with a folder, a database and a port of its own.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{BufRead, BufReader, Lines},
    path::{Path, PathBuf},
    process::{ChildStdout, Command, ExitStatus, Output, Stdio},
    time::Duration,
};

use tempfile::TempDir;
use tokio::time::{sleep, timeout};

use super::{
    Client, DEADLINE, Database, Db, Maildir, eventually, free_port,
    process::{self, Process},
    server::share_plugin_cache,
};

/// A folder with data and settings in which the binary runs: as a server, again after a crash, or as a command.
pub struct Binary {
    folder: TempDir,
    database: Database,
    port: u16,
    variables: BTreeMap<String, String>,
    server: Option<Process>,
}

/// The environment of the binary, by name: `[("SMTP_URL", sink.url())]`. Nothing else is passed on.
pub type Settings<'a> = &'a [(&'a str, String)];

impl Binary {
    /// Prepares everything and starts the server.
    pub async fn start(db: Db, settings: Settings<'_>) -> Self {
        let mut binary = Self::prepare(db, settings).await;
        binary.serve().await;
        binary
    }

    /// Prepares folder, database and environment; nothing runs yet.
    pub async fn prepare(db: Db, settings: Settings<'_>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        share_plugin_cache(&folder.path().join("data"));
        let database = Database::create(db, folder.path()).await;
        let port = free_port();
        let mut variables = BTreeMap::from([
            ("COMMUNITY_DATA_DIR".to_owned(), folder.path().join("data").display().to_string()),
            ("DATABASE_URL".to_owned(), database.url.clone()),
            ("PORT".to_owned(), port.to_string()),
        ]);
        variables.extend(settings.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
        Self { folder, database, port, variables, server: None }
    }

    /// Starts the server and waits until it is ready. After a crash or a stop it starts again, on the same port.
    pub async fn serve(&mut self) {
        let log = File::options().create(true).append(true).open(self.log_path()).unwrap();
        let mut command = self.command(&["serve"]);
        command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        let mut server = Process::spawn(&mut command).unwrap();
        let client = self.client();
        let ready = timeout(3 * DEADLINE, async {
            loop {
                if let Some(status) = server.ended() {
                    panic!("the server ended at its start ({status}):\n{}", self.log());
                }
                if client.call("GET", "/readyz").stream().await.is_ok_and(|answer| answer.status() == 200) {
                    return;
                }
                sleep(Duration::from_millis(10)).await;
            }
        });
        assert!(ready.await.is_ok(), "the server did not become ready:\n{}", self.log());
        self.server = Some(server);
    }

    /// Runs a command of the binary beside the server, with `input` on its standard input.
    pub async fn run(&self, arguments: &[&str], input: &str) -> Output {
        process::output(self.command(arguments), input).await
    }

    /// Runs a command that must work, and gives what it printed.
    pub async fn run_well(&self, arguments: &[&str], input: &str) -> String {
        let output = self.run(arguments, input).await;
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?} failed ({}): {errors}", output.status);
        String::from_utf8(output.stdout).unwrap()
    }

    /// Begins a command and gives it with what it prints, line by line, as long as it runs; its errors are in [`Self::errors`].
    pub fn begin(&self, arguments: &[&str]) -> (Process, Lines<BufReader<ChildStdout>>) {
        let mut command = self.command(arguments);
        let errors = File::create(self.folder.path().join("errors")).unwrap();
        let mut process = Process::spawn(command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(errors)).unwrap();
        let lines = BufReader::new(process.0.stdout.take().unwrap()).lines();
        (process, lines)
    }

    /// What the command that was begun last said on its standard error.
    pub fn errors(&self) -> String {
        fs::read_to_string(self.folder.path().join("errors")).unwrap()
    }

    /// `kill -9`.
    pub fn kill(&mut self) {
        self.server.take().expect("no server runs").kill();
    }

    /// SIGTERM; waits for the end.
    pub async fn terminate(&mut self) -> ExitStatus {
        let mut server = self.server.take().expect("no server runs");
        server.signal("TERM");
        server.end().await.unwrap_or_else(|| panic!("SIGTERM did not end it:\n{}", self.log()))
    }

    /// Sends the running server a signal by its name.
    pub fn signal(&self, name: &str) {
        self.server.as_ref().expect("no server runs").signal(name);
    }

    /// The process id of the running server.
    pub fn pid(&self) -> u32 {
        self.server.as_ref().expect("no server runs").0.id()
    }

    /// A new visitor.
    pub fn client(&self) -> Client {
        Client::new(self.base_url())
    }

    /// `http://127.0.0.1:PORT`
    pub fn base_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Its database.
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// Its working folder; `data` below it is the data folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The mails it wrote into files.
    pub fn mails(&self) -> Maildir {
        Maildir(self.folder.path().join("data/mail"))
    }

    /// What the server wrote so far, over all its starts.
    pub fn log(&self) -> String {
        fs::read_to_string(self.log_path()).unwrap_or_default()
    }

    /// Waits until the log contains `text`.
    pub async fn logged(&self, text: &str) {
        eventually(&format!("the log to say {text:?}"), || async { self.log().contains(text).then_some(()) }).await;
    }

    /// Ends the server and removes the database.
    pub async fn stop(mut self) {
        drop(self.server.take());
        self.database.drop_it().await;
    }

    fn log_path(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_community"));
        command.args(arguments).current_dir(self.folder.path()).env_clear().envs(&self.variables);
        command
    }
}
