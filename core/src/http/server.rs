//! Our own accept loop in front of a poem endpoint. poem's server has no header timeout, no caps and no back-off.

use std::{convert::Infallible, io, net::SocketAddr, pin::pin, sync::Arc, time::Duration};

use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use poem::{
    Endpoint, Response,
    http::uri::Scheme,
    web::{LocalAddr, RemoteAddr},
};
use tokio::{
    io::AsyncWriteExt,
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, sleep, timeout},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    client_ip::Proxies,
    guard::Guarded,
    metrics::{Metrics, OpenConnection},
    places::{PerAddress, Place, affordable},
};
use crate::config::HttpSection;

/// Request line and headers together.
const MAX_HEAD: usize = 16 << 10;
/// Headers in a request.
const MAX_HEADERS: usize = 64;
/// What is read ahead of a body and gathered for a write.
const MAX_BUFFER: usize = 64 << 10;
/// The pause after an error of `accept`, most often "too many open files": without it the loop would spin.
const BACK_OFF: Duration = Duration::from_millis(50);
/// Errors of `accept` are logged this often.
const COMPLAINT: Duration = Duration::from_secs(10);
/// The answer to a connection from an address that has too many, with the headers of every other answer that fit any site.
const TOO_MANY: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 5\r\nCache-Control: no-store\r\n\
X-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\nX-Frame-Options: DENY\r\nCross-Origin-Resource-Policy: same-origin\r\n\
Content-Security-Policy: default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'\r\n\
Content-Type: application/json; charset=utf-8\r\nContent-Length: 107\r\n\r\n\
{\"ok\":false,\"error\":\"Too many connections from your address.\",\"code\":\"too_many_connections\",\"retryAfter\":5}";

/// What a connection holds while it is open.
type Held = (OwnedSemaphorePermit, Place, OpenConnection);

/// Serves HTTP/1.1 on a listener until told to stop.
pub struct Server {
    http: http1::Builder,
    slots: Arc<Semaphore>,
    addresses: PerAddress,
    metrics: Metrics,
    write_timeout: Duration,
    shutdown_timeout: Duration,
}

impl Server {
    /// A server with the caps and timeouts of `section`.
    pub fn new(section: &HttpSection, metrics: &Metrics) -> Self {
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new())
            .header_read_timeout(section.header_read_timeout.0)
            .max_header_size(MAX_HEAD)
            .max_headers(MAX_HEADERS)
            .max_buf_size(MAX_BUFFER);
        Self {
            http,
            slots: Arc::new(Semaphore::new(affordable(section.max_connections, "http.max_connections"))),
            addresses: PerAddress::new(section.max_connections_per_ip, Proxies::new(&section.trusted_proxies)),
            metrics: metrics.clone(),
            write_timeout: section.write_timeout.0,
            shutdown_timeout: section.shutdown_timeout.0,
        }
    }

    /// Serves `app` until `stop` is cancelled; then accepts nothing more, lets what is in flight finish for
    /// `http.shutdown_timeout` and cuts the rest. Upgraded connections are not waited for: their owner closes them first.
    pub async fn run<E: Endpoint<Output = Response> + 'static>(self, listener: TcpListener, app: E, stop: CancellationToken) {
        let app = Arc::new(app);
        let (open, ending, cut) = (TaskTracker::new(), CancellationToken::new(), CancellationToken::new());
        loop {
            let (stream, peer, slot) = tokio::select! {
                biased;
                () = stop.cancelled() => break,
                accepted = self.accept(&listener) => accepted,
            };
            let Some(place) = self.addresses.take(peer.ip()) else {
                tokio::spawn(refuse(stream, slot));
                continue;
            };
            let held = (slot, place, self.metrics.open_connection());
            if let Ok(connection) = Connection::new(stream, peer, held, &self) {
                open.spawn(connection.serve(Arc::clone(&app), ending.clone(), cut.clone()));
            }
        }
        // First this, so that whoever loses its connection and comes again is refused.
        drop(listener);
        ending.cancel();
        open.close();
        if timeout(self.shutdown_timeout, open.wait()).await.is_err() {
            tracing::warn!(connections = open.len(), "cutting connections that did not finish in time");
            cut.cancel();
            open.wait().await;
        }
    }

    /// The next connection. Takes a slot before it accepts: what is over the cap waits in the kernel instead of in memory.
    async fn accept(&self, listener: &TcpListener) -> (TcpStream, SocketAddr, OwnedSemaphorePermit) {
        let slot = Arc::clone(&self.slots).acquire_owned().await.expect("the semaphore is never closed");
        let mut complained: Option<Instant> = None;
        loop {
            match listener.accept().await {
                Ok((stream, peer)) => return (stream, peer, slot),
                Err(error) if is_the_peers(&error) => {}
                Err(error) => {
                    if complained.is_none_or(|last| last.elapsed() > COMPLAINT) {
                        tracing::error!(%error, "cannot accept connections");
                        complained = Some(Instant::now());
                    }
                    sleep(BACK_OFF).await;
                }
            }
        }
    }
}

/// One accepted connection.
struct Connection {
    io: Guarded<Held>,
    http: http1::Builder,
    local: SocketAddr,
    peer: SocketAddr,
}

impl Connection {
    fn new(stream: TcpStream, peer: SocketAddr, held: Held, server: &Server) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        let local = stream.local_addr()?;
        Ok(Self { io: Guarded::new(stream, server.write_timeout, held), http: server.http.clone(), local, peer })
    }

    async fn serve<E: Endpoint<Output = Response> + 'static>(self, app: Arc<E>, ending: CancellationToken, cut: CancellationToken) {
        let Self { io, http, local, peer } = self;
        let service = service_fn(move |request: hyper::Request<Incoming>| {
            let app = Arc::clone(&app);
            async move {
                let request = poem::Request::from((request, LocalAddr(local.into()), RemoteAddr(peer.into()), Scheme::HTTP));
                Ok::<hyper::Response<_>, Infallible>(app.get_response(request).await.into())
            }
        });
        let mut connection = pin!(http.serve_connection(TokioIo::new(io), service).with_upgrades());
        // Peers that break the protocol or go away are their own problem: no line in the log for each.
        tokio::select! {
            result = connection.as_mut() => return tracing::debug!(?result, "connection ended"),
            () = ending.cancelled() => connection.as_mut().graceful_shutdown(),
        }
        tokio::select! {
            result = connection => tracing::debug!(?result, "connection ended"),
            () = cut.cancelled() => {}
        }
    }
}

/// Answers a connection over the cap of its address. Holds its slot meanwhile, so these are bounded too.
async fn refuse(mut stream: TcpStream, _slot: OwnedSemaphorePermit) {
    let _ = timeout(Duration::from_secs(1), async {
        stream.write_all(TOO_MANY).await?;
        stream.shutdown().await
    })
    .await;
}

/// Errors about the connection that was to be accepted; the next one may be fine.
fn is_the_peers(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionRefused)
}
