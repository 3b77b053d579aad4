#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

use proptest::prelude::*;

use super::*;
use crate::border::{PeerId, Source};

fn ring(window: usize) -> Ring {
    Ring::new(Extent {
        window,
        payload: 8,
        chunk: 64,
        time: Duration::from_secs(2),
        bytes: 1_024,
        packets: 64,
    })
}

fn push(ring: &mut Ring, index: u64, timestamp: u32, key: Key, payload: &[u8]) -> Push {
    push_at(Instant::now(), ring, index, timestamp, key, payload)
}

fn push_at(
    now: Instant,
    ring: &mut Ring,
    index: u64,
    timestamp: u32,
    key: Key,
    payload: &[u8],
) -> Push {
    let source = Source {
        publisher: PeerId(1),
        generation: 0,
        layer: 0,
    };
    let codec = Codec::Vp8;
    let packet = Packet {
        source,
        codec,
        index,
        timestamp,
        marker: false,
        key,
        svc: Svc::default(),
        descriptor: &[],
        payload,
    };
    ring.push(now, &packet, Arrival::Idle)
}

fn packet(index: u64, key: Key, payload: &[u8]) -> Packet<'_> {
    Packet {
        source: Source {
            publisher: PeerId(1),
            generation: 0,
            layer: 0,
        },
        codec: Codec::Vp8,
        index,
        timestamp: index as u32,
        marker: true,
        key,
        svc: Svc::default(),
        descriptor: &[],
        payload,
    }
}

#[test]
fn packets_come_back_until_they_are_overwritten() {
    let mut ring = ring(4);
    for index in 10..15 {
        assert_eq!(
            push(&mut ring, index, 0, Key::No, &[index as u8]),
            Push::Stored
        );
    }
    assert!(ring.get(10).is_none());
    assert_eq!(ring.get(11).unwrap().payload, &[11]);
    assert_eq!(push(&mut ring, 11, 0, Key::No, &[1]), Push::Duplicate);
    assert_eq!(push(&mut ring, 10, 0, Key::No, &[1]), Push::Late);
    assert_eq!(push(&mut ring, 16, 0, Key::No, &[0; 9]), Push::TooLong);
    ring.clear();
    assert!(ring.get(14).is_none());
    assert_eq!(push(&mut ring, 3, 0, Key::No, &[]), Push::Stored);
}

#[test]
fn a_keyframe_starts_with_its_frame() {
    let mut ring = ring(16);
    push(&mut ring, 10, 1, Key::No, &[]);
    push(&mut ring, 11, 2, Key::No, &[]);
    push(&mut ring, 12, 2, Key::Slice, &[]);
    assert_eq!(ring.key_start(12), Some(11));
    assert_eq!(ring.key_start(11), None);
    assert_eq!(ring.key_start(13), None);
}

#[test]
fn a_slice_waits_for_what_is_missing_before_it() {
    let mut ring = ring(16);
    push(&mut ring, 10, 1, Key::No, &[]);
    push(&mut ring, 12, 2, Key::Slice, &[]);
    assert_eq!(ring.key_start(12), None);
    push(&mut ring, 14, 3, Key::Start, &[]);
    assert_eq!(
        ring.key_start(14),
        Some(14),
        "a complete start does not wait"
    );
    push(&mut ring, 11, 2, Key::Start, &[]);
    assert_eq!(ring.key_start(12), Some(11));
}

#[test]
fn the_first_packet_of_a_source_may_be_a_slice() {
    let mut ring = ring(16);
    push(&mut ring, 10, 1, Key::Slice, &[]);
    assert_eq!(ring.key_start(10), Some(10));
}

#[test]
fn a_group_is_kept_from_its_keyframe_on() {
    let mut ring = ring(4);
    push(&mut ring, 10, 1, Key::Start, &[0; 8]);
    for index in 11..40 {
        push(&mut ring, index, index as u32, Key::No, &[0; 8]);
    }
    let gop = Gop {
        start: 10,
        timestamp: 1,
    };
    assert_eq!(ring.gop(), Some(gop));
    assert!((10..40).all(|index| ring.get(index).is_some()));
    assert_eq!((ring.bytes_after(10), ring.spared()), (29 * 8, 26));
    push(&mut ring, 40, 50, Key::Start, &[0; 8]);
    assert_eq!(ring.gop().map(|gop| gop.start), Some(40));
    assert!(
        ring.get(40 - BEFORE_KEY - 1).is_none(),
        "memory is given back"
    );
    assert!(ring.bytes() <= 64 * 5);
}

#[test]
fn a_keyframe_with_a_hole_is_none() {
    let mut ring = ring(4);
    push(&mut ring, 10, 1, Key::Start, &[]);
    push(&mut ring, 12, 1, Key::No, &[]);
    assert_eq!(ring.gop(), None);
    push(&mut ring, 11, 1, Key::No, &[]);
    assert!(ring.gop().is_some(), "it may still come in");
    push(&mut ring, 14, 2, Key::No, &[]);
    assert_eq!(ring.gop(), None, "its end is missing");
}

#[test]
fn what_is_too_old_or_too_large_is_given_up() {
    let start = Instant::now();
    for (count, size, every, kept) in [
        (60, 1, 1, true),
        (70, 1, 1, false),
        (60, 8, 1, true),
        (60, 1, 100, false),
    ] {
        let mut ring = ring(4);
        for number in 0..count {
            let key = if number == 0 { Key::Start } else { Key::No };
            let now = start + Duration::from_millis(number * every);
            push_at(
                now,
                &mut ring,
                100 + number,
                number as u32,
                key,
                &vec![0; size],
            );
        }
        assert_eq!(ring.gop().is_some(), kept, "{count} {size} {every}");
        if !kept {
            assert_eq!(ring.slots.len(), 4);
        }
        ring.give_up(start);
        assert_eq!((ring.gop(), ring.slots.len()), (None, 4));
        assert!(ring.bytes() <= 64 * 3, "{}", ring.bytes());
    }
    let mut ring = Ring::new(Extent {
        bytes: 256,
        ..ring(4).extent
    });
    for number in 0..60 {
        let key = if number == 0 { Key::Start } else { Key::No };
        push(&mut ring, number, number as u32, key, &[0; 8]);
        assert!(ring.bytes() <= 256 + 64);
    }
    assert_eq!(ring.gop(), None);
}

#[test]
fn neighbours_of_nearly_one_size_become_one_run() {
    for (lens, pads) in [
        (&[5, 5, 6, 6][..], &[1, 1, 0, 0][..]),
        (&[6, 6, 5, 5, 2], &[0, 0, 1, 1, 0]),
        (&[6, 6, 5], &[0, 0, 0]),
        (&[8, 8, 1, 8, 7, 8], &[0, 0, 0, 0, 1, 0]),
        (&[1], &[0]),
        (&[], &[]),
    ] {
        let mut ring = ring(16);
        let payload = [7; 8];
        for (index, len) in (100..).zip(lens) {
            let packet = packet(index, Key::No, &payload[..*len]);
            ring.push(Instant::now(), &packet, Arrival::Waiting);
        }
        let batch: Vec<u64> = (100..100 + lens.len() as u64).collect();
        ring.release_padded(&batch, 2);
        let all: Vec<_> = batch.iter().map(|at| ring.get(*at).unwrap()).collect();
        let got: Vec<u8> = all.iter().map(|stored| stored.pad).collect();
        assert_eq!(got, pads, "{lens:?}");
        assert!(all.iter().all(|stored| !stored.waiting));
        // It may have been sent: it stays as it is.
        ring.release_padded(&batch[..batch.len().min(1)], 2);
        ring.release_padded(&batch, 0);
        let got: Vec<u8> = batch.iter().map(|at| ring.get(*at).unwrap().pad).collect();
        assert_eq!(got, pads);
    }
}

#[test]
fn a_packet_with_a_longer_descriptor_is_padded_as_it_is_on_the_wire() {
    let mut ring = Ring::new(Extent {
        payload: 1_300,
        chunk: 4_000,
        ..ring(4).extent
    });
    let (long, short, payload) = ([1; 40], [2; 3], [7; 1_200]);
    let now = Instant::now();
    // 52 bytes of extensions with the long one, 12 with a short one.
    for (index, descriptor, len) in [(9, &long[..], 1_160), (10, &short, 1_197), (11, &short, 9)] {
        let mut packet = packet(index, Key::No, &payload[..len]);
        packet.descriptor = descriptor;
        assert_eq!(ring.push(now, &packet, Arrival::Waiting), Push::Stored);
        let stored = ring.get(index).unwrap();
        assert_eq!((stored.descriptor, stored.payload.len()), (descriptor, len));
    }
    ring.release_padded(&[9, 10, 11], 8);
    let pads = [9, 10, 11].map(|index| ring.get(index).unwrap().pad);
    assert_eq!(pads, [0, 3, 0]);
}

#[test]
fn the_memory_of_another_shard_comes_behind_what_is_live() {
    let mut ring = ring(4);
    let packet = |index: u64, key| packet(index, key, &[7]);
    let now = Instant::now();
    ring.push(now, &packet(60, Key::No), Arrival::Waiting);
    assert_eq!(
        ring.push(now, &packet(30, Key::No), Arrival::Waiting),
        Push::Late
    );
    assert_eq!(
        ring.push(now, &packet(30, Key::Start), Arrival::Cached),
        Push::Stored
    );
    ring.push(now, &packet(61, Key::No), Arrival::Waiting);
    assert_eq!(
        ring.push(now, &packet(31, Key::No), Arrival::Cached),
        Push::Stored
    );
    assert_eq!(ring.gop().map(|gop| gop.start), Some(30));
    assert!(ring.get(60).unwrap().waiting && !ring.get(31).unwrap().waiting);
    ring.release(60);
    assert!(!ring.get(60).unwrap().waiting);
}

proptest! {
    #[test]
    fn what_is_there_is_what_was_pushed(steps in proptest::collection::vec(0u64..80, 1..200)) {
        let mut ring = ring(16);
        let mut seen = std::collections::BTreeMap::new();
        for (step, index) in steps.into_iter().enumerate() {
            let payload = (step as u32).to_be_bytes();
            match push(&mut ring, index, 0, Key::No, &payload) {
                Push::Stored => { seen.insert(index, payload); }
                Push::Duplicate => prop_assert!(seen.contains_key(&index)),
                Push::Late => prop_assert!(index + 16 <= ring.newest()),
                Push::TooLong => prop_assert!(false),
            }
            for (index, payload) in &seen {
                match ring.get(*index) {
                    Some(stored) => prop_assert_eq!(stored.payload, &payload[..]),
                    None => prop_assert!(index + 16 <= ring.newest()),
                }
            }
        }
    }
}
