//! Rooms that store nothing: Node.js with socket.io (`rooms.mjs` beside this file), and socketioxide alone.

use std::{
    convert::Infallible,
    fs,
    net::SocketAddr,
    path::Path,
    sync::atomic::{AtomicU64, Ordering},
};

use community::clock::{Clock, SystemClock};
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use socketioxide::{
    SocketIo,
    extract::{AckSender, Data, SocketRef},
    handler::ConnectHandler,
};
use tokio::net::TcpListener;

use crate::{
    Outcome,
    cores::Cores,
    process::{Process, free_address},
};

const SCRIPT: &str = include_str!("rooms.mjs");

/// Starts socket.io. `folder` is for the script.
pub fn node(node: &Path, folder: &Path, cores: &Cores) -> Outcome<Process> {
    let tools = node.parent().and_then(Path::parent).ok_or("Node.js is not where `make bench` puts it")?;
    fs::create_dir_all(folder)?;
    let script = folder.join("rooms.mjs");
    fs::write(&script, SCRIPT)?;
    let addr = free_address()?;
    let mut command = cores.command(node);
    command.arg(script).arg(tools.join("npm/node_modules")).arg(addr.port().to_string());
    Process::start(command, addr, "/")
}

/// Starts `program`, which is this one, as a server of one room.
pub fn socketioxide(program: &Path, cores: &Cores) -> Outcome<Process> {
    let addr = free_address()?;
    let mut command = cores.command(program);
    command.arg("room").arg(addr.port().to_string());
    Process::start_quiet(command, addr)
}

/// Serves the room until it is killed. A thread for each core it may use, as the server has.
pub async fn serve(port: &str) -> Outcome {
    let addr = SocketAddr::from(([127, 0, 0, 1], port.parse()?));
    let accepting =
        std::thread::spawn(move || -> Outcome { tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(accept(addr)) });
    tokio::task::spawn_blocking(move || accepting.join()).await?.map_err(|_| "the baseline panicked")?
}

async fn accept(addr: SocketAddr) -> Outcome {
    static SEQ: AtomicU64 = AtomicU64::new(1);
    let (service, io) = SocketIo::builder().build_svc();
    let prepare = async |socket: SocketRef| -> Result<(), Infallible> {
        socket.join("room");
        socket.on("message:send", async |socket: SocketRef, Data::<Value>(sent), acknowledge: AckSender| {
            let message = message(&sent, SEQ.fetch_add(1, Ordering::Relaxed));
            if let Err(error) = socket.within("room").emit("message:new", &json!({ "message": &message })).await {
                eprintln!("bench: sockets of the baseline do not keep up: {error}");
            }
            let _ = acknowledge.send(&json!({ "ok": true, "message": message }));
        });
        Ok(())
    };
    io.ns("/", (async |_: SocketRef| {}).with(prepare));
    let listener = TcpListener::bind(addr).await?;
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service.clone()).with_upgrades());
    }
}

/// What the server would send.
fn message(sent: &Value, seq: u64) -> Value {
    json!({
        "id": "m-01kb3x2v5q8m4n7p9r1s3t5v7w", "roomId": sent["roomId"], "seq": seq, "rev": seq, "clientId": null,
        "authorId": "usr-01kb3x2v5q8m4n7p9r1s3t5v7w", "authorName": "Member 1", "isBot": false, "body": sent["body"], "replyTo": null,
        "attachments": [], "reactions": [], "createdAt": SystemClock.now().to_string(), "editedAt": null, "deleted": false,
    })
}
