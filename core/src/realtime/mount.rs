//! `/socket.io` in the route table: polling, WebSocket, and the change from one to the other. Everything that requests pass on their
//! way here holds, too.
//!
//! poem keeps the handle of an upgrade for itself, so the library cannot take over a connection by itself; it is handed the upgraded
//! stream instead.

#![expect(clippy::result_large_err, reason = "a refusal is the answer itself, made once for a request and moved up")]

use std::{convert::Infallible, io, sync::Arc};

use bytes::Bytes;
use http_body_util::{BodyExt, Empty, Full, combinators::BoxBody};
use hyper::service::Service as _;
use poem::{
    Body, Endpoint, IntoResponse, Request, Response,
    http::{HeaderValue, Method, StatusCode, Uri, header},
};
use socketioxide::{service::SocketIoService, socket::Sid};
use tokio::sync::Semaphore;
use tungstenite::handshake::derive_accept_key;

use super::{
    Realtime, backlog,
    line::{Line, Lines, Watched},
    wire::WireAdapter,
};
use crate::http::{
    base::Base,
    client_ip::ClientIp,
    error::{ErrorBody, Failure, refuse},
    origin::Source,
    places::{PerAddress, affordable},
    rate::Keyed,
};

/// The addresses at which the engine answers, and no others.
pub const PATHS: [&str; 2] = ["/socket.io", "/socket.io/"];

/// The library's service.
pub type Engine = SocketIoService<Nowhere, WireAdapter>;

/// The body of a request to the engine.
type EngineBody = BoxBody<Bytes, io::Error>;

/// The endpoint for `/socket.io`. Cheap to clone.
#[derive(Clone)]
pub struct Mount(Arc<Inner>);

struct Inner {
    engine: Engine,
    realtime: Arc<Realtime>,
    base: Base,
    lines: Lines,
    slots: Arc<Semaphore>,
    clients: PerAddress,
    handshakes: Option<Keyed>,
}

impl Mount {
    /// Puts `engine` behind `base`.
    pub fn new(engine: Engine, realtime: Arc<Realtime>, base: &Base, handshakes: Option<Keyed>) -> Self {
        let limits = &realtime.limits;
        let slots = Arc::new(Semaphore::new(affordable(limits.sockets, "limits.sockets")));
        let clients = PerAddress::new(limits.sockets_per_client, base.proxies.clone());
        Self(Arc::new(Inner { engine, base: base.clone(), lines: Lines::default(), slots, clients, handshakes, realtime }))
    }

    /// Forgets connections that are gone.
    pub fn sweep(&self) {
        self.0.lines.sweep();
    }

    async fn answer(&self, request: Request) -> Result<Response, Response> {
        // The base refuses what acts; over a socket everything acts.
        if self.0.base.origins.source(request.headers()) == Source::Foreign {
            return Err(self.refuse(StatusCode::FORBIDDEN, "origin_rejected", "A page of another site may not connect here."));
        }
        let websocket = request.headers().get(header::UPGRADE).is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"websocket"));
        match (parameter(request.uri(), "sid").map(str::parse::<Sid>), websocket) {
            (None, false) => self.open(request).await,
            (None, true) => {
                let line = self.new_line(&request)?;
                self.upgrade(request, line, None)
            }
            (Some(Ok(sid)), true) => {
                let line = self.line_of(&request, sid)?;
                if !line.upgrade() {
                    return Err(engine_error("3", "Bad request"));
                }
                let hangup = Hangup { mount: self.clone(), sid };
                self.upgrade(request, line, Some(hangup))
            }
            (Some(Ok(sid)), false) => {
                let line = self.line_of(&request, sid)?;
                tokio::select! {
                    answer = self.ask(request, &line) => answer,
                    () = line.until_cut() => Err(unknown_session()),
                }
            }
            (Some(Err(_)), _) => Err(unknown_session()),
        }
    }

    /// Opens a connection over polling.
    async fn open(&self, request: Request) -> Result<Response, Response> {
        let line = self.new_line(&request)?;
        let mut answer = self.ask(request, &line).await?;
        if answer.status().is_success() {
            let body = answer.take_body().into_bytes().await.map_err(|_| engine_error("3", "Bad request"))?;
            if let Some(sid) = opened(&body) {
                self.0.lines.add(sid, &line);
            }
            answer.set_body(body);
        }
        Ok(answer)
    }

    /// A new connection, if there may be one.
    fn new_line(&self, request: &Request) -> Result<Line, Response> {
        let Inner { realtime, slots, clients, handshakes, .. } = &*self.0;
        if realtime.is_closing() {
            return Err(self.busy("closing", "The server is stopping. Please try again."));
        }
        let client = client_of(request);
        if let Some(Err(error)) = handshakes.as_ref().map(|limit| limit.check(&client.key())) {
            realtime.counters.refuse("rate_limited");
            return Err(Failure(error).into_response());
        }
        let place = clients.take(client.0).ok_or_else(|| self.busy("too_many_connections", "Too many connections from your address."))?;
        let slot = Arc::clone(slots).try_acquire_owned();
        let slot = slot.map_err(|_| self.busy("too_many_connections", "Too many people are connected at the moment. Please try again."))?;
        let token = realtime.sessions.cookie.read(request.headers()).token();
        Ok(Line::new(token, client, (slot, place)))
    }

    /// The connection that a request belongs to, if the request comes from whoever opened it.
    fn line_of(&self, request: &Request, sid: Sid) -> Result<Line, Response> {
        let line = self.0.lines.find(sid).ok_or_else(unknown_session)?;
        let token = self.0.realtime.sessions.cookie.read(request.headers()).token();
        if !line.belongs_to(token.as_ref(), client_of(request)) {
            return Err(self.refuse(StatusCode::FORBIDDEN, "forbidden", "This connection was opened by somebody else."));
        }
        line.hear();
        Ok(line)
    }

    /// Answers 101 and hands the connection over.
    fn upgrade(&self, request: Request, line: Line, hangup: Option<Hangup>) -> Result<Response, Response> {
        let accept = websocket_key(&request).ok_or_else(|| engine_error("3", "Bad request"))?;
        let stream = request.take_upgrade().map_err(|_| engine_error("3", "Bad request"))?;
        let mut head = poem::http::Request::new(());
        *head.uri_mut() = request.uri().clone();
        head.extensions_mut().insert(line.clone());
        let (engine, pace) = (self.0.engine.clone(), self.0.realtime.limits.socket_bytes_per_second.0);
        tokio::spawn(async move {
            if let Ok(stream) = stream.await {
                let outcome = engine.call((Watched::new(stream, line, pace, hangup), head)).await;
                tracing::debug!(?outcome, "a connection was upgraded");
            }
        });
        Ok(Response::builder()
            .status(StatusCode::SWITCHING_PROTOCOLS)
            .header(header::UPGRADE, "websocket")
            .header(header::CONNECTION, "Upgrade")
            .header(header::SEC_WEBSOCKET_ACCEPT, accept)
            .finish())
    }

    /// Lets the engine answer on a line that polls.
    async fn ask(&self, mut request: Request, line: &Line) -> Result<Response, Response> {
        let body: EngineBody = request.take_body().into();
        let mut asked = poem::http::Request::new(body);
        *asked.method_mut() = request.method().clone();
        *asked.uri_mut() = request.uri().clone();
        if let Some(kind) = request.headers().get(header::CONTENT_TYPE) {
            asked.headers_mut().insert(header::CONTENT_TYPE, kind.clone());
        }
        asked.extensions_mut().insert(line.clone());
        let (head, body) = self.engine(asked).await?.into_parts();
        line.backlog().remove(backlog::in_answer(&body));
        let mut response = Response::builder().status(head.status).body(Body::from(body));
        response.headers_mut().extend(head.headers);
        Ok(response)
    }

    async fn engine(&self, request: poem::http::Request<EngineBody>) -> Result<poem::http::Response<Bytes>, Response> {
        let answered = self.0.engine.call(request).await;
        let (head, body) = answered.unwrap_or_else(|never| match never {}).into_parts();
        let body = body.collect().await.map_err(|_| engine_error("3", "Bad request"))?.to_bytes();
        Ok(poem::http::Response::from_parts(head, body))
    }

    /// Closes a connection that is still polling.
    async fn hang_up(&self, sid: Sid) {
        let uri = format!("/socket.io/?EIO=4&transport=polling&sid={sid}");
        let close = Full::new(Bytes::from_static(b"1")).map_err(|never| match never {}).boxed();
        let request = poem::http::Request::post(uri).body(close);
        if let Ok(request) = request {
            // It is closed either way.
            let _ = self.engine(request).await;
        }
    }

    fn refuse(&self, status: StatusCode, code: &str, sentence: &str) -> Response {
        self.0.realtime.counters.refuse(code);
        refuse(status, code, sentence)
    }

    fn busy(&self, code: &str, sentence: &str) -> Response {
        self.0.realtime.counters.refuse(code);
        ErrorBody { retry_after: Some(5), ..ErrorBody::new(code, sentence) }.respond(StatusCode::SERVICE_UNAVAILABLE)
    }
}

impl Endpoint for Mount {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        Ok(self.answer(request).await.unwrap_or_else(|refusal| refusal))
    }
}

/// Closes a session whose WebSocket is gone. Where the change to it was broken off, nobody else would: the session would be between
/// two transports for ever, and the library asks it for no sign of life.
struct Hangup {
    mount: Mount,
    sid: Sid,
}

impl Drop for Hangup {
    fn drop(&mut self) {
        let (mount, sid) = (self.mount.clone(), self.sid);
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move { mount.hang_up(sid).await });
        }
    }
}

/// What answers where the engine does not. Nobody asks it: only the engine's own addresses lead there.
#[derive(Clone)]
pub struct Nowhere;

impl hyper::service::Service<poem::http::Request<EngineBody>> for Nowhere {
    type Response = poem::http::Response<Empty<Bytes>>;
    type Error = Infallible;
    type Future = std::future::Ready<Result<Self::Response, Infallible>>;

    fn call(&self, _: poem::http::Request<EngineBody>) -> Self::Future {
        let mut response = poem::http::Response::new(Empty::new());
        *response.status_mut() = StatusCode::NOT_FOUND;
        std::future::ready(Ok(response))
    }
}

/// Who sends `request`; the base has found out.
fn client_of(request: &Request) -> ClientIp {
    request.data().copied().unwrap_or_else(|| ClientIp(crate::http::client_ip::peer(request)))
}

/// A parameter of the query. Those of Engine.IO need no decoding.
fn parameter<'a>(uri: &'a Uri, name: &str) -> Option<&'a str> {
    uri.query()?.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
}

/// The answer to the key of a WebSocket's opening request, if that is one that we speak.
fn websocket_key(request: &Request) -> Option<HeaderValue> {
    let speaks = parameter(request.uri(), "EIO") == Some("4") && parameter(request.uri(), "transport") == Some("websocket");
    let version = request.headers().get(header::SEC_WEBSOCKET_VERSION).is_some_and(|version| version == "13");
    let key = request.headers().get(header::SEC_WEBSOCKET_KEY).filter(|key| key.len() == 24)?;
    (request.method() == Method::GET && speaks && version).then(|| derive_accept_key(key.as_bytes()).parse().ok())?
}

/// The id in the answer that opens a session.
fn opened(body: &[u8]) -> Option<Sid> {
    let open: serde_json::Value = serde_json::from_slice(body.strip_prefix(b"0")?).ok()?;
    open.get("sid")?.as_str()?.parse().ok()
}

/// An error as Engine.IO has them; its clients know the numbers.
fn engine_error(code: &str, message: &str) -> Response {
    let body = serde_json::json!({ "code": code, "message": message }).to_string();
    Response::builder().status(StatusCode::BAD_REQUEST).content_type("application/json").body(body)
}

fn unknown_session() -> Response {
    engine_error("1", "Session ID unknown")
}
