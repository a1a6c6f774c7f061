//! One line in the log for each request. It says which route answered how and how fast, and nothing that is a secret or
//! tells who asked: no query string (tokens and codes travel there), no cookies, no addresses.

use std::time::Duration;

use poem::{
    Response,
    http::{Method, Uri},
};

use super::routes::Pattern;

/// How much of an unknown path or method is written.
const MAX_LENGTH: usize = 200;

/// Writes the line.
pub(super) fn answered(method: &Method, uri: &Uri, response: &Response, after: Duration) {
    tracing::info!(
        method = start_of(method.as_str()),
        route = response.data::<Pattern>().map_or(start_of(uri.path()), Pattern::as_str),
        status = response.status().as_u16(),
        ms = u64::try_from(after.as_millis()).unwrap_or(u64::MAX),
        "answered"
    );
}

/// At most [`MAX_LENGTH`] bytes; both inputs are ASCII by HTTP's grammar, and anything else is cut to nothing.
fn start_of(text: &str) -> &str {
    text.get(..text.len().min(MAX_LENGTH)).unwrap_or_default()
}
