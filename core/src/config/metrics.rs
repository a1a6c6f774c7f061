//! `[metrics]`: counters for Prometheus.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

/// Off unless an address is set.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MetricsSection {
    /// Address and port of the separate listener.
    pub listen: Option<SocketAddr>,
}
