//! The DTLS rows of the bad-input list at a whole peer, from the validated address itself.
#![allow(clippy::unwrap_used)]

use std::time::Duration;

use super::pair::{Pair, Way, rtp};
use crate::peer::limits::MAX_EARLY_RECORDS;
use crate::peer::{CloseReason, DropReason, Inbound, PeerEvent, Role};

/// A plaintext record.
fn record(kind: u8, sequence: u64, content: &[u8]) -> Vec<u8> {
    let mut record = vec![kind, 0xfe, 0xfd];
    record.extend_from_slice(&sequence.to_be_bytes());
    record.extend_from_slice(&(content.len() as u16).to_be_bytes());
    record.extend_from_slice(content);
    record
}

/// The client's first hello, taken off the wire.
fn hello(pair: &mut Pair) -> Vec<u8> {
    for _ in 0..100 {
        pair.run(Duration::from_millis(1), |_| false);
        let stolen = pair.steal_to_peer();
        if let Some(hello) = stolen.into_iter().find(|bytes| bytes[0] == 22) {
            return hello;
        }
    }
    panic!("there was no hello")
}

#[test]
fn b_d5_a_client_of_dtls_1_0_is_told_and_let_go() {
    let mut pair = Pair::new(Pair::browser(Role::Viewer));
    let mut hello = hello(&mut pair);
    // Behind the headers of record (13) and message (12) stands the version.
    assert_eq!(hello[25..27], [0xfe, 0xfd]);
    hello[26] = 0xff;
    let from = pair.client_addr;
    let (_, alert) = pair.answer(from, &mut hello);
    assert_eq!((alert[0], alert.last()), (21, Some(&70)));
    let closed = PeerEvent::Closed(CloseReason::Error);
    assert_eq!(pair.peer_events.last(), Some(&closed));
}

#[test]
fn b_d5_a_plaintext_hello_after_the_handshake_renegotiates_nothing() {
    let mut pair = Pair::new(Pair::browser(Role::Viewer));
    let mut hello = hello(&mut pair);
    assert!(pair.run(Duration::from_secs(5), Pair::both_connected));
    let from = pair.client_addr;
    let outcome = pair.probe(from, &mut hello);
    assert_eq!(outcome, (Inbound::Dropped(DropReason::Dtls), 0));
    media_passes(&mut pair);
}

/// Hellos of both sides in the epoch of the keys: those that cannot be opened get no answer, and
/// the ones past the count are told apart as dropped.
#[test]
fn b_d5_a_renegotiation_under_the_keys_is_dropped_and_the_session_goes_on() {
    let mut pair = Pair::connected(Pair::browser(Role::Viewer));
    let from = pair.client_addr;
    let (mut dropped, mut answered) = (0, 0);
    for at in 0..100u64 {
        // A hello of a client, and a server's request for one.
        let kind = if at % 2 == 0 { 1 } else { 0 };
        let mut content = vec![kind, 0, 0, 60, 0, 0, 0, 0, 0, 0, 0, 60];
        content.extend_from_slice(&[7; 60]);
        let (inbound, bytes) = pair.probe(from, &mut record(22, (1 << 48) + 100 + at, &content));
        dropped += u32::from(inbound == Inbound::Dropped(DropReason::Dtls));
        answered += bytes;
    }
    assert_eq!((dropped, answered), (100 - MAX_EARLY_RECORDS, 0));
    assert!(
        pair.peer_events
            .iter()
            .all(|event| !matches!(event, PeerEvent::Closed(_)))
    );
    media_passes(&mut pair);
    // The control: an end that the other side's keys say is taken.
    pair.close(Way::ToPeer);
    pair.run(Duration::from_secs(1), |_| false);
    assert!(!pair.peer.is_connected());
}

#[test]
fn b_d6_plaintext_alerts_and_data_are_ignored_before_and_after_the_handshake() {
    let mut pair = Pair::new(Pair::browser(Role::Publisher));
    let from = pair.client_addr;
    let forged = |pair: &mut Pair| {
        for (kind, content) in [(21, vec![2, 40]), (21, vec![1, 0]), (23, vec![0; 40])] {
            for sequence in [0, 1, 1 << 48, 2 << 48] {
                let mut record = record(kind, sequence, &content);
                pair.probe(from, &mut record);
            }
        }
    };
    for _ in 0..40 {
        forged(&mut pair);
        pair.run(Duration::from_millis(2), |_| false);
    }
    assert!(pair.run(Duration::from_secs(5), Pair::both_connected));
    for _ in 0..40 {
        forged(&mut pair);
    }
    media_passes(&mut pair);
}

#[test]
fn b_d7_a_chain_of_100_kilobytes_is_not_taken_in() {
    let mut pair = Pair::new(Pair::browser(Role::Viewer));
    pair.run(Duration::from_millis(7), |_| false);
    let from = pair.client_addr;
    let total: u32 = 100_000;
    for at in (0..total).step_by(1_000) {
        let mut content = vec![11];
        content.extend_from_slice(&total.to_be_bytes()[1..]);
        content.extend_from_slice(&[0, 2]);
        content.extend_from_slice(&at.to_be_bytes()[1..]);
        content.extend_from_slice(&1_000u32.to_be_bytes()[1..]);
        content.extend_from_slice(&[7; 1_000]);
        let mut piece = record(22, u64::from(at), &content);
        let outcome = pair.probe(from, &mut piece);
        assert_eq!(outcome, (Inbound::Dropped(DropReason::Dtls), 0));
    }
    // They used up the budget of nobody: the genuine handshake ends well.
    assert!(pair.run(Duration::from_secs(5), Pair::both_connected));
}

#[test]
fn b_r4_datagrams_over_1500_bytes_are_not_looked_at() {
    let mut pair = Pair::connected(Pair::browser(Role::Publisher));
    let from = pair.client_addr;
    for first in [0, 22, 0x80] {
        let outcome = pair.probe(from, &mut vec![first; 1_501]);
        assert_eq!(outcome, (Inbound::Dropped(DropReason::Oversized), 0));
        // The control: one byte less is looked at, and found to be nothing.
        let (inbound, _) = pair.probe(from, &mut vec![first; 1_500]);
        assert_ne!(inbound, Inbound::Dropped(DropReason::Oversized));
    }
    media_passes(&mut pair);
}

fn media_passes(pair: &mut Pair) {
    pair.send_media(Way::ToPeer, false, &rtp(96, 1, 9));
    pair.run(Duration::from_secs(1), |_| false);
    assert!(pair.peer.is_connected());
    assert_eq!(pair.peer_media.len(), 1);
}
