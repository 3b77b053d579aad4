//! The port to whoever takes the money.
//!
//! Outcomes are sorted by what the shop may conclude from them: done, a definite no, or nothing at
//! all. Only a lookup says what was really charged.

mod answer;
mod portone;

use commerce_core::payment::Report;
use commerce_store::BoxFuture;
use signaling_wire::{Money, PaymentId};

pub(crate) use self::portone::Portone;
use crate::ServiceError;

/// What the provider said to a confirmation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ConfirmOutcome {
    /// It says that it charged; look it up.
    Done,
    /// It did not charge, and will not with this token.
    Declined {
        /// Why, as it puts it.
        reason: String,
    },
    /// It may have charged or not.
    Unknown {
        /// What was seen, for the log.
        detail: String,
    },
}

/// A payment provider. Errors are texts for the log: nothing was learnt.
pub(crate) trait Provider: Send + Sync {
    /// Fixes the amount before the buyer pays.
    fn register(&self, id: PaymentId, amount: Money) -> BoxFuture<'_, Result<(), String>>;

    /// Plays the buyer's window; sandbox only.
    fn authorize(
        &self,
        id: PaymentId,
        approve: bool,
    ) -> BoxFuture<'_, Result<String, ServiceError>>;

    /// Charges. `attempt` makes a repeat of the same try harmless.
    fn confirm<'a>(
        &'a self,
        id: PaymentId,
        amount: Money,
        attempt: i64,
        token: &'a str,
    ) -> BoxFuture<'a, ConfirmOutcome>;

    /// What was charged.
    fn lookup(&self, id: PaymentId) -> BoxFuture<'_, Result<Report, String>>;

    /// Gives everything back; `cancellable` is what the shop believes to be the balance.
    fn cancel(&self, id: PaymentId, cancellable: i64) -> BoxFuture<'_, Result<(), String>>;
}
