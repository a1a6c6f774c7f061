//! `http`: asking other servers, through the one guarded client of this server.

use std::time::Duration;

use poem::http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri};
use tokio::time::{Instant, timeout};
use wasmtime::Result;

use super::{BotHost, Session};
use crate::{
    error::Error as AppError,
    outbound::{ErrorKind, OutboundError, is_own_header},
    plugins::{
        bindings::bot::openclaw::http::http::{Error, Header, Host, Request as GuestRequest, Response, SecretHeader},
        state::GuestState,
    },
};

const METHODS: [Method; 6] = [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::HEAD];
const MAX_HEADERS: usize = 32;
const MAX_SECRETS: usize = 4;
const MAX_ANSWERED_HEADERS: usize = 64;
const MAX_BODY: usize = 1 << 20;
/// Requests in one call.
const MAX_REQUESTS: u32 = 16;
/// Of the time that a call has left, one part of so many is not for waiting.
const SPARED: u32 = 10;
/// Headers beside those of the connection that would speak in somebody else's name.
const WITHHELD: [&str; 4] = ["authorization", "forwarded", "via", "x-real-ip"];

fn denied(sentence: impl Into<String>) -> Error {
    Error::Denied(sentence.into())
}

fn name(text: &str) -> Result<HeaderName, Error> {
    let name = HeaderName::try_from(text).map_err(|_| denied(format!("{text:?} is no name of a header")))?;
    let withheld = name.as_str().starts_with("proxy-") || name.as_str().starts_with("x-forwarded-");
    if withheld || is_own_header(&name) || WITHHELD.contains(&name.as_str()) {
        return Err(denied(format!("the header {name} is the host's")));
    }
    Ok(name)
}

fn value(name: &HeaderName, text: &str) -> Result<HeaderValue, Error> {
    let plain = text.len() <= 4096 && text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    let value = if plain { HeaderValue::try_from(text).ok() } else { None };
    value.ok_or_else(|| denied(format!("the value of {name} is longer than 4096 bytes or no visible ASCII")))
}

impl BotHost {
    /// The error for a request whose turn did not come.
    fn too_many_requests(&self) -> Error {
        self.journal.count(&self.plugin, "requests");
        Error::Limited(format!("it has {} requests to others under way (limits.requests)", self.limits.requests))
    }
}

impl Session {
    /// How long the call can wait for others, so that there is time left to say what came of it.
    fn time_to_wait(&self) -> Duration {
        let left = self.until.map_or(self.host.limits.wall_clock.0, |until| until.saturating_duration_since(Instant::now()));
        left.saturating_sub(left / SPARED)
    }

    fn secret(&self, header: &SecretHeader) -> Result<(HeaderName, HeaderValue), Error> {
        let given = header.name.to_ascii_lowercase();
        let name = if given == "authorization" { poem::http::header::AUTHORIZATION } else { name(&given)? };
        let unset = || denied(format!("the secret {} is not set", header.secret));
        let secret = self.host.settings.secret(&header.secret).ok_or_else(unset)?;
        let mut value = value(&name, &format!("{}{secret}", header.prefix))
            .map_err(|_| denied(format!("the secret {} cannot stand in a header", header.secret)))?;
        value.set_sensitive(true);
        Ok((name, value))
    }

    fn headers(&self, request: &GuestRequest) -> Result<HeaderMap, Error> {
        if request.headers.len() > MAX_HEADERS || request.secret_headers.len() > MAX_SECRETS {
            return Err(denied(format!("a request has at most {MAX_HEADERS} headers and {MAX_SECRETS} with secrets")));
        }
        let mut headers = HeaderMap::new();
        for Header { name: given, value: text } in &request.headers {
            let name = name(given)?;
            let value = value(&name, text)?;
            headers.append(name, value);
        }
        for header in &request.secret_headers {
            let (name, value) = self.secret(header)?;
            headers.insert(name, value);
        }
        Ok(headers)
    }

    fn prepare(&self, request: GuestRequest) -> Result<Request<Vec<u8>>, Error> {
        let allowed = METHODS.iter().find(|method| method.as_str() == request.method);
        let method = allowed.ok_or_else(|| denied(format!("{:?} is no method for requests", request.method)))?;
        let uri: Uri = request.url.parse().map_err(|_| denied("the url is no address"))?;
        if request.body.len() > MAX_BODY {
            return Err(denied("a body has at most 1 MiB"));
        }
        let headers = self.headers(&request)?;
        let mut prepared = Request::new(request.body);
        (*prepared.method_mut(), *prepared.uri_mut(), *prepared.headers_mut()) = (method.clone(), uri, headers);
        Ok(prepared)
    }

    async fn ask(&mut self, request: GuestRequest) -> Result<Response, Error> {
        self.requests += 1;
        if self.requests > MAX_REQUESTS {
            self.host.journal.count(&self.host.plugin, "requests");
            return Err(Error::Limited(format!("a call may ask {MAX_REQUESTS} times")));
        }
        let most = self.time_to_wait();
        let limit = request.timeout_ms.map_or(most, |ms| Duration::from_millis(ms.into()).min(most));
        let prepared = self.prepare(request)?;
        let host = self.host.clone();
        let exchange = async move {
            let begun = Instant::now();
            let Ok(_slot) = timeout(limit / 2, host.requests.acquire()).await else { return Ok(Err(host.too_many_requests())) };
            let left = limit.saturating_sub(begun.elapsed());
            Ok(host.outbound.send_for_bot(&host.plugin, left, &host.allowed, prepared).await.map_err(failed))
        };
        let outcome = timeout(limit, self.host.outside(exchange)).await.map_err(|_| Error::Timeout)?;
        let answer = outcome.map_err(|error: AppError| Error::Other(error.message))??;
        let (parts, body) = answer.into_parts();
        let text =
            |(name, value): (&HeaderName, &HeaderValue)| Some(Header { name: name.to_string(), value: value.to_str().ok()?.to_owned() });
        Ok(Response {
            status: parts.status.as_u16(),
            headers: parts.headers.iter().filter_map(text).take(MAX_ANSWERED_HEADERS).collect(),
            body,
        })
    }
}

fn failed(error: OutboundError) -> Error {
    match error.kind {
        ErrorKind::Refused => denied(error.to_string()),
        ErrorKind::Timeout => Error::Timeout,
        ErrorKind::Busy => Error::Limited(error.to_string()),
        ErrorKind::TooLarge => Error::TooLarge,
        ErrorKind::Unreachable | ErrorKind::Protocol => Error::Unreachable(error.to_string()),
    }
}

impl Host for GuestState {
    async fn send(&mut self, request: GuestRequest) -> Result<Result<Response, Error>> {
        let session = self.session()?;
        let answer = session.ask(request).await;
        session.told(answer)
    }
}
