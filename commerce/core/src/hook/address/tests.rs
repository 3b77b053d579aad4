//! Every special form is refused, the public internet is not, and an allowance allows no more than
//! it says.
#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::*;

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// First and last address of each block, and forms that have fooled other filters.
const REFUSED: &[(&str, Forbidden)] = &[
    ("0.0.0.0", Forbidden::Unspecified),
    ("0.255.255.255", Forbidden::Unspecified),
    ("10.0.0.0", Forbidden::Private),
    ("10.255.255.255", Forbidden::Private),
    ("100.64.0.0", Forbidden::Shared),
    ("100.100.100.200", Forbidden::Shared),
    ("100.127.255.255", Forbidden::Shared),
    ("127.0.0.1", Forbidden::Loopback),
    ("127.255.255.254", Forbidden::Loopback),
    ("168.63.129.16", Forbidden::Metadata),
    ("169.254.0.1", Forbidden::LinkLocal),
    ("169.254.169.254", Forbidden::LinkLocal),
    ("172.16.0.0", Forbidden::Private),
    ("172.31.255.255", Forbidden::Private),
    ("192.0.0.1", Forbidden::Reserved),
    ("192.0.0.192", Forbidden::Reserved),
    ("192.0.2.1", Forbidden::Documentation),
    ("192.88.99.1", Forbidden::Embedded),
    ("192.168.0.1", Forbidden::Private),
    ("192.168.255.255", Forbidden::Private),
    ("198.18.0.1", Forbidden::Reserved),
    ("198.19.255.255", Forbidden::Reserved),
    ("198.51.100.7", Forbidden::Documentation),
    ("203.0.113.7", Forbidden::Documentation),
    ("224.0.0.1", Forbidden::Multicast),
    ("239.255.255.255", Forbidden::Multicast),
    ("240.0.0.1", Forbidden::Reserved),
    ("255.255.255.255", Forbidden::Reserved),
    ("::", Forbidden::Unspecified),
    ("::1", Forbidden::Loopback),
    ("::127.0.0.1", Forbidden::Embedded),
    ("::8.8.8.8", Forbidden::Embedded),
    ("::ffff:127.0.0.1", Forbidden::Embedded),
    ("::ffff:169.254.169.254", Forbidden::Embedded),
    ("::ffff:8.8.8.8", Forbidden::Embedded),
    ("::ffff:0:127.0.0.1", Forbidden::Embedded),
    ("64:ff9b::7f00:1", Forbidden::Embedded),
    ("64:ff9b::8.8.8.8", Forbidden::Embedded),
    ("64:ff9b:1::a00:1", Forbidden::Embedded),
    ("2001::1", Forbidden::Embedded),
    ("2001:0:4136:e378:8000:63bf:3fff:fdd2", Forbidden::Embedded),
    ("2001:2::1", Forbidden::Reserved),
    ("2001:20::1", Forbidden::Reserved),
    ("2001:db8::1", Forbidden::Documentation),
    ("2002:7f00:1::", Forbidden::Embedded),
    ("2002:a9fe:a9fe::1", Forbidden::Embedded),
    ("3fff::1", Forbidden::Documentation),
    ("4000::1", Forbidden::Reserved),
    ("5f00::1", Forbidden::Reserved),
    ("100::1", Forbidden::Reserved),
    ("fc00::1", Forbidden::Private),
    ("fd00:ec2::254", Forbidden::Private),
    ("fe80::1", Forbidden::LinkLocal),
    ("fe80::a9fe:a9fe", Forbidden::LinkLocal),
    ("fec0::1", Forbidden::Private),
    ("ff02::1", Forbidden::Multicast),
    (
        "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
        Forbidden::Multicast,
    ),
];

/// Next to the special blocks, and plainly public.
const PUBLIC: &[&str] = &[
    "1.1.1.1",
    "8.8.8.8",
    "9.255.255.255",
    "11.0.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "126.255.255.255",
    "128.0.0.0",
    "168.63.129.15",
    "169.253.255.255",
    "169.255.0.0",
    "172.15.255.255",
    "172.32.0.0",
    "192.0.1.0",
    "192.0.3.0",
    "192.167.255.255",
    "192.169.0.0",
    "198.17.255.255",
    "198.20.0.0",
    "203.0.114.0",
    "223.255.255.255",
    "2001:200::1",
    "2001:4860:4860::8888",
    "2003::1",
    "2606:4700:4700::1111",
    "2a00:1450:4001:80b::200e",
    "3ffe::1",
];

#[test]
fn every_special_form_is_refused_for_what_it_is() {
    for (text, what) in REFUSED {
        assert_eq!(judge(ip(text)), Err(*what), "{text}");
    }
}

#[test]
fn the_public_internet_is_not_refused() {
    for text in PUBLIC {
        assert_eq!(judge(ip(text)), Ok(()), "{text}");
    }
}

/// The negative control: the usual short rule lets several of the forms through, so that a test
/// without them would prove nothing.
#[test]
fn a_rule_of_the_usual_three_blocks_would_let_forms_through() {
    let usual = |address: IpAddr| match address {
        IpAddr::V4(address) => address.is_private() || address.is_loopback(),
        IpAddr::V6(address) => address.is_loopback(),
    };
    let missed = REFUSED.iter().filter(|(text, _)| !usual(ip(text)));
    let missed: Vec<&str> = missed.map(|(text, _)| *text).collect();
    for form in [
        "::ffff:127.0.0.1",
        "169.254.169.254",
        "0.0.0.0",
        "64:ff9b::7f00:1",
    ] {
        assert!(missed.contains(&form), "{form}");
    }
}

#[test]
fn an_allowance_covers_what_it_names_and_nothing_beside() {
    let entries = ["erp.internal", "10.1.0.0/16", "fd00:1::/32", "127.0.0.1"];
    let allowed = Allowances::parse(entries).unwrap();
    for (host, address) in [
        ("erp.internal", "192.168.1.1"),
        ("ERP.internal", "::1"),
        ("any.example", "10.1.255.255"),
        ("any.example", "fd00:1::7"),
        ("localhost", "127.0.0.1"),
    ] {
        assert_eq!(allowed.admit(host, ip(address)), Ok(()), "{host} {address}");
    }
    for (host, address) in [
        ("x.erp.internal", "192.168.1.1"),
        ("erp.internal.example", "192.168.1.1"),
        ("any.example", "10.2.0.0"),
        ("any.example", "::ffff:10.1.0.1"),
        ("any.example", "fd00:2::7"),
        ("localhost", "127.0.0.2"),
    ] {
        assert!(
            allowed.admit(host, ip(address)).is_err(),
            "{host} {address}"
        );
    }
}

#[test]
fn entries_that_mean_nothing_are_refused() {
    for text in [
        "",
        "*",
        "*.internal",
        "10.0.0.0/33",
        "10.0.0.0/",
        "10.0.0/8",
        "::/129",
        "a b",
        "1.2.3",
        "10.0.0.0/+8",
        "https://a.example",
        "a..b",
    ] {
        assert!(Allowances::parse([text]).is_err(), "{text}");
    }
    assert!(Allowances::parse(["0.0.0.0/0", "::/0", "a", "a-b.c_d.example"]).is_ok());
}

proptest! {
    /// Whatever IPv4 is refused is refused in every IPv6 form that carries it.
    #[test]
    fn no_form_carries_an_address_past_the_rule(bits in any::<u32>()) {
        let v4 = Ipv4Addr::from_bits(bits);
        let [a, b] = [(bits >> 16) as u16, bits as u16];
        for form in [
            v4.to_ipv6_mapped(),
            Ipv6Addr::new(0, 0, 0, 0, 0xffff, 0, a, b),
            Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, a, b),
            Ipv6Addr::new(0x2002, a, b, 0, 0, 0, 0, 1),
            Ipv6Addr::new(0x2001, 0, a, b, 0, 0, !a, !b),
        ] {
            prop_assert_eq!(judge(form.into()), Err(Forbidden::Embedded));
        }
        // 0.0.0.0 and 0.0.0.1 are `::` and `::1` here.
        prop_assert!(judge(Ipv6Addr::new(0, 0, 0, 0, 0, 0, a, b).into()).is_err());
    }

    /// Only global unicast gets through.
    #[test]
    fn outside_of_global_unicast_nothing_is_public(bits in any::<u128>()) {
        let address = Ipv6Addr::from_bits(bits);
        if judge(address.into()).is_ok() {
            prop_assert_eq!(address.segments()[0] >> 13, 1);
        }
    }

    /// The standard library's own words never disagree with the rule.
    #[test]
    fn what_the_standard_library_calls_special_is_refused(bits in any::<u32>()) {
        let v4 = Ipv4Addr::from_bits(bits);
        let special = v4.is_private() || v4.is_loopback() || v4.is_link_local()
            || v4.is_broadcast() || v4.is_documentation() || v4.is_multicast()
            || v4.is_unspecified();
        if special {
            prop_assert!(judge(v4.into()).is_err());
        }
    }

    /// A block holds exactly the addresses that share its first bits.
    #[test]
    fn a_block_is_its_first_bits(net in any::<u32>(), other in any::<u32>(), bits in 0u8..=32) {
        let text = format!("{}/{bits}", Ipv4Addr::from_bits(net));
        let range: Range = text.parse().unwrap();
        let shared = (net ^ other).leading_zeros() >= u32::from(bits);
        prop_assert_eq!(range.holds(Ipv4Addr::from_bits(other).into()), shared);
    }
}
