//! A timed sale: when it takes orders.
//!
//! `sold_out` is no state: the stock says it, and it ends when holds return.

use signaling_wire::frame::shop::SaleState;

use crate::{
    refusal::Refusal,
    transition::{self, Step},
};

/// What a host does with a sale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SaleEvent {
    /// Takes orders from now on.
    Open,
    /// Takes none for the moment.
    Pause,
    /// Over for good.
    Close,
}

use SaleEvent::{Close, Open, Pause};
use SaleState as S;

/// Every step that exists.
pub const STEPS: &[Step<SaleState, SaleEvent>] = &[
    (S::Draft, Open, S::Open),
    (S::Draft, Close, S::Closed),
    (S::Open, Pause, S::Paused),
    (S::Open, Close, S::Closed),
    (S::Paused, Open, S::Open),
    (S::Paused, Close, S::Closed),
];

/// The state after an event.
///
/// # Errors
/// [`Refusal::InvalidTransition`] if the step does not exist.
pub fn step(from: SaleState, event: SaleEvent) -> Result<SaleState, Refusal> {
    transition::take(STEPS, from, &event, name)
}

/// The stored name.
pub const fn name(state: SaleState) -> &'static str {
    match state {
        S::Draft => "draft",
        S::Open => "open",
        S::Paused => "paused",
        S::Closed => "closed",
    }
}

/// The state of a stored name.
pub fn parse(text: &str) -> Option<SaleState> {
    [S::Draft, S::Open, S::Paused, S::Closed]
        .into_iter()
        .find(|state| name(*state) == text)
}
