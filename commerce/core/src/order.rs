//! An order with one seller: where it stands, and who may move it on.
//!
//! Three statuses that do not depend on one another: the order's own (this table), its money
//! ([`money_status`], derived from what was paid and given back) and its goods
//! ([`crate::fulfillment`]). Every step is in a table; what is absent is refused.

mod number;

use signaling_wire::frame::shop::{FulfillmentStatus, OrderStatus, PaymentStatus};

pub use self::number::{civil, number};
use crate::{
    refusal::Refusal,
    transition::{self, Step},
};

/// What happens to an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderEvent {
    /// The money is there and is right.
    Paid,
    /// The hold ran out before payment.
    Expired,
    /// Called off; money that came, or comes, goes back.
    Cancelled,
    /// Money came after the hold had run out, and there still was stock.
    LatePaid,
    /// The seller took it on.
    Accepted,
    /// A part was sent.
    ShippedSome,
    /// All of it, or the rest, was sent.
    ShippedAll,
    /// All of it arrived.
    Delivered,
    /// The buyer confirmed the purchase, or the time to object is over.
    Confirmed,
    /// Everything was given back.
    Refunded,
}

/// Who wants a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Party {
    /// Who ordered.
    Buyer,
    /// Who acts for the seller, or an administrator.
    Seller,
    /// The shop itself: payments and clocks.
    System,
}

use OrderEvent as E;
use OrderStatus as S;

/// Every step that exists.
pub const STEPS: &[Step<OrderStatus, OrderEvent>] = &[
    (S::PendingPayment, E::Paid, S::Paid),
    (S::PendingPayment, E::Expired, S::Expired),
    (S::PendingPayment, E::Cancelled, S::Cancelled),
    (S::Expired, E::LatePaid, S::Paid),
    (S::Paid, E::Accepted, S::Preparing),
    (S::Paid, E::Cancelled, S::Cancelled),
    (S::Paid, E::Refunded, S::Refunded),
    (S::Preparing, E::Cancelled, S::Cancelled),
    (S::Preparing, E::ShippedSome, S::PartiallyShipped),
    (S::Preparing, E::ShippedAll, S::Shipped),
    (S::Preparing, E::Refunded, S::Refunded),
    (S::PartiallyShipped, E::ShippedSome, S::PartiallyShipped),
    (S::PartiallyShipped, E::ShippedAll, S::Shipped),
    (S::PartiallyShipped, E::Refunded, S::Refunded),
    (S::Shipped, E::Delivered, S::Delivered),
    (S::Shipped, E::Confirmed, S::Completed),
    (S::Shipped, E::Refunded, S::Refunded),
    (S::Delivered, E::Confirmed, S::Completed),
    (S::Delivered, E::Refunded, S::Refunded),
    (S::Completed, E::Refunded, S::Refunded),
];

/// The status after an event.
///
/// # Errors
/// [`Refusal::InvalidTransition`] if the step does not exist.
pub fn step(from: OrderStatus, event: OrderEvent) -> Result<OrderStatus, Refusal> {
    transition::take(STEPS, from, &event, name)
}

/// Whether a party may ask for a step. Whether the step exists is [`step`]'s to say, with one
/// exception that depends on both: a buyer calls off only what nobody has begun to pack.
pub fn may(party: Party, from: OrderStatus, event: OrderEvent) -> bool {
    match party {
        Party::System => true,
        Party::Buyer => match event {
            E::Cancelled => matches!(from, S::PendingPayment | S::Paid),
            E::Confirmed => true,
            _ => false,
        },
        Party::Seller => match event {
            E::Cancelled => matches!(from, S::Paid | S::Preparing),
            E::Accepted | E::ShippedSome | E::ShippedAll | E::Delivered => true,
            _ => false,
        },
    }
}

/// The status after an event that a party asks for.
///
/// # Errors
/// [`Refusal::InvalidTransition`] with the statuses that this party can bring it to.
pub fn step_by(party: Party, from: OrderStatus, event: OrderEvent) -> Result<OrderStatus, Refusal> {
    if may(party, from, event)
        && let Some(to) = transition::next(STEPS, from, &event)
    {
        return Ok(to);
    }
    let mut allowed = Vec::new();
    for (state, on, to) in STEPS {
        if *state == from && may(party, from, *on) && !allowed.contains(&name(*to)) {
            allowed.push(name(*to));
        }
    }
    Err(match step(from, event) {
        Err(Refusal::InvalidTransition { from, event, .. }) => Refusal::InvalidTransition {
            from,
            event,
            allowed,
        },
        _ => Refusal::InvalidTransition {
            from: name(from),
            event: format!("{event:?}").to_lowercase(),
            allowed,
        },
    })
}

/// Every status.
pub const STATUSES: [OrderStatus; 10] = [
    S::PendingPayment,
    S::Paid,
    S::Preparing,
    S::PartiallyShipped,
    S::Shipped,
    S::Delivered,
    S::Completed,
    S::Expired,
    S::Cancelled,
    S::Refunded,
];

/// The stored name.
pub const fn name(status: OrderStatus) -> &'static str {
    match status {
        S::PendingPayment => "pending_payment",
        S::Paid => "paid",
        S::Preparing => "preparing",
        S::PartiallyShipped => "partially_shipped",
        S::Shipped => "shipped",
        S::Delivered => "delivered",
        S::Completed => "completed",
        S::Expired => "expired",
        S::Cancelled => "cancelled",
        S::Refunded => "refunded",
    }
}

/// The status of a stored name.
pub fn parse(text: &str) -> Option<OrderStatus> {
    STATUSES.into_iter().find(|status| name(*status) == text)
}

/// Whether the order's money came and its goods are the buyer's, or were.
pub const fn is_funded(status: OrderStatus) -> bool {
    !matches!(status, S::PendingPayment | S::Expired | S::Cancelled)
}

/// Every word for an order's money.
const MONEY: [PaymentStatus; 7] = [
    PaymentStatus::None,
    PaymentStatus::Pending,
    PaymentStatus::Paid,
    PaymentStatus::Failed,
    PaymentStatus::IntegrityFailure,
    PaymentStatus::PartiallyRefunded,
    PaymentStatus::Refunded,
];

/// The stored name of where an order's money stands.
pub const fn payment_name(status: PaymentStatus) -> &'static str {
    match status {
        PaymentStatus::None => "none",
        PaymentStatus::Pending => "pending",
        PaymentStatus::Paid => "paid",
        PaymentStatus::Failed => "failed",
        PaymentStatus::IntegrityFailure => "integrity_failure",
        PaymentStatus::PartiallyRefunded => "partially_refunded",
        PaymentStatus::Refunded => "refunded",
    }
}

/// Where an order's money stands, by its stored name.
pub fn parse_payment(text: &str) -> Option<PaymentStatus> {
    MONEY
        .into_iter()
        .find(|status| payment_name(*status) == text)
}

/// Where the money of a paid order stands after `returned` of its `total` went back.
pub const fn money_status(total: i64, returned: i64) -> PaymentStatus {
    if returned <= 0 {
        PaymentStatus::Paid
    } else if returned < total {
        PaymentStatus::PartiallyRefunded
    } else {
        PaymentStatus::Refunded
    }
}

/// The stored name of where an order's goods stand.
pub const fn fulfillment_name(status: FulfillmentStatus) -> &'static str {
    match status {
        FulfillmentStatus::Unfulfilled => "unfulfilled",
        FulfillmentStatus::Partial => "partial",
        FulfillmentStatus::Fulfilled => "fulfilled",
        FulfillmentStatus::Delivered => "delivered",
        FulfillmentStatus::Returned => "returned",
    }
}

/// Where an order's goods stand, by its stored name.
pub fn parse_fulfillment(text: &str) -> Option<FulfillmentStatus> {
    use FulfillmentStatus::{Delivered, Fulfilled, Partial, Returned, Unfulfilled};
    [Unfulfilled, Partial, Fulfilled, Delivered, Returned]
        .into_iter()
        .find(|status| fulfillment_name(*status) == text)
}

#[cfg(test)]
mod tests;
