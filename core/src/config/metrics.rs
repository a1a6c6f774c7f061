//! `[metrics]`: counters for Prometheus.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

/// The section `[metrics]`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MetricsSection {
    /// Serves `/metrics` on an address of its own, like `127.0.0.1:9100`; off unless set. Nobody is asked who they are there,
    /// so keep it away from the public.
    pub listen: Option<SocketAddr>,
}
