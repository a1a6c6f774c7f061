//! Where one request goes, read from its URI by one parser, so that the rules, the connection and the `Host` header agree.

use hyper::{Uri, header::HeaderValue};
use url::{Host, Position, Url};

use super::error::{OutboundError, Refused};

/// A host, a port and a path.
pub(super) struct Target {
    pub(super) url: Url,
    pub(super) host: Host,
    pub(super) port: u16,
}

impl Target {
    /// The target of an absolute URI.
    pub(super) fn of(uri: &Uri) -> Result<Self, OutboundError> {
        let parsed = Url::parse(&uri.to_string()).ok().and_then(|url| {
            let (host, port) = (url.host()?.to_owned(), url.port_or_known_default()?);
            Some(Self { url, host, port })
        });
        parsed.ok_or_else(|| Refused("the address is not an absolute http or https URL".to_owned()).into())
    }

    pub(super) fn is_https(&self) -> bool {
        self.url.scheme() == "https"
    }

    /// Path and query, as they stand in a request line.
    pub(super) fn path(&self) -> Result<Uri, OutboundError> {
        let path = &self.url[Position::BeforePath..Position::AfterQuery];
        path.parse().map_err(|_| Refused(format!("the path on {} cannot be sent", self.host)).into())
    }

    /// The value of the `Host` header: without the port of the scheme.
    pub(super) fn authority(&self) -> Result<HeaderValue, OutboundError> {
        let authority = &self.url[Position::BeforeHost..Position::AfterPort];
        authority.parse().map_err(|_| Refused(format!("{} cannot stand in a header", self.host)).into())
    }
}
