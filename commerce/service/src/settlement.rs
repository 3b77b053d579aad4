//! What sellers sold and what they are owed.

use serde::Serialize;
use signaling_wire::{
    Money, OrderId, OrderLineId, RefundId, SellerId,
    frame::shop::{Order, OrderStatus},
};

use crate::{Actor, Commerce, Page, ServiceError, db, page};

/// A posting in a seller's ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct LedgerEntry {
    /// Order of posting.
    pub seq: u64,
    /// `sale`, `shipping`, `commission`, `refund`, `shipping_refund` or `commission_back`.
    pub kind: String,
    /// Signed: what the seller gets is positive.
    pub amount: Money,
    /// The order that it is about.
    pub order_id: OrderId,
    /// The line that it is about, unless it is about sending.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order_line_id: Option<OrderLineId>,
    /// The refund that caused it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refund_id: Option<RefundId>,
    /// When, milliseconds since 1970.
    pub at_ms: u64,
}

impl Commerce {
    /// A seller's orders, the newest first.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`] for a foreign seller, [`ServiceError::Forbidden`], a cursor that
    /// is none.
    pub async fn sold_orders(
        &self,
        actor: Actor,
        seller: SellerId,
        status: Option<OrderStatus>,
        (cursor, limit): (Option<&str>, u32),
    ) -> Result<Page<Order>, ServiceError> {
        self.authorize_books(actor, seller).await?;
        self.caught_up().await?;
        let after = page::after::<OrderId>(cursor)?;
        let limit = page::clamp(limit);
        let pool = self.store().reader();
        let rows = db::order::list_sold(pool, seller, status, after, limit + 1).await?;
        Ok(Page::cut(rows, limit, |order| order.id.to_string()))
    }

    /// What happened to a seller's money, the newest first.
    ///
    /// # Errors
    /// As [`Commerce::sold_orders`].
    pub async fn seller_ledger(
        &self,
        actor: Actor,
        seller: SellerId,
        (cursor, limit): (Option<&str>, u32),
    ) -> Result<Page<LedgerEntry>, ServiceError> {
        self.authorize_books(actor, seller).await?;
        let before = page::after::<i64>(cursor)?;
        let limit = page::clamp(limit);
        let rows = db::settlement::list(self.store().reader(), seller, before, limit + 1).await?;
        Ok(Page::cut(rows, limit, |entry| entry.seq.to_string()))
    }

    /// What a seller is owed, by currency.
    ///
    /// # Errors
    /// As [`Commerce::sold_orders`].
    pub async fn seller_balances(
        &self,
        actor: Actor,
        seller: SellerId,
    ) -> Result<Vec<Money>, ServiceError> {
        self.authorize_books(actor, seller).await?;
        Ok(db::settlement::balances(self.store().reader(), seller).await?)
    }

    async fn authorize_books(&self, actor: Actor, seller: SellerId) -> Result<(), ServiceError> {
        self.authorize_sold(actor, seller)
            .await
            .map_err(|error| match error {
                ServiceError::NotFound(_) => ServiceError::NotFound("seller"),
                other => other,
            })
    }
}
