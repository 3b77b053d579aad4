//! A hold: units kept for one order until it is paid or its time is over.
//!
//! While the provider is being asked (`committing`) a hold has no time limit: only the payment's
//! outcome ends it. While its buyer is connected, an unpaid hold is made longer when it is about to
//! end, up to a cap; when the buyer's connection is gone, it is left a grace.

use crate::{
    limits::{HOLD_GRACE_SECONDS, HOLD_SECONDS_MAX},
    refusal::Refusal,
    transition::{self, Step},
};

/// Where a hold stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReservationState {
    /// Until `expires_at`.
    Held,
    /// The provider is being asked.
    Committing,
    /// Sold.
    Committed,
    /// Given back before its time.
    Released,
    /// Given back when its time was over.
    Expired,
}

/// What happens to a hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReservationEvent {
    /// The provider is asked.
    Commit,
    /// The provider said no, and time is left.
    Declined,
    /// The money is there.
    Paid,
    /// Given back.
    Release,
    /// Its time is over.
    Expire,
    /// Money came late and the stock was taken again.
    Retake,
}

use ReservationEvent as E;
use ReservationState as S;

/// Every step that exists.
pub const STEPS: &[Step<ReservationState, ReservationEvent>] = &[
    (S::Held, E::Commit, S::Committing),
    (S::Held, E::Paid, S::Committed),
    (S::Held, E::Release, S::Released),
    (S::Held, E::Expire, S::Expired),
    (S::Committing, E::Declined, S::Held),
    (S::Committing, E::Paid, S::Committed),
    (S::Committing, E::Release, S::Released),
    (S::Expired, E::Retake, S::Committed),
];

/// The state after an event.
///
/// # Errors
/// [`Refusal::InvalidTransition`] if the step does not exist.
pub fn step(from: ReservationState, event: ReservationEvent) -> Result<ReservationState, Refusal> {
    transition::take(STEPS, from, &event, ReservationState::name)
}

impl ReservationState {
    /// Every state.
    pub const ALL: [Self; 5] = [
        Self::Held,
        Self::Committing,
        Self::Committed,
        Self::Released,
        Self::Expired,
    ];

    /// The stored name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Committing => "committing",
            Self::Committed => "committed",
            Self::Released => "released",
            Self::Expired => "expired",
        }
    }

    /// The state of a stored name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == text)
    }

    /// Whether units are counted in `held`.
    pub const fn holds(self) -> bool {
        matches!(self, Self::Held | Self::Committing)
    }
}

const SECOND_US: i64 = 1_000_000;

/// When a hold ends whose buyer has gone, microseconds; never later than it would have.
pub const fn left_alone(expires_at: i64, now: i64) -> i64 {
    let grace = now.saturating_add(HOLD_GRACE_SECONDS as i64 * SECOND_US);
    if grace < expires_at {
        grace
    } else {
        expires_at
    }
}

/// The last moment to which a hold can be made longer, microseconds: twice the time that the sale
/// gives, and never more than any sale may give.
pub fn latest(placed_at: i64, hold_seconds: u32) -> i64 {
    let most = hold_seconds.saturating_mul(2).min(HOLD_SECONDS_MAX);
    placed_at.saturating_add(i64::from(most.max(hold_seconds)) * SECOND_US)
}

/// The new end of a hold whose buyer is there: half of the sale's time from now, when less than a
/// quarter is left. `None` when there is time enough, none at all, or no more to be had.
pub fn extended(placed_at: i64, due: i64, hold_seconds: u32, now: i64) -> Option<i64> {
    let hold = i64::from(hold_seconds) * SECOND_US;
    if due <= now || due - now > hold / 4 {
        return None;
    }
    let until = (now + hold / 2).min(latest(placed_at, hold_seconds));
    (until > due).then_some(until)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hold_grows_while_its_buyer_is_there_and_never_past_the_cap() {
        let hold = 100;
        let cap = latest(0, hold);
        assert_eq!(cap, 200 * SECOND_US);
        let (mut due, mut now, mut steps) = (i64::from(hold) * SECOND_US, 0, 0);
        while now < due {
            if let Some(until) = extended(0, due, hold, now) {
                assert!(until > due && until <= cap);
                due = until;
                steps += 1;
            }
            now += SECOND_US;
        }
        assert_eq!(due, cap);
        assert!((3..10).contains(&steps), "{steps}");
        assert_eq!(extended(0, due, hold, due - 1), None, "no more to be had");
        assert_eq!(extended(0, 50, hold, 50), None, "what is over stays over");
        assert_eq!(
            latest(0, HOLD_SECONDS_MAX),
            i64::from(HOLD_SECONDS_MAX) * SECOND_US
        );
    }

    #[test]
    fn a_buyer_who_goes_never_gains_time() {
        for (expires_at, now) in [(500, 0), (40 * SECOND_US, 0), (SECOND_US, 2 * SECOND_US)] {
            assert!(left_alone(expires_at, now) <= expires_at);
        }
        assert_eq!(left_alone(90 * SECOND_US, 0), 30 * SECOND_US);
    }

    #[test]
    fn time_never_ends_a_hold_that_is_being_paid() {
        assert!(step(S::Committing, E::Expire).is_err());
        assert_eq!(step(S::Held, E::Expire), Ok(S::Expired));
    }

    #[test]
    fn sold_stays_sold() {
        assert!(transition::is_final(STEPS, S::Committed));
        assert!(transition::is_final(STEPS, S::Released));
    }
}
