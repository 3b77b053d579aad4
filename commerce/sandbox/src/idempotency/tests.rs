//! Keys under virtual time.
#![allow(clippy::unwrap_used)]

use std::time::{Duration, Instant};

use serde_json::json;

use super::*;

fn answer() -> Answer {
    (StatusCode::OK, json!({ "n": 1 }))
}

#[test]
fn a_key_is_fresh_then_running_then_replayed_until_it_is_stale() {
    let (mut keys, start) = (Keys::default(), Instant::now());
    assert_eq!(keys.begin("k", 1, start), Ok(Admission::Fresh));
    assert_eq!(
        keys.begin("k", 1, start),
        Err(Refusal::idempotency_outstanding())
    );
    assert_eq!(
        keys.begin("k", 2, start),
        Err(Refusal::idempotency_reused())
    );
    keys.finish("k", Some(answer()));
    let last = start + limits::IDEMPOTENCY_STAY;
    assert_eq!(keys.begin("k", 1, last), Ok(Admission::Replay(answer())));
    assert_eq!(
        keys.begin("k", 1, last + Duration::from_millis(1)),
        Ok(Admission::Fresh)
    );
}

#[test]
fn a_request_that_did_nothing_leaves_no_answer() {
    let (mut keys, now) = (Keys::default(), Instant::now());
    keys.begin("k", 1, now).unwrap();
    keys.finish("k", None);
    assert_eq!(keys.begin("k", 2, now), Ok(Admission::Fresh));
}

#[test]
fn too_many_keys_forget_the_oldest() {
    let (mut keys, now) = (Keys::default(), Instant::now());
    for n in 0..=limits::IDEMPOTENCY_KEYS_MAX {
        let key = n.to_string();
        keys.begin(&key, 1, now).unwrap();
        keys.finish(&key, Some(answer()));
    }
    assert_eq!(keys.entries.len(), limits::IDEMPOTENCY_KEYS_MAX);
    assert_eq!(keys.begin("1", 1, now), Ok(Admission::Replay(answer())));
    assert_eq!(keys.begin("0", 1, now), Ok(Admission::Fresh));
}

#[test]
fn keys_are_quoted_or_not_and_of_the_right_length() {
    let long = "k".repeat(256);
    for (value, key) in [
        ("\"0123456789abcdef\"", Some("0123456789abcdef")),
        ("0123456789abcdef", Some("0123456789abcdef")),
        (long.as_str(), Some(long.as_str())),
        ("0123456789abcde", None),
        ("", None),
        ("0123456789abcdef\u{e9}", None),
    ] {
        assert_eq!(parse(value).ok(), key, "{value}");
    }
    assert!(parse(&"k".repeat(257)).is_err());
}
