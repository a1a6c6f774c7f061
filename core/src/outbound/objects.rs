//! How the library for object stores speaks HTTP. Where to is the operator's own setting, so no list guards it and private
//! addresses are fine; for the rest it is like every request of this server: our own TLS, no proxy, no redirect.

use std::{
    collections::VecDeque,
    convert::Infallible,
    net::{IpAddr, SocketAddr},
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use futures_util::Stream;
use http_body::{Body, Frame, SizeHint};
use hyper::{
    Request, Response,
    body::Incoming,
    client::conn::http1,
    header::{self, HeaderName},
};
use hyper_util::rt::TokioIo;
use opendal::{Buffer, Error, ErrorKind, HttpBody, HttpTransport};
use tokio::time::Instant;
use tokio_util::task::AbortOnDropHandle;
use url::Host;

use super::{
    dial::{Dialler, Io, MOST_TRIED},
    error::{SetupError, chain},
    resolve::Resolve,
    target::Target,
};
use crate::config::OutboundSection;

/// How long an idle connection is kept: shorter than what servers and networks forget.
const IDLE: Duration = Duration::from_secs(20);
/// Idle connections that are kept.
const KEPT: usize = 16;

/// The client. Clones share its connections.
#[derive(Clone)]
pub struct ObjectTransport(Arc<Inner>);

struct Inner {
    resolver: Arc<dyn Resolve>,
    dialler: Dialler,
    idle: Mutex<VecDeque<Connection>>,
}

/// An open connection that nobody uses.
struct Connection {
    place: String,
    sender: http1::SendRequest<Payload>,
    since: Instant,
    _task: AbortOnDropHandle<()>,
}

impl ObjectTransport {
    /// A client that trusts what the other requests of this server trust.
    ///
    /// # Errors
    /// `outbound.ca_file` cannot be used.
    pub fn new(section: &OutboundSection, resolver: Arc<dyn Resolve>) -> Result<Self, SetupError> {
        Ok(Self(Arc::new(Inner { resolver, dialler: Dialler::new(section)?, idle: Mutex::default() })))
    }

    async fn connection(&self, target: &Target) -> Result<Connection, Error> {
        let place = format!("{}://{}:{}", target.url.scheme(), target.host, target.port);
        if let Some(connection) = self.0.kept(&place) {
            return Ok(connection);
        }
        let addresses = self.0.addresses(target).await?;
        let (stream, _) = self.0.dialler.connect(&target.host, &addresses, target.is_https()).await.map_err(|error| passing(&error))?;
        let (sender, connection) = http1::handshake(TokioIo::<Box<dyn Io>>::new(stream)).await.map_err(|error| passing(&error))?;
        let task = tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection to the object store ended");
            }
        });
        Ok(Connection { place, sender, since: Instant::now(), _task: AbortOnDropHandle::new(task) })
    }
}

impl Inner {
    /// A connection to `place` that is still open. Those that idled too long are closed.
    fn kept(&self, place: &str) -> Option<Connection> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|connection| connection.since.elapsed() < IDLE && !connection.sender.is_closed());
        let at = idle.iter().position(|connection| connection.place == place && connection.sender.is_ready())?;
        idle.remove(at)
    }

    fn keep(&self, connection: Connection) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.push_back(Connection { since: Instant::now(), ..connection });
        if idle.len() > KEPT {
            idle.pop_front();
        }
    }

    async fn addresses(&self, target: &Target) -> Result<Vec<SocketAddr>, Error> {
        let fixed = |address: IpAddr| vec![SocketAddr::new(address, target.port)];
        let mut found = match &target.host {
            Host::Ipv4(address) => fixed((*address).into()),
            Host::Ipv6(address) => fixed((*address).into()),
            Host::Domain(name) => self.resolver.resolve(name, target.port).await.map_err(|error| passing(&error))?,
        };
        found.truncate(MOST_TRIED);
        Ok(found)
    }
}

impl HttpTransport for ObjectTransport {
    async fn fetch(&self, request: Request<Buffer>) -> Result<Response<HttpBody>, Error> {
        let odd = |error: &dyn std::error::Error| Error::new(ErrorKind::Unexpected, chain(error));
        let target = Target::of(request.uri()).map_err(|error| odd(&error))?;
        let (mut parts, body) = request.into_parts();
        // As it was signed; a slash is signed as `%2F`, and some servers do not see that it is the same.
        let query = parts.uri.query().map(|query| format!("?{}", query.replace('/', "%2F"))).unwrap_or_default();
        parts.uri = format!("{}{query}", parts.uri.path()).parse().map_err(|error| odd(&error))?;
        parts.version = hyper::Version::HTTP_11;
        parts.headers.insert(header::HOST, target.authority().map_err(|error| odd(&error))?);
        for name in [header::CONNECTION, header::TRANSFER_ENCODING, HeaderName::from_static("keep-alive")] {
            parts.headers.remove(name);
        }
        let mut connection = self.connection(&target).await?;
        let response = connection.sender.send_request(Request::from_parts(parts, Payload(body))).await;
        let (parts, body) = response.map_err(|error| passing(&error))?.into_parts();
        let size = body.size_hint().exact();
        let answer = Answer { body: Mutex::new(body), connection: Some(connection), transport: self.0.clone() };
        Ok(Response::from_parts(parts, HttpBody::new(answer, size)))
    }
}

/// A failure that may be over the next time.
fn passing(error: &dyn std::error::Error) -> Error {
    Error::new(ErrorKind::Unexpected, format!("the object store cannot be reached: {}", chain(error))).set_temporary()
}

/// The body of a request.
struct Payload(Buffer);

impl Body for Payload {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.next().map(|bytes| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.0.len() as u64)
    }
}

/// The body of an answer. Once it is read, its connection may be used again.
struct Answer {
    /// In a lock only because the library wants to share it; nobody ever waits for it.
    body: Mutex<Incoming>,
    connection: Option<Connection>,
    transport: Arc<Inner>,
}

impl Answer {
    fn body(&mut self) -> &mut Incoming {
        self.body.get_mut().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Stream for Answer {
    type Item = Result<Buffer, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            let frame = match Pin::new(self.body()).poll_frame(cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(None) => return Poll::Ready(None),
                Poll::Ready(Some(Err(error))) => {
                    self.connection = None;
                    return Poll::Ready(Some(Err(passing(&error))));
                }
                Poll::Ready(Some(Ok(frame))) => frame,
            };
            if let Ok(data) = frame.into_data() {
                return Poll::Ready(Some(Ok(Buffer::from(data))));
            }
        }
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        if self.body().is_end_stream()
            && let Some(connection) = self.connection.take()
        {
            self.transport.keep(connection);
        }
    }
}
