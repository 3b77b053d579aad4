//! The port to whoever takes the money.
//!
//! Outcomes are sorted by what the shop may conclude from them: done, a definite no, or nothing at
//! all. Only a lookup says what was really charged or given back.

mod answer;
mod client;
mod portone;
mod portone_v1;

use commerce_core::payment::Report;
use commerce_store::BoxFuture;
use signaling_wire::{Money, PaymentId};

use self::{portone::Portone, portone_v1::PortoneV1};
use crate::{PaymentConfig, PaymentKind, ServiceError};

/// What the provider said to a request that changes something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It says that it did.
    Done,
    /// It did not, and will not.
    Declined {
        /// Why, as it puts it.
        reason: String,
    },
    /// It may have done it or not.
    Unknown {
        /// What was seen, for the log.
        detail: String,
    },
}

/// What is to be paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Due {
    /// All of it.
    pub(crate) total: Money,
    /// The part without value added tax, minor units.
    pub(crate) tax_free: i64,
}

/// What is to be given back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cancel {
    /// Of which payment.
    pub(crate) payment: PaymentId,
    /// Makes a repeat harmless, where the provider knows keys; 16 characters and more.
    pub(crate) key: String,
    /// Minor units; `None` for all that is left.
    pub(crate) amount: Option<i64>,
    /// The part of it without value added tax.
    pub(crate) tax_free: i64,
    /// What the shop believes to be the balance; the provider refuses if it is another one.
    pub(crate) cancellable: i64,
    /// For people.
    pub(crate) reason: String,
}

/// A page of the provider's own list of payments.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Listing {
    /// Payments that it charged, by our id as it knows it.
    pub(crate) reports: Vec<(String, Report)>,
    /// Where the next page starts.
    pub(crate) cursor: Option<String>,
}

/// Which part of that list is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Window {
    /// Microseconds since 1970.
    pub(crate) from: i64,
    /// Microseconds since 1970.
    pub(crate) until: i64,
    /// Where the page before ended.
    pub(crate) cursor: Option<String>,
}

/// A payment provider. Errors are texts for the log: nothing was learnt.
pub(crate) trait Provider: Send + Sync {
    /// Fixes the amount before the buyer pays.
    fn register(&self, id: PaymentId, due: Due) -> BoxFuture<'_, Result<(), String>>;

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
        due: Due,
        attempt: i64,
        token: &'a str,
    ) -> BoxFuture<'a, Outcome>;

    /// What was charged.
    fn lookup(&self, id: PaymentId) -> BoxFuture<'_, Result<Report, String>>;

    /// Gives money back.
    fn cancel(&self, cancel: Cancel) -> BoxFuture<'_, Outcome>;

    /// A page of what it charged in a time, or `None` if it has no such list.
    fn list(&self, window: Window) -> BoxFuture<'_, Result<Option<Listing>, String>>;
}

/// The provider that the configuration names.
pub(crate) fn of(config: &PaymentConfig) -> Result<Box<dyn Provider>, ServiceError> {
    Ok(match config.kind {
        PaymentKind::Sandbox | PaymentKind::PortoneV2 => Box::new(Portone::new(config)?),
        PaymentKind::PortoneV1 => Box::new(PortoneV1::new(config)?),
    })
}
