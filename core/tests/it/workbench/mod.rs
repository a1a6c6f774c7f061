//! The workbench for authors of plugins, as the binary that authors have.

mod building;
mod inspecting;
mod live;
mod talking;

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use tempfile::TempDir;

/// A folder in which an author works. Compiled code and the crates of bots are shared by all of them.
pub struct Bench(TempDir);

/// What a command said.
pub struct Said {
    pub well: bool,
    pub out: String,
    pub errors: String,
}

impl Bench {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn folder(&self) -> &Path {
        self.0.path()
    }

    /// Writes a file; gives its path.
    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let file = self.folder().join(name);
        fs::write(&file, text).unwrap();
        file
    }

    /// Runs a command of `community plugin` in the folder.
    pub async fn run(&self, arguments: &[&str]) -> Said {
        let mut command = Command::new(env!("CARGO_BIN_EXE_community"));
        command.arg("plugin").args(arguments).current_dir(self.folder()).stdin(Stdio::null());
        surround(&mut command);
        let output: Output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Said { well: output.status.success(), out: text(output.stdout), errors: text(output.stderr) }
    }

    /// The same for one that has to work; gives what it printed.
    pub async fn run_well(&self, arguments: &[&str]) -> String {
        let said = self.run(arguments).await;
        assert!(said.well, "{arguments:?} failed: {}\n{}", said.errors, said.out);
        said.out
    }

    /// Lets people and a test guest talk as a script says.
    pub async fn talk(&self, component: &Path, script: &str) -> Said {
        let script = self.write("script.txt", script);
        self.run(&["test", component.to_str().unwrap(), script.to_str().unwrap()]).await
    }
}

/// What commands find around them: the tools of whoever runs the tests, and folders of the tests' own.
pub fn surround(command: &mut Command) {
    let shared = Path::new(env!("CARGO_TARGET_TMPDIR"));
    command.env("XDG_CACHE_HOME", shared.join("authors")).env("CARGO_TARGET_DIR", shared.join("bots"));
}

/// The component of a bot that was built in `folder`'s shared target folder.
pub fn rust_component(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("bots/wasm32-wasip2/release/{}.wasm", name.replace('-', "_")))
}
