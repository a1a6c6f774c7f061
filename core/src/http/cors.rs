//! Lets pages of the origins in `cors.origins` read answers, and nobody else's. Without a list, this layer does nothing but
//! refuse preflights.

use poem::{
    Endpoint, Request, Response,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
};

use super::{error::refuse, layer::Layer, origin::Origins};

const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, POST, PUT, PATCH, DELETE");
const HEADERS: HeaderValue = HeaderValue::from_static("Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match");
const EXPOSED: HeaderValue = HeaderValue::from_static("ETag, Link, Location, Retry-After, X-Request-Id");
/// How long browsers may remember a preflight, in seconds.
const MAX_AGE: HeaderValue = HeaderValue::from_static("600");

/// The layer, over the same list as the origin check.
pub struct Cors(pub Origins);

impl Layer for Cors {
    async fn handle(&self, request: Request, next: &impl Endpoint<Output = Response>) -> Response {
        let origin = self.0.listed(request.headers()).cloned();
        let mut response = match (&origin, is_preflight(&request)) {
            (Some(_), true) => preflight(),
            (None, true) => refuse(StatusCode::FORBIDDEN, "origin_rejected", "Pages of this origin may not use the API."),
            (_, false) => next.get_response(request).await,
        };
        if let Some(origin) = origin {
            self.allow(origin, response.headers_mut());
        }
        response
    }
}

impl Cors {
    fn allow(&self, origin: HeaderValue, headers: &mut HeaderMap) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
        if self.0.cross_site_cookies() {
            headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        }
    }
}

fn is_preflight(request: &Request) -> bool {
    let headers = request.headers();
    request.method() == Method::OPTIONS
        && headers.contains_key(header::ORIGIN)
        && headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}

fn preflight() -> Response {
    Response::builder()
        .status(StatusCode::NO_CONTENT)
        .header(header::ACCESS_CONTROL_ALLOW_METHODS, METHODS)
        .header(header::ACCESS_CONTROL_ALLOW_HEADERS, HEADERS)
        .header(header::ACCESS_CONTROL_MAX_AGE, MAX_AGE)
        .finish()
}
