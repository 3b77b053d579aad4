//! A refund: money that goes back for lines of an order, asked for once and followed to its end.

use crate::{
    refusal::Refusal,
    transition::{self, Step},
};

/// Where a refund stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RefundState {
    /// Decided; its amount is set aside.
    Requested,
    /// The provider was asked; whether it did is found out by looking.
    Submitting,
    /// The provider reports that the money went back.
    Succeeded,
    /// The provider will not; what was set aside is free again.
    Failed,
}

/// What happens to a refund.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefundEvent {
    /// The provider is asked, or asked again.
    Submit,
    /// It reports that the money went back.
    Done,
    /// It says that it will not.
    Refuse,
}

use RefundEvent as E;
use RefundState as S;

/// Every step that exists.
pub const STEPS: &[Step<RefundState, RefundEvent>] = &[
    (S::Requested, E::Submit, S::Submitting),
    (S::Requested, E::Done, S::Succeeded),
    (S::Submitting, E::Submit, S::Submitting),
    (S::Submitting, E::Done, S::Succeeded),
    (S::Submitting, E::Refuse, S::Failed),
];

/// The state after an event.
///
/// # Errors
/// [`Refusal::InvalidTransition`] if the step does not exist.
pub fn step(from: RefundState, event: RefundEvent) -> Result<RefundState, Refusal> {
    transition::take(STEPS, from, &event, RefundState::name)
}

/// What to do about the refund that is next in line for its payment, after a look at how much the
/// provider gave back. Refunds of one payment are worked on one after the other, so that the sum
/// says which of them are done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// It is done.
    Done,
    /// Ask for it; the provider is told what it should still hold.
    Ask {
        /// Minor units.
        cancellable: i64,
    },
    /// The provider gave back what nobody here asked for.
    Odd,
}

/// See [`Next`]. `done` is what earlier refunds gave back, `reported` what the provider says.
pub const fn next(charged: i64, done: i64, amount: i64, reported: i64) -> Next {
    if reported == done {
        Next::Ask {
            cancellable: charged - done,
        }
    } else if reported == done + amount {
        Next::Done
    } else {
        Next::Odd
    }
}

impl RefundState {
    /// Every state.
    pub const ALL: [Self; 4] = [S::Requested, S::Submitting, S::Succeeded, S::Failed];

    /// The stored and wire name.
    pub const fn name(self) -> &'static str {
        match self {
            S::Requested => "requested",
            S::Submitting => "submitting",
            S::Succeeded => "succeeded",
            S::Failed => "failed",
        }
    }

    /// The state of a name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_goes_back_once() {
        assert!(transition::is_final(STEPS, S::Succeeded));
        assert!(transition::is_final(STEPS, S::Failed));
        assert_eq!(next(100, 0, 40, 0), Next::Ask { cancellable: 100 });
        assert_eq!(next(100, 40, 60, 40), Next::Ask { cancellable: 60 });
        assert_eq!(next(100, 40, 60, 100), Next::Done);
        assert_eq!(next(100, 40, 10, 100), Next::Odd);
        for state in S::ALL {
            assert_eq!(S::parse(state.name()), Some(state));
        }
    }
}
