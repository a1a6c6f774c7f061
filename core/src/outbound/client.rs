//! One exchange: vet, connect, send, read with caps.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::{
    Method, Request, Response,
    body::{Body, Incoming},
    client::conn::http1,
    header::{self, HeaderName, HeaderValue},
};
use hyper_util::rt::TokioIo;
use tokio::{
    sync::Semaphore,
    time::{Instant, timeout},
};
use tokio_util::task::AbortOnDropHandle;
use url::Host;

use super::{
    avoid::Place,
    dial::{Dialler, Io, MOST_TRIED, is_own},
    error::{ErrorKind, OutboundError, Refused, SetupError, chain},
    hosts::AllowList,
    resolve::Resolve,
    target::Target,
};
use crate::config::{BaseUrl, OutboundSection};

/// Request headers that belong to the connection or to this client, and cookies, which nobody here may have.
const OURS: [HeaderName; 13] = [
    header::ACCEPT_ENCODING,
    header::CONNECTION,
    header::CONTENT_LENGTH,
    header::COOKIE,
    header::EXPECT,
    header::HOST,
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
];

/// The client. Clones share everything.
#[derive(Clone)]
pub struct Outbound(Arc<Inner>);

struct Inner {
    resolver: Arc<dyn Resolve>,
    dialler: Dialler,
    http: http1::Builder,
    section: OutboundSection,
    avoided: Vec<Place>,
    slots: Semaphore,
    user_agent: HeaderValue,
}

/// Whether a header of a request belongs to the connection or to this client, so that nobody else sets it.
pub fn is_own_header(name: &HeaderName) -> bool {
    OURS.contains(name)
}

/// What came back, from where.
struct Answer {
    response: Response<Vec<u8>>,
    from: SocketAddr,
}

impl Outbound {
    /// A client with the bounds of `section` that goes to none of the places `avoided`. It calls itself
    /// `openclaw-community/<version> (+<base URL>)`.
    ///
    /// # Errors
    /// `outbound.ca_file` cannot be used.
    pub fn new(section: &OutboundSection, resolver: Arc<dyn Resolve>, base_url: &BaseUrl, avoided: Vec<Place>) -> Result<Self, SetupError> {
        let mut http = http1::Builder::new();
        http.max_headers(section.max_headers).max_header_size(section.max_head.as_usize()).max_buf_size(section.max_head.as_usize());
        let user_agent = format!("openclaw-community/{} (+{})", env!("CARGO_PKG_VERSION"), base_url.origin());
        Ok(Self(Arc::new(Inner {
            resolver,
            dialler: Dialler::new(section)?,
            http,
            slots: Semaphore::new(section.concurrency),
            section: section.clone(),
            avoided,
            user_agent: user_agent.parse().map_err(|_| SetupError("http.base_url cannot stand in a header".to_owned()))?,
        })))
    }

    /// Sends `request`, whose URI is absolute, to a host that `allowed` names, and returns the whole answer whatever its status.
    /// Redirects are not followed. Headers of the connection and cookies are left out; a `User-Agent` is added unless there is
    /// one. Takes at most `outbound.timeout`, waiting for a free slot included.
    pub async fn send(&self, allowed: &AllowList, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, OutboundError> {
        self.send_within(self.0.section.timeout.0, allowed, request).await
    }

    /// The same with a time of its own in place of `outbound.timeout`.
    pub async fn send_within(
        &self,
        limit: Duration,
        allowed: &AllowList,
        request: Request<Vec<u8>>,
    ) -> Result<Response<Vec<u8>>, OutboundError> {
        let begun = Instant::now();
        let method = request.method().clone();
        let target = Target::of(request.uri())?;
        let outcome = timeout(limit, self.0.exchange(allowed, &target, request)).await.unwrap_or_else(|_| {
            Err(OutboundError::new(
                ErrorKind::Timeout,
                format!("{} did not answer completely within {} ms", target.host, limit.as_millis()),
            ))
        });
        log(&method, &target, begun, &outcome);
        outcome.map(|answer| answer.response)
    }
}

impl Inner {
    async fn exchange(&self, allowed: &AllowList, target: &Target, request: Request<Vec<u8>>) -> Result<Answer, OutboundError> {
        allowed.check(&target.url)?;
        let request = self.rewritten(target, request)?;
        // The semaphore is never closed.
        let _slot = self.slots.acquire().await;
        let addresses = self.addresses(allowed, target).await?;
        let (stream, from) = self.dialler.connect(&target.host, &addresses, target.is_https()).await?;
        let response = self.speak(stream, request).await.map_err(|fault| fault.at(&self.section, &target.host))?;
        Ok(Answer { response, from })
    }

    /// The addresses of the target, all of which may be dialled.
    async fn addresses(&self, allowed: &AllowList, target: &Target) -> Result<Vec<SocketAddr>, OutboundError> {
        let mut found: Vec<IpAddr> = match &target.host {
            Host::Ipv4(address) => vec![(*address).into()],
            Host::Ipv6(address) => vec![(*address).into()],
            Host::Domain(name) => {
                let unknown = |error| OutboundError::new(ErrorKind::Unreachable, format!("{name} has no address: {error}"));
                self.resolver.resolve(name, target.port).await.map_err(unknown)?.iter().map(SocketAddr::ip).collect()
            }
        };
        allowed.vet(&target.host, target.is_https(), found.iter().copied())?;
        found.truncate(MOST_TRIED);
        for place in &self.avoided {
            if place.is(&target.host, target.port, &found, &*self.resolver).await {
                let what = "is where the database, the mail server or the counters of this server are";
                return Err(Refused(format!("{}:{} {what}", target.host, target.port)).into());
            }
        }
        if !allowed.allows_private() && found.iter().copied().any(is_own) {
            return Err(Refused(format!("{} is this machine itself; allow_private = true permits that", target.host)).into());
        }
        Ok(found.into_iter().map(|address| SocketAddr::new(address, target.port)).collect())
    }

    /// The request as it goes over the wire.
    fn rewritten(&self, target: &Target, request: Request<Vec<u8>>) -> Result<Request<Full<Bytes>>, OutboundError> {
        let (mut parts, body) = request.into_parts();
        if parts.method == Method::CONNECT {
            return Err(Refused("CONNECT is not a request for an answer".to_owned()).into());
        }
        parts.uri = target.path()?;
        parts.version = hyper::Version::HTTP_11;
        for name in OURS {
            parts.headers.remove(name);
        }
        parts.headers.insert(header::HOST, target.authority()?);
        parts.headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        parts.headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        parts.headers.entry(header::USER_AGENT).or_insert_with(|| self.user_agent.clone());
        Ok(Request::from_parts(parts, Full::from(body)))
    }

    /// Sends the request and reads the answer up to the caps. The connection ends with this call, however it ends.
    async fn speak(&self, stream: Box<dyn Io>, request: Request<Full<Bytes>>) -> Result<Response<Vec<u8>>, Fault> {
        let (mut sender, connection) = self.http.handshake(TokioIo::new(stream)).await?;
        let _connection = AbortOnDropHandle::new(tokio::spawn(connection));
        let (parts, body) = sender.send_request(request).await?.into_parts();
        let body = collect(body, self.section.max_response.as_usize()).await?;
        Ok(Response::from_parts(parts, body))
    }
}

async fn collect(body: Incoming, cap: usize) -> Result<Vec<u8>, Fault> {
    if usize::try_from(body.size_hint().lower()).map_or(true, |announced| announced > cap) {
        return Err(Fault::LongBody);
    }
    match Limited::new(body, cap).collect().await {
        Ok(collected) => Ok(collected.to_bytes().into()),
        Err(error) if error.is::<LengthLimitError>() => Err(Fault::LongBody),
        Err(error) => Err(Fault::Broken(chain(error.as_ref()))),
    }
}

/// What went wrong on an open connection.
enum Fault {
    /// The head exceeds its caps.
    LongHead,
    /// The body exceeds its cap.
    LongBody,
    /// It was not HTTP, or ended early.
    Broken(String),
}

impl Fault {
    fn at(self, section: &OutboundSection, host: &Host) -> OutboundError {
        match self {
            Self::LongHead => {
                let caps = format!("{} or has more than {} headers", section.max_head, section.max_headers);
                OutboundError::new(ErrorKind::TooLarge, format!("the head of the answer of {host} is longer than {caps}"))
            }
            Self::LongBody => {
                OutboundError::new(ErrorKind::TooLarge, format!("the answer of {host} is longer than {}", section.max_response))
            }
            Self::Broken(how) => OutboundError::new(ErrorKind::Protocol, format!("{host} gave no proper answer: {how}")),
        }
    }
}

impl From<hyper::Error> for Fault {
    fn from(error: hyper::Error) -> Self {
        if error.is_parse_too_large() { Self::LongHead } else { Self::Broken(chain(&error)) }
    }
}

/// The line for the operator: who was asked and what came of it, without path and query.
fn log(method: &Method, target: &Target, begun: Instant, outcome: &Result<Answer, OutboundError>) {
    let (host, port) = (&target.host, target.port);
    let ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    match outcome {
        Ok(Answer { response, from }) => {
            let (status, bytes) = (response.status().as_u16(), response.body().len());
            tracing::info!(%method, %host, port, address = %from.ip(), status, bytes, ms, "asked another server");
        }
        Err(error) => {
            tracing::warn!(%method, %host, port, kind = ?error.kind, ms, "a request to another server failed: {error}");
        }
    }
}
