//! From names to addresses, in one lookup per request.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use futures_util::future::BoxFuture;
use tokio::{net::lookup_host, time::timeout};

use super::dial;

/// How long a lookup may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// Finds the addresses of a host. Asked once per request, and never for a host that is an address itself.
pub trait Resolve: Send + Sync {
    /// The addresses of `host`, a name in ASCII, the best first. None at all counts as an error.
    fn resolve<'a>(&'a self, host: &'a str, port: u16) -> BoxFuture<'a, io::Result<Vec<SocketAddr>>>;

    /// Whether `address` is one of this machine's own, however public it is.
    fn is_own(&self, address: IpAddr) -> bool {
        dial::is_own(address)
    }
}

/// The resolver of the machine: `/etc/hosts`, DNS and whatever else it is set up with. Gives up after two seconds.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemResolver;

impl Resolve for SystemResolver {
    fn resolve<'a>(&'a self, host: &'a str, port: u16) -> BoxFuture<'a, io::Result<Vec<SocketAddr>>> {
        Box::pin(async move { Ok(timeout(PATIENCE, lookup_host((host, port))).await??.collect()) })
    }
}
