#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::*;
use crate::border::{PeerId, Source};

fn push(ring: &mut Ring, index: u64, timestamp: u32, key: Key, payload: &[u8]) -> Push {
    let source = Source {
        publisher: PeerId(1),
        generation: 0,
        layer: 0,
    };
    let codec = Codec::Vp8;
    ring.push(&Packet {
        source,
        codec,
        index,
        timestamp,
        marker: false,
        key,
        svc: Svc::default(),
        payload,
    })
}

#[test]
fn packets_come_back_until_they_are_overwritten() {
    let mut ring = Ring::new(4, 8);
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
    let mut ring = Ring::new(16, 8);
    push(&mut ring, 10, 1, Key::No, &[]);
    push(&mut ring, 11, 2, Key::No, &[]);
    push(&mut ring, 12, 2, Key::Slice, &[]);
    assert_eq!(ring.key_start(12), Some(11));
    assert_eq!(ring.key_start(11), None);
    assert_eq!(ring.key_start(13), None);
}

#[test]
fn a_slice_waits_for_what_is_missing_before_it() {
    let mut ring = Ring::new(16, 8);
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
    let mut ring = Ring::new(16, 8);
    push(&mut ring, 10, 1, Key::Slice, &[]);
    assert_eq!(ring.key_start(10), Some(10));
}

proptest! {
    #[test]
    fn what_is_there_is_what_was_pushed(steps in proptest::collection::vec(0u64..80, 1..200)) {
        let mut ring = Ring::new(16, 8);
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
