//! The one shape of errors: `{"ok":false,"error":"sentence","code":"snake_case"}`, with `resend` and `retryAfter` where they apply.

use std::{
    error::Error as StdError,
    fmt::{self, Display, Formatter},
};

use poem::{
    IntoResponse, Response,
    error::ResponseError,
    http::{HeaderValue, StatusCode, header},
};
use poem_openapi::{Object, types::Example};
use serde::Serialize;

use crate::error::{Error, Kind};

/// What every error looks like.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Object)]
#[oai(rename = "Error", skip_serializing_if_is_none, example)]
pub struct ErrorBody {
    /// Always `false`.
    pub ok: bool,
    /// A sentence for people: what was wrong and what to do. Its wording may change.
    pub error: String,
    /// What happened, for programs. Never changes once published.
    pub code: String,
    /// Present and `true` when asking for a new verification mail would help.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resend: Option<bool>,
    /// Seconds after which a retry makes sense; the same number as in the `Retry-After` header.
    #[oai(rename = "retryAfter")]
    #[serde(rename = "retryAfter", skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u64>,
}

impl Example for ErrorBody {
    fn example() -> Self {
        Self::new("invalid_request", "title is missing.")
    }
}

impl ErrorBody {
    /// A body with a code and a sentence and nothing else.
    pub fn new(code: &str, error: &str) -> Self {
        Self { ok: false, error: error.to_owned(), code: code.to_owned(), resend: None, retry_after: None }
    }

    /// The text, in the order in which people read it: what happened, then the details.
    pub fn json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The answer that carries this body.
    pub fn respond(&self, status: StatusCode) -> Response {
        let mut response = Response::builder().status(status).content_type("application/json; charset=utf-8").body(self.json());
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// An answer in the shape of errors, for what the base itself refuses.
pub fn refuse(status: StatusCode, code: &str, error: &str) -> Response {
    ErrorBody::new(code, error).respond(status)
}

/// The status that stands for a kind of error.
pub const fn status(kind: Kind) -> StatusCode {
    match kind {
        Kind::Invalid => StatusCode::BAD_REQUEST,
        Kind::Unauthenticated => StatusCode::UNAUTHORIZED,
        Kind::Forbidden => StatusCode::FORBIDDEN,
        Kind::NotFound => StatusCode::NOT_FOUND,
        Kind::Conflict => StatusCode::CONFLICT,
        Kind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Kind::TooSlow => StatusCode::REQUEST_TIMEOUT,
        Kind::Unsupported => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        Kind::Limited => StatusCode::TOO_MANY_REQUESTS,
        Kind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Kind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// An application error on its way through poem. Extractors and plain endpoints return it with `?`; operations use
/// [`super::fail::Fail`].
#[derive(Debug)]
pub struct Failure(pub Error);

impl Failure {
    /// The body that clients see.
    pub fn body(&self) -> ErrorBody {
        let Error { code, message, retry_after, resend, .. } = &self.0;
        ErrorBody { resend: resend.then_some(true), retry_after: *retry_after, ..ErrorBody::new(code, message) }
    }

    /// Writes the cause of what is our fault to the log; the request's span adds its id.
    pub fn log(&self) {
        match (self.0.kind, &self.0.source) {
            (Kind::Internal, Some(source)) => tracing::error!(cause = %Chain(source.as_ref()), "a request failed"),
            (Kind::Internal, None) => tracing::error!("a request failed"),
            (Kind::Unavailable, Some(source)) => {
                tracing::warn!(code = self.0.code, cause = %Chain(source.as_ref()), "a request was turned away");
            }
            _ => {}
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self(error)
    }
}

impl Display for Failure {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        Display::fmt(&self.0, f)
    }
}

impl StdError for Failure {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        StdError::source(&self.0)
    }
}

impl ResponseError for Failure {
    fn status(&self) -> StatusCode {
        status(self.0.kind)
    }

    fn as_response(&self) -> Response {
        self.log();
        self.body().respond(self.status())
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        self.as_response()
    }
}

/// An error followed by its causes, in one line.
struct Chain<'a>(&'a (dyn StdError + 'static));

impl Display for Chain<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        Display::fmt(self.0, f)?;
        let mut cause = self.0.source();
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}
