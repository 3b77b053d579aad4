//! A hold: units kept for one order until it is paid or its time is over.
//!
//! While the provider is being asked (`committing`) a hold has no time limit: only the payment's
//! outcome ends it.

use crate::{
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

#[cfg(test)]
mod tests {
    use super::*;

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
