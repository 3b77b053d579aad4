#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::*;

fn body(base: u16, count: u16, reference: [u8; 3], rest: &[u8]) -> Vec<u8> {
    let mut body = vec![0x8f, 205, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2];
    body.extend_from_slice(&base.to_be_bytes());
    body.extend_from_slice(&count.to_be_bytes());
    body.extend_from_slice(&reference);
    body.push(0);
    body.extend_from_slice(rest);
    body
}

fn read(bytes: &[u8]) -> Vec<(u16, Option<i64>)> {
    let feedback = Feedback::parse(bytes).unwrap();
    feedback
        .statuses()
        .map(|status| (status.sequence, status.arrival))
        .collect()
}

#[test]
fn runs_vectors_and_both_deltas_are_read() {
    // Two received with small deltas; one bit per packet: yes, no, yes; two bits: large, none.
    let chunks = [0x20, 2, 0b1010_1000, 0, 0b1110_0000, 0];
    let deltas = [4, 0, 8, 4, 0xff, 0xfc];
    let rest = [&chunks[..], &deltas].concat();
    let bytes = body(65_534, 2 + 14 + 2, [0, 0, 1], &rest);
    let mut expected = vec![
        (65_534, Some(65_000)),
        (65_535, Some(65_000)),
        (0, Some(67_000)),
        (1, None),
        (2, Some(68_000)),
        (3, None),
    ];
    expected.extend((4..14).map(|at| (at, None)));
    expected.extend([(14, Some(67_000)), (15, None)]);
    assert_eq!(read(&bytes), expected);
}

#[test]
fn the_reference_time_is_signed() {
    let bytes = body(7, 1, [0xff, 0xff, 0xff], &[0x20, 1, 4]);
    assert_eq!(read(&bytes), [(7, Some(-63_000))]);
}

/// B-C4: many statuses in few bytes.
#[test]
fn more_statuses_than_told_are_refused() {
    assert!(Feedback::parse(&body(0, 0xffff, [0; 3], &[])).is_none());
    // Eight runs of lost packets do tell of 65,528, which nobody can have in flight.
    let runs = [0x1f, 0xff].repeat(9);
    assert!(Feedback::parse(&body(0, 0xffff, [0; 3], &runs)).is_none());
    let most = MAX_FEEDBACK_STATUSES as u16;
    assert!(Feedback::parse(&body(0, most, [0; 3], &runs)).is_some());
    assert!(Feedback::parse(&body(0, most + 1, [0; 3], &runs)).is_none());
    // A delta is missing; a symbol that is reserved; an empty run makes no progress but ends.
    assert!(Feedback::parse(&body(0, 2, [0; 3], &[0x20, 2, 1])).is_none());
    assert!(Feedback::parse(&body(0, 1, [0; 3], &[0xf0, 0, 1, 1])).is_none());
    assert!(Feedback::parse(&body(0, 1, [0; 3], &[0x20, 0, 0x20, 0])).is_none());
    assert!(Feedback::parse(&[0x8f, 205, 0, 4]).is_none());
}

proptest! {
    #[test]
    fn any_bytes_are_safe(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
        if let Some(feedback) = Feedback::parse(&bytes) {
            let told = feedback.statuses().count();
            prop_assert_eq!(told, usize::from(feedback.count));
        }
    }
}
