//! A payment: its states, and what a provider's report means for it.
//!
//! Nothing that a browser or a webhook says is believed; [`judge`] compares what the provider
//! itself reports with what the order needs.

use signaling_wire::{Money, frame::shop::PaymentStatus};

use crate::{
    refusal::Refusal,
    transition::{self, Step},
};

/// Where a payment stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PaymentState {
    /// Our row exists.
    Created,
    /// The provider knows the amount.
    Ready,
    /// The provider is being told to charge.
    Confirming,
    /// It was told, and the outcome is not known.
    Unknown,
    /// The try failed; another one is possible.
    Failed,
    /// Charged, and everything is as the order needs it.
    Paid,
    /// Charged, and some of it went back.
    PartiallyCancelled,
    /// Charged, but not as the order needs it.
    IntegrityFailure,
    /// The money is to go back.
    CancelPending,
    /// The money went back.
    Cancelled,
    /// The order's time was over first.
    Expired,
}

/// What happens to a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PaymentEvent {
    /// The provider took the amount.
    Registered,
    /// The buyer's token is here; charge.
    Confirm,
    /// No answer, or none that says anything.
    NoAnswer,
    /// The provider says no.
    Declined,
    /// The provider reports the right charge.
    Paid,
    /// The provider reports another charge.
    Mismatch,
    /// Charged, but the order cannot be honoured.
    TakeBack,
    /// The provider reports that the money went back.
    Returned,
    /// The order's time is over.
    Expire,
    /// A refund of a part is done.
    RefundedPart,
    /// Everything has been given back by refunds.
    RefundedAll,
}

use PaymentEvent as E;
use PaymentState as S;

/// Every step that exists.
pub const STEPS: &[Step<PaymentState, PaymentEvent>] = &[
    (S::Created, E::Registered, S::Ready),
    (S::Created, E::Confirm, S::Confirming),
    (S::Created, E::Paid, S::Paid),
    (S::Created, E::Mismatch, S::IntegrityFailure),
    (S::Created, E::TakeBack, S::CancelPending),
    (S::Created, E::Returned, S::Cancelled),
    (S::Created, E::Expire, S::Expired),
    (S::Ready, E::Confirm, S::Confirming),
    (S::Ready, E::Paid, S::Paid),
    (S::Ready, E::Mismatch, S::IntegrityFailure),
    (S::Ready, E::TakeBack, S::CancelPending),
    (S::Ready, E::Returned, S::Cancelled),
    (S::Ready, E::Expire, S::Expired),
    (S::Confirming, E::NoAnswer, S::Unknown),
    (S::Confirming, E::Declined, S::Failed),
    (S::Confirming, E::Paid, S::Paid),
    (S::Confirming, E::Mismatch, S::IntegrityFailure),
    (S::Confirming, E::TakeBack, S::CancelPending),
    (S::Confirming, E::Returned, S::Cancelled),
    (S::Unknown, E::NoAnswer, S::Unknown),
    (S::Unknown, E::Declined, S::Failed),
    (S::Unknown, E::Paid, S::Paid),
    (S::Unknown, E::Mismatch, S::IntegrityFailure),
    (S::Unknown, E::TakeBack, S::CancelPending),
    (S::Unknown, E::Returned, S::Cancelled),
    (S::Failed, E::Confirm, S::Confirming),
    (S::Failed, E::Paid, S::Paid),
    (S::Failed, E::Mismatch, S::IntegrityFailure),
    (S::Failed, E::TakeBack, S::CancelPending),
    (S::Failed, E::Returned, S::Cancelled),
    (S::Failed, E::Expire, S::Expired),
    (S::Expired, E::Paid, S::Paid),
    (S::Expired, E::Mismatch, S::IntegrityFailure),
    (S::Expired, E::TakeBack, S::CancelPending),
    (S::Expired, E::Returned, S::Cancelled),
    (S::IntegrityFailure, E::Returned, S::Cancelled),
    (S::CancelPending, E::Returned, S::Cancelled),
    (S::Paid, E::RefundedPart, S::PartiallyCancelled),
    (S::Paid, E::RefundedAll, S::Cancelled),
    (
        S::PartiallyCancelled,
        E::RefundedPart,
        S::PartiallyCancelled,
    ),
    (S::PartiallyCancelled, E::RefundedAll, S::Cancelled),
];

/// The state after an event.
///
/// # Errors
/// [`Refusal::InvalidTransition`] if the step does not exist.
pub fn step(from: PaymentState, event: PaymentEvent) -> Result<PaymentState, Refusal> {
    transition::take(STEPS, from, &event, PaymentState::name)
}

impl PaymentState {
    /// Every state.
    pub const ALL: [Self; 11] = [
        S::Created,
        S::Ready,
        S::Confirming,
        S::Unknown,
        S::Failed,
        S::Paid,
        S::PartiallyCancelled,
        S::IntegrityFailure,
        S::CancelPending,
        S::Cancelled,
        S::Expired,
    ];

    /// The stored name.
    pub const fn name(self) -> &'static str {
        match self {
            S::Created => "created",
            S::Ready => "ready",
            S::Confirming => "confirming",
            S::Unknown => "unknown",
            S::Failed => "failed",
            S::Paid => "paid",
            S::PartiallyCancelled => "partially_cancelled",
            S::IntegrityFailure => "integrity_failure",
            S::CancelPending => "cancel_pending",
            S::Cancelled => "cancelled",
            S::Expired => "expired",
        }
    }

    /// The state of a stored name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == text)
    }

    /// What the buyer is told about the money.
    pub const fn told(self) -> PaymentStatus {
        match self {
            S::Created | S::Ready | S::Expired => PaymentStatus::None,
            S::Confirming | S::Unknown => PaymentStatus::Pending,
            S::Failed => PaymentStatus::Failed,
            S::Paid => PaymentStatus::Paid,
            S::PartiallyCancelled => PaymentStatus::PartiallyRefunded,
            S::IntegrityFailure | S::CancelPending => PaymentStatus::IntegrityFailure,
            S::Cancelled => PaymentStatus::Refunded,
        }
    }
}

/// What a provider reports about a payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Report {
    /// Nothing was charged so far.
    Open,
    /// The try failed.
    Failed {
        /// Why, as the provider puts it.
        reason: String,
    },
    /// Charged; some of it may have gone back.
    Paid(Charge),
    /// Charged, and given back in full.
    Cancelled(Charge),
}

impl Report {
    /// The charge, if there was one.
    pub const fn charge(&self) -> Option<&Charge> {
        match self {
            Self::Paid(charge) | Self::Cancelled(charge) => Some(charge),
            Self::Open | Self::Failed { .. } => None,
        }
    }
}

/// A charge as the provider reports it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Charge {
    /// Total of the order as charged, before promotions of a card; `None` in a foreign currency.
    pub total: Option<Money>,
    /// The store that it was charged for.
    pub store_id: String,
    /// Whether real money moved; `None` if this provider does not say.
    pub live: Option<bool>,
    /// What went back so far, minor units.
    pub cancelled: i64,
    /// The provider's own transaction id.
    pub transaction: String,
    /// Where the buyer finds the card company's receipt.
    pub receipt_url: Option<String>,
}

/// What an order needs of a charge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Needed {
    /// The order's total.
    pub total: Money,
    /// Our store, if one is configured.
    pub store_id: Option<String>,
    /// Whether real money must have moved.
    pub live: bool,
}

/// What a report means for a payment of an order.
pub fn judge(report: &Report, needed: &Needed) -> Option<PaymentEvent> {
    match report {
        Report::Open => None,
        Report::Failed { .. } => Some(E::Declined),
        Report::Cancelled(_) => Some(E::Returned),
        Report::Paid(charge) => {
            let right = charge.total == Some(needed.total)
                && needed
                    .store_id
                    .as_ref()
                    .is_none_or(|store| *store == charge.store_id)
                && charge.live.is_none_or(|live| live == needed.live)
                && charge.cancelled == 0;
            Some(if right { E::Paid } else { E::Mismatch })
        }
    }
}

#[cfg(test)]
mod tests;
