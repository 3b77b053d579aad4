//! Reassembly in any order, floods and forgeries stay bounded.
#![allow(clippy::unwrap_used)]

use super::*;

fn fragment(kind: u8, number: u16, length: usize, offset: usize, data: &[u8]) -> Vec<u8> {
    let mut content = vec![kind];
    content.extend_from_slice(&(length as u32).to_be_bytes()[1..]);
    content.extend_from_slice(&number.to_be_bytes());
    content.extend_from_slice(&(offset as u32).to_be_bytes()[1..]);
    content.extend_from_slice(&(data.len() as u32).to_be_bytes()[1..]);
    content.extend_from_slice(data);
    content
}

fn record(kind: u8, epoch: u8, content: &[u8]) -> Vec<u8> {
    let mut records = Vec::new();
    append_record(&mut records, kind, 7, content);
    records[4] = epoch;
    records
}

fn piece(kind: u8, number: u16, body: &[u8], range: std::ops::Range<usize>) -> Vec<u8> {
    let content = fragment(kind, number, body.len(), range.start, &body[range]);
    record(HANDSHAKE, 0, &content)
}

#[test]
fn pieces_in_any_order_with_overlap_become_one_whole_record() {
    let body: Vec<u8> = (0..300).map(|n| n as u8).collect();
    let mut records = Records::default();
    for range in [200..300, 0..100, 50..120, 250..260] {
        let sorted = records.sort(&piece(1, 0, &body, range), false);
        assert!(sorted.records.is_empty() && !sorted.dropped);
    }
    let sorted = records.sort(&piece(1, 0, &body, 110..210), false);
    assert_eq!(sorted.first.as_deref(), Some(body.as_slice()));
    assert_eq!(
        sorted.records[RECORD_HEADER..],
        fragment(1, 0, 300, 0, &body)
    );
    assert!(records.partial.is_empty());
    assert!(records.sort(&piece(1, 0, &body, 0..100), false).repeated);
}

#[test]
fn several_messages_in_one_record_are_taken_apart() {
    let (one, two) = ([1u8; 40], [2u8; 50]);
    let mut content = fragment(11, 2, 40, 0, &one);
    content.extend(fragment(16, 3, 50, 0, &two[..20]));
    let mut records = Records::default();
    let sorted = records.sort(&record(HANDSHAKE, 0, &content), false);
    assert_eq!(
        sorted.records[RECORD_HEADER..],
        fragment(11, 2, 40, 0, &one)
    );
    // The rest of a message followed by another one: the engine alone would lose the second.
    let mut content = fragment(16, 3, 50, 20, &two[20..]);
    content.extend(fragment(15, 4, 0, 0, &[]));
    let sorted = records.sort(&record(HANDSHAKE, 0, &content), false);
    let whole = RECORD_HEADER + HANDSHAKE_HEADER + 50;
    assert_eq!(
        sorted.records[RECORD_HEADER..whole],
        fragment(16, 3, 50, 0, &two)
    );
    assert_eq!(
        sorted.records[whole + RECORD_HEADER..],
        fragment(15, 4, 0, 0, &[])
    );
}

#[test]
fn b_d3_a_flood_of_fragments_ends_in_a_fixed_space() {
    let mut records = Records::default();
    let empty = record(HANDSHAKE, 0, &fragment(1, 0, 100, 0, &[]));
    for _ in 0..300_000 {
        assert!(records.sort(&empty, false).records.is_empty());
    }
    assert!(records.partial.is_empty());
    for number in 0..2_000u16 {
        let claim = fragment(
            1,
            number % 20,
            MAX_HANDSHAKE_MESSAGE,
            usize::from(number),
            &[1],
        );
        records.sort(&record(HANDSHAKE, 0, &claim), false);
    }
    let reserved: usize = records
        .partial
        .iter()
        .map(|message| message.body.len())
        .sum();
    assert!(reserved <= MAX_HANDSHAKE_BYTES);
    assert!(
        records
            .partial
            .iter()
            .all(|message| message.have.len() <= MAX_RANGES)
    );
    assert!(records.fragments >= MAX_HANDSHAKE_FRAGMENTS);
}

#[test]
fn b_d3_b_d7_implausible_fragments_are_refused() {
    for (name, content) in [
        (
            "too long",
            fragment(1, 0, MAX_HANDSHAKE_MESSAGE + 1, 0, &[1]),
        ),
        ("past the end", fragment(1, 0, 10, 8, &[1, 2, 3])),
        ("far ahead", fragment(1, 500, 10, 0, &[1])),
        ("empty piece", fragment(1, 0, 10, 5, &[])),
        ("short header", vec![1, 0, 0]),
        (
            "data missing",
            fragment(1, 0, 10, 0, &[1; 10])[..15].to_vec(),
        ),
    ] {
        let mut records = Records::default();
        let sorted = records.sort(&record(HANDSHAKE, 0, &content), false);
        assert!(
            sorted.dropped && sorted.records.is_empty() && records.partial.is_empty(),
            "{name}"
        );
    }
}

#[test]
fn b_d5_b_d6_what_anyone_could_forge_does_not_pass() {
    for (finished, kind, epoch, passes) in [
        (false, ALERT, 0, false),
        (false, APPLICATION_DATA, 0, false),
        (false, CHANGE_CIPHER_SPEC, 0, true),
        (false, APPLICATION_DATA, 1, true),
        (false, APPLICATION_DATA, 2, false),
        (false, 24, 1, false),
        (true, CHANGE_CIPHER_SPEC, 0, false),
        (true, HANDSHAKE, 0, false),
        (true, ALERT, 0, false),
        (true, ALERT, 1, true),
        (true, APPLICATION_DATA, 1, true),
    ] {
        let mut records = Records::default();
        let sorted = records.sort(&record(kind, epoch, &[1]), finished);
        assert_eq!(
            !sorted.records.is_empty(),
            passes,
            "{finished} {kind} {epoch}"
        );
    }
}

#[test]
fn records_before_the_end_of_the_handshake_are_counted() {
    let mut records = Records::default();
    let early = record(APPLICATION_DATA, 1, &[0; 30]);
    let passed = (0..1000)
        .filter(|_| !records.sort(&early, false).records.is_empty())
        .count();
    assert_eq!(passed, MAX_EARLY_RECORDS as usize);
    let passed = (0..1000)
        .filter(|_| !records.sort(&early, true).records.is_empty())
        .count();
    assert_eq!(passed, 1000);
}

/// A new handshake inside of the old one: few of its messages get to the engine, which takes them
/// for a repeated last flight; what else the connection carries is not touched.
#[test]
fn b_d5_a_renegotiation_under_the_keys_ends_at_a_count() {
    let mut records = Records::default();
    let hello = record(HANDSHAKE, 1, &fragment(CLIENT_HELLO, 0, 60, 0, &[7; 60]));
    let data = record(APPLICATION_DATA, 1, &[0; 30]);
    let both = [hello.clone(), data.clone()].concat();
    for at in 0..1_000 {
        let sorted = records.sort(&both, true);
        let passed = at < MAX_EARLY_RECORDS;
        let expected = if passed { &both } else { &data };
        assert_eq!((&sorted.records, sorted.dropped), (expected, !passed));
        assert!(sorted.first.is_none() && !sorted.repeated);
    }
    assert!(records.partial.is_empty());
    // The control: other records of the same sort of datagram are not counted.
    let mut others = Records::default();
    assert!((0..1_000).all(|_| !others.sort(&data, true).dropped));
}

#[test]
fn broken_framing_is_dropped_without_panic() {
    let good = piece(1, 0, &[9; 50], 0..50);
    for cut in 0..good.len() {
        let mut records = Records::default();
        assert!(records.sort(&good[..cut], false).records.is_empty());
    }
    for at in 0..good.len() {
        for bit in 0..8 {
            let mut broken = good.clone();
            broken[at] ^= 1 << bit;
            Records::default().sort(&broken, false);
        }
    }
}
