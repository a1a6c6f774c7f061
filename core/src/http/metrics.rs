//! Counters for Prometheus, served on a listener of their own. Labels never hold ids, only patterns from the route table.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures_util::{StreamExt, future::BoxFuture, stream::FuturesUnordered};
use poem::{EndpointExt, Response, Route, endpoint::make, get, http::Method};
use prometheus::{
    Encoder, HistogramVec, IntCounter, IntCounterVec, IntGauge, Registry, TEXT_FORMAT, TextEncoder, core::Collector, histogram_opts, opts,
};
use tokio::{net::TcpListener, time::timeout};
use tokio_util::sync::CancellationToken;

use super::{routes::Pattern, server::Server};
use crate::config::HttpSection;

/// All counters of the process. Cheap to clone.
#[derive(Clone)]
pub struct Metrics(Arc<Inner>);

struct Inner {
    registry: Registry,
    requests: IntCounterVec,
    durations: HistogramVec,
    connections: IntGauge,
    panics: IntCounter,
    /// What is looked up only when somebody asks.
    looks: Mutex<Vec<Look>>,
}

type Look = Box<dyn Fn() -> BoxFuture<'static, ()> + Send>;

impl Metrics {
    /// Counters at zero.
    #[expect(clippy::new_without_default, reason = "a second set of counters is rarely what is meant")]
    pub fn new() -> Self {
        let requests = opts!("http_requests_total", "Requests answered, by method, route and status.");
        let durations = histogram_opts!("http_request_duration_seconds", "Time until the answer began.", BUCKETS.to_vec());
        let inner = Inner {
            registry: Registry::new_custom(Some("community".to_owned()), None).expect("the prefix is valid"),
            requests: IntCounterVec::new(requests, &["method", "route", "status"]).expect("names are valid"),
            durations: HistogramVec::new(durations, &["route"]).expect("names are valid"),
            connections: IntGauge::new("http_connections", "Open connections.").expect("the name is valid"),
            panics: IntCounter::new("http_panics_total", "Requests whose handler panicked.").expect("the name is valid"),
            looks: Mutex::default(),
        };
        let metrics = Self(Arc::new(inner));
        metrics.register(metrics.0.requests.clone());
        metrics.register(metrics.0.durations.clone());
        metrics.register(metrics.0.connections.clone());
        metrics.register(metrics.0.panics.clone());
        metrics
    }

    /// Adds a counter of another part of the program; a second one of the same name is logged and left out.
    pub fn register(&self, collector: impl Collector + 'static) {
        if let Err(error) = self.0.registry.register(Box::new(collector)) {
            tracing::error!(%error, "a counter is not served");
        }
    }

    /// Does `look` each time before the counters are served, for those that nobody counts along.
    pub fn look_first(&self, look: impl Fn() -> BoxFuture<'static, ()> + Send + 'static) {
        self.0.looks.lock().unwrap_or_else(PoisonError::into_inner).push(Box::new(look));
    }

    async fn look(&self) {
        let begun: FuturesUnordered<_> = self.0.looks.lock().unwrap_or_else(PoisonError::into_inner).iter().map(|begin| begin()).collect();
        // Whoever asks gives up after a while: a database that does not answer must not keep the other counters from them.
        let _ = timeout(PATIENCE, begun.collect::<()>()).await;
    }

    /// Where other parts of the program keep counters that they register themselves.
    pub fn registry(&self) -> &Registry {
        &self.0.registry
    }

    /// Counts an open connection until the answer is dropped.
    pub fn open_connection(&self) -> OpenConnection {
        self.0.connections.inc();
        OpenConnection(self.0.connections.clone())
    }

    /// How many handlers have panicked.
    pub fn panics(&self) -> u64 {
        self.0.panics.get()
    }

    pub(super) fn panicked(&self) {
        self.0.panics.inc();
    }

    /// Counts an answer that began `after` the request came.
    pub(super) fn answered(&self, method: &Method, response: &Response, after: Duration) {
        let route = response.data::<Pattern>().map_or("other", Pattern::as_str);
        self.0.requests.with_label_values(&[known(method), route, response.status().as_str()]).inc();
        self.0.durations.with_label_values(&[route]).observe(after.as_secs_f64());
    }

    /// All counters in the text format of Prometheus.
    pub fn text(&self) -> String {
        let mut text = Vec::new();
        if let Err(error) = TextEncoder::new().encode(&self.0.registry.gather(), &mut text) {
            tracing::error!(%error, "cannot write the counters");
        }
        String::from_utf8(text).unwrap_or_default()
    }

    /// Serves `/metrics` on `listener` until `stop`.
    pub async fn serve(self, listener: TcpListener, section: &HttpSection, stop: CancellationToken) {
        let server = Server::new(section, &Self::new());
        let show = make(move |_| {
            let metrics = self.clone();
            async move {
                metrics.look().await;
                Response::builder().content_type(TEXT_FORMAT).header("cache-control", "no-store").body(metrics.text())
            }
        });
        let app = Route::new().at("/metrics", get(show)).map_to_response();
        server.run(listener, app, stop).await;
    }
}

/// How long is waited for what is looked up.
const PATIENCE: Duration = Duration::from_secs(1);

/// Upper bounds in seconds.
const BUCKETS: [f64; 11] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 2.5, 10.0];

/// Counts one connection until it is dropped.
pub struct OpenConnection(IntGauge);

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// The label of a method; clients may send any word.
fn known(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}
