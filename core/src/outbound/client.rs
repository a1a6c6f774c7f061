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
use prometheus::{IntCounterVec, opts};
use tokio::{
    sync::Semaphore,
    time::{Instant, timeout},
};
use tokio_util::task::AbortOnDropHandle;
use url::Host;

use super::{
    avoid::Place,
    dial::{Dialler, Io, MOST_TRIED},
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
    /// What bots may take of the slots: people who sign in do not wait for a bot.
    bots: Semaphore,
    user_agent: HeaderValue,
    outcomes: IntCounterVec,
}

/// Of so many slots one is kept free of bots.
const RESERVED: usize = 4;

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
        let counted = opts!("outbound_requests_total", "Requests to other servers, by plugin and outcome.");
        Ok(Self(Arc::new(Inner {
            resolver,
            dialler: Dialler::new(section)?,
            http,
            slots: Semaphore::new(section.concurrency),
            bots: Semaphore::new((section.concurrency - section.concurrency / RESERVED).max(1)),
            section: section.clone(),
            avoided,
            outcomes: IntCounterVec::new(counted, &["plugin", "outcome"]).expect("names are valid"),
            user_agent: user_agent.parse().map_err(|_| SetupError("http.base_url cannot stand in a header".to_owned()))?,
        })))
    }

    /// Sends `request` of `plugin`, whose URI is absolute, to a host that `allowed` names, and returns the whole answer whatever its
    /// status. Redirects are not followed. Headers of the connection and cookies are left out; a `User-Agent` is added unless there is
    /// one. Takes at most `outbound.timeout`, waiting for a free slot included: half of it, since that is not the other server's fault.
    pub async fn send(&self, plugin: &str, allowed: &AllowList, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, OutboundError> {
        self.carry_out(plugin, self.0.section.timeout.0, allowed, self.0.slots.acquire(), request).await
    }

    /// The same for a bot, which waits for others first, with a time of its own in place of `outbound.timeout`.
    pub async fn send_for_bot(
        &self,
        bot: &str,
        limit: Duration,
        allowed: &AllowList,
        request: Request<Vec<u8>>,
    ) -> Result<Response<Vec<u8>>, OutboundError> {
        let slots = async { (self.0.bots.acquire().await, self.0.slots.acquire().await) };
        self.carry_out(bot, limit, allowed, slots, request).await
    }

    /// How requests went, to be served with the other counters.
    pub fn outcomes(&self) -> IntCounterVec {
        self.0.outcomes.clone()
    }

    /// Sends a request once it has its `slot`, and writes down what came of it.
    async fn carry_out<S>(
        &self,
        plugin: &str,
        limit: Duration,
        allowed: &AllowList,
        slot: impl Future<Output = S>,
        request: Request<Vec<u8>>,
    ) -> Result<Response<Vec<u8>>, OutboundError> {
        let (begun, method) = (Instant::now(), request.method().clone());
        let target = Target::of(request.uri())?;
        let work = async {
            allowed.check(&target.url)?;
            let _slot = timeout(limit / 2, slot).await.map_err(|_| self.0.busy(&target))?;
            self.0.exchange(allowed, &target, request).await
        };
        let late = |_| {
            let sentence = format!("{} did not answer completely within {} ms", target.host, limit.as_millis());
            Err(OutboundError::new(ErrorKind::Timeout, sentence))
        };
        let outcome = timeout(limit, work).await.unwrap_or_else(late);
        let counted_as = outcome.as_ref().map_or_else(|error| error.kind.as_str(), |_| "answered");
        self.0.outcomes.with_label_values(&[plugin, counted_as]).inc();
        log(plugin, &method, &target, begun, &outcome);
        outcome.map(|answer| answer.response)
    }
}

impl Inner {
    async fn exchange(&self, allowed: &AllowList, target: &Target, request: Request<Vec<u8>>) -> Result<Answer, OutboundError> {
        let request = self.rewritten(target, request)?;
        let addresses = self.addresses(allowed, target).await?;
        let (stream, from) = self.dialler.connect(&target.host, &addresses, target.is_https()).await?;
        let response = self.speak(stream, request).await.map_err(|fault| fault.at(&self.section, &target.host))?;
        Ok(Answer { response, from })
    }

    fn busy(&self, target: &Target) -> OutboundError {
        let sentence = format!(
            "{} was not asked: this server has {} requests to others under way (outbound.concurrency)",
            target.host, self.section.concurrency
        );
        OutboundError::new(ErrorKind::Busy, sentence)
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
                let what = "is where the database, the mail server, the files or the counters of this server are";
                return Err(Refused(format!("{}:{} {what}", target.host, target.port)).into());
            }
        }
        if !allowed.allows_private() && found.iter().any(|address| self.resolver.is_own(*address)) {
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
fn log(plugin: &str, method: &Method, target: &Target, begun: Instant, outcome: &Result<Answer, OutboundError>) {
    let (host, port) = (&target.host, target.port);
    let ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    match outcome {
        Ok(Answer { response, from }) => {
            let (status, bytes) = (response.status().as_u16(), response.body().len());
            tracing::info!(plugin, %method, %host, port, address = %from.ip(), status, bytes, ms, "asked another server");
        }
        Err(error) => {
            tracing::warn!(plugin, %method, %host, port, kind = ?error.kind, ms, "a request to another server failed: {error}");
        }
    }
}
