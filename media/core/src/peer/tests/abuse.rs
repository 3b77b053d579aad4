//! Floods and poison from the validated address itself: fragments and weak hellos.
#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

use std::time::{Duration, Instant};

use super::pair::Pair;
use crate::client::ClientConfig;
use crate::peer::{CloseReason, DropReason, Inbound, PeerEvent, Profile, Role};

/// A plaintext handshake record with one empty fragment of a ClientHello.
fn empty_fragment(sequence: u64) -> Vec<u8> {
    let mut record = vec![22, 0xfe, 0xfd];
    record.extend_from_slice(&sequence.to_be_bytes());
    record.extend_from_slice(&12u16.to_be_bytes());
    record.extend_from_slice(&[1, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
    record
}

#[test]
fn b_d3_a_flood_of_handshake_fragments_costs_next_to_nothing() {
    for connected in [false, true] {
        let mut pair = Pair::new(Pair::browser(Role::Viewer));
        if connected {
            assert!(pair.run(Duration::from_secs(5), Pair::both_connected));
        } else {
            pair.run(Duration::from_millis(6), |_| false);
        }
        let from = pair.client_addr;
        let begin = Instant::now();
        for sequence in 0..100_000 {
            let (inbound, answered) = pair.probe(from, &mut empty_fragment(sequence));
            assert_eq!((inbound, answered), (Inbound::Dropped(DropReason::Dtls), 0));
        }
        // Without the guard this takes minutes here: its cost grows with the square.
        assert!(
            begin.elapsed() < Duration::from_secs(30),
            "{:?}",
            begin.elapsed()
        );
        assert!(pair.run(Duration::from_secs(5), Pair::both_connected));
    }
}

#[test]
fn b_d5_a_client_without_a_common_profile_is_refused_with_an_alert() {
    let hello_only_sha1_32 = |bytes: &mut Vec<u8>| {
        let srtp = [0, 14, 0, 5, 0, 2, 0, 1];
        let at = bytes.windows(8).position(|window| window == srtp)?;
        bytes[at + 7] = 2;
        Some(())
    };
    let mut pair = Pair::new(ClientConfig {
        profiles: vec![Profile::Sha1],
        ..Pair::browser(Role::Viewer)
    });
    let mut hello = loop {
        pair.run(Duration::from_millis(1), |_| false);
        if let Some(hello) = pair
            .steal_to_peer()
            .into_iter()
            .find(|bytes| bytes[0] == 22)
        {
            break hello;
        }
        let dropped = pair.now;
        assert!(dropped.elapsed() < Duration::from_secs(5));
    };
    hello_only_sha1_32(&mut hello).unwrap();
    let from = pair.client_addr;
    let (_, answered) = pair.probe(from, &mut hello);
    assert_eq!(answered, 15);
    assert_eq!(
        pair.peer_events.last(),
        Some(&PeerEvent::Closed(CloseReason::Error))
    );
}
