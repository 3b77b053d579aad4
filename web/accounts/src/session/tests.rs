//! Verdicts on refresh tokens and the memory of ended sessions, in virtual time.
#![allow(clippy::unwrap_used)]

use super::*;
use crate::clock::Clock;

fn at(us: i64) -> Now {
    Clock::from_fn(move || us.cast_unsigned()).now()
}

#[test]
fn a_token_is_good_once_and_a_moment_longer() {
    const S: i64 = 1_000_000;
    let grace = i64::try_from(limits::REFRESH_GRACE.as_micros()).unwrap();
    assert!(grace <= 10 * S);
    let (used, end) = (1_000 * S, 5_000 * S);
    for (used_at, revoked_at, now, verdict) in [
        (None, None, used, Verdict::Rotate),
        (None, None, end - 1, Verdict::Rotate),
        (None, None, end, Verdict::Ended),
        (Some(used), None, used, Verdict::Grace),
        (Some(used), None, used + grace, Verdict::Grace),
        (Some(used), None, used + grace + 1, Verdict::Reused),
        // The clock was set back between the two.
        (Some(used), None, used - S, Verdict::Grace),
        (Some(used), None, end, Verdict::Ended),
        (None, Some(used), used, Verdict::Ended),
        (Some(used), Some(used), used, Verdict::Ended),
    ] {
        let held = Held {
            expires_at: end,
            used_at,
            revoked_at,
        };
        assert_eq!(held.judge(at(now)), verdict, "{held:?} at {now}");
    }
}

#[test]
fn ended_sessions_are_remembered_no_longer_than_needed() {
    let s = |seconds: i64| at(seconds * 1_000_000);
    let mut ended = EndedSessions::default();
    ended.insert("a".to_owned(), 610, s(0));
    ended.insert("a".to_owned(), 600, s(0));
    assert!(ended.contains("a") && !ended.contains("b"));
    for n in 0..10_000 {
        let now = 1_000 + n;
        ended.insert(format!("s{n}"), u64::try_from(now).unwrap() + 610, s(now));
        assert!(ended.contains(&format!("s{}", (n - 610).max(0))));
    }
    assert!(!ended.contains("a"));
    assert!(
        ended.until_s.len() < 4_000,
        "{} remembered",
        ended.until_s.len()
    );
}
