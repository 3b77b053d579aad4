//! Our own candidates (RFC 8839 section 5.1, RFC 6544), as they stand in answers and fragments.
//!
//! Whoever takes only the first candidate gets an IPv4 UDP address: FFmpeg does, and knows no
//! other family. Addresses that nobody can send to are left out.

use std::net::{IpAddr, SocketAddr};

use super::limits::MAX_LOCAL_CANDIDATES;

/// Type preference of a host candidate (RFC 8445 section 5.1.2.2).
const HOST_PREFERENCE: u32 = 126;
/// The same over TCP, below everything over UDP (RFC 6544 section 4.2).
const TCP_HOST_PREFERENCE: u32 = 90;
/// Direction preference of `tcptype passive`, in front of the 13 bits of other preference.
const PASSIVE_PREFERENCE: u32 = 4 << 13;

/// Addresses at which a peer can be reached. Those of each list are in order of preference.
#[derive(Clone, Copy, Debug, Default)]
pub struct Candidates<'a> {
    /// UDP addresses of the shard that got the peer; at least one.
    pub udp: &'a [SocketAddr],
    /// Addresses of the ICE-TCP listener (`tcptype passive`); empty without one.
    pub tcp: &'a [SocketAddr],
}

impl Candidates<'_> {
    /// The values of the `a=candidate:` lines, in order.
    pub(super) fn lines(&self) -> impl Iterator<Item = String> {
        let udp = ordered(self.udp).into_iter().enumerate().map(udp);
        let tcp = ordered(self.tcp).into_iter().enumerate().map(tcp);
        udp.chain(tcp)
    }
}

fn udp((at, address): (usize, SocketAddr)) -> String {
    let priority = HOST_PREFERENCE << 24 | (0xffff - at as u32) << 8 | 0xff;
    let (number, ip, port) = (at + 1, address.ip(), address.port());
    format!("{number} 1 udp {priority} {ip} {port} typ host")
}

fn tcp((at, address): (usize, SocketAddr)) -> String {
    let local = PASSIVE_PREFERENCE | (0x1fff - at as u32);
    let priority = TCP_HOST_PREFERENCE << 24 | local << 8 | 0xff;
    let (number, ip, port) = (MAX_LOCAL_CANDIDATES + at + 1, address.ip(), address.port());
    format!("{number} 1 tcp {priority} {ip} {port} typ host tcptype passive")
}

/// Usable addresses, each once, IPv4 first.
fn ordered(addresses: &[SocketAddr]) -> Vec<SocketAddr> {
    let mut ordered: Vec<SocketAddr> = Vec::new();
    for family in [SocketAddr::is_ipv4, SocketAddr::is_ipv6] {
        for address in addresses.iter().filter(|address| is_usable(address)) {
            let full = ordered.len() >= MAX_LOCAL_CANDIDATES;
            if family(address) && !full && !ordered.contains(address) {
                ordered.push(*address);
            }
        }
    }
    ordered
}

fn is_usable(address: &SocketAddr) -> bool {
    let ip = address.ip();
    let scoped = matches!(ip, IpAddr::V6(ip) if ip.is_unicast_link_local());
    !ip.is_unspecified() && !ip.is_multicast() && !scoped && address.port() != 0
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn addresses(texts: &[&str]) -> Vec<SocketAddr> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[test]
    fn udp_comes_before_tcp_and_ipv4_before_ipv6_with_falling_priorities() {
        let udp = addresses(&["[2001:db8::1]:5000", "192.0.2.1:5000", "192.0.2.1:5000"]);
        let tcp = addresses(&["[2001:db8::1]:443", "192.0.2.1:443"]);
        let candidates = Candidates {
            udp: &udp,
            tcp: &tcp,
        };
        let lines: Vec<String> = candidates.lines().collect();
        let expected = [
            "1 1 udp 2130706431 192.0.2.1 5000 typ host",
            "2 1 udp 2130706175 2001:db8::1 5000 typ host",
            "9 1 tcp 1520435199 192.0.2.1 443 typ host tcptype passive",
            "10 1 tcp 1520434943 2001:db8::1 443 typ host tcptype passive",
        ];
        assert_eq!(lines, expected);
    }

    #[test]
    fn addresses_that_nobody_can_send_to_are_left_out_and_the_list_is_short() {
        let odd = addresses(&[
            "0.0.0.0:1",
            "[::]:1",
            "[fe80::1]:1",
            "224.0.0.1:1",
            "192.0.2.1:0",
        ]);
        let none = Candidates {
            udp: &odd,
            tcp: &odd,
        };
        assert_eq!(none.lines().count(), 0);
        let many: Vec<SocketAddr> = (1..100)
            .map(|port| SocketAddr::from(([192, 0, 2, 1], port)))
            .collect();
        let many = Candidates {
            udp: &many,
            tcp: &[],
        };
        assert_eq!(many.lines().count(), MAX_LOCAL_CANDIDATES);
    }
}
