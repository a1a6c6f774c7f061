//! Where requests may go: hosts and ports by name, and which of the addresses behind a name.

use std::{collections::BTreeSet, net::IpAddr};

use url::{Host, Url};

use super::{
    addresses::{Reach, reach},
    error::Refused,
};

/// Endings of names that mean this machine or this network wherever they are used.
const LOCAL_NAMES: [&str; 5] = ["localhost", "local", "internal", "home.arpa", "localdomain"];

/// The hosts that requests may go to, each with its port. The empty list permits nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AllowList {
    hosts: BTreeSet<(Host, u16)>,
    private: bool,
}

impl AllowList {
    /// A list of `host` or `host:port`, 443 unless said; an IPv6 address in brackets. Names in any script are the same as in
    /// their ASCII form. With `allow_private`, private and loopback addresses are permitted as well, and plain http to them; link-local
    /// ones and the metadata services of clouds only where an entry is that very address.
    ///
    /// # Errors
    /// A sentence that names the entry and what is wrong with it.
    pub fn parse(hosts: &[String], allow_private: bool) -> Result<Self, String> {
        let hosts = hosts.iter().map(|entry| parse(entry, allow_private).map_err(|fault| format!("\"{entry}\" {fault}")));
        Ok(Self { hosts: hosts.collect::<Result<_, _>>()?, private: allow_private })
    }

    /// Whether a request to `url` may be made, as far as the URL tells: scheme, host and port. Its addresses are looked at when
    /// it is made.
    pub fn check(&self, url: &Url) -> Result<(), Refused> {
        match url.scheme() {
            "https" => {}
            "http" if self.private => {}
            "http" => return Err(refused("plain http is used only with allow_private = true")),
            _ => return Err(refused("only https addresses are requested")),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(refused("the address holds a user name or a password"));
        }
        match (url.host(), url.port_or_known_default()) {
            (Some(host), Some(port)) if self.hosts.contains(&(host.to_owned(), port)) => Ok(()),
            (Some(host), Some(port)) => Err(Refused(format!("{host}:{port} is not among allow_hosts"))),
            _ => Err(refused("the address has no host")),
        }
    }

    /// Whether all `addresses` behind `host` may be dialled, encrypted or not: over plain http only inside one's own network, where
    /// nobody else is on the way.
    pub(super) fn vet(&self, host: &Host, encrypted: bool, addresses: impl IntoIterator<Item = IpAddr>) -> Result<(), Refused> {
        let literal = !matches!(host, Host::Domain(_));
        for address in addresses {
            let open = !encrypted && reach(address) == Reach::Public;
            let fault = if open { Some("is a public address, and those are asked over https only") } else { self.fault(address, literal) };
            if let Some(fault) = fault {
                return Err(Refused(if literal { format!("{address} {fault}") } else { format!("{host} is {address}, which {fault}") }));
            }
        }
        Ok(())
    }

    /// Whether private addresses are permitted.
    pub(super) fn allows_private(&self) -> bool {
        self.private
    }

    /// Why an address may not be dialled; `literal` if the operator named the address itself.
    fn fault(&self, address: IpAddr, literal: bool) -> Option<&'static str> {
        match reach(address) {
            Reach::Public => None,
            Reach::Private if self.private => None,
            Reach::Private => Some("is private or this machine itself; allow_private = true permits that"),
            Reach::Link if self.private && literal => None,
            Reach::Link => {
                Some("is link-local or the metadata service of a cloud; it must be named in allow_hosts, with allow_private = true")
            }
            Reach::Nowhere => Some("is not an address that anybody can be reached at"),
        }
    }
}

/// One entry, or how the sentence about it ends.
fn parse(entry: &str, allow_private: bool) -> Result<(Host, u16), String> {
    const FIX: &str = "write host or host:port, like \"id.example.org\" or \"id.example.org:8443\"";
    let wrong = || format!("is not a host; {FIX}");
    // The same parser that reads the addresses of requests, so that both mean the same by a name.
    let plain = !entry.is_empty()
        && !entry.ends_with(':')
        && !entry.contains(|c: char| c.is_whitespace() || c.is_control() || "/\\?#@*%".contains(c));
    let url = if plain { Url::parse(&format!("https://{entry}")).map_err(|_| wrong())? } else { return Err(wrong()) };
    let (Some(host), Some(port)) = (url.host().map(|host| host.to_owned()), url.port_or_known_default()) else { return Err(wrong()) };
    if port == 0 {
        return Err(wrong());
    }
    let list = AllowList { hosts: BTreeSet::new(), private: allow_private };
    let fault = match &host {
        Host::Domain(name) if name.ends_with('.') => Some("ends with a dot; leave it out"),
        Host::Domain(name) if !allow_private && is_local(name) => {
            Some("is this machine or this network; allow_private = true permits that")
        }
        Host::Domain(_) => None,
        Host::Ipv4(address) => list.fault((*address).into(), true),
        Host::Ipv6(address) => list.fault((*address).into(), true),
    };
    fault.map_or(Ok((host, port)), |fault| Err(fault.to_owned()))
}

fn is_local(name: &str) -> bool {
    LOCAL_NAMES.iter().any(|ending| name.strip_suffix(ending).is_some_and(|rest| rest.is_empty() || rest.ends_with('.')))
}

fn refused(rule: &str) -> Refused {
    Refused(rule.to_owned())
}
