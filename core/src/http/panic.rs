//! A panic in a handler costs its request a 500 and nobody else anything.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;
use poem::{Response, http::StatusCode};

use super::{error::refuse, metrics::Metrics};

/// What `answer` gives; if it panics, that is counted. What the panic said stays in the process's own output.
pub(super) async fn caught(answer: impl Future<Output = Response>, metrics: &Metrics) -> Response {
    AssertUnwindSafe(answer).catch_unwind().await.unwrap_or_else(|_| {
        metrics.panicked();
        tracing::error!("a handler panicked");
        refuse(StatusCode::INTERNAL_SERVER_ERROR, "internal", "Something went wrong on our side.")
    })
}
