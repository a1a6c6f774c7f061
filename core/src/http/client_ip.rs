//! Who is asking: the address a request came from, as far as the proxies in front can be trusted.

use std::{
    net::{IpAddr, Ipv6Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use ipnet::IpNet;
use poem::{FromRequest, Request, RequestBody, http::HeaderMap};

use crate::config::Network;

const FORWARDED_FOR: &str = "x-forwarded-for";

/// The address of the client, for rate limits and quotas only. Never logged, never shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientIp(pub IpAddr);

impl ClientIp {
    /// The key under which limits count this client: an IPv4 address, or the /64 of an IPv6 address, since that is what one
    /// customer gets.
    pub fn key(self) -> String {
        network(self.0).to_string()
    }

    /// The key of the site a client is in, for a ten times larger limit: the /48 of an IPv6 address. `None` for IPv4.
    pub fn site_key(self) -> Option<String> {
        match self.0.to_canonical() {
            IpAddr::V4(_) => None,
            IpAddr::V6(address) => Some(format!("{}/48", masked(address, 48))),
        }
    }
}

/// The network that counts as one client: the IPv4 address itself, the /64 of an IPv6 address.
pub fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(masked(address, 64)),
        address @ IpAddr::V4(_) => address,
    }
}

fn masked(address: Ipv6Addr, bits: u32) -> Ipv6Addr {
    Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << (128 - bits)))
}

impl<'a> FromRequest<'a> for ClientIp {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> poem::Result<Self> {
        Ok(request.data().copied().unwrap_or_else(|| Self(peer(request))))
    }
}

/// The proxies whose word about the client is taken.
#[derive(Debug, Clone, Default)]
pub struct Proxies(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    networks: Vec<IpNet>,
    hinted: AtomicBool,
}

impl Proxies {
    /// The proxies of `http.trusted_proxies`.
    pub fn new(networks: &[Network]) -> Self {
        Self(Arc::new(Inner { networks: networks.iter().map(|network| network.0).collect(), hinted: AtomicBool::new(false) }))
    }

    /// Whether `address` is one of them.
    pub fn trusts(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.networks.iter().any(|network| network.contains(&address))
    }

    /// The client behind a request from `peer`. `X-Forwarded-For` counts only from a trusted proxy, and of it the last
    /// address that is not one: everything to the left of that was written by the client. `X-Real-IP` and `Forwarded` never
    /// count. A malformed header leaves the peer.
    pub fn client(&self, peer: IpAddr, headers: &HeaderMap) -> ClientIp {
        if !self.trusts(peer) {
            self.hint(peer, headers);
            return ClientIp(peer.to_canonical());
        }
        let mut client = peer;
        for line in headers.get_all(FORWARDED_FOR).iter().rev() {
            let Ok(line) = line.to_str() else { return ClientIp(peer.to_canonical()) };
            for hop in line.rsplit(',') {
                let Some(hop) = address(hop.trim()) else { return ClientIp(peer.to_canonical()) };
                client = hop;
                if !self.trusts(hop) {
                    return ClientIp(client.to_canonical());
                }
            }
        }
        ClientIp(client.to_canonical())
    }

    /// Tells the operator once that a proxy on this machine is not trusted, and all clients thereby look like one.
    fn hint(&self, peer: IpAddr, headers: &HeaderMap) {
        let suspicious = self.0.networks.is_empty() && peer.to_canonical().is_loopback() && headers.contains_key(FORWARDED_FOR);
        if suspicious && !self.0.hinted.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                "a proxy on this machine sends X-Forwarded-For, but http.trusted_proxies is empty, so all its clients share one rate limit; \
                 set http.trusted_proxies = [\"127.0.0.1\"]"
            );
        }
    }
}

/// Reads an address with or without a port.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    bare.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|socket| socket.ip()))
}

/// The address of the connection's other end.
pub fn peer(request: &Request) -> IpAddr {
    request.remote_addr().as_socket_addr().map_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED), SocketAddr::ip)
}
