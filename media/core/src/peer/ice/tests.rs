//! Checks make tuples, nominations move the target, floods stay bounded.
#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

use super::super::stun::{Check, request};
use super::*;

mod ask;
mod rebinding;
mod restart;

const PASSWORD: &str = "a-password-of-22-chars";

fn addr(port: u16) -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 1], port))
}

/// Every call is a new transaction.
fn check(nominate: bool) -> Check<'static> {
    static NUMBER: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let mut id = [1; 12];
    id[..4].copy_from_slice(&number.to_be_bytes());
    Check {
        id,
        username: "ours:theirs",
        password: PASSWORD,
        tie_breaker: 3,
        use_candidate: nominate,
        controlled: false,
        extra: None,
    }
}

fn ice(now: Instant) -> Ice {
    Ice::new(credentials("ours", PASSWORD), now)
}

fn credentials(ufrag: &str, password: &str) -> IceCredentials {
    IceCredentials {
        local_ufrag: ufrag.into(),
        local_pwd: password.into(),
        remote_ufrag: "theirs".into(),
        remote_pwd: String::new(),
    }
}

fn change(outcome: Outcome) -> Change {
    match outcome {
        Outcome::Accepted(_, change) => change,
        other => panic!("not accepted: {other:?}"),
    }
}

#[test]
fn the_target_is_the_latest_tuple_until_one_is_nominated_and_then_follows_nominations() {
    let now = Instant::now();
    let mut ice = ice(now);
    let (plain, nominating) = (
        || request(&check(false)).unwrap(),
        || request(&check(true)).unwrap(),
    );
    assert!(!ice.is_validated(addr(1)));
    assert!(change(ice.handle(now, addr(1), &plain())).moved);
    assert!(change(ice.handle(now, addr(2), &plain())).moved);
    assert!(!change(ice.handle(now, addr(1), &plain())).moved);
    assert!(change(ice.handle(now, addr(1), &nominating())).moved);
    assert_eq!(ice.target(), Some(addr(1)));
    assert!(!change(ice.handle(now, addr(2), &plain())).moved);
    // The viewer's address changed: it nominates from the new one and is followed at once.
    let moved = change(ice.handle(now, addr(3), &nominating()));
    assert_eq!(
        moved,
        Change {
            validated: true,
            moved: true,
            ..Change::default()
        }
    );
    assert_eq!(ice.target(), Some(addr(3)));
}

#[test]
fn two_nominated_tuples_do_not_flap_and_the_live_one_wins_in_the_end() {
    let now = Instant::now();
    let mut ice = ice(now);
    let nominating = || request(&check(true)).unwrap();
    change(ice.handle(now, addr(1), &nominating()));
    change(ice.handle(now, addr(2), &nominating()));
    let moves = (1..20)
        .filter(|step| {
            let at = now + Duration::from_millis(step * 500);
            change(ice.handle(at, addr(1 + (step % 2) as u16), &nominating())).moved
        })
        .count();
    assert_eq!(moves, 0);
    assert_eq!(ice.target(), Some(addr(2)));
    let later = now + Duration::from_secs(30);
    assert!(change(ice.handle(later, addr(1), &nominating())).moved);
}

#[test]
fn b_s2_b_s3_wrong_name_or_password_leaves_no_state() {
    let now = Instant::now();
    let mut ice = ice(now);
    let wrong = [
        Check {
            password: "another-password-of-22",
            ..check(true)
        },
        Check {
            username: "ours:others",
            ..check(true)
        },
        Check {
            username: "other:theirs",
            ..check(true)
        },
    ];
    for check in &wrong {
        let raw = request(check).unwrap();
        assert_eq!(
            ice.handle(now, addr(1), &raw),
            Outcome::Dropped(DropReason::StunAuth)
        );
    }
    assert!(ice.tuples.is_empty() && ice.target().is_none());
}

#[test]
fn b_s6_ten_thousand_ports_make_sixteen_tuples_and_stale_ones_give_way() {
    let now = Instant::now();
    let mut ice = ice(now);
    let raw = || request(&check(true)).unwrap();
    let dropped = (1..=10_000)
        .filter(|&port| {
            ice.handle(now, addr(port), &raw()) == Outcome::Dropped(DropReason::TupleLimit)
        })
        .count();
    assert_eq!(
        (ice.tuples.len(), dropped),
        (MAX_TUPLES, 10_000 - MAX_TUPLES)
    );
    let later = now + Duration::from_secs(60);
    let change = change(ice.handle(later, addr(20_000), &raw()));
    assert_eq!(change.forgotten, Some(addr(1)));
    assert!(!ice.is_validated(addr(1)) && ice.is_validated(addr(20_000)));
}

#[test]
fn b_s9_errors_are_answered_small_and_seldom() {
    let now = Instant::now();
    let mut ice = ice(now);
    let unknown = request(&Check {
        extra: Some((0x7777, vec![0; 4])),
        ..check(true)
    })
    .unwrap();
    let conflict = request(&Check {
        controlled: true,
        ..check(true)
    })
    .unwrap();
    let mut answered = 0;
    for raw in std::iter::repeat_n(&unknown, 50).chain(std::iter::repeat_n(&conflict, 50)) {
        if let Outcome::Refused(answer) = ice.handle(now, addr(1), raw) {
            assert!(answer.len() <= raw.len());
            answered += 1;
        }
    }
    assert_eq!(answered, MAX_STUN_ERRORS_PER_SECOND);
    let later = now + Duration::from_secs(1);
    let Outcome::Refused(answer) = ice.handle(later, addr(1), &conflict) else {
        panic!("a second later errors are answered again")
    };
    assert_eq!(Reading::parse(&answer).unwrap().error_code, Some(487));
    assert!(ice.tuples.is_empty());
}
