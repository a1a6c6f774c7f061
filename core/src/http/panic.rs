//! A panic in a handler costs its request a 500 and nobody else anything.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;
use poem::{Endpoint, Request, Response, http::StatusCode};

use super::{error::refuse, layer::Layer, metrics::Metrics};

/// Answers for handlers that panicked, and counts them. What the panic said stays in the process's own output.
pub struct CatchPanics(pub Metrics);

impl Layer for CatchPanics {
    async fn handle(&self, request: Request, next: &impl Endpoint<Output = Response>) -> Response {
        AssertUnwindSafe(next.get_response(request)).catch_unwind().await.unwrap_or_else(|_| {
            self.0.panicked();
            tracing::error!("a handler panicked");
            refuse(StatusCode::INTERNAL_SERVER_ERROR, "internal", "Something went wrong on our side.")
        })
    }
}
