//! A real nginx before a server, with the configuration that `examples/nginx` shows.

use std::{
    fs,
    net::TcpStream,
    path::Path,
    process::{Command, Stdio},
};

use tempfile::TempDir;

use super::{eventually, free_port, process::Process};

/// A running proxy; it ends with this value.
pub struct Nginx {
    _process: Process,
    url: String,
    _folder: TempDir,
}

/// What a server block needs around it. Everything is kept in one folder, and nothing runs in the background.
const AROUND: &str = "daemon off;\nmaster_process off;\npid pid;\nerror_log error.log warn;\nevents { worker_connections 1024; }\nhttp {\n\
    access_log off;\nclient_body_temp_path body;\nproxy_temp_path proxy;\nfastcgi_temp_path fastcgi;\nuwsgi_temp_path uwsgi;\n\
    scgi_temp_path scgi;\n";

impl Nginx {
    /// The server block of the example.
    pub const EXAMPLE: &str = include_str!("../../../../examples/nginx/community.conf");

    /// Starts a proxy for the server at `url`.
    pub async fn start(url: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = free_port();
        let block = Self::EXAMPLE.replace("listen 80;", &format!("listen 127.0.0.1:{port};")).replace("http://127.0.0.1:3000", url);
        assert!(block.contains(url) && block.contains(&port.to_string()), "the example no longer says what is replaced here");
        fs::write(folder.path().join("nginx.conf"), format!("{AROUND}{block}}}\n")).unwrap();
        let program = if Path::new("/usr/sbin/nginx").exists() { "/usr/sbin/nginx" } else { "nginx" };
        let mut command = Command::new(program);
        command.arg("-p").arg(folder.path()).args(["-c", "nginx.conf"]).stdin(Stdio::null()).stderr(Stdio::null());
        let mut process = Process::spawn(&mut command).expect("nginx is not installed: run `make test`, or `make peers`");
        eventually("nginx to listen", || {
            assert!(process.ended().is_none(), "nginx ended at its start: {}", read(folder.path()));
            let open = TcpStream::connect(("127.0.0.1", port)).ok().map(|_| ());
            async move { open }
        })
        .await;
        Self { _process: process, url: format!("http://127.0.0.1:{port}"), _folder: folder }
    }

    /// Where it listens.
    pub fn url(&self) -> &str {
        &self.url
    }
}

fn read(folder: &Path) -> String {
    fs::read_to_string(folder.join("error.log")).unwrap_or_default()
}
