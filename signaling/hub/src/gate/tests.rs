//! Rates, mistakes and identities of one connection.
#![allow(clippy::unwrap_used)]

use std::time::{Duration, Instant};

use signaling_wire::UserId;

use super::{Admission, Gate};
use crate::{identity::Identity, limits};

fn anna(expires_ms: u64) -> Identity {
    Identity {
        user: UserId::from_parts(1, 1),
        login: "".into(),
        name: "Anna".to_owned(),
        admin: false,
        seller: false,
        expires_ms,
    }
}

#[test]
fn a_burst_passes_and_then_twenty_a_second() {
    let start = Instant::now();
    let mut gate = Gate::new(None, start);
    for _ in 0..40 {
        assert_eq!(gate.admit(start), Admission::Granted);
    }
    assert_eq!(gate.admit(start), Admission::Throttled);
    let mut granted = 0;
    for step in 1..=1_000 {
        let now = start + Duration::from_millis(step * 10);
        granted += usize::from(gate.admit(now) == Admission::Granted);
    }
    assert!((195..=205).contains(&granted), "{granted} in ten seconds");
}

#[test]
fn a_flood_shuts_the_gate_for_good() {
    let start = Instant::now();
    let mut gate = Gate::new(None, start);
    let mut throttled = 0;
    loop {
        match gate.admit(start) {
            Admission::Granted => {}
            Admission::Throttled => throttled += 1,
            Admission::Flood => break,
            Admission::Shut => panic!("shut before it said so"),
        }
    }
    assert_eq!(throttled, limits::THROTTLED_MAX);
    assert_eq!(gate.admit(start + Duration::from_secs(60)), Admission::Shut);
}

#[test]
fn patience_after_a_throttled_frame_is_rewarded() {
    let mut now = Instant::now();
    let mut gate = Gate::new(None, now);
    // Over the rate for ever, but with good frames between: annoying, not hostile.
    for _ in 0..1_000 {
        now += Duration::from_millis(49);
        assert_ne!(gate.admit(now), Admission::Flood);
    }
}

#[test]
fn the_twentieth_mistake_shuts_the_gate() {
    let mut gate = Gate::new(None, Instant::now());
    for _ in 1..limits::BAD_FRAMES_MAX {
        assert!(!gate.mistake());
    }
    assert!(gate.mistake());
    assert_eq!(gate.admit(Instant::now()), Admission::Shut);
}

#[test]
fn an_identity_ends_by_itself_and_is_reported_once() {
    let mut gate = Gate::new(Some(anna(1_000)), Instant::now());
    assert_eq!(gate.identity(999), Some(&anna(1_000)));
    assert_eq!(gate.expire(999), None);
    assert_eq!(gate.identity(1_000), None);
    assert_eq!(gate.expire(1_000), Some(anna(1_000)));
    assert_eq!(gate.expire(1_000), None);
    assert_eq!(gate.identify(Some(anna(3_000))), None);
    assert_eq!(gate.identity(2_000), Some(&anna(3_000)));
}
