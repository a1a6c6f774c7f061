//! A name for each request, in the answer and in every line of the log that belongs to it.

use std::sync::Arc;

use poem::{
    Endpoint, FromRequest, Request, RequestBody, Response,
    http::{HeaderName, HeaderValue},
};
use tracing::Instrument;
use ulid::Ulid;

use super::{
    client_ip::{Proxies, peer},
    layer::Layer,
};

const HEADER: HeaderName = HeaderName::from_static("x-request-id");
/// The longest id that is taken over from a proxy.
const MAX_LENGTH: usize = 64;

/// The id of a request: a ULID, or what a trusted proxy named it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId(Arc<str>);

impl RequestId {
    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'a> FromRequest<'a> for RequestId {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> poem::Result<Self> {
        Ok(request.data().cloned().unwrap_or_else(fresh))
    }
}

/// Names requests, and puts the name into the span of all their log lines.
pub struct RequestIds(pub Proxies);

impl Layer for RequestIds {
    async fn handle(&self, mut request: Request, next: &impl Endpoint<Output = Response>) -> Response {
        let id = self.inherited(&request).unwrap_or_else(fresh);
        let span = tracing::info_span!("request", id = id.as_str());
        let header = HeaderValue::from_str(id.as_str());
        request.set_data(id);
        let mut response = next.get_response(request).instrument(span).await;
        if let Ok(header) = header {
            response.headers_mut().insert(HEADER, header);
        }
        response
    }
}

impl RequestIds {
    /// The id a trusted proxy chose. From anyone else it could be made to look like another request's.
    fn inherited(&self, request: &Request) -> Option<RequestId> {
        let text = request.header(HEADER).filter(|_| self.0.trusts(peer(request)))?;
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        (!text.is_empty() && text.len() <= MAX_LENGTH && text.bytes().all(plain)).then(|| RequestId(text.into()))
    }
}

#[expect(clippy::disallowed_methods, reason = "a name for the log; nothing is decided by it")]
fn fresh() -> RequestId {
    RequestId(Ulid::new().to_string().into())
}
