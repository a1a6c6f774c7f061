//! What every request passes on its way to the app, and every answer on its way back.

use std::sync::Arc;

use poem::{Endpoint, EndpointExt, IntoEndpoint, Request, Response, endpoint::BoxEndpoint};
use tokio::time::Instant;
use tracing::Instrument;
use url::Url;

use super::{
    alias,
    body_limit::BodyLimits,
    client_ip::{Proxies, peer},
    cors,
    gate::Gate,
    headers::SecurityHeaders,
    log,
    metrics::Metrics,
    origin::Origins,
    panic::caught,
    request_id::RequestId,
    routes::RouteTable,
};
use crate::{
    config::{BaseUrl, Config},
    uploads::http::ENVELOPE,
};

/// What requests are judged by. Handlers that need a part of it (is this request cross-site? who asks?) find it here.
#[derive(Clone)]
pub struct Base {
    /// The server's own origin and the listed ones.
    pub origins: Origins,
    /// The proxies that are believed.
    pub proxies: Proxies,
    /// The counters.
    pub metrics: Metrics,
    /// Caps on bodies.
    pub bodies: BodyLimits,
    headers: SecurityHeaders,
    url: BaseUrl,
}

impl Base {
    /// The base as configured.
    pub fn new(config: &Config, metrics: Metrics) -> Self {
        let base_url = config.base_url();
        Self {
            origins: Origins::new(&base_url, &config.cors),
            proxies: Proxies::new(&config.http.trusted_proxies),
            metrics,
            bodies: BodyLimits::new(&config.http).with("/api/upload", config.uploads.max_file.0 + ENVELOPE),
            headers: SecurityHeaders::new(&base_url, &origin_of(&config.uploads_url())),
            url: base_url,
        }
    }

    /// `app` with everything around it that a request passes. `routes` lists what the app answers to.
    pub fn wrap<E: IntoEndpoint>(&self, app: E, routes: RouteTable) -> impl Endpoint<Output = Response> + 'static + use<E>
    where
        E::Endpoint: 'static,
    {
        let routes = Arc::new(routes);
        Based { base: self.clone(), gate: Gate(Arc::clone(&routes)), routes, app: app.map_to_response().boxed() }
    }
}

/// Where a file comes from, for the policy of pages.
fn origin_of(url: &str) -> String {
    Url::parse(url).map(|url| url.origin().ascii_serialization()).unwrap_or_default()
}

/// An app behind the base. One endpoint with steps, not one endpoint around another for each: a request is some 500 bytes, and
/// every endpoint that it passes moves it, and its answer, once more.
struct Based {
    base: Base,
    gate: Gate,
    routes: Arc<RouteTable>,
    app: BoxEndpoint<'static>,
}

impl Endpoint for Based {
    type Output = Response;

    /// Names the request, in the answer and in every line of the log that belongs to it.
    async fn call(&self, mut request: Request) -> poem::Result<Response> {
        let id = RequestId::of(&request, &self.base.proxies);
        let (span, header) = (id.span(), id.header());
        request.set_data(id);
        let mut response = self.observe(request).instrument(span).await;
        response.headers_mut().extend(header);
        Ok(response)
    }
}

impl Based {
    /// Counts and logs the answer, whatever it is.
    async fn observe(&self, request: Request) -> Response {
        let (started, method, uri) = (Instant::now(), request.method().clone(), request.uri().clone());
        let mut response = caught(self.answer(request), &self.base.metrics).await;
        self.base.headers.apply(response.headers_mut());
        let time = started.elapsed();
        self.base.metrics.answered(&method, &response, time);
        log::answered(&method, &uri, &response, time);
        response
    }

    /// Answers requests that are whole and unambiguous, and lets pages of listed origins read the answer.
    async fn answer(&self, mut request: Request) -> Response {
        let client = self.base.proxies.client(peer(&request), request.headers());
        request.set_data(client);
        if let Some(answer) = self.gate.refusal(&request).or_else(|| alias::redirect(&self.base.url, &request)) {
            return answer;
        }
        let origins = &self.base.origins;
        let listed = origins.listed(request.headers()).cloned();
        let refusal = cors::preflight(&request, listed.is_some()).or_else(|| origins.refusal(&request));
        let mut response = match refusal {
            Some(refusal) => refusal,
            None => self.pass(request).await,
        };
        if let Some(origin) = listed {
            cors::allow(origins, origin, response.headers_mut());
        }
        response
    }

    /// Asks the app, with a bounded body.
    async fn pass(&self, mut request: Request) -> Response {
        match self.base.bodies.bound(&mut request) {
            Ok(watch) => watch.judge(self.routes.name(self.app.call(request).await)),
            Err(fault) => fault.respond(),
        }
    }
}
