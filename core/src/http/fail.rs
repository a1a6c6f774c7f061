//! The error type of operations, which names its statuses: what an operation can answer stands in its signature and thereby
//! in the OpenAPI document.

use std::fmt::{self, Display, Formatter};

use poem::{Response, error::ResponseError, http::StatusCode};
use poem_openapi::{
    ApiResponse,
    registry::{MetaHeader, MetaMediaType, MetaResponse, MetaResponses, Registry},
    types::Type,
};

use super::error::{ErrorBody, Failure};
use crate::error::Error;

/// The request is not acceptable; the sentence says which part and why.
pub const E400: u32 = 1;
/// Nobody is signed in, or the credentials are wrong.
pub const E401: u32 = 1 << 1;
/// The caller may not do this, or a page of another site sent the request.
pub const E403: u32 = 1 << 2;
/// There is no such thing, or the caller may not know of it.
pub const E404: u32 = 1 << 3;
/// The address is another operation's, which has another method: an id in the path may be a word that has a place of its own.
pub const E405: u32 = 1 << 11;
/// The body came too slowly.
pub const E408: u32 = 1 << 4;
/// The request contradicts the present state.
pub const E409: u32 = 1 << 5;
/// The body is too large.
pub const E413: u32 = 1 << 6;
/// The body is in a format that is not spoken here.
pub const E415: u32 = 1 << 7;
/// A rate limit was hit.
pub const E429: u32 = 1 << 8;
/// Our fault.
pub const E500: u32 = 1 << 9;
/// A part that is needed does not work at the moment.
pub const E503: u32 = 1 << 10;

/// What the base itself answers to requests that change something: `403` for pages of other sites, the others where a body comes
/// that nobody asked for.
pub const UNSAFE: u32 = E403 | E408 | E413 | E415;
/// What the base itself answers to requests with a JSON body.
pub const BODY: u32 = UNSAFE | E400;
/// What every operation can answer; part of every set without being named.
pub const ALWAYS: u32 = E500;

/// Bit, status and description of each member of a set.
const STATUSES: [(u32, u16, &str); 12] = [
    (E400, 400, "The request is not acceptable; `error` says which part and why."),
    (E401, 401, "Nobody is signed in, or the credentials are wrong."),
    (E403, 403, "The caller may not do this, or a page of another site sent the request."),
    (E404, 404, "There is no such thing, or the caller may not know of it."),
    (E405, 405, "The address answers to another method; `Allow` names it."),
    (E408, 408, "The body of the request came too slowly."),
    (E409, 409, "The request contradicts the present state."),
    (E413, 413, "The body of the request is too large."),
    (E415, 415, "The body of the request is in a format that is not spoken here."),
    (E429, 429, "A rate limit was hit; come back after `retryAfter` seconds."),
    (E500, 500, "Something went wrong on the server."),
    (E503, 503, "A part that is needed does not work at the moment; try again later."),
];

/// The error of an operation that can answer the statuses of `SET`, and no others:
/// `Result<Json<Post>, Fail<{ BODY | E401 | E429 }>>`. Made from [`Error`] with `?`.
#[derive(Debug)]
pub struct Fail<const SET: u32>(Failure);

impl<const SET: u32> Fail<SET> {
    /// The application error inside.
    pub fn error(&self) -> &Error {
        &self.0.0
    }
}

impl<const SET: u32> From<Error> for Fail<SET> {
    /// # Panics
    ///
    /// In debug builds when the status of `error` is not in `SET`, so that tests find what the document does not say.
    fn from(error: Error) -> Self {
        let failure = Failure(error);
        if !contains(SET | ALWAYS, failure.status()) {
            tracing::error!(
                status = failure.status().as_u16(),
                code = failure.0.code,
                "an operation answered a status that it does not document"
            );
            debug_assert!(false, "{} ({}) is not among the documented statuses", failure.status(), failure.0.code);
        }
        Self(failure)
    }
}

impl<const SET: u32> From<Fail<SET>> for poem::Error {
    fn from(fail: Fail<SET>) -> Self {
        fail.0.into()
    }
}

impl<const SET: u32> Display for Fail<SET> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        Display::fmt(&self.0, f)
    }
}

impl<const SET: u32> poem::IntoResponse for Fail<SET> {
    fn into_response(self) -> Response {
        self.0.as_response()
    }
}

impl<const SET: u32> ApiResponse for Fail<SET> {
    fn meta() -> MetaResponses {
        MetaResponses { responses: documented(SET | ALWAYS) }
    }

    fn register(registry: &mut Registry) {
        ErrorBody::register(registry);
    }
}

/// Whether `status` belongs to `set`.
fn contains(set: u32, status: StatusCode) -> bool {
    STATUSES.iter().any(|(bit, number, _)| set & bit != 0 && *number == status.as_u16())
}

/// The entries of the OpenAPI document for `set`.
fn documented(set: u32) -> Vec<MetaResponse> {
    let members = STATUSES.iter().filter(|(bit, ..)| set & bit != 0);
    members
        .map(|&(bit, status, description)| MetaResponse {
            description,
            status: Some(status),
            status_range: None,
            content: vec![MetaMediaType { content_type: "application/json; charset=utf-8", schema: ErrorBody::schema_ref() }],
            headers: if bit & (E429 | E503) == 0 { Vec::new() } else { vec![retry_after()] },
        })
        .collect()
}

fn retry_after() -> MetaHeader {
    MetaHeader {
        name: "Retry-After".to_owned(),
        description: Some("Seconds after which a retry makes sense.".to_owned()),
        required: false,
        deprecated: false,
        schema: u64::schema_ref(),
    }
}
