//! Connecting in both DTLS roles with every profile, with loss, and media both ways.
#![allow(clippy::unwrap_used)]

use std::time::Duration;

use super::pair::{Pair, Way, pli, rtp};
use crate::client::{ClientConfig, Setup};
use crate::peer::{Inbound, PeerEvent, Profile, Role};

fn exchange_media(pair: &mut Pair) {
    let (up, down) = (rtp(96, 5, 1000), rtp(97, 6, 72));
    pair.send_media(Way::ToPeer, false, &up);
    pair.send_media(Way::ToPeer, true, &pli(1000, 72));
    pair.send_media(Way::ToClient, false, &down);
    pair.send_media(Way::ToClient, true, &pli(72, 1000));
    pair.run(pair.delay * 2, |_| false);
    assert_eq!(pair.peer_media, [(false, up), (true, pli(1000, 72))]);
    assert_eq!(pair.client_media, [(false, down), (true, pli(72, 1000))]);
}

#[test]
fn every_profile_connects_in_both_dtls_roles_and_carries_media() {
    for setup in [Setup::ActPass, Setup::Active, Setup::Passive] {
        for profile in Profile::ALL {
            for role in [Role::Publisher, Role::Viewer] {
                let config = ClientConfig {
                    setup,
                    profiles: vec![profile],
                    ..Pair::browser(role)
                };
                let mut pair = if setup == Setup::Passive {
                    // As DTLS server the client picks our favourite, whatever its list says.
                    Pair::connected(ClientConfig {
                        profiles: Profile::ALL.to_vec(),
                        ..config
                    })
                } else {
                    Pair::connected(config)
                };
                let expected = if setup == Setup::Passive {
                    Profile::Gcm128
                } else {
                    profile
                };
                assert_eq!(pair.peer.profile(), Some(expected));
                assert_eq!(pair.client.profile(), Some(expected));
                exchange_media(&mut pair);
            }
        }
    }
}

#[test]
fn our_profile_order_wins_over_the_browsers() {
    let pair = Pair::connected(Pair::browser(Role::Viewer));
    assert_eq!(pair.client.config().profiles[0], Profile::Sha1);
    assert_eq!(pair.peer.profile(), Some(Profile::Gcm128));
}

#[test]
fn a_join_takes_a_few_round_trips_and_reports_its_steps() {
    let mut pair = Pair::new(Pair::browser(Role::Viewer));
    let begin = pair.now;
    let open = |pair: &Pair| {
        pair.peer_events.contains(&PeerEvent::LanesOpen)
            && pair.client_events.contains(&PeerEvent::LanesOpen)
    };
    assert!(pair.run(Duration::from_secs(5), open));
    // One for the check, one for the cookie, two for the handshake, two for SCTP, 10 ms each.
    assert!(
        pair.now - begin <= Duration::from_millis(75),
        "{:?}",
        pair.now - begin
    );
    let expected = [
        PeerEvent::Validated(pair.client_addr),
        PeerEvent::Remote(pair.client_addr),
        PeerEvent::Connected,
        PeerEvent::LanesOpen,
    ];
    assert_eq!(pair.peer_events, expected);
}

#[test]
fn joins_survive_loss() {
    for setup in [Setup::ActPass, Setup::Passive] {
        for pattern in 0..40usize {
            let mut pair = Pair::new(ClientConfig {
                setup,
                ..Pair::browser(Role::Viewer)
            });
            // A different third of the first 30 datagrams of each way is lost in each round.
            pair.loss = match pattern % 4 {
                0 => |_, number, _| number < 30 && number % 3 == 0,
                1 => |_, number, _| number < 30 && number % 3 == 1,
                2 => |way, number, _| way == Way::ToPeer && (1..6).contains(&number),
                _ => |way, number, _| way == Way::ToClient && (1..6).contains(&number),
            };
            pair.delay = Duration::from_millis(5 + pattern as u64 * 4);
            let connected = pair.run(Duration::from_secs(20), Pair::both_connected);
            assert!(connected, "{setup:?} pattern {pattern}");
            pair.loss = |_, _, _| false;
            exchange_media(&mut pair);
        }
    }
}

#[test]
fn each_single_lost_datagram_is_made_up_for() {
    for setup in [Setup::ActPass, Setup::Passive] {
        for lost in 0..12 {
            for way in [Way::ToPeer, Way::ToClient] {
                let mut pair = Pair::new(ClientConfig {
                    setup,
                    ..Pair::browser(Role::Viewer)
                });
                pair.loss = single(way, lost);
                let begin = pair.now;
                let done = pair.run(Duration::from_secs(10), Pair::both_connected);
                let took = pair.now - begin;
                // 40 without loss, and each side repeats after 100 for the first time.
                assert!(
                    done && took < Duration::from_millis(300),
                    "{setup:?} {way:?} {lost} {took:?}"
                );
                let open = |pair: &Pair| pair.peer_events.contains(&PeerEvent::LanesOpen);
                assert!(
                    pair.run(Duration::from_secs(10), open),
                    "{setup:?} {way:?} {lost}"
                );
            }
        }
    }
}

fn single(way: Way, lost: usize) -> super::pair::Loss {
    macro_rules! table {
        ($($n:literal)*) => {
            match (way, lost) {
                $((Way::ToPeer, $n) => |way, number, _| way == Way::ToPeer && number == $n,
                  (Way::ToClient, $n) => |way, number, _| way == Way::ToClient && number == $n,)*
                _ => |_, _, _| false,
            }
        };
    }
    table!(0 1 2 3 4 5 6 7 8 9 10 11)
}

#[test]
fn f14_a_viewer_whose_address_changes_keeps_its_picture() {
    let mut pair = Pair::connected(Pair::browser(Role::Viewer));
    pair.run(Duration::from_millis(100), |_| false);
    let old = pair.client_addr;
    pair.client_addr = "198.51.100.1:7777".parse().unwrap();
    let moved = |pair: &Pair| pair.peer.remote() == Some(pair.client_addr);
    assert!(pair.run(Duration::from_secs(5), moved));
    assert!(
        pair.peer_events
            .contains(&PeerEvent::Validated(pair.client_addr))
    );
    assert!(
        pair.peer_events
            .contains(&PeerEvent::Remote(pair.client_addr))
    );
    assert_ne!(pair.client_addr, old);
    exchange_media(&mut pair);
    pair.send_lane(Way::ToClient, 0, b"still here");
    let heard = |pair: &Pair| {
        let event = |event: &PeerEvent| matches!(event, PeerEvent::Lane { lane: 0, .. });
        pair.client_events.iter().any(event)
    };
    assert!(pair.run(Duration::from_secs(1), heard));
}

#[test]
fn b_r2_media_before_the_keys_and_after_the_end_is_not_ready() {
    let mut pair = Pair::new(Pair::browser(Role::Publisher));
    pair.run(Duration::from_millis(6), |_| false);
    let from = pair.client_addr;
    let inbound = pair.inject(from, &mut rtp(96, 1, 1));
    assert_eq!(inbound, Inbound::Dropped(crate::peer::DropReason::NotReady));
    let mut buf = rtp(96, 1, 1);
    buf.resize(400, 0);
    assert_eq!(pair.peer.seal_rtp(&mut buf, 212), None);
}
