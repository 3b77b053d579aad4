//! Tables `order_group`, `orders` and `order_line`, as buyers and sellers see them.

mod event;
mod search;
mod standing;

use commerce_core::order;
use commerce_store::{
    StoreError,
    sql::{self, Conn, On, Reader, Row},
};
use signaling_wire::{
    OrderGroupId, OrderId, SaleId, SellerId, UserId,
    frame::shop::{Order, OrderLine, OrderPayment, OrderStatus},
};

pub(crate) use self::{
    event::{Note, SYSTEM, events, note},
    search::search,
    standing::{Standing, lock},
};
use super::{count, label, maybe_ms, money, ms, optional, parsed, seq, title, word};

/// Orders by their ids, in the order of the ids; unknown ones are left out.
pub(crate) async fn by_ids<'e>(
    executor: impl Into<On<'e>>,
    ids: &[OrderId],
) -> Result<Vec<Order>, StoreError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows = sql::query(
        "SELECT o.id, o.number, o.group_id, o.seller_id, o.status, o.payment_status,
                o.fulfillment_status, o.stream_id, o.sale_id, o.items_total, o.discount, o.shipping,
                o.tax, o.total, o.currency, o.ledger_seq, o.payment_due_at, o.paid_at,
                o.delivered_at, o.completed_at, o.created_at,
                p.id AS payment_id, p.provider, p.amount AS payment_amount,
                l.id AS line_id, l.product_id, l.variant_id, l.title_ko, l.title_en, l.label_ko, l.label_en, l.quantity, l.unit_price,
                l.discount AS line_discount, l.total AS line_total, l.qty_cancelled, l.qty_returned
         FROM orders o
         JOIN payment p ON p.group_id = o.group_id
         JOIN order_line l ON l.order_id = o.id
         WHERE o.id IN ({list})
         ORDER BY o.id, l.id",
    )
    .bind_list(ids.iter().map(OrderId::to_string))
    .fetch_all(executor)
    .await?;
    assemble(&rows)
}

/// An order that somebody placed.
pub(crate) async fn of_buyer(
    pool: &Reader,
    buyer: UserId,
    id: OrderId,
) -> Result<Option<Order>, StoreError> {
    match parties(pool, id).await? {
        Some((owner, _)) if owner == buyer => Ok(by_ids(pool, &[id]).await?.pop()),
        _ => Ok(None),
    }
}

/// Who bought and who sells.
pub(crate) async fn parties<'e>(
    executor: impl Into<On<'e>>,
    id: OrderId,
) -> Result<Option<(UserId, SellerId)>, StoreError> {
    let row = sql::query("SELECT buyer_id, seller_id FROM orders WHERE id = ?")
        .bind(id.to_string())
        .fetch_optional(executor)
        .await?;
    row.map(|row| Ok((parsed(&row, "buyer_id")?, parsed(&row, "seller_id")?)))
        .transpose()
}

/// The timed sale that an order was placed in, if it was one; it never changes.
pub(crate) async fn sale_of(conn: &mut Conn, id: OrderId) -> Result<Option<SaleId>, StoreError> {
    let row = sql::query("SELECT sale_id FROM orders WHERE id = ?")
        .bind(id.to_string())
        .fetch_optional(conn)
        .await?;
    match row {
        Some(row) => optional(&row, "sale_id"),
        None => Ok(None),
    }
}

/// A buyer's orders, the newest first.
pub(crate) async fn list(
    pool: &Reader,
    buyer: UserId,
    after: Option<OrderId>,
    limit: u32,
) -> Result<Vec<Order>, StoreError> {
    let mut query = sql::query("SELECT id FROM orders WHERE buyer_id = ?").bind(buyer.to_string());
    if let Some(after) = after {
        query = query.and("AND id < ?").bind(after.to_string());
    }
    let query = query.and("ORDER BY id DESC LIMIT ?").bind(limit);
    newest_first(pool, ids(&query.fetch_all(pool).await?)?).await
}

/// A seller's orders, the newest first.
pub(crate) async fn list_sold(
    pool: &Reader,
    seller: SellerId,
    status: Option<OrderStatus>,
    after: Option<OrderId>,
    limit: u32,
) -> Result<Vec<Order>, StoreError> {
    let mut query =
        sql::query("SELECT id FROM orders WHERE seller_id = ?").bind(seller.to_string());
    if let Some(status) = status {
        query = search::with_status(query, status);
    }
    if let Some(after) = after {
        query = query.and("AND id < ?").bind(after.to_string());
    }
    let query = query.and("ORDER BY id DESC LIMIT ?").bind(limit);
    newest_first(pool, ids(&query.fetch_all(pool).await?)?).await
}

/// The orders of a checkout.
pub(crate) async fn of_group<'e>(
    executor: impl Into<On<'e>>,
    group: OrderGroupId,
) -> Result<Vec<OrderId>, StoreError> {
    let rows = sql::query("SELECT id FROM orders WHERE group_id = ? ORDER BY id")
        .bind(group.to_string())
        .fetch_all(executor)
        .await?;
    ids(&rows)
}

/// Orders that arrived so long ago that nobody objects any more, and that no claim is open about.
pub(crate) async fn to_complete(
    pool: &Reader,
    before: i64,
    limit: u32,
) -> Result<Vec<OrderId>, StoreError> {
    let rows = sql::query(
        "SELECT o.id FROM orders o WHERE o.status = 'delivered' AND o.delivered_at <= ?
           AND NOT EXISTS (SELECT 1 FROM order_line l WHERE l.order_id = o.id AND l.qty_claimed > 0)
         ORDER BY o.delivered_at LIMIT ?",
    )
    .bind(before)
    .bind(limit)
    .fetch_all(pool)
    .await?;
    ids(&rows)
}

fn ids(rows: &[Row]) -> Result<Vec<OrderId>, StoreError> {
    rows.iter().map(|row| parsed(row, "id")).collect()
}

async fn newest_first(pool: &Reader, ids: Vec<OrderId>) -> Result<Vec<Order>, StoreError> {
    let mut orders = by_ids(pool, &ids).await?;
    orders.sort_by_key(|order| std::cmp::Reverse(order.id));
    Ok(orders)
}

fn assemble(rows: &[Row]) -> Result<Vec<Order>, StoreError> {
    let mut orders: Vec<Order> = Vec::new();
    for row in rows {
        let id: OrderId = parsed(row, "id")?;
        let line = line_of(row)?;
        match orders.last_mut() {
            Some(order) if order.id == id => order.lines.push(line),
            _ => orders.push(order_of(row, id, line)?),
        }
    }
    Ok(orders)
}

fn line_of(row: &Row) -> Result<OrderLine, StoreError> {
    Ok(OrderLine {
        id: parsed(row, "line_id")?,
        product_id: parsed(row, "product_id")?,
        variant_id: parsed(row, "variant_id")?,
        title: title(row)?,
        label: label(row)?,
        quantity: count(row, "quantity")?,
        unit_price: money(row, "unit_price")?,
        discount: money(row, "line_discount")?,
        total: money(row, "line_total")?,
        quantity_cancelled: count(row, "qty_cancelled")?,
        quantity_returned: count(row, "qty_returned")?,
    })
}

fn order_of(row: &Row, id: OrderId, line: OrderLine) -> Result<Order, StoreError> {
    let status = word(row, "status", order::parse)?;
    // When it must be paid matters only as long as it can be.
    let due = (status == OrderStatus::PendingPayment).then(|| ms(row, "payment_due_at"));
    Ok(Order {
        id,
        number: row.get("number")?,
        group_id: parsed(row, "group_id")?,
        seller_id: parsed(row, "seller_id")?,
        status,
        payment_status: word(row, "payment_status", order::parse_payment)?,
        fulfillment_status: word(row, "fulfillment_status", order::parse_fulfillment)?,
        stream_id: optional(row, "stream_id")?,
        sale_id: optional(row, "sale_id")?,
        lines: vec![line],
        items_total: money(row, "items_total")?,
        discount: money(row, "discount")?,
        shipping: money(row, "shipping")?,
        tax: money(row, "tax")?,
        total: money(row, "total")?,
        payment: OrderPayment {
            id: parsed(row, "payment_id")?,
            provider: row.get("provider")?,
            amount: money(row, "payment_amount")?,
        },
        ledger_seq: seq(row, "ledger_seq")?,
        placed_ms: ms(row, "created_at")?,
        payment_due_ms: due.transpose()?,
        paid_ms: maybe_ms(row, "paid_at")?,
        delivered_ms: maybe_ms(row, "delivered_at")?,
        completed_ms: maybe_ms(row, "completed_at")?,
    })
}
