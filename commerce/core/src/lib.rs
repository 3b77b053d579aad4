//! The rules of selling: money, membership, sales, the stock ledger, orders, payments, holds.
//!
//! Pure: time comes in as an argument, results go out as values. Nothing here knows a database, a
//! socket or a task. Refusals are values ([`Refusal`]); state machines are tables of the steps
//! that exist, so that what is absent is refused.
#![forbid(unsafe_code)]

pub mod catalog;
pub mod claim;
pub mod coupon;
pub mod day;
pub mod fulfillment;
pub mod hook;
pub mod ledger;
pub mod limits;
pub mod membership;
pub mod money;
pub mod order;
pub mod payment;
pub mod refund;
pub mod refusal;
pub mod reservation;
pub mod sale;
pub mod search;
pub mod shelf;
pub mod totals;
pub mod transition;

pub use ledger::{Batch, Demand, Hold, Level, Movement, MovementKind, Terms};
pub use membership::{Deed, MemberRole};
pub use payment::PaymentState;
pub use refusal::{Refusal, Short};
pub use reservation::ReservationState;
