//! What a middleware is here: something that sees each request before and each answer after the rest of the server. Errors
//! are answers already, because [`super::errors`] is the innermost layer.

use poem::{Endpoint, Request, Response};

/// A middleware.
pub trait Layer: Send + Sync {
    /// Answers `request`, most often with what `next` answers.
    fn handle(&self, request: Request, next: &impl Endpoint<Output = Response>) -> impl Future<Output = Response> + Send;
}

/// An endpoint inside a layer.
pub struct Layered<L, E> {
    layer: L,
    inner: E,
}

/// Puts `layer` around `inner`.
pub fn around<L: Layer, E: Endpoint<Output = Response>>(layer: L, inner: E) -> Layered<L, E> {
    Layered { layer, inner }
}

impl<L: Layer, E: Endpoint<Output = Response>> Endpoint for Layered<L, E> {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        Ok(self.layer.handle(request, &self.inner).await)
    }
}
