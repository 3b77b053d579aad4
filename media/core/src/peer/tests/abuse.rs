//! Floods and poison from the validated address itself: fragments, SCTP, weak hellos.
#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

use std::time::{Duration, Instant};

use super::pair::Pair;
use crate::client::ClientConfig;
use crate::peer::lanes::{Lanes, LanesEvent};
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

/// CRC32c as SCTP wants it (RFC 9260 appendix A), bit by bit.
fn crc32c(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            if crc & 1 == 1 {
                (crc >> 1) ^ 0x82f6_3b78
            } else {
                crc >> 1
            }
        })
    })
}

fn sctp(tag: u32, chunks: &[u8]) -> Vec<u8> {
    let mut packet = vec![0x13, 0x88, 0x13, 0x88];
    packet.extend_from_slice(&tag.to_be_bytes());
    packet.extend_from_slice(&[0; 4]);
    packet.extend_from_slice(chunks);
    let crc = crc32c(&packet).to_le_bytes();
    packet[8..12].copy_from_slice(&crc);
    packet
}

/// Two lanes that are connected; returns the server and the tag that it accepts.
fn associated(now: Instant) -> (Lanes, u32) {
    let (mut server, mut client) = (Lanes::new(), Lanes::new());
    client.connect();
    let mut tag = 0;
    for _ in 0..8 {
        let mut wire = Vec::new();
        client.transmit(now, |packet| wire.push(packet.to_vec()));
        for packet in wire.drain(..) {
            tag = u32::from_be_bytes(packet[4..8].try_into().unwrap());
            server.handle(now, packet.into());
        }
        server.transmit(now, |packet| wire.push(packet.to_vec()));
        for packet in wire {
            client.handle(now, packet.into());
        }
    }
    assert_eq!(server.take_events(), [LanesEvent::Open]);
    (server, tag)
}

#[test]
fn an_abort_with_an_overlong_cause_is_survived() {
    let now = Instant::now();
    // 20 bytes: the cause claims 65,535.
    for kind in [6, 9] {
        for tag_fits in [true, false] {
            let (mut server, tag) = associated(now);
            let tag = if tag_fits { tag } else { tag ^ 1 };
            let packet = sctp(tag, &[kind, 0, 0, 8, 0, 12, 0xff, 0xff]);
            assert_eq!(packet.len(), 20);
            server.handle(now, packet.into());
            server.transmit(now, |_| {});
        }
        // Before an association, too.
        let packet = sctp(0, &[kind, 0, 0, 8, 0, 12, 0xff, 0xff]);
        Lanes::new().handle(now, packet.into());
    }
}

#[test]
fn broken_sctp_is_survived_and_a_second_association_is_not_made() {
    let now = Instant::now();
    for (name, chunks) in [
        ("length zero", vec![0, 3, 0, 0, 0, 0, 0, 0]),
        ("length past the end", vec![0, 3, 0xff, 0xff, 0, 0, 0, 0]),
        ("short", vec![0, 3]),
        ("unknown", vec![0xff, 0, 0, 4]),
        (
            "forward tsn far ahead",
            vec![192, 0, 0, 8, 0xff, 0xff, 0xff, 0xff],
        ),
        (
            "sack of unsent",
            [&[3u8, 0, 0, 16][..], &[0x7f; 4], &[0; 8]].concat(),
        ),
        ("empty", Vec::new()),
    ] {
        let (mut server, tag) = associated(now);
        server.handle(now, sctp(tag, &chunks).into());
        let mut sent = 0;
        server.transmit(now, |_| sent += 1);
        assert!(sent < 4, "{name}: {sent} packets in answer");
    }
    let (mut server, _) = associated(now);
    let mut sent = 0;
    for round in 0..1_000u32 {
        let mut init = vec![1, 0, 0, 20];
        init.extend_from_slice(&(round + 1).to_be_bytes());
        init.extend_from_slice(&[0, 1, 0, 0, 0, 16, 0, 16, 0, 0, 0, 1]);
        server.handle(now, sctp(0, &init).into());
        server.transmit(now, |_| sent += 1);
    }
    assert_eq!(sent, 0);
    assert!(server.send(0, b"still open").is_ok());
}

#[test]
fn every_bit_of_an_sctp_packet_may_flip() {
    let now = Instant::now();
    let data = [&[0u8, 3, 0, 20][..], &[0; 12], b"abcd"].concat();
    for at in 0..data.len() {
        for bit in 0..8 {
            let (mut server, tag) = associated(now);
            let mut broken = data.clone();
            broken[at] ^= 1 << bit;
            server.handle(now, sctp(tag, &broken).into());
            server.transmit(now, |_| {});
        }
    }
}

#[test]
fn messages_on_streams_that_are_no_lanes_are_ignored_up_to_a_count() {
    let now = Instant::now();
    let (mut server, mut client) = (Lanes::new(), Lanes::new());
    client.connect();
    let exchange = |server: &mut Lanes, client: &mut Lanes| {
        for _ in 0..4 {
            let mut wire = Vec::new();
            client.transmit(now, |packet| wire.push(packet.to_vec()));
            wire.drain(..)
                .for_each(|packet| server.handle(now, packet.into()));
            server.transmit(now, |packet| wire.push(packet.to_vec()));
            wire.into_iter()
                .for_each(|packet| client.handle(now, packet.into()));
        }
    };
    exchange(&mut server, &mut client);
    server.take_events();
    for round in 0..super::super::limits::MAX_STRAY_MESSAGES + 1 {
        client.send_stray(9, b"not a lane");
        exchange(&mut server, &mut client);
        let last = round == super::super::limits::MAX_STRAY_MESSAGES;
        assert_eq!(
            server.take_events() == [LanesEvent::Abuse],
            last,
            "message {round}"
        );
    }
}
