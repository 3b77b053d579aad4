//! Orders of everybody, found by number, people, state and time.

use serde::Serialize;
use signaling_wire::{
    OrderId, SellerId, UserId,
    frame::shop::{Order, OrderStatus},
};

use super::for_administrators;
use crate::{Actor, Commerce, Page, ServiceError, db, limits, page, validation::Validation};

/// Which orders are asked for; everything that is named must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OrderFilter {
    /// The one with this number.
    pub number: Option<String>,
    /// Of this buyer.
    pub buyer: Option<UserId>,
    /// Of this seller.
    pub seller: Option<SellerId>,
    /// In this state.
    pub status: Option<OrderStatus>,
    /// Placed at this time or later, milliseconds since 1970.
    pub from_ms: Option<u64>,
    /// Placed before this time.
    pub until_ms: Option<u64>,
}

/// An order with who bought it.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct OrderRecord {
    /// The order.
    #[serde(flatten)]
    pub order: Order,
    /// Whose it is.
    pub buyer_id: UserId,
}

impl Commerce {
    /// Orders by a filter, the newest first. For administrators.
    ///
    /// # Errors
    /// [`ServiceError::Forbidden`], validation, a cursor that is none.
    pub async fn all_orders(
        &self,
        actor: Actor,
        filter: OrderFilter,
        (cursor, limit): (Option<&str>, u32),
    ) -> Result<Page<OrderRecord>, ServiceError> {
        for_administrators(actor)?;
        let mut validation = Validation::default();
        let number = filter.number.as_deref().unwrap_or_default();
        let bounded = number.chars().count() <= limits::SKU_CHARS_MAX;
        validation.check(bounded, "/number", "max", "is too long");
        for (field, at) in [("/from_ms", filter.from_ms), ("/until_ms", filter.until_ms)] {
            let sound = at.is_none_or(|at| at < limits::TIME_MS_MAX);
            validation.check(sound, field, "range", "is out of range");
        }
        validation.done()?;
        self.caught_up().await?;
        let after = page::after::<OrderId>(cursor)?;
        let limit = page::clamp(limit);
        let rows = db::order::search(self.store().reader(), &filter, after, limit + 1).await?;
        Ok(Page::cut(rows, limit, |row| row.order.id.to_string()))
    }
}
