//! Bad SCTP inside a good DTLS session: rows B-T1 to B-T6 of the list of bad input.
//!
//! Packets are made by hand and given to the lanes as DTLS would give them.
#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

use std::time::Instant;

use crate::peer::lanes::{Lanes, LanesEvent};
use crate::peer::limits::{MAX_LANE_BACKLOG, MAX_LANE_MESSAGE, MAX_STRAY_MESSAGES};

const TEXT: u32 = 51;
const DCEP: u32 = 50;
/// Flags of a DATA chunk: first and last fragment.
const WHOLE: u8 = 3;
const BEGIN: u8 = 2;

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

/// A server whose association is up, and what a stranger would have to know of it.
struct Associated {
    server: Lanes,
    /// The tag that it accepts.
    tag: u32,
    /// The TSN that it expects next.
    tsn: u32,
    /// The TSN that it will send next.
    own_tsn: u32,
}

fn word(packet: &[u8], at: usize) -> u32 {
    u32::from_be_bytes(packet[at..at + 4].try_into().unwrap())
}

/// Initial TSN of an INIT or INIT ACK (RFC 9260 section 3.3.2).
const INITIAL_TSN: usize = 28;

fn associated(now: Instant) -> Associated {
    let (mut server, mut client) = (Lanes::new(), Lanes::new());
    client.connect();
    let (mut tag, mut tsn, mut own_tsn) = (0, 0, 0);
    for _ in 0..8 {
        let mut wire = Vec::new();
        client.transmit(now, |packet| wire.push(packet.to_vec()));
        for packet in wire.drain(..) {
            tag = word(&packet, 4);
            if packet[12] == 1 {
                tsn = word(&packet, INITIAL_TSN);
            }
            server.handle(now, packet.into());
        }
        server.transmit(now, |packet| wire.push(packet.to_vec()));
        for packet in wire {
            if packet[12] == 2 {
                own_tsn = word(&packet, INITIAL_TSN);
            }
            client.handle(now, packet.into());
        }
    }
    assert_eq!(server.take_events(), [LanesEvent::Open]);
    Associated {
        server,
        tag,
        tsn,
        own_tsn,
    }
}

impl Associated {
    fn give(&mut self, now: Instant, chunk: &[u8]) -> usize {
        self.server.handle(now, sctp(self.tag, chunk).into());
        let mut sent = 0;
        self.server.transmit(now, |_| sent += 1);
        sent
    }

    fn is_open(&mut self) -> bool {
        self.server.send(0, b"still open").is_ok()
    }
}

/// A DATA chunk (RFC 9260 section 3.3.1), padded.
fn data(flags: u8, tsn: u32, stream: u16, kind: u32, bytes: &[u8]) -> Vec<u8> {
    let len = 16 + bytes.len() as u16;
    let mut chunk = vec![0, flags];
    chunk.extend_from_slice(&len.to_be_bytes());
    chunk.extend_from_slice(&tsn.to_be_bytes());
    chunk.extend_from_slice(&stream.to_be_bytes());
    chunk.extend_from_slice(&[0, 0]);
    chunk.extend_from_slice(&kind.to_be_bytes());
    chunk.extend_from_slice(bytes);
    chunk.resize(chunk.len().next_multiple_of(4), 0);
    chunk
}

#[test]
fn b_t1_a_bad_tag_or_checksum_is_dropped_and_a_good_one_is_not() {
    let now = Instant::now();
    let mut it = associated(now);
    let chunk = data(WHOLE, it.tsn, 1, TEXT, b"buy");
    it.server.handle(now, sctp(it.tag ^ 1, &chunk).into());
    let mut broken = sctp(it.tag, &chunk);
    broken[9] ^= 1;
    it.server.handle(now, broken.into());
    assert_eq!(it.server.take_events(), []);
    it.give(now, &chunk);
    let bytes = b"buy"[..].into();
    let message = LanesEvent::Message { lane: 1, bytes };
    assert_eq!(it.server.take_events(), [message]);
}

#[test]
fn b_t1_every_bit_of_an_sctp_packet_may_flip() {
    let now = Instant::now();
    let data = [&[0u8, 3, 0, 20][..], &[0; 12], b"abcd"].concat();
    for at in 0..data.len() {
        for bit in 0..8 {
            let Associated {
                mut server, tag, ..
            } = associated(now);
            let mut broken = data.clone();
            broken[at] ^= 1 << bit;
            server.handle(now, sctp(tag, &broken).into());
            server.transmit(now, |_| {});
        }
    }
}

#[test]
fn b_t2_an_abort_with_an_overlong_cause_is_survived() {
    let now = Instant::now();
    // 20 bytes: the cause claims 65,535.
    for kind in [6, 9] {
        for tag_fits in [true, false] {
            let Associated {
                mut server, tag, ..
            } = associated(now);
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
fn b_t2_lengths_of_zero_and_past_the_end_are_survived() {
    let now = Instant::now();
    for (name, chunk) in [
        ("length zero", vec![0, 3, 0, 0, 0, 0, 0, 0]),
        ("length past the end", vec![0, 3, 0xff, 0xff, 0, 0, 0, 0]),
        ("short", vec![0, 3]),
        ("unknown", vec![0xff, 0, 0, 4]),
        ("empty", Vec::new()),
    ] {
        let sent = associated(now).give(now, &chunk);
        assert!(sent < 4, "{name}: {sent} packets in answer");
    }
}

#[test]
fn b_t3_a_flood_of_inits_makes_no_second_association() {
    let now = Instant::now();
    let mut it = associated(now);
    let mut sent = 0;
    for round in 0..10_000u32 {
        let mut init = vec![1, 0, 0, 20];
        init.extend_from_slice(&(round + 1).to_be_bytes());
        init.extend_from_slice(&[0, 1, 0, 0, 0, 16, 0, 16, 0, 0, 0, 1]);
        it.server.handle(now, sctp(0, &init).into());
        it.server.transmit(now, |_| sent += 1);
    }
    assert_eq!(sent, 0);
    assert!(it.is_open());
}

#[test]
fn b_t4_a_jump_of_the_tsn_or_a_sack_of_what_was_not_sent_ends_at_most_this_association() {
    let now = Instant::now();
    let mut it = associated(now);
    let jump = it.tsn.wrapping_add(1 << 31).to_be_bytes();
    let sent = it.give(now, &[&[192, 0, 0, 8][..], &jump].concat());
    assert!(sent < 4);
    let mut it = associated(now);
    let unsent = it.own_tsn.wrapping_add(1_000).to_be_bytes();
    let sack = [&[3u8, 0, 0, 16][..], &unsent, &[0, 1, 0, 0], &[0; 4]].concat();
    assert!(it.give(now, &sack) < 4);
    // What it did not end goes on as before.
    if it.is_open() {
        it.give(now, &data(WHOLE, it.tsn, 1, TEXT, b"buy"));
        assert_eq!(it.server.take_events().len(), 1);
    }
}

#[test]
fn b_t5_messages_on_streams_that_are_no_lanes_are_ignored_up_to_a_count() {
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
    for round in 0..MAX_STRAY_MESSAGES + 1 {
        client.send_stray(9, b"not a lane");
        exchange(&mut server, &mut client);
        let last = round == MAX_STRAY_MESSAGES;
        assert_eq!(
            server.take_events() == [LanesEvent::Abuse],
            last,
            "message {round}"
        );
    }
}

#[test]
fn b_t5_streams_and_channel_openings_without_end_are_bounded() {
    let now = Instant::now();
    let mut it = associated(now);
    for stream in 0..=u16::MAX {
        let tsn = it.tsn.wrapping_add(u32::from(stream));
        it.give(
            now,
            &data(WHOLE, tsn, stream, DCEP, &[3, 0, 0, 0, 0xff, 0xff]),
        );
        if !it.server.take_events().is_empty() {
            assert!(u32::from(stream) >= MAX_STRAY_MESSAGES);
            return;
        }
    }
    panic!("it went on for ever");
}

#[test]
fn b_t6_a_message_without_an_end_is_cut_off() {
    let now = Instant::now();
    let mut it = associated(now);
    let fragment = [b'x'; 1_000];
    for at in 0..2 * (MAX_LANE_BACKLOG / fragment.len()) as u32 {
        let flags = if at == 0 { BEGIN } else { 0 };
        it.give(
            now,
            &data(flags, it.tsn.wrapping_add(at), 3, TEXT, &fragment),
        );
        let events = it.server.take_events();
        let ended = |event: &LanesEvent| matches!(event, LanesEvent::Lost | LanesEvent::Abuse);
        if events.iter().any(ended) {
            return;
        }
        assert_eq!(events, []);
        if at as usize * fragment.len() > MAX_LANE_BACKLOG + MAX_LANE_MESSAGE {
            // Refused silently: what comes after is not taken either.
            let tsn = it.tsn.wrapping_add(at + 1);
            it.give(now, &data(WHOLE, tsn, 1, TEXT, b"after"));
            assert_eq!(it.server.take_events(), []);
            return;
        }
    }
}

#[test]
fn b_t6_a_closed_window_keeps_no_more_than_the_backlog() {
    let now = Instant::now();
    let mut it = associated(now);
    let before = it.own_tsn.wrapping_sub(1).to_be_bytes();
    let closed = [&[3u8, 0, 0, 16][..], &before, &[0; 4], &[0; 4]].concat();
    it.give(now, &closed);
    let chunk = [b'x'; 1_024];
    let taken = (0..1_000).take_while(|_| it.server.send(3, &chunk).is_ok());
    assert_eq!(taken.count(), MAX_LANE_BACKLOG / chunk.len());
    let mut sent = 0;
    it.server.transmit(now, |packet| sent += packet.len());
    assert!(
        sent <= 64 * chunk.len(),
        "{sent} bytes into a closed window"
    );
}
