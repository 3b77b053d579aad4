#![allow(clippy::disallowed_methods)]

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::limits::{NACK_BUDGET, NACK_TRIES};

fn ask(missing: &mut Missing, now: Instant) -> (Vec<u16>, u64) {
    let mut ask = Vec::new();
    let lost = missing.due(now, &mut ask);
    (ask, lost)
}

#[test]
fn reordering_is_not_loss() {
    let (mut missing, now) = (Missing::new(NACK_TRIES, NACK_BUDGET), Instant::now());
    missing.gap(now, 5..7);
    assert_eq!(ask(&mut missing, now), (vec![], 0));
    assert!(!missing.received(5));
    assert_eq!(ask(&mut missing, now + NACK_DELAY), (vec![6], 0));
    assert!(missing.received(6));
    assert!(missing.is_empty());
}

#[test]
fn tries_end() {
    let (mut missing, mut now) = (Missing::new(NACK_TRIES, NACK_BUDGET), Instant::now());
    missing.gap(now, 5..6);
    let (mut asked, mut lost) = (0, 0);
    for _ in 0..200 {
        now += NACK_DELAY;
        let (sequences, given_up) = ask(&mut missing, now);
        asked += sequences.len();
        lost += given_up;
    }
    assert_eq!((asked, lost), (usize::from(NACK_TRIES), 1));
    assert!(missing.is_empty());
}

#[test]
fn a_huge_gap_is_bounded_in_memory_and_rate() {
    let (mut missing, now) = (Missing::new(NACK_TRIES, NACK_BUDGET), Instant::now());
    assert_eq!(missing.gap(now, 0..3_000), 3_000 - MAX_MISSING as u64);
    let mut asked = 0;
    for step in 0..100 {
        asked += ask(&mut missing, now + NACK_DELAY + Duration::from_millis(step))
            .0
            .len();
    }
    assert_eq!(asked, NACK_BUDGET as usize);
}

proptest! {
    #[test]
    fn only_missing_packets_are_asked_for(
        steps in proptest::collection::vec((0u8..4, 0u64..40), 1..200)
    ) {
        let (mut missing, mut now) = (Missing::new(NACK_TRIES, NACK_BUDGET), Instant::now());
        let (mut newest, mut open) = (0u64, BTreeMap::new());
        for (what, value) in steps {
            match what {
                0 => {
                    missing.gap(now, newest..newest + value);
                    (newest..newest + value).for_each(|n| { open.insert(n, 0u8); });
                    newest += value + 1;
                }
                1 => {
                    let sequence = newest.saturating_sub(value);
                    missing.received(sequence);
                    open.remove(&sequence);
                }
                _ => {
                    now += Duration::from_millis(value);
                    for sequence in ask(&mut missing, now).0 {
                        let tries = open.get_mut(&u64::from(sequence));
                        prop_assert!(tries.is_some());
                        if let Some(tries) = tries {
                            *tries += 1;
                            prop_assert!(*tries <= NACK_TRIES);
                        }
                    }
                }
            }
        }
    }
}
