//! Which addresses requests of a server may go to. Pure; after the special-purpose registries of IANA.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Where an address leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// To the public internet.
    Public,
    /// To this machine or a private network: loopback, RFC 1918, shared address space, unique local.
    Private,
    /// To the link, where clouds serve the secrets of a machine.
    Link,
    /// Nowhere that a request could want to go: unspecified, multicast, reserved, documentation, tunnels.
    Nowhere,
}

/// Places outside the link-local ranges where clouds serve the secrets of a machine.
const METADATA_V4: [Ipv4Addr; 2] = [Ipv4Addr::new(100, 100, 100, 200), Ipv4Addr::new(168, 63, 129, 16)];
const METADATA_V6: [Ipv6Addr; 2] = [Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254), Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254)];

/// Where `address` leads. An IPv6 address that carries an IPv4 address leads where that one does.
pub fn reach(address: IpAddr) -> Reach {
    match address {
        IpAddr::V4(address) => reach_v4(address),
        IpAddr::V6(address) => reach_v6(address),
    }
}

fn reach_v4(address: Ipv4Addr) -> Reach {
    if METADATA_V4.contains(&address) {
        return Reach::Link;
    }
    match address.octets() {
        [169, 254, ..] => Reach::Link,
        [10 | 127, ..] | [192, 168, ..] | [172, 16..=31, ..] | [100, 64..=127, ..] => Reach::Private,
        // This network, multicast, reserved and broadcast; protocol assignments, relays, AS112; benchmarks; documentation.
        [0 | 224..=255, ..]
        | [192, 0, 0 | 2, _]
        | [192, 88, 99, _]
        | [192, 175, 48, _]
        | [192, 31, 196, _]
        | [192, 52, 193, _]
        | [198, 18 | 19, ..]
        | [198, 51, 100, _]
        | [203, 0, 113, _] => Reach::Nowhere,
        _ => Reach::Public,
    }
}

fn reach_v6(address: Ipv6Addr) -> Reach {
    if METADATA_V6.contains(&address) {
        return Reach::Link;
    }
    if let Some(inner) = embedded(address) {
        return reach_v4(inner);
    }
    match address.segments() {
        [0, 0, 0, 0, 0, 0, 0, 1] | [0xfc00..=0xfdff, ..] => Reach::Private,
        [0xfe80..=0xfebf, ..] => Reach::Link,
        // Protocol assignments with Teredo and ORCHID; documentation.
        [0x2001, 0..=0x1ff | 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => Reach::Nowhere,
        // All of the global unicast space there is; what lies outside is not assigned to anybody.
        [0x2000..=0x3fff, ..] => Reach::Public,
        _ => Reach::Nowhere,
    }
}

/// The IPv4 address inside: mapped, compatible, translated (also by NAT64) and 6to4.
fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let join = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match address.segments() {
        [0, 0, 0, 0, 0, 0, 0, 0 | 1] => None,
        [0, 0, 0, 0, 0, 0 | 0xffff, high, low]
        | [0, 0, 0, 0, 0xffff, 0, high, low]
        | [0x64, 0xff9b, 0, 0, 0, 0, high, low]
        | [0x2002, high, low, ..] => Some(join(high, low)),
        _ => None,
    }
}
