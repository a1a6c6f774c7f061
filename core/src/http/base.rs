//! Puts the layers around an app.

use std::sync::Arc;

use poem::{EndpointExt, IntoEndpoint, endpoint::BoxEndpoint};

use super::{
    body_limit::BodyLimits, client_ip::Proxies, cors::Cors, gate::Gate, headers::SecurityHeaders, layer::around, log::AccessLog,
    metrics::Metrics, origin::Origins, panic::CatchPanics, request_id::RequestIds, routes::RouteTable,
};
use crate::config::Config;

/// What the layers work with. Handlers that need a part of it (is this request cross-site? who asks?) get a clone.
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
}

impl Base {
    /// The base as configured.
    pub fn new(config: &Config, metrics: Metrics) -> Self {
        let base_url = config.base_url();
        Self {
            origins: Origins::new(&base_url, &config.cors),
            proxies: Proxies::new(&config.http.trusted_proxies),
            metrics,
            bodies: BodyLimits::new(&config.http),
            headers: SecurityHeaders::new(&base_url),
        }
    }

    /// `app` with everything around it that a request passes. `routes` lists what the app answers to.
    pub fn wrap<E: IntoEndpoint>(&self, app: E, routes: RouteTable) -> BoxEndpoint<'static>
    where
        E::Endpoint: 'static,
    {
        let routes = Arc::new(routes);
        // Boxed here and there: the type of a future inside ten others is more than the compiler can take.
        let app = around(Arc::clone(&routes), app.into_endpoint().map_to_response().boxed());
        let app = around(self.bodies.clone(), app);
        let app = around(self.origins.clone(), app);
        let app = around(Cors(self.origins.clone()), app);
        let app = around(Gate(routes), app.boxed());
        let app = around(self.proxies.clone(), app);
        let app = around(CatchPanics(self.metrics.clone()), app);
        let app = around(self.headers.clone(), app);
        let app = around(self.metrics.clone(), app);
        let app = around(AccessLog, app);
        around(RequestIds(self.proxies.clone()), app).boxed()
    }
}
