//! A claim: a buyer's wish to call off, send back or exchange lines of an order.
//!
//! What is called off never left the seller, so it is decided and paid back; what was sent has to
//! come back and be looked at first.

use serde::{Deserialize, Serialize};
use signaling_wire::frame::shop::OrderStatus;

use crate::{
    refusal::Refusal,
    transition::{self, Step},
};

/// What the buyer wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ClaimKind {
    /// Not to get it.
    Cancel,
    /// To send it back for money.
    Return,
    /// To send it back for another piece.
    Exchange,
}

/// Who pays for the way back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum FeeBearer {
    /// It was a change of mind.
    Buyer,
    /// The goods were not as they should be.
    Seller,
}

/// Where a claim stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ClaimState {
    /// The buyer asked.
    Requested,
    /// The seller agrees.
    Approved,
    /// The seller does not.
    Rejected,
    /// The buyer changed their mind.
    Withdrawn,
    /// On its way back.
    Collecting,
    /// Back at the seller.
    Received,
    /// Looked at.
    Inspected,
    /// All the money of its lines goes back.
    Refunded,
    /// A part of the money goes back.
    PartiallyRefunded,
    /// Another piece was sent.
    Exchanged,
    /// Not as promised: sent to the buyer again.
    RejectedReturned,
}

/// What happens to a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClaimEvent {
    /// The seller agrees.
    Approve,
    /// The seller does not.
    Reject,
    /// The buyer takes it back.
    Withdraw,
    /// The courier has it.
    Collect,
    /// It is back.
    Receive,
    /// It was looked at.
    Inspect,
    /// All the money goes back.
    Refund,
    /// A part of the money goes back.
    RefundPart,
    /// Another piece was sent.
    Exchange,
    /// It goes to the buyer again.
    SendBack,
}

use ClaimEvent as E;
use ClaimState as S;

/// Every step of a claim for goods that come back.
pub const STEPS: &[Step<ClaimState, ClaimEvent>] = &[
    (S::Requested, E::Approve, S::Approved),
    (S::Requested, E::Reject, S::Rejected),
    (S::Requested, E::Withdraw, S::Withdrawn),
    (S::Approved, E::Withdraw, S::Withdrawn),
    (S::Approved, E::Collect, S::Collecting),
    (S::Approved, E::Receive, S::Received),
    (S::Collecting, E::Receive, S::Received),
    (S::Received, E::Inspect, S::Inspected),
    (S::Inspected, E::Refund, S::Refunded),
    (S::Inspected, E::RefundPart, S::PartiallyRefunded),
    (S::Inspected, E::Exchange, S::Exchanged),
    (S::Inspected, E::SendBack, S::RejectedReturned),
];

/// Every step of a claim for goods that never left.
pub const CANCEL_STEPS: &[Step<ClaimState, ClaimEvent>] = &[
    (S::Requested, E::Approve, S::Approved),
    (S::Requested, E::Reject, S::Rejected),
    (S::Requested, E::Withdraw, S::Withdrawn),
    (S::Approved, E::Refund, S::Refunded),
];

/// The state after an event.
///
/// # Errors
/// [`Refusal::InvalidTransition`] if the kind of claim does not have the step.
pub fn step(kind: ClaimKind, from: ClaimState, event: ClaimEvent) -> Result<ClaimState, Refusal> {
    let table = match kind {
        ClaimKind::Cancel => CANCEL_STEPS,
        ClaimKind::Return | ClaimKind::Exchange => STEPS,
    };
    let sensible = match (kind, event) {
        (ClaimKind::Return, E::Exchange) => false,
        // An exchange that cannot be made good ends in money.
        _ => true,
    };
    let to = transition::take(table, from, &event, ClaimState::name)?;
    match sensible {
        true => Ok(to),
        false => Err(Refusal::InvalidTransition {
            from: from.name(),
            event: "exchange".to_owned(),
            allowed: transition::reachable(table, from)
                .into_iter()
                .filter(|state| *state != S::Exchanged)
                .map(ClaimState::name)
                .collect(),
        }),
    }
}

/// Days after delivery within which a buyer may send goods back without a reason.
pub const RETURN_DAYS: i64 = 7;

/// Whether an order in this status takes such a claim. `since_delivery_us` is the time since it
/// arrived, if it has; goods that are not as they should be may come back later too.
///
/// # Errors
/// [`Refusal::ReturnWindowClosed`], or [`Refusal::InvalidTransition`] for a status without claims.
pub fn admit(
    kind: ClaimKind,
    fault_of_goods: bool,
    status: OrderStatus,
    since_delivery_us: Option<i64>,
) -> Result<(), Refusal> {
    use OrderStatus as O;
    let day_us = 86_400_000_000_i64;
    let fits = match kind {
        ClaimKind::Cancel => matches!(status, O::Preparing | O::PartiallyShipped),
        ClaimKind::Return | ClaimKind::Exchange => matches!(
            status,
            O::PartiallyShipped | O::Shipped | O::Delivered | O::Completed
        ),
    };
    if !fits {
        return Err(Refusal::InvalidTransition {
            from: crate::order::name(status),
            event: kind.name().to_owned(),
            allowed: Vec::new(),
        });
    }
    let in_time = since_delivery_us.is_none_or(|since| since <= RETURN_DAYS * day_us);
    match kind == ClaimKind::Cancel || fault_of_goods || (in_time && status != O::Completed) {
        true => Ok(()),
        false => Err(Refusal::ReturnWindowClosed),
    }
}

impl ClaimKind {
    /// The stored and wire name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cancel => "cancel",
            Self::Return => "return",
            Self::Exchange => "exchange",
        }
    }

    /// The kind of a name.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Cancel, Self::Return, Self::Exchange]
            .into_iter()
            .find(|kind| kind.name() == text)
    }
}

impl FeeBearer {
    /// The stored and wire name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Buyer => "buyer",
            Self::Seller => "seller",
        }
    }

    /// The bearer of a name.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Buyer, Self::Seller]
            .into_iter()
            .find(|bearer| bearer.name() == text)
    }
}

impl ClaimState {
    /// Every state.
    pub const ALL: [Self; 11] = [
        S::Requested,
        S::Approved,
        S::Rejected,
        S::Withdrawn,
        S::Collecting,
        S::Received,
        S::Inspected,
        S::Refunded,
        S::PartiallyRefunded,
        S::Exchanged,
        S::RejectedReturned,
    ];

    /// The stored and wire name.
    pub const fn name(self) -> &'static str {
        match self {
            S::Requested => "requested",
            S::Approved => "approved",
            S::Rejected => "rejected",
            S::Withdrawn => "withdrawn",
            S::Collecting => "collecting",
            S::Received => "received",
            S::Inspected => "inspected",
            S::Refunded => "refunded",
            S::PartiallyRefunded => "partially_refunded",
            S::Exchanged => "exchanged",
            S::RejectedReturned => "rejected_returned",
        }
    }

    /// The state of a name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == text)
    }

    /// Whether the claim may still come to something; its units are spoken for until then.
    pub fn is_open(self) -> bool {
        !transition::is_final(STEPS, self)
    }
}

#[cfg(test)]
mod tests;
