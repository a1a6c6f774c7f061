//! Which site a request comes from, and the refusal of requests that a page of another site makes with a visitor's cookies.
//! `Sec-Fetch-Site` and `Origin` are written by browsers and cannot be set by pages, so no tokens are needed.

use std::sync::Arc;

use poem::{
    Request, Response,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
};
use url::Url;

use super::error::refuse;
use crate::config::{BaseUrl, CorsSection};

const SEC_FETCH_SITE: &str = "sec-fetch-site";

/// Where a request comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// A page of this server, or the address bar.
    Own,
    /// A page of an origin in `cors.origins`.
    Listed,
    /// A page of any other origin.
    Foreign,
    /// No browser: such a client has no cookies but those it was given on purpose.
    NoBrowser,
}

/// The origins whose pages may act for their visitors.
#[derive(Debug, Clone)]
pub struct Origins(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    own: String,
    listed: Vec<String>,
    cross_site_cookies: bool,
}

impl Origins {
    /// The server's own origin and those of `cors.origins`.
    pub fn new(base_url: &BaseUrl, cors: &CorsSection) -> Self {
        let listed = cors.origins.clone();
        Self(Arc::new(Inner { own: base_url.origin(), listed, cross_site_cookies: cors.cross_site_cookies }))
    }

    /// The `Origin` of a request if it is exactly one in `cors.origins`, byte for byte.
    pub fn listed<'a>(&self, headers: &'a HeaderMap) -> Option<&'a HeaderValue> {
        let origin = only(headers, header::ORIGIN.as_str())?;
        self.0.listed.iter().any(|listed| listed.as_bytes() == origin.as_bytes()).then_some(origin)
    }

    /// Whether pages of listed origins may use the visitor's session.
    pub fn cross_site_cookies(&self) -> bool {
        self.0.cross_site_cookies
    }

    /// Where a request with these headers comes from.
    pub fn source(&self, headers: &HeaderMap) -> Source {
        if self.listed(headers).is_some() {
            return Source::Listed;
        }
        if headers.contains_key(SEC_FETCH_SITE) {
            let site = only(headers, SEC_FETCH_SITE).map(HeaderValue::as_bytes);
            return if matches!(site, Some(b"same-origin" | b"none")) { Source::Own } else { Source::Foreign };
        }
        if headers.contains_key(header::ORIGIN) {
            let origin = only(headers, header::ORIGIN.as_str()).map(HeaderValue::as_bytes);
            return if origin == Some(self.0.own.as_bytes()) { Source::Own } else { Source::Foreign };
        }
        match headers.get(header::REFERER) {
            Some(referer) => self.of_referer(referer),
            None => Source::NoBrowser,
        }
    }

    /// The refusal of a request that acts and comes from a foreign page, before its body is read.
    pub(super) fn refusal(&self, request: &Request) -> Option<Response> {
        let sentence = "A page of another site sent this request, so it was not carried out.";
        let foreign = acts(request) && self.source(request.headers()) == Source::Foreign;
        foreign.then(|| refuse(StatusCode::FORBIDDEN, "origin_rejected", sentence))
    }

    fn of_referer(&self, referer: &HeaderValue) -> Source {
        let origin = referer.to_str().ok().and_then(|text| Url::parse(text).ok()).map(|url| url.origin().ascii_serialization());
        match origin {
            Some(origin) if origin == self.0.own => Source::Own,
            Some(origin) if self.0.listed.contains(&origin) => Source::Listed,
            _ => Source::Foreign,
        }
    }
}

/// The value of a header that occurs exactly once.
fn only<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a HeaderValue> {
    let mut values = headers.get_all(name).iter();
    values.next().filter(|_| values.next().is_none())
}

/// Whether a request can change something, or opens a socket that can.
fn acts(request: &Request) -> bool {
    let safe = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    !safe || request.headers().contains_key(header::UPGRADE)
}
