//! The server behind a real nginx that keeps some addresses to itself: no bytes get a request past it that it did not see.

use std::{
    fs,
    net::SocketAddr,
    process::{Command, Stdio},
};

use tokio::net::TcpStream;

use super::{
    app::{App, Traces, config},
    raw::{Raw, ask, request},
    smuggling::corpus,
};
use crate::support::{Process, eventually, free_port};

/// A running nginx in a folder of its own.
struct Nginx {
    _process: Process,
    _folder: tempfile::TempDir,
    address: SocketAddr,
}

impl Nginx {
    /// Starts one in front of `app` that lets nobody at `/api/rooms/`, with connections to the server that are used again and again:
    /// so what one visitor hides in a request could become an answer to the next.
    async fn start(app: SocketAddr) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let address = SocketAddr::from(([127, 0, 0, 1], free_port()));
        let places = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(|name| format!("{name}_temp_path temp/{name};")).concat();
        let text = format!(
            "daemon off; master_process off; pid nginx.pid; error_log error.log; worker_processes 1; events {{}}
             http {{
               access_log off; client_header_timeout 2s; client_body_timeout 2s; {places}
               upstream app {{ server {app}; keepalive 1; }}
               server {{
                 listen {address};
                 location / {{
                   proxy_pass http://app; proxy_http_version 1.1; proxy_set_header Connection \"\"; proxy_set_header Host $host;
                   proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
                 }}
                 location /api/rooms/ {{ return 403; }}
               }}
             }}"
        );
        fs::create_dir(folder.path().join("temp")).unwrap();
        fs::write(folder.path().join("nginx.conf"), text).unwrap();
        let mut command = Command::new("/usr/sbin/nginx");
        command.args(["-c", "nginx.conf", "-e", "error.log", "-p"]).arg(folder.path()).stdin(Stdio::null());
        let process = Process::spawn(&mut command).expect("nginx cannot be started: run `make test`, or `make peers`");
        eventually("nginx to listen", || async { TcpStream::connect(address).await.ok() }).await;
        Self { _process: process, _folder: folder, address }
    }
}

#[tokio::test]
async fn c11_nothing_is_smuggled_past_nginx() {
    let app = App::start(config()).await;
    let nginx = Nginx::start(app.address).await;
    assert_eq!(ask(nginx.address, request("POST /api/rooms/r-1/join", "", "")).await.status, 403, "nginx keeps it to itself");
    for (what, bytes) in corpus() {
        let mut raw = Raw::open(nginx.address).await;
        raw.send(bytes).await;
        // Whatever nginx makes of it, the next visitor gets an answer of their own.
        let first = raw.answer().await.map_or(0, |answer| answer.status);
        let next = ask(nginx.address, request("GET /api/cached", "", "")).await;
        assert_eq!((next.status, next.text().as_str()), (200, "[]"), "{what} was answered {first}");
        assert_eq!(Traces::count(&app.traces.joins), 0, "{what} was answered {first}");
    }
}
