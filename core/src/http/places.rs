//! How many connections there may be: in all, and from one address.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
};

use super::client_ip::{Proxies, network};

/// Open files that are left for the database, mails and logs.
const RESERVED_FILES: usize = 64;

/// Counts connections per client network (an IPv4 address, an IPv6 /64). Trusted proxies and this machine itself speak for
/// many clients and are not counted.
#[derive(Clone)]
pub struct PerAddress {
    cap: usize,
    proxies: Proxies,
    open: Open,
}

/// How many connections each network has.
type Open = Arc<Mutex<HashMap<IpAddr, usize>>>;

/// One connection's place among those of its address; gives it back when dropped.
pub struct Place(Option<(IpAddr, Open)>);

impl PerAddress {
    /// At most `cap` connections per client network.
    pub fn new(cap: usize, proxies: Proxies) -> Self {
        Self { cap, proxies, open: Arc::default() }
    }

    /// A place for a connection from `peer`; `None` if it has too many already.
    pub fn take(&self, peer: IpAddr) -> Option<Place> {
        if peer.to_canonical().is_loopback() || self.proxies.trusts(peer) {
            return Some(Place(None));
        }
        let key = network(peer);
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let count = open.entry(key).or_default();
        if *count >= self.cap {
            return None;
        }
        *count += 1;
        Some(Place(Some((key, Arc::clone(&self.open)))))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Some((key, open)) = &self.0 else { return };
        let mut open = open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = open.get_mut(key) {
            *count -= 1;
            if *count == 0 {
                open.remove(key);
            }
        }
    }
}

/// The number of connections this process can hold: as many as are `wanted` by the setting `key`, or fewer where the limit for open files
/// (`ulimit -n`) is low.
pub fn affordable(wanted: usize, key: &str) -> usize {
    let Some(files) = std::fs::read_to_string("/proc/self/limits").ok().and_then(|limits| open_files(&limits)) else {
        return wanted;
    };
    let spare = files.saturating_sub(RESERVED_FILES).max(files / 2).max(1);
    if spare < wanted {
        let needed = wanted + RESERVED_FILES;
        tracing::info!(
            "the limit for open files, {files}, leaves {spare} of the {wanted} connections that {key} allows; raise it to {needed} (ulimit -n, or \
             LimitNOFILE in systemd), or lower {key}"
        );
    }
    spare.min(wanted)
}

/// The soft limit in the text of `/proc/self/limits`.
fn open_files(limits: &str) -> Option<usize> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_are_counted_per_network_and_given_back() {
        let places = PerAddress::new(2, Proxies::new(&["10.0.0.9".parse().expect("an address")]));
        let ip = |text: &str| text.parse::<IpAddr>().expect("an address");
        let first = places.take(ip("192.0.2.1"));
        let second = places.take(ip("192.0.2.1"));
        assert!(first.is_some() && second.is_some() && places.take(ip("192.0.2.1")).is_none());
        assert!(places.take(ip("192.0.2.2")).is_some());
        drop(first);
        assert!(places.take(ip("192.0.2.1")).is_some());
        drop(second);
        assert!(places.open.lock().expect("not poisoned").is_empty());

        let held: Vec<_> = (1..=2).map(|host| places.take(ip(&format!("2001:db8:1:2::{host}")))).collect();
        assert!(held.iter().all(Option::is_some));
        assert!(places.take(ip("2001:db8:1:2:ffff::1")).is_none(), "one /64 is one client");
        assert!(places.take(ip("2001:db8:1:3::1")).is_some());
        for trusted in ["10.0.0.9", "127.0.0.1", "::1", "::ffff:127.0.0.1"] {
            let held: Vec<_> = (0..5).map(|_| places.take(ip(trusted))).collect();
            assert!(held.iter().all(Option::is_some), "{trusted} speaks for many clients");
        }
    }

    #[test]
    fn the_limit_for_open_files_is_read() {
        let text = "Limit                     Soft Limit           Hard Limit           Units\nMax open files            1024                 1048576              files\n";
        assert_eq!(open_files(text), Some(1024));
        assert_eq!(open_files("Max open files            unlimited            unlimited            files"), None);
    }
}
