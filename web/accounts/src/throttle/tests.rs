//! Buckets in virtual time.
#![allow(clippy::unwrap_used)]

use super::*;

fn throttle(places: usize) -> Throttle<u32> {
    Throttle::with_places(
        Allowance {
            burst: 3,
            refill_s: 10,
        },
        places,
    )
}

#[test]
fn a_burst_then_one_try_per_refill() {
    let mut throttle = throttle(10);
    let start = 1_000_000;
    for _ in 0..3 {
        throttle.take(&1, start).unwrap();
    }
    assert_eq!(throttle.take(&1, start), Err(10));
    assert_eq!(throttle.take(&1, start + 9_001), Err(1));
    throttle.take(&1, start + 10_000).unwrap();
    assert_eq!(throttle.take(&1, start + 10_000), Err(10));
    // A refused try costs nothing: after a rest the burst is whole again.
    let rested = start + 1_000_000;
    for _ in 0..3 {
        throttle.take(&1, rested).unwrap();
    }
    assert_eq!(throttle.take(&1, rested), Err(10));
}

#[test]
fn keys_do_not_touch_one_another() {
    let mut throttle = throttle(10);
    while throttle.take(&1, 0).is_ok() {}
    throttle.take(&2, 0).unwrap();
}

#[test]
fn a_try_that_was_given_back_was_never_taken() {
    let mut throttle = throttle(10);
    for _ in 0..100 {
        throttle.take(&1, 0).unwrap();
        throttle.give_back(&1);
    }
    for _ in 0..3 {
        throttle.take(&1, 0).unwrap();
    }
    assert!(throttle.take(&1, 0).is_err());
}

#[test]
fn full_places_forget_who_tried_least() {
    let mut throttle = throttle(3);
    while throttle.take(&1, 0).is_ok() {}
    for key in 2..100 {
        throttle.take(&key, 0).unwrap();
        assert!(throttle.full_at_ms.len() <= 3);
    }
    assert!(throttle.take(&1, 0).is_err(), "the busiest is kept");
    // Rested entries go first, and without a scan for the least.
    throttle.take(&200, 1_000_000).unwrap();
    assert_eq!(throttle.full_at_ms.len(), 1);
}

#[test]
fn an_ipv6_subscriber_is_a_64() {
    let same =
        |one: &str, two: &str| subscriber(one.parse().unwrap()) == subscriber(two.parse().unwrap());
    assert!(same("2001:db8::1", "2001:db8::ffff:1"));
    assert!(!same("2001:db8::1", "2001:db8:0:1::1"));
    assert!(same("192.0.2.1", "::ffff:192.0.2.1"));
    assert!(!same("192.0.2.1", "192.0.2.2"));
}
