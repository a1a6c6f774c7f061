//! A name for each request, in the answer and in every line of the log that belongs to it.

use std::sync::Arc;

use poem::{
    FromRequest, Request, RequestBody,
    http::{HeaderName, HeaderValue},
};
use tracing::Span;
use ulid::Ulid;

use super::client_ip::{Proxies, peer};

const HEADER: HeaderName = HeaderName::from_static("x-request-id");
/// The longest id that is taken over from a proxy.
const MAX_LENGTH: usize = 64;

/// The id of a request: a ULID, or what a trusted proxy named it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId(Arc<str>);

impl RequestId {
    /// The name of `request`. The one a trusted proxy chose, or a new one: from anyone else it could be made to look like another
    /// request's.
    pub(super) fn of(request: &Request, proxies: &Proxies) -> Self {
        let chosen = request.header(HEADER).filter(|text| proxies.trusts(peer(request)) && is_plain(text));
        chosen.map_or_else(fresh, |text| Self(text.into()))
    }

    /// The span of the request's log lines.
    pub(super) fn span(&self) -> Span {
        tracing::info_span!("request", id = self.as_str())
    }

    /// The header of the answer.
    pub(super) fn header(&self) -> Option<(HeaderName, HeaderValue)> {
        Some((HEADER, HeaderValue::from_str(self.as_str()).ok()?))
    }

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

fn is_plain(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    !text.is_empty() && text.len() <= MAX_LENGTH && text.bytes().all(plain)
}

#[expect(clippy::disallowed_methods, reason = "a name for the log; nothing is decided by it")]
fn fresh() -> RequestId {
    RequestId(Ulid::new().to_string().into())
}
