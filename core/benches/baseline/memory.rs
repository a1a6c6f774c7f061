//! A poem handler that returns the same bytes from memory, behind hyper as the server is, and nothing else.

use std::{convert::Infallible, fs, net::SocketAddr, path::Path, process::Command, sync::Arc};

use bytes::Bytes;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use poem::{
    Endpoint, EndpointExt, Request, Response, Route,
    endpoint::make_sync,
    get,
    http::uri::Scheme,
    web::{LocalAddr, RemoteAddr},
};
use tokio::net::TcpListener;

use crate::{
    Outcome,
    cores::Cores,
    process::{Process, free_address},
};

/// Where the bytes are served.
pub const PATH: &str = "/api/posts";

/// Starts `program`, which is this one, as a server of the bytes in `file`.
pub fn start(program: &Path, file: &Path, cores: &Cores) -> Outcome<Process> {
    let addr = free_address()?;
    let mut command: Command = cores.command(program);
    command.arg("memory").arg(file).arg(addr.port().to_string());
    Process::start(command, addr, PATH)
}

/// Serves the bytes of `file` until it is killed. A thread for each core it may use, as the server has.
pub async fn serve(file: &Path, port: &str) -> Outcome {
    let bytes = Bytes::from(fs::read(file)?);
    let addr = SocketAddr::from(([127, 0, 0, 1], port.parse()?));
    let accepting = std::thread::spawn(move || -> Outcome {
        tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(accept(addr, bytes))
    });
    tokio::task::spawn_blocking(move || accepting.join()).await?.map_err(|_| "the baseline panicked")?
}

async fn accept(addr: SocketAddr, bytes: Bytes) -> Outcome {
    let show = make_sync(move |_| Response::builder().content_type("application/json; charset=utf-8").body(bytes.clone()));
    let app = Arc::new(Route::new().at(PATH, get(show)).map_to_response());
    let listener = TcpListener::bind(addr).await?;
    loop {
        let (stream, peer) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let app = Arc::clone(&app);
        let service = service_fn(move |request: hyper::Request<Incoming>| {
            let app = Arc::clone(&app);
            async move {
                let request = Request::from((request, LocalAddr(addr.into()), RemoteAddr(peer.into()), Scheme::HTTP));
                Ok::<hyper::Response<_>, Infallible>(app.get_response(request).await.into())
            }
        });
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}
