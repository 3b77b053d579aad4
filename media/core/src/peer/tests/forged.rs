//! Datagrams from elsewhere, before and during the handshake and after it, with
//! the negative control that shows what the check on sources is good for.
#![allow(clippy::unwrap_used)]

use std::net::SocketAddr;
use std::time::Duration;

use super::pair::{PASSWORD, Pair, Way, rtp};
use crate::peer::stun::{Check, request};
use crate::peer::{DropReason, Inbound, Role};

const ATTACKER: &str = "203.0.113.66:4444";

/// A ClientHello that offers the NULL cipher only, SRTP included, as a scanner would send it.
fn null_hello() -> Vec<u8> {
    let mut body = vec![0xfe, 0xfd];
    body.extend_from_slice(&[0x66; 32]);
    body.extend_from_slice(&[0, 0, 0, 2, 0, 0, 1, 0]);
    let srtp = [0, 14, 0, 5, 0, 2, 0, 7, 0];
    body.extend_from_slice(&(srtp.len() as u16).to_be_bytes());
    body.extend_from_slice(&srtp);
    let length = (body.len() as u32).to_be_bytes();
    let mut handshake = vec![1];
    handshake.extend_from_slice(&length[1..]);
    handshake.extend_from_slice(&[0, 0, 0, 0, 0]);
    handshake.extend_from_slice(&length[1..]);
    handshake.extend_from_slice(&body);
    let mut record = vec![22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0];
    record.extend_from_slice(&(handshake.len() as u16).to_be_bytes());
    record.extend_from_slice(&handshake);
    record
}

/// Runs a join while the attacker's hello arrives before every step. Returns whether it connected.
fn join_under_attack(check_sources: bool) -> (bool, Pair) {
    let mut pair = Pair::new(Pair::browser(Role::Viewer));
    if !check_sources {
        pair.peer.disable_tuple_check();
    }
    let attacker: SocketAddr = ATTACKER.parse().unwrap();
    for _ in 0..100 {
        let (inbound, answered) = pair.probe(attacker, &mut null_hello());
        if check_sources {
            assert_eq!(inbound, Inbound::Dropped(DropReason::UnvalidatedSource));
            assert_eq!(answered, 0);
        }
        pair.run(Duration::from_millis(1), |_| false);
    }
    (pair.run(Duration::from_secs(2), Pair::both_connected), pair)
}

#[test]
fn b_d1_a_forged_hello_from_elsewhere_does_nothing() {
    for _ in 0..100 {
        let (connected, pair) = join_under_attack(true);
        assert!(connected);
        assert_eq!(pair.peer.remote(), Some(pair.client_addr));
    }
}

#[test]
fn b_d1_without_the_check_the_same_attack_succeeds() {
    let (connected, _) = join_under_attack(false);
    assert!(
        !connected,
        "the attack is harmless, so the test above proves nothing"
    );
}

#[test]
fn b_r2_genuine_media_from_another_address_is_dropped() {
    let mut pair = Pair::connected(Pair::browser(Role::Publisher));
    pair.run(Duration::from_millis(100), |_| false);
    pair.send_media(Way::ToPeer, false, &rtp(96, 1, 9));
    let mut stolen = pair.steal_to_peer();
    let media = stolen.last_mut().unwrap();
    let inbound = pair.inject(ATTACKER.parse().unwrap(), &mut media.clone());
    assert_eq!(inbound, Inbound::Dropped(DropReason::UnvalidatedSource));
    let from = pair.client_addr;
    assert!(matches!(pair.inject(from, media), Inbound::Rtp { .. }));
}

#[test]
fn b_r1_b_r2_bad_tags_and_replays_are_dropped_and_the_peer_lives() {
    let mut pair = Pair::connected(Pair::browser(Role::Publisher));
    pair.run(Duration::from_millis(100), |_| false);
    let from = pair.client_addr;
    pair.send_media(Way::ToPeer, false, &rtp(96, 1, 9));
    let good = pair.steal_to_peer().pop().unwrap();
    // Of a million the unoptimised build tries a part.
    let tries = if cfg!(debug_assertions) {
        100_000
    } else {
        1_000_000
    };
    for round in 0..tries {
        let mut bad = good.clone();
        let at = 12 + round % (good.len() - 12);
        bad[at] ^= 0x40;
        let (inbound, answered) = pair.probe(from, &mut bad);
        assert_eq!(inbound, Inbound::Dropped(DropReason::SrtpAuth));
        assert_eq!(answered, 0);
    }
    assert!(matches!(
        pair.inject(from, &mut good.clone()),
        Inbound::Rtp { .. }
    ));
    assert_eq!(
        pair.inject(from, &mut good.clone()),
        Inbound::Dropped(DropReason::Replay)
    );
    assert!(pair.peer.is_connected());
}

#[test]
fn b_s3_a_wrong_password_makes_no_tuple_and_gets_no_answer() {
    let mut pair = Pair::new(Pair::browser(Role::Viewer));
    let username = format!("serverUfrag:{}", pair.peer.config().ice.remote_ufrag);
    let check = |password| Check {
        id: [3; 12],
        username: &username,
        password,
        tie_breaker: 1,
        use_candidate: true,
        controlled: false,
        extra: None,
    };
    let attacker = ATTACKER.parse().unwrap();
    let mut wrong = request(&check("server-password-24-charz")).unwrap();
    let (inbound, answered) = pair.probe(attacker, &mut wrong);
    assert_eq!(
        (inbound, answered),
        (Inbound::Dropped(DropReason::StunAuth), 0)
    );
    assert_eq!(pair.peer.remote(), None);
    let mut right = request(&check(PASSWORD)).unwrap();
    let size = right.len();
    let (inbound, answered) = pair.probe(attacker, &mut right);
    assert_eq!(inbound, Inbound::Handled);
    assert!((1..=size).contains(&answered));
}

#[test]
fn junk_of_every_first_byte_and_length_is_survived() {
    let mut pair = Pair::connected(Pair::browser(Role::Viewer));
    let from = pair.client_addr;
    let mut state = 1u64;
    for round in 0..20_000usize {
        state = state
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        let len = (state >> 33) as usize % 1600;
        let mut junk: Vec<u8> = (0..len).map(|at| (state >> (at % 57)) as u8).collect();
        if let Some(first) = junk.first_mut() {
            *first = round as u8;
        }
        let inbound = pair.inject(from, &mut junk);
        let oversized = inbound == Inbound::Dropped(DropReason::Oversized);
        assert_eq!(oversized, len > 1500, "{len}");
    }
    assert!(pair.peer.is_connected());
}
