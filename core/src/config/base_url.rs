//! The address under which people reach this server.

use std::{
    fmt::{self, Debug, Display, Formatter},
    net::{IpAddr, SocketAddr},
    str::FromStr,
};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use url::{Host, Url};

use super::values;

/// `http://` or `https://`, a host, perhaps a port, and nothing else. Every link in a mail and every redirect URI is built
/// from it, never from what a request says.
#[derive(Clone, PartialEq, Eq)]
pub struct BaseUrl(Url);

impl BaseUrl {
    /// The address of a listener, over plain http.
    pub(super) fn of_listener(address: SocketAddr) -> Self {
        #[expect(clippy::unwrap_used, reason = "an address and a port always make a URL")]
        Self(Url::parse(&format!("http://{address}/")).unwrap())
    }

    /// The origin: scheme, host and port where it is not the default one, without a slash at the end.
    pub fn origin(&self) -> String {
        self.0.origin().ascii_serialization()
    }

    /// The host without a port; an IPv6 address in brackets.
    pub fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }

    /// True if people reach the server encrypted.
    pub fn is_https(&self) -> bool {
        self.0.scheme() == "https"
    }

    /// True if the address leads to this machine only.
    pub fn is_loopback(&self) -> bool {
        match self.0.host() {
            Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
            Some(Host::Ipv4(address)) => IpAddr::V4(address).is_loopback(),
            Some(Host::Ipv6(address)) => IpAddr::V6(address).is_loopback(),
            None => false,
        }
    }

    /// True if the address says "every address of a machine", which nobody can go to.
    pub fn is_unspecified(&self) -> bool {
        match self.0.host() {
            Some(Host::Ipv4(address)) => address.is_unspecified(),
            Some(Host::Ipv6(address)) => address.is_unspecified(),
            Some(Host::Domain(_)) | None => false,
        }
    }

    /// True if `host`, as a request's `Host` says it, is this machine under another name, at the same port.
    pub fn has_alias(&self, host: &str) -> bool {
        let Ok(other) = format!("{}://{host}", self.0.scheme()).parse::<Self>() else { return false };
        let same_port = other.0.port_or_known_default() == self.0.port_or_known_default();
        self.is_loopback() && other.is_loopback() && same_port && other.host() != self.host()
    }

    /// The address itself.
    pub fn url(&self) -> &Url {
        &self.0
    }

    /// The full address of `path`, which begins with a slash.
    pub fn join(&self, path: &str) -> String {
        format!("{}{path}", self.origin())
    }
}

impl FromStr for BaseUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        const FIX: &str = "write only scheme and host, like \"https://community.example.org\"";
        let url = Url::parse(text.trim()).map_err(|error| format!("is not a URL ({error}); {FIX}"))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(format!("must begin with http:// or https://; {FIX}"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(format!("must not contain a user name or password; {FIX}"));
        }
        if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
            return Err(format!("must not have a path, a query or a fragment; {FIX}"));
        }
        Ok(Self(url))
    }
}

impl Display for BaseUrl {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&self.origin())
    }
}

impl Debug for BaseUrl {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        Display::fmt(self, f)
    }
}

impl Serialize for BaseUrl {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for BaseUrl {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        values::text(from)
    }
}
