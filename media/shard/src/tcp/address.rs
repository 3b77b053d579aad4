//! How a shard tells TCP from UDP: the address of a TCP peer is marked in a field of IPv6
//! addresses that no datagram's source has, so the two never meet in a table.

use std::net::{IpAddr, SocketAddr, SocketAddrV6};

/// Flow labels have 20 bits; the kernel never reports this one.
const MARK: u32 = 0x7c90_0000;

/// The address under which the core knows a TCP peer. IPv4 is mapped.
pub(super) fn mark(peer: SocketAddr) -> SocketAddr {
    let ip = match peer.ip() {
        IpAddr::V4(ip) => ip.to_ipv6_mapped(),
        IpAddr::V6(ip) => ip,
    };
    SocketAddrV6::new(ip, peer.port(), MARK, 0).into()
}

/// Whether this is the address of a TCP peer.
pub(crate) fn is_marked(address: SocketAddr) -> bool {
    matches!(address, SocketAddr::V6(v6) if v6.flowinfo() == MARK)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn marked_addresses_meet_no_others() {
        for text in ["192.0.2.1:9", "[2001:db8::1]:9", "[::ffff:192.0.2.1]:9"] {
            let plain: SocketAddr = text.parse().unwrap();
            let marked = mark(plain);
            assert!(is_marked(marked) && !is_marked(plain));
            assert_ne!(marked, plain);
            assert_eq!(marked.ip().to_canonical(), plain.ip().to_canonical());
            assert_eq!(marked.port(), 9);
        }
    }
}
