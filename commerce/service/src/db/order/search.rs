//! Orders of everybody. A page costs two statements, whatever is on it.

use std::collections::HashMap;

use commerce_core::order;
use commerce_store::{
    StoreError,
    sql::{self, Query, Reader},
};
use signaling_wire::{OrderId, UserId, frame::shop::OrderStatus};

use super::newest_first;
use crate::{OrderFilter, OrderRecord, db::parsed};

/// An id is made a little before its order is written; ids bound what is read, times decide.
const SLACK_MS: u64 = 60_000;

/// Orders of a status. The indexes by status leave those out that were not paid.
pub(super) fn with_status(query: Query, status: OrderStatus) -> Query {
    let query = query.and("AND status = ?").bind(order::name(status));
    match status {
        OrderStatus::PendingPayment | OrderStatus::Expired => query,
        _ => query.and("AND status NOT IN ('pending_payment', 'expired')"),
    }
}

/// Orders by a filter, the newest first.
pub(crate) async fn search(
    pool: &Reader,
    filter: &OrderFilter,
    after: Option<OrderId>,
    limit: u32,
) -> Result<Vec<OrderRecord>, StoreError> {
    let us = |ms: u64| i64::try_from(ms).unwrap_or(i64::MAX).saturating_mul(1_000);
    let mut query = sql::query("SELECT id, buyer_id FROM orders WHERE id < ?")
        .bind(after.map_or_else(|| "ord_~".to_owned(), |id| id.to_string()));
    if let Some(number) = &filter.number {
        query = query.and("AND number = ?").bind(number);
    }
    if let Some(buyer) = filter.buyer {
        query = query.and("AND buyer_id = ?").bind(buyer.to_string());
    }
    if let Some(seller) = filter.seller {
        query = query.and("AND seller_id = ?").bind(seller.to_string());
    }
    if let Some(status) = filter.status {
        query = with_status(query, status);
    }
    if let Some(from) = filter.from_ms {
        let first = OrderId::from_parts(from.saturating_sub(SLACK_MS), 0);
        query = query.and("AND id >= ? AND created_at >= ?");
        query = query.bind(first.to_string()).bind(us(from));
    }
    if let Some(until) = filter.until_ms {
        let last = OrderId::from_parts(until.saturating_add(SLACK_MS), 0);
        query = query.and("AND id < ? AND created_at < ?");
        query = query.bind(last.to_string()).bind(us(until));
    }
    let query = query.and("ORDER BY id DESC LIMIT ?").bind(limit);
    let mut buyers: HashMap<OrderId, UserId> = HashMap::new();
    for row in &query.fetch_all(pool).await? {
        buyers.insert(parsed(row, "id")?, parsed(row, "buyer_id")?);
    }
    let ids: Vec<OrderId> = buyers.keys().copied().collect();
    let orders = newest_first(pool, ids).await?;
    let record = |order: signaling_wire::frame::shop::Order| {
        let buyer_id = *buyers.get(&order.id)?;
        Some(OrderRecord { order, buyer_id })
    };
    Ok(orders.into_iter().filter_map(record).collect())
}
