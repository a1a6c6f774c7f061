//! `[http]`: where the server listens, how it is reached, and what a connection may do.

use std::{
    fmt::{self, Display, Formatter},
    net::{IpAddr, Ipv4Addr, SocketAddr},
    str::FromStr,
};

use ipnet::IpNet;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{BaseUrl, Report, Size, Span, values};

/// Addresses, proxies and bounds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HttpSection {
    /// The address under which people reach the server. Every link and every redirect URI is built from it; requests have no
    /// say in it.
    /// Unset: http and the listen address.
    pub base_url: Option<BaseUrl>,
    /// Address and port to listen on, on this machine only unless told otherwise. Port 0 takes a free one.
    pub listen: SocketAddr,
    /// Proxies whose `X-Forwarded-For` is believed: addresses or networks.
    pub trusted_proxies: Vec<Network>,
    /// Connections at the same time. What is over waits.
    pub max_connections: usize,
    /// Connections at the same time from one IPv4 address or IPv6 /64. Trusted proxies and this machine are not counted.
    pub max_connections_per_ip: usize,
    /// How long a request's head may take, and how long a connection may be idle.
    pub header_read_timeout: Span,
    /// How long the sender of a body may pause.
    pub body_idle_timeout: Span,
    /// How many bytes of a body must come per second on average, after a start of `body_idle_timeout`.
    pub body_min_rate: Size,
    /// How long a client may leave an answer unread before it is cut off.
    pub write_timeout: Span,
    /// How long requests in flight may take to finish once the server is asked to stop.
    pub shutdown_timeout: Span,
    /// The largest JSON body.
    pub max_json_body: Size,
    /// The largest body of a request that signs up or signs in.
    pub max_auth_body: Size,
}

impl Default for HttpSection {
    fn default() -> Self {
        Self {
            base_url: None,
            listen: (Ipv4Addr::LOCALHOST, 3000).into(),
            trusted_proxies: Vec::new(),
            max_connections: 8192,
            max_connections_per_ip: 256,
            header_read_timeout: Span::seconds(10),
            body_idle_timeout: Span::seconds(10),
            body_min_rate: Size::kib(1),
            write_timeout: Span::seconds(20),
            shutdown_timeout: Span::seconds(10),
            max_json_body: Size::kib(256),
            max_auth_body: Size::kib(8),
        }
    }
}

impl HttpSection {
    /// Checks the section.
    pub fn validate(&self, report: &mut Report) {
        report.require(self.max_connections > 0, "http.max_connections", "must be at least 1");
        report.require(self.max_connections_per_ip > 0, "http.max_connections_per_ip", "must be at least 1");
        report.require(self.body_min_rate.0 > 0, "http.body_min_rate", "must be at least \"1 B\"");
        for (key, span) in [
            ("http.header_read_timeout", self.header_read_timeout),
            ("http.body_idle_timeout", self.body_idle_timeout),
            ("http.write_timeout", self.write_timeout),
        ] {
            report.require(!span.0.is_zero(), key, "must be longer than nothing");
        }
    }
}

/// A network like `10.0.0.0/8`, or a single address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network(pub IpNet);

impl FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let network = text.parse::<IpNet>().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from));
        network
            .map(Self)
            .ok_or_else(|| format!("\"{text}\" is not an address; write one like \"127.0.0.1\" or a network like \"10.0.0.0/8\""))
    }
}

impl Display for Network {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if self.0.prefix_len() == self.0.max_prefix_len() { Display::fmt(&self.0.addr(), f) } else { Display::fmt(&self.0, f) }
    }
}

impl Serialize for Network {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Network {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        values::text(from)
    }
}
