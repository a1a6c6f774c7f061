//! The headers of every answer, whoever made it. A handler that set a `Content-Security-Policy`, `Cache-Control`,
//! `Cross-Origin-Resource-Policy` or `X-Frame-Options` of its own keeps it.

use poem::http::{HeaderMap, HeaderName, HeaderValue, header};

use crate::config::BaseUrl;

/// The same on every answer. No `Server` and no `X-Powered-By` anywhere.
const ALWAYS: [(HeaderName, HeaderValue); 3] = [
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    // Tokens travel in links.
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (
        HeaderName::from_static("permissions-policy"),
        HeaderValue::from_static("camera=(), microphone=(), geolocation=(), browsing-topics=()"),
    ),
];

/// Unless the handler said otherwise.
const DEFAULTS: [(HeaderName, HeaderValue); 3] = [
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (HeaderName::from_static(RESOURCE), HeaderValue::from_static("same-origin")),
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
];

/// Headers that are added at most, the request's id included.
const MOST: usize = 11;

const OPENER: (HeaderName, HeaderValue) = (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin"));
/// For this host alone: what else there is below it, is not ours to decide about.
const HSTS: HeaderValue = HeaderValue::from_static("max-age=31536000");
const DATA_POLICY: HeaderValue =
    HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'");
/// Shared caches must not mix up visitors or origins.
const VARY: HeaderValue = HeaderValue::from_static("Cookie, Origin");
/// What every site may show looks the same for every visitor.
const VARY_PUBLIC: HeaderValue = HeaderValue::from_static("Origin");
const RESOURCE: &str = "cross-origin-resource-policy";

/// What depends on where the server is.
#[derive(Debug, Clone)]
pub struct SecurityHeaders {
    https: bool,
    page_policy: HeaderValue,
}

impl SecurityHeaders {
    /// Headers for a server that people reach at `base_url`.
    ///
    /// Pages show pictures of this server and of `files_at`, where uploads are, and of nobody else.
    pub fn new(base_url: &BaseUrl, files_at: &str) -> Self {
        let files_at = if files_at.is_empty() || files_at == base_url.origin() { String::new() } else { format!(" {files_at}") };
        let socket = base_url.origin().replacen("http", "ws", 1);
        let policy = format!(
            "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:{files_at}; connect-src 'self' {socket}; \
             object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
        );
        let page_policy = HeaderValue::from_str(&policy).unwrap_or(DATA_POLICY);
        Self { https: base_url.is_https(), page_policy }
    }

    /// Completes the headers of an answer.
    pub(super) fn apply(&self, headers: &mut HeaderMap) {
        headers.reserve(MOST);
        for (name, value) in ALWAYS {
            headers.insert(name, value);
        }
        for (name, value) in DEFAULTS {
            headers.entry(name).or_insert(value);
        }
        if self.https {
            headers.insert(header::STRICT_TRANSPORT_SECURITY, HSTS);
        }
        let is_page = headers.get(header::CONTENT_TYPE).is_some_and(|value| value.as_bytes().starts_with(b"text/html"));
        if is_page {
            headers.insert(OPENER.0, OPENER.1);
        }
        let policy = if is_page { &self.page_policy } else { &DATA_POLICY };
        headers.entry(header::CONTENT_SECURITY_POLICY).or_insert_with(|| policy.clone());
        let is_public = headers.get(RESOURCE).is_some_and(|value| value == "cross-origin");
        headers.append(header::VARY, if is_public { VARY_PUBLIC } else { VARY });
    }
}
