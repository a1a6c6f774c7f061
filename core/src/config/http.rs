//! `[http]`: where the server listens and under which address people reach it.

use std::net::{Ipv4Addr, SocketAddr};

use serde::{Deserialize, Serialize};

use super::{BaseUrl, Report};

/// Addresses and proxies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HttpSection {
    /// Address and port to listen on.
    pub listen: SocketAddr,
    /// The address people use. Unset: http and the listen address.
    pub base_url: Option<BaseUrl>,
    /// Proxies whose `X-Forwarded-For` is believed, as addresses or networks.
    pub trusted_proxies: Vec<String>,
}

impl Default for HttpSection {
    fn default() -> Self {
        Self { listen: (Ipv4Addr::LOCALHOST, 3000).into(), base_url: None, trusted_proxies: Vec::new() }
    }
}

impl HttpSection {
    /// Checks the section.
    pub fn validate(&self, _report: &mut Report) {}
}
