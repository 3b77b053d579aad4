//! What those who run the site see and do: sellers, products, orders, payments, coupons, the books.
//!
//! Every method asks for an administrator by itself. Every change is written to the audit log in
//! its own transaction, with what was before and why. Lists go by indexes and in pages.

mod books;
mod coupons;
mod orders;
mod payments;
mod products;
mod sellers;

use commerce_store::audit::Entry;
use serde_json::Value;

pub use books::{BookCheck, Books};
pub use orders::{OrderFilter, OrderRecord};
pub use payments::{
    AttemptRecord, Comparison, Difference, PaymentDetail, PaymentFilter, PaymentRecord,
    ProviderReport, Reconciliation,
};
pub use products::AdminProductFilter;
pub use sellers::{SellerChange, SellerDetail, SellerMember, SellerRecord, SellerStatus};

use crate::{Actor, ServiceError, limits, validation::Validation};

/// Refuses everybody else.
pub(crate) fn for_administrators(actor: Actor) -> Result<(), ServiceError> {
    match actor.admin {
        true => Ok(()),
        false => Err(ServiceError::Forbidden),
    }
}

/// An entry of the audit log.
pub(crate) fn entry(
    actor: Actor,
    action: &'static str,
    object: impl ToString,
    detail: Value,
) -> Entry {
    Entry {
        actor: actor.user.to_string(),
        action,
        object: object.to_string(),
        detail,
    }
}

/// Looks at the reason that somebody gives.
fn check_reason(reason: &str) -> Result<(), ServiceError> {
    let mut validation = Validation::default();
    let bounded = reason.chars().count() <= limits::NOTE_CHARS_MAX;
    validation.check(bounded, "/reason", "max", "is too long");
    validation.text(reason, "/reason");
    validation.done()
}
