//! The schedule grows and ends, chance only stretches it, and an endpoint is turned off for the
//! reasons that there are.
#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::*;

const FAILED: Outcome = Outcome::NONE;

#[test]
fn ten_tries_over_three_days_then_no_more() {
    let mut waited = 0;
    for tries in 1..TRIES_MAX {
        let Next::Again { wait_us } = next(FAILED, tries, 0) else {
            panic!("given up after {tries}");
        };
        assert_eq!(wait_us, i64::from(WAITS_S[tries as usize - 1]) * SECOND_US);
        waited += wait_us;
    }
    assert_eq!(next(FAILED, TRIES_MAX, 0), Next::GiveUp);
    assert!((3 * DAY_US..4 * DAY_US).contains(&waited), "{waited}");
    assert!(WAITS_S.is_sorted());
    assert!(
        waited < FAILING_DAYS_MAX * DAY_US,
        "one delivery alone turns nothing off"
    );
}

#[test]
fn a_status_means_what_the_standard_says() {
    let failed = |overloaded| Outcome::Failed {
        retry_after_s: Some(7),
        overloaded,
    };
    for (status, outcome) in [
        (200, Outcome::Taken),
        (204, Outcome::Taken),
        (299, Outcome::Taken),
        (199, failed(false)),
        (301, failed(false)),
        (302, failed(false)),
        (307, failed(false)),
        (400, failed(false)),
        (404, failed(false)),
        (410, Outcome::Gone),
        (429, failed(true)),
        (500, failed(false)),
        (502, failed(true)),
        (503, failed(true)),
        (504, failed(true)),
    ] {
        assert_eq!(Outcome::of(status, Some(7)), outcome, "{status}");
    }
}

#[test]
fn gone_is_for_good_and_anything_taken_heals() {
    let failing = Health {
        failing_since: Some(1),
        not_before: 0,
    };
    let late = 1 + FAILING_DAYS_MAX * DAY_US;
    assert_eq!(next(Outcome::Gone, 1, 0), Next::GiveUp);
    assert_eq!(
        failing.after(Outcome::Gone, 5).1,
        Some(DisabledReason::Gone)
    );
    assert_eq!(failing.after(FAILED, late).1, Some(DisabledReason::Failing));
    assert_eq!(failing.after(FAILED, late - 1).1, None);
    let (healed, off) = failing.after(Outcome::Taken, late);
    assert_eq!((healed.failing_since, off), (None, None));
}

#[test]
fn who_asks_for_a_rest_gets_it_within_bounds() {
    let health = Health::default();
    let (rested, _) = health.after(Outcome::of(429, Some(60)), 0);
    assert_eq!(rested.not_before, 60 * SECOND_US);
    let (rested, _) = health.after(Outcome::of(503, Some(u32::MAX)), 0);
    assert_eq!(rested.not_before, i64::from(REST_MAX_S) * SECOND_US);
    let (same, _) = health.after(Outcome::of(500, Some(60)), 0);
    assert_eq!(same.not_before, 0, "an error speaks for one delivery");
}

#[test]
fn an_endpoint_takes_every_event_in_every_state() {
    for state in EndpointState::ALL {
        assert_eq!(EndpointState::parse(state.name()), Some(state));
        assert_eq!(state.on(EndpointEvent::Resume), Ok(EndpointState::Active));
        assert_eq!(
            state.on(EndpointEvent::Disable),
            Ok(EndpointState::Disabled)
        );
        assert_ne!(state.on(EndpointEvent::Pause), Ok(EndpointState::Active));
    }
}

#[test]
fn names_come_back() {
    for state in DeliveryState::ALL {
        assert_eq!(DeliveryState::parse(state.name()), Some(state));
    }
    for reason in DisabledReason::ALL {
        assert_eq!(DisabledReason::parse(reason.name()), Some(reason));
    }
}

proptest! {
    /// Never before its time, never more than a fifth later, never before the receiver asked.
    #[test]
    fn chance_only_stretches(
        tries in 1..TRIES_MAX, random in any::<u32>(), asked in proptest::option::of(any::<u32>()),
    ) {
        let outcome = Outcome::Failed { retry_after_s: asked, overloaded: false };
        let Next::Again { wait_us } = next(outcome, tries, random) else {
            return Err(TestCaseError::fail("given up"));
        };
        let asked = asked.unwrap_or(0).min(RETRY_AFTER_MAX_S);
        let least = i64::from(WAITS_S[tries as usize - 1].max(asked)) * SECOND_US;
        prop_assert!(wait_us >= least);
        prop_assert!(wait_us <= least + least / JITTER as i64);
    }

    /// More tries never wait less, and there is an end.
    #[test]
    fn the_schedule_ends(tries in TRIES_MAX.., random in any::<u32>()) {
        prop_assert_eq!(next(FAILED, tries, random), Next::GiveUp);
    }

    /// Over any row of outcomes an endpoint is failing exactly if its last one failed, since the
    /// first one of that row of failures.
    #[test]
    fn health_is_the_last_row_of_failures(row in proptest::collection::vec(any::<bool>(), 1..40)) {
        let mut health = Health::default();
        for (at, taken) in row.iter().enumerate() {
            let outcome = if *taken { Outcome::Taken } else { FAILED };
            health = health.after(outcome, at as i64).0;
        }
        let since = row.iter().rposition(|taken| *taken).map_or(0, |last| last + 1);
        let expected = (since < row.len()).then_some(since as i64);
        prop_assert_eq!(health.failing_since, expected);
    }
}
