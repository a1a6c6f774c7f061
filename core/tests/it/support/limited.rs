//! A server on a disk that is as full as a test wants it.

use std::process::{Child, Command, Stdio};

use super::Binary;

/// The server as a child whose files may be limited in size: the signal that comes with such a limit is ignored, so that writing
/// fails as it does on a full disk.
pub struct Limited(Child);

impl Limited {
    /// Starts the server of `binary`, which must not run, on this port.
    pub fn spawn(binary: &Binary, port: u16) -> Self {
        let mut command = Command::new("sh");
        command.args(["-c", "trap '' XFSZ; exec \"$0\" serve", env!("CARGO_BIN_EXE_community")]).current_dir(binary.folder()).env_clear();
        command.env("DATABASE_URL", &binary.database().url).env("COMMUNITY_DATA_DIR", binary.folder().join("data"));
        command.env("PORT", port.to_string()).env("COMMUNITY_LIMITS__ENABLED", "false");
        Self(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
    }

    /// From now on no file grows beyond `size` (`unlimited`).
    pub fn limit(&self, size: &str) {
        let limit = format!("--fsize={size}:unlimited");
        let status = Command::new("prlimit").args(["--pid", &self.0.id().to_string(), &limit]).status();
        assert!(status.unwrap().success());
    }
}

impl Drop for Limited {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
