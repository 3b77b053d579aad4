//! Ends: nobody comes, the handshake hangs, consent runs out, goodbyes (RFC 7675).
#![allow(clippy::unwrap_used)]

use std::time::Duration;

use super::pair::{Pair, Way, rtp};
use crate::client::{ClientConfig, Setup};
use crate::peer::{CONSENT_TIMEOUT, Certificate, CloseReason, HANDSHAKE_TIMEOUT, PeerEvent, Role};

fn closed(pair: &Pair) -> bool {
    pair.peer.is_closed()
}

#[test]
fn a_peer_that_nobody_calls_ends() {
    let mut pair = Pair::new(Pair::browser(Role::Viewer));
    pair.loss = |_, _, _| true;
    pair.clear_wire();
    let begin = pair.now;
    assert!(pair.run(Duration::from_secs(100), closed));
    assert_eq!(pair.now - begin, HANDSHAKE_TIMEOUT);
    assert_eq!(pair.peer_events, [PeerEvent::Closed(CloseReason::Timeout)]);
    assert_eq!(pair.peer.next_timeout(), None);
}

#[test]
fn b_d8_a_handshake_left_open_ends_in_both_roles() {
    for setup in [Setup::ActPass, Setup::Passive] {
        let mut pair = Pair::new(ClientConfig {
            setup,
            ..Pair::browser(Role::Viewer)
        });
        // Checks pass, DTLS does not.
        pair.loss = |_, _, bytes| bytes[0] >= 20;
        let begin = pair.now;
        assert!(pair.run(Duration::from_secs(100), closed), "{setup:?}");
        assert!(pair.now - begin <= HANDSHAKE_TIMEOUT);
        assert!(!pair.peer_events.contains(&PeerEvent::Connected));
        let reason = CloseReason::Timeout;
        assert_eq!(
            pair.peer_events.last(),
            Some(&PeerEvent::Closed(reason)),
            "{setup:?}"
        );
    }
}

#[test]
fn consent_runs_out_when_neither_checks_nor_media_come() {
    let mut pair = Pair::connected(Pair::browser(Role::Publisher));
    pair.loss = |_, _, _| true;
    let begin = pair.now;
    assert!(pair.run(Duration::from_secs(100), closed));
    assert!(pair.now - begin <= CONSENT_TIMEOUT);
    assert_eq!(
        pair.peer_events.last(),
        Some(&PeerEvent::Closed(CloseReason::Timeout))
    );
}

#[test]
fn media_alone_keeps_a_publisher_that_never_checks_again() {
    let mut pair = Pair::connected(Pair::browser(Role::Publisher));
    pair.run(Duration::from_millis(100), |_| false);
    // FFmpeg sends a single check in its life.
    pair.loss = |way, _, bytes| way == Way::ToPeer && bytes[0] < 4;
    for second in 0..120 {
        pair.send_media(Way::ToPeer, false, &rtp(96, second, 9));
        pair.run(Duration::from_secs(1), |_| false);
    }
    assert!(pair.peer.is_connected());
    assert_eq!(pair.peer_media.len(), 120);
    assert!(pair.run(CONSENT_TIMEOUT, closed));
}

#[test]
fn goodbyes_are_heard_on_the_other_side() {
    let mut pair = Pair::connected(Pair::browser(Role::Viewer));
    pair.close(Way::ToPeer);
    assert!(pair.run(Duration::from_secs(1), closed));
    assert_eq!(
        pair.peer_events.last(),
        Some(&PeerEvent::Closed(CloseReason::Remote))
    );

    let mut pair = Pair::connected(Pair::browser(Role::Viewer));
    pair.close(Way::ToClient);
    assert_eq!(
        pair.peer_events.last(),
        Some(&PeerEvent::Closed(CloseReason::Requested))
    );
    let heard =
        |pair: &Pair| pair.client_events.last() == Some(&PeerEvent::Closed(CloseReason::Remote));
    assert!(pair.run(Duration::from_secs(1), heard));
}

#[test]
fn b_d4_a_certificate_other_than_the_signalled_one_ends_the_peer_without_keys() {
    for setup in [Setup::ActPass, Setup::Passive] {
        let mut pair = Pair::new(ClientConfig {
            setup,
            ..Pair::browser(Role::Viewer)
        });
        let other = Certificate::generate().unwrap();
        let mut settled = pair.peer.config().clone();
        let print = format!("sha-256 {}", other.fingerprint());
        settled.remote_fingerprint = crate::peer::Fingerprint::parse(&print).unwrap();
        pair.peer = crate::peer::Peer::new(settled, pair.now);
        assert!(pair.run(Duration::from_secs(20), closed), "{setup:?}");
        assert_eq!(
            pair.peer_events.last(),
            Some(&PeerEvent::Closed(CloseReason::Error))
        );
        assert!(!pair.peer_events.contains(&PeerEvent::Connected));
    }
}

#[test]
fn b_d4_a_client_without_a_certificate_gets_no_keys() {
    let mut pair = Pair::new(ClientConfig {
        anonymous: true,
        ..Pair::browser(Role::Viewer)
    });
    assert!(pair.run(Duration::from_secs(40), closed));
    let end = PeerEvent::Closed(CloseReason::Error);
    assert_eq!(pair.peer_events.last(), Some(&end));
    assert!(!pair.peer_events.contains(&PeerEvent::Connected));
    assert!(!pair.client.is_connected(), "no keys on either side");
}

#[test]
fn a_client_that_sees_another_certificate_ends_too() {
    let changed = |answer: String| {
        let at = answer.find("sha-256 ").unwrap() + 8;
        let flipped = if &answer[at..at + 1] == "A" { "B" } else { "A" };
        let print = &answer[at..at + 95];
        answer.replace(print, &format!("{flipped}{}", &print[1..]))
    };
    let mut pair = Pair::with_answer(Pair::browser(Role::Viewer), changed);
    pair.run(Duration::from_secs(5), |_| false);
    assert!(!pair.client.is_connected());
    assert!(!pair.client_events.contains(&PeerEvent::Connected));
}
