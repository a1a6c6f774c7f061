//! What is refused by its first line and headers alone: ambiguous requests, and those that would run a GET which changes
//! something without anybody having followed the link.

use std::sync::Arc;

use poem::{
    IntoResponse, Request, Response,
    http::{HeaderValue, Method, StatusCode, Version, header},
};

use super::{
    error::refuse,
    payload::Redirect,
    routes::{RouteTable, allow},
};

/// The longest address: path and query.
const MAX_URI: usize = 4 << 10;

/// The longest address to which another site sends people back. What is too long in it they are told by a page, not by a 414.
const MAX_CALLBACK: usize = 12 << 10;

/// The longest `Cookie` header. Ours are short; browsers send all that a host ever set.
const MAX_COOKIES: usize = 8 << 10;

/// What refuses; it knows the routes for the sake of `Allow`.
pub(super) struct Gate(pub Arc<RouteTable>);

impl Gate {
    /// The answer to a request that nothing else is to see.
    pub fn refusal(&self, request: &Request) -> Option<Response> {
        let longest = if request.uri().path().ends_with("/callback") { MAX_CALLBACK } else { MAX_URI };
        if request.uri().path_and_query().is_some_and(|uri| uri.as_str().len() > longest) {
            return Some(refuse(StatusCode::URI_TOO_LONG, "uri_too_long", "The address is too long."));
        }
        if request.version() == Version::HTTP_11 && request.headers().get_all(header::HOST).iter().count() != 1 {
            return Some(refuse(StatusCode::BAD_REQUEST, "invalid_request", "The request must have exactly one Host header."));
        }
        if request.headers().get_all(header::COOKIE).iter().map(HeaderValue::len).sum::<usize>() > MAX_COOKIES {
            let sentence = "The browser sends too many cookies; delete those of this site.";
            return Some(refuse(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "headers_too_large", sentence));
        }
        let path = request.uri().path();
        match *request.method() {
            Method::CONNECT | Method::TRACE => Some(self.wrong_method(path)),
            Method::HEAD if is_acting(path) => Some(self.wrong_method(path)),
            Method::GET if is_acting(path) && (is_prefetch(request) || is_embedded(request)) => Some(Redirect::Ahead.into_response()),
            _ => None,
        }
    }

    fn wrong_method(&self, path: &str) -> Response {
        let mut response = refuse(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "This address does not answer to this method.");
        let known = self.0.methods(path).unwrap_or(&[Method::GET]);
        let methods = known.iter().filter(|method| **method != Method::HEAD || !is_acting(path));
        response.headers_mut().insert(header::ALLOW, allow(methods));
        response
    }
}

/// Whether a GET of this path changes something. poem answers HEAD by running the GET handler, and mail scanners and browsers
/// fetch links ahead of people.
fn is_acting(path: &str) -> bool {
    let parts = path.strip_prefix("/api/").map(|path| path.split_once('/').unwrap_or(("", path)));
    matches!(parts, Some(("email", "verify") | ("", "logout") | (_, "login" | "callback")))
}

/// Whether a browser says that it fetches ahead of a click.
fn is_prefetch(request: &Request) -> bool {
    let mut values = ["sec-purpose", "purpose", "x-purpose", "x-moz"].iter().filter_map(|name| request.headers().get(*name));
    values.any(|value| {
        value.to_str().is_ok_and(|value| value.contains("prefetch") || value.contains("prerender") || value.contains("preview"))
    })
}

/// Whether a browser says that a page shows this as a part of itself: a picture, a frame, a style. Nobody has followed a link then.
/// What a person opens is a `document`, and what a script of ours asks for is `empty`.
fn is_embedded(request: &Request) -> bool {
    request.header("sec-fetch-dest").is_some_and(|dest| !matches!(dest, "document" | "empty"))
}
