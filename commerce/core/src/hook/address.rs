//! Which addresses a webhook may be sent to: those of the public internet, and what the operator
//! names besides.
//!
//! IPv6 is refused unless it is global unicast (2000::/3) outside of its special blocks, so that a
//! block nobody has heard of yet is refused as well; forms that carry an IPv4 address inside are
//! refused whatever that address is. IPv4 has no such rule, so its special blocks (the registry of
//! RFC 6890 and its updates) are listed. A name is not judged, only what it resolves to.

#[cfg(test)]
mod tests;

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    str::FromStr,
};

/// Why an address is not one of the public internet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Forbidden {
    /// This host: 0.0.0.0/8, `::`.
    Unspecified,
    /// 127.0.0.0/8, `::1`.
    Loopback,
    /// RFC 1918, unique local IPv6.
    Private,
    /// 169.254.0.0/16 with the metadata services of most clouds, fe80::/10.
    LinkLocal,
    /// Behind a provider's NAT: 100.64.0.0/10.
    Shared,
    /// To many.
    Multicast,
    /// For examples.
    Documentation,
    /// Of a cloud's own services, though it looks public.
    Metadata,
    /// IPv6 that holds an IPv4 address: mapped, compatible, NAT64, 6to4, Teredo.
    Embedded,
    /// Broadcast, benchmarks, protocol assignments, and what is not in use.
    Reserved,
}

/// IPv4 blocks that are not public.
const V4: [(Ipv4Addr, u8, Forbidden); 17] = [
    (Ipv4Addr::new(0, 0, 0, 0), 8, Forbidden::Unspecified),
    (Ipv4Addr::new(10, 0, 0, 0), 8, Forbidden::Private),
    (Ipv4Addr::new(100, 64, 0, 0), 10, Forbidden::Shared),
    (Ipv4Addr::new(127, 0, 0, 0), 8, Forbidden::Loopback),
    // Where a cloud's agent answers, on every machine of it.
    (Ipv4Addr::new(168, 63, 129, 16), 32, Forbidden::Metadata),
    (Ipv4Addr::new(169, 254, 0, 0), 16, Forbidden::LinkLocal),
    (Ipv4Addr::new(172, 16, 0, 0), 12, Forbidden::Private),
    (Ipv4Addr::new(192, 0, 0, 0), 24, Forbidden::Reserved),
    (Ipv4Addr::new(192, 0, 2, 0), 24, Forbidden::Documentation),
    // Relays of 6to4.
    (Ipv4Addr::new(192, 88, 99, 0), 24, Forbidden::Embedded),
    (Ipv4Addr::new(192, 168, 0, 0), 16, Forbidden::Private),
    (Ipv4Addr::new(198, 18, 0, 0), 15, Forbidden::Reserved),
    (Ipv4Addr::new(198, 51, 100, 0), 24, Forbidden::Documentation),
    (Ipv4Addr::new(203, 0, 113, 0), 24, Forbidden::Documentation),
    (Ipv4Addr::new(224, 0, 0, 0), 4, Forbidden::Multicast),
    (Ipv4Addr::new(255, 255, 255, 255), 32, Forbidden::Reserved),
    (Ipv4Addr::new(240, 0, 0, 0), 4, Forbidden::Reserved),
];

/// IPv6 blocks by what they are; the first that fits counts. The last one holds what is left of
/// IPv6 when the public part is taken out.
const V6: [(Ipv6Addr, u8, Forbidden); 14] = [
    (Ipv6Addr::UNSPECIFIED, 128, Forbidden::Unspecified),
    (Ipv6Addr::LOCALHOST, 128, Forbidden::Loopback),
    // ::/96 held IPv4 addresses once; ::ffff:0:0/96 and ::ffff:0:0:0/96 do still.
    (Ipv6Addr::UNSPECIFIED, 80, Forbidden::Embedded),
    (v6(0, 0, 0, 0, 0xffff), 64, Forbidden::Embedded),
    (v6(0x64, 0xff9b, 0, 0, 0), 32, Forbidden::Embedded),
    (v6(0x2001, 0, 0, 0, 0), 32, Forbidden::Embedded),
    (v6(0x2001, 0xdb8, 0, 0, 0), 32, Forbidden::Documentation),
    (v6(0x2001, 0, 0, 0, 0), 23, Forbidden::Reserved),
    (v6(0x2002, 0, 0, 0, 0), 16, Forbidden::Embedded),
    (v6(0x3fff, 0, 0, 0, 0), 20, Forbidden::Documentation),
    (v6(0xfc00, 0, 0, 0, 0), 7, Forbidden::Private),
    (v6(0xfe80, 0, 0, 0, 0), 10, Forbidden::LinkLocal),
    (v6(0xff00, 0, 0, 0, 0), 8, Forbidden::Multicast),
    // Site-local: private before there was unique local.
    (v6(0xfec0, 0, 0, 0, 0), 10, Forbidden::Private),
];

/// The block that public IPv6 is in.
const PUBLIC_V6: (Ipv6Addr, u8) = (v6(0x2000, 0, 0, 0, 0), 3);

const fn v6(a: u16, b: u16, c: u16, d: u16, e: u16) -> Ipv6Addr {
    Ipv6Addr::new(a, b, c, d, e, 0, 0, 0)
}

/// Whether an address is one of the public internet.
///
/// # Errors
/// What it is instead.
pub fn judge(address: IpAddr) -> Result<(), Forbidden> {
    let found = match address {
        IpAddr::V4(address) => V4
            .iter()
            .find(|(net, bits, _)| in_v4(address, *net, *bits))
            .map(|(.., what)| *what),
        IpAddr::V6(address) => V6
            .iter()
            .find(|(net, bits, _)| in_v6(address, *net, *bits))
            .map(|(.., what)| *what)
            .or((!in_v6(address, PUBLIC_V6.0, PUBLIC_V6.1)).then_some(Forbidden::Reserved)),
    };
    found.map_or(Ok(()), Err)
}

fn in_v4(address: Ipv4Addr, net: Ipv4Addr, bits: u8) -> bool {
    let mask = u32::MAX.checked_shl(32 - u32::from(bits)).unwrap_or(0);
    (address.to_bits() ^ net.to_bits()) & mask == 0
}

fn in_v6(address: Ipv6Addr, net: Ipv6Addr, bits: u8) -> bool {
    let mask = u128::MAX.checked_shl(128 - u32::from(bits)).unwrap_or(0);
    (address.to_bits() ^ net.to_bits()) & mask == 0
}

/// A block of addresses, as in `10.0.0.0/8`; an address alone is a block of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    net: IpAddr,
    bits: u8,
}

/// The text is no block of addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no block of addresses such as 10.0.0.0/8")]
pub struct NoRange;

impl Range {
    /// Whether an address lies in it. The two families are never mixed.
    pub fn holds(self, address: IpAddr) -> bool {
        match (self.net, address) {
            (IpAddr::V4(net), IpAddr::V4(address)) => in_v4(address, net, self.bits),
            (IpAddr::V6(net), IpAddr::V6(address)) => in_v6(address, net, self.bits),
            _ => false,
        }
    }
}

impl FromStr for Range {
    type Err = NoRange;

    fn from_str(text: &str) -> Result<Self, NoRange> {
        let (net, bits) = match text.split_once('/') {
            Some((net, bits)) => (net, Some(bits)),
            None => (text, None),
        };
        let net: IpAddr = net.parse().map_err(|_| NoRange)?;
        let most = if net.is_ipv4() { 32 } else { 128 };
        let bits = match bits {
            None => most,
            Some(bits) if bits.bytes().all(|byte| byte.is_ascii_digit()) => {
                bits.parse().map_err(|_| NoRange)?
            }
            Some(_) => return Err(NoRange),
        };
        (bits <= most).then_some(Self { net, bits }).ok_or(NoRange)
    }
}

/// What the operator lets webhooks reach besides the public internet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Allowances {
    hosts: Vec<String>,
    ranges: Vec<Range>,
}

/// An entry names neither a host nor a block of addresses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is neither the name of a host nor a block of addresses")]
pub struct NoAllowance(pub String);

impl Allowances {
    /// Reads entries: names of hosts, addresses and blocks of them. A name covers itself alone,
    /// not what is below it.
    ///
    /// # Errors
    /// [`NoAllowance`] names the first entry that is none.
    pub fn parse<'a>(entries: impl IntoIterator<Item = &'a str>) -> Result<Self, NoAllowance> {
        let mut read = Self::default();
        for entry in entries {
            match entry.parse::<Range>() {
                Ok(range) => read.ranges.push(range),
                Err(_) if is_name(entry) => read.hosts.push(entry.to_ascii_lowercase()),
                Err(_) => return Err(NoAllowance(entry.to_owned())),
            }
        }
        Ok(read)
    }

    /// Whether a webhook to `host` may go to `address`. For an address written out, `host` is that
    /// text and no name.
    ///
    /// # Errors
    /// What the address is.
    pub fn admit(&self, host: &str, address: IpAddr) -> Result<(), Forbidden> {
        let named = self
            .hosts
            .iter()
            .any(|name| name.eq_ignore_ascii_case(host));
        let listed = self.ranges.iter().any(|range| range.holds(address));
        if named || listed {
            return Ok(());
        }
        judge(address)
    }
}

/// Letters, digits and hyphens between dots; not all of it digits, which would be an address.
fn is_name(text: &str) -> bool {
    let label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    };
    let last = text.rsplit('.').next().unwrap_or_default();
    text.len() <= 253
        && text.split('.').all(label)
        && !last.bytes().all(|byte| byte.is_ascii_digit())
}
