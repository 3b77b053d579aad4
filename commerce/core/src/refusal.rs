//! Why something is not done: an expected outcome, never an error of the program.

use serde::Serialize;
use signaling_wire::{Code, Money, Problem, VariantId, frame::shop::SaleState};

use crate::{coupon, sale};

/// A variant of which there are too few units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Short {
    /// Which.
    #[serde(rename = "variant_id")]
    pub variant: VariantId,
    /// What one line could have.
    pub available: u32,
}

/// A refusal, with the facts that the person at the other end can act on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Fewer units are left.
    #[error("only {available} left")]
    OutOfStock {
        /// How many.
        available: u32,
    },
    /// Fewer units are left of some of what was asked for together; nothing was taken.
    #[error("too few units of {} of what you asked for", .lines.len())]
    ShortOf {
        /// Of what, and how many there are.
        lines: Vec<Short>,
    },
    /// The product comes in several variants and none was named.
    #[error("choose a variant of the product")]
    VariantRequired,
    /// The coupon takes nothing off.
    #[error("the coupon does not apply: {}", .why.name())]
    Coupon {
        /// Why not.
        why: coupon::Why,
    },
    /// The buyer would have more than one may.
    #[error("{limit} per buyer, of which you have {have}")]
    PerBuyerLimit {
        /// Most units of one buyer.
        limit: u32,
        /// Units that the buyer has.
        have: u32,
    },
    /// The sale does not take orders.
    #[error("the sale is {}", sale::name(*.state))]
    SaleNotOpen {
        /// Where it stands.
        state: SaleState,
        /// When it opens by itself, if that is still to come, milliseconds since 1970.
        opens_ms: Option<u64>,
    },
    /// The lease's time is over.
    #[error("the offer has expired; look at the price again")]
    OfferExpired,
    /// The lease was not signed here, or is for something else.
    #[error("the offer is not valid for this")]
    OfferInvalid,
    /// The price is not the one that the buyer saw.
    #[error("the price is now {} {}", .current.amount, .current.currency.code())]
    PriceChanged {
        /// The price of one unit.
        current: Money,
    },
    /// Not a number of units that can be ordered.
    #[error("quantity must be 1 to {max}")]
    Quantity {
        /// Most units in one order.
        max: u32,
    },
    /// The hosts banned the buyer from the show.
    #[error("you are banned from this show")]
    Banned,
    /// The sale does not have the product.
    #[error("the product is not in this sale")]
    NotInSale,
    /// The same key came with another command.
    #[error("this key was used for another request")]
    KeyReused,
    /// The hold ran out.
    #[error("the hold has expired")]
    ReservationExpired,
    /// The state does not allow the step.
    #[error("{event} is not possible when {from}")]
    InvalidTransition {
        /// The state that it is in.
        from: &'static str,
        /// The step that was asked for.
        event: String,
        /// The states that it can go to.
        allowed: Vec<&'static str>,
    },
    /// More units than the line still has.
    #[error("only {left} of this line are left")]
    LineExhausted {
        /// Position in the list that was sent.
        index: usize,
        /// Units that are neither called off nor returned.
        left: u32,
    },
    /// The time in which goods may be sent back is over.
    #[error("the time to send it back is over")]
    ReturnWindowClosed,
    /// More money than is left would go back.
    #[error("only {left} can be given back")]
    RefundTooHigh {
        /// Minor units.
        left: i64,
    },
    /// The checkout would cost something else than the buyer saw.
    #[error("the total is now {} {}", .current.amount, .current.currency.code())]
    CartChanged {
        /// What it costs.
        current: Money,
    },
    /// The provider said no.
    #[error("the payment was declined: {reason}")]
    Declined {
        /// Why, as the provider puts it.
        reason: String,
    },
}

impl Refusal {
    /// The stable key.
    pub const fn code(&self) -> Code {
        match self {
            Self::OutOfStock { .. } | Self::ShortOf { .. } => Code::OutOfStock,
            Self::VariantRequired => Code::VariantRequired,
            Self::Coupon { .. } => Code::CouponRefused,
            Self::PerBuyerLimit { .. } => Code::PerBuyerLimit,
            Self::SaleNotOpen { .. } => Code::SaleNotOpen,
            Self::OfferExpired => Code::OfferExpired,
            Self::OfferInvalid => Code::OfferInvalid,
            Self::PriceChanged { .. } => Code::PriceChanged,
            Self::Quantity { .. } => Code::ValidationError,
            Self::Banned => Code::Banned,
            Self::NotInSale => Code::NotFound,
            Self::KeyReused => Code::IdempotencyKeyReused,
            Self::ReservationExpired => Code::ReservationExpired,
            Self::InvalidTransition { .. } => Code::InvalidTransition,
            Self::Declined { .. } => Code::PaymentDeclined,
            Self::LineExhausted { .. } => Code::ValidationError,
            Self::ReturnWindowClosed => Code::ReturnWindowClosed,
            Self::RefundTooHigh { .. } => Code::RefundTooHigh,
            Self::CartChanged { .. } => Code::CartChanged,
        }
    }
}

/// A fact of a problem, as JSON.
#[derive(Serialize)]
struct Price {
    amount: i64,
    currency: &'static str,
}

fn price(money: &Money) -> serde_json::Value {
    serde_json::json!(Price {
        amount: money.amount,
        currency: money.currency.code(),
    })
}

impl From<&Refusal> for Problem {
    fn from(refusal: &Refusal) -> Self {
        let problem = Self::new(refusal.code(), refusal.to_string());
        match refusal {
            Refusal::OutOfStock { available } => problem.with("available", *available),
            Refusal::ShortOf { lines } => problem.with("lines", serde_json::json!(lines)),
            Refusal::Coupon { why } => problem.with("reason", why.name()),
            Refusal::PerBuyerLimit { limit, have } => {
                problem.with("limit", *limit).with("have", *have)
            }
            Refusal::SaleNotOpen { state, opens_ms } => {
                let problem = problem.with("state", sale::name(*state));
                match opens_ms {
                    Some(opens) => problem.with("opens_at", *opens),
                    None => problem,
                }
            }
            Refusal::PriceChanged { current } => problem.with("current_price", price(current)),
            Refusal::CartChanged { current } => problem.with("current_total", price(current)),
            Refusal::RefundTooHigh { left } => problem.with("refundable", *left),
            Refusal::LineExhausted { index, left } => {
                let detail = problem.detail.clone();
                let pointer = format!("/lines/{index}/quantity");
                problem
                    .with_field(&pointer, "max", detail)
                    .with("left", *left)
            }
            Refusal::Quantity { .. } => {
                let code = "range";
                let detail = problem.detail.clone();
                problem.with_field("/quantity", code, detail)
            }
            Refusal::InvalidTransition {
                from,
                event,
                allowed,
            } => problem
                .with("from", *from)
                .with("event", event.clone())
                .with("allowed", allowed.clone()),
            _ => problem,
        }
    }
}
