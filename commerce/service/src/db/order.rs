//! Tables `orders`, `order_line` and `order_event`, as buyers see them.

use commerce_core::order;
use commerce_store::{
    StoreError,
    sql::{self, Conn, On, Reader, Row},
};
use signaling_wire::{
    OrderId, UserId,
    frame::shop::{Order, OrderLine, OrderPayment, OrderStatus},
};

use super::{count, label, maybe_ms, money, ms, parsed, seq, title, word};
use crate::OrderEvent;

/// Orders by their ids, in no particular order; unknown ones are left out.
pub(crate) async fn by_ids<'e>(
    executor: impl Into<On<'e>>,
    ids: &[OrderId],
) -> Result<Vec<Order>, StoreError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows = sql::query(
        "SELECT o.id, o.number, o.status, o.payment_status, o.stream_id, o.sale_id, o.total,
                o.currency, o.ledger_seq, o.payment_due_at, o.paid_at, o.created_at,
                p.id AS payment_id, p.provider,
                l.id AS line_id, l.product_id, l.variant_id, l.title_ko, l.title_en, l.label_ko, l.label_en, l.quantity, l.unit_price,
                l.total AS line_total
         FROM orders o
         JOIN payment p ON p.order_id = o.id
         JOIN order_line l ON l.order_id = o.id
         WHERE o.id IN ({list}) ORDER BY o.id, l.id",
    )
    .bind_list(ids.iter().map(ToString::to_string))
    .fetch_all(executor)
    .await?;
    assemble(&rows)
}

pub(crate) async fn of_buyer(
    pool: &Reader,
    buyer: UserId,
    id: OrderId,
) -> Result<Option<Order>, StoreError> {
    let owned: Option<i64> = sql::query("SELECT 1 FROM orders WHERE id = ? AND buyer_id = ?")
        .bind(id.to_string())
        .bind(buyer.to_string())
        .fetch_value_optional(pool)
        .await?;
    match owned {
        Some(_) => Ok(by_ids(pool, &[id]).await?.pop()),
        None => Ok(None),
    }
}

pub(crate) async fn list(
    pool: &Reader,
    buyer: UserId,
    after: Option<OrderId>,
    limit: u32,
) -> Result<Vec<Order>, StoreError> {
    let rows = sql::query(
        "SELECT id FROM orders WHERE buyer_id = ? AND (? IS NULL OR id < ?) ORDER BY id DESC LIMIT ?",
    )
    .bind(buyer.to_string())
    .bind(after.map(|id| id.to_string()))
    .bind(after.map(|id| id.to_string()))
    .bind(limit)
    .fetch_all(pool)
    .await?;
    let ids = rows
        .iter()
        .map(|row| parsed(row, "id"))
        .collect::<Result<Vec<OrderId>, _>>()?;
    let mut orders = by_ids(pool, &ids).await?;
    orders.sort_by_key(|order| std::cmp::Reverse(order.id));
    Ok(orders)
}

pub(crate) async fn events(pool: &Reader, id: OrderId) -> Result<Vec<OrderEvent>, StoreError> {
    let rows = sql::query(
        "SELECT seq, type, from_status, to_status, at_us FROM order_event WHERE order_id = ? ORDER BY seq",
    )
    .bind(id.to_string())
    .fetch_all(pool)
    .await?;
    let event = |row| {
        Ok(OrderEvent {
            seq: seq(row, "seq")?,
            kind: row.get("type")?,
            from_status: row.get("from_status")?,
            to_status: row.get("to_status")?,
            at_ms: ms(row, "at_us")?,
        })
    };
    rows.iter().map(event).collect()
}

/// Appends to the history of an order.
pub(crate) async fn note(
    conn: &mut Conn,
    id: OrderId,
    kind: &'static str,
    from: OrderStatus,
    to: OrderStatus,
    detail: &str,
    now: i64,
) -> Result<(), StoreError> {
    let data = serde_json::json!({ "detail": detail }).to_string();
    sql::query(
        "INSERT INTO order_event (order_id, type, from_status, to_status, actor, data, at_us)
         VALUES (?, ?, ?, ?, 'system', ?, ?)",
    )
    .bind(id.to_string())
    .bind(kind)
    .bind(order::name(from))
    .bind(order::name(to))
    .bind(data)
    .bind(now)
    .execute(conn)
    .await?;
    Ok(())
}

fn assemble(rows: &[Row]) -> Result<Vec<Order>, StoreError> {
    let mut orders: Vec<Order> = Vec::new();
    for row in rows {
        let id: OrderId = parsed(row, "id")?;
        let line = OrderLine {
            id: parsed(row, "line_id")?,
            product_id: parsed(row, "product_id")?,
            variant_id: parsed(row, "variant_id")?,
            label: label(row)?,
            title: title(row)?,
            quantity: count(row, "quantity")?,
            unit_price: money(row, "unit_price")?,
            total: money(row, "line_total")?,
        };
        match orders.last_mut() {
            Some(order) if order.id == id => order.lines.push(line),
            _ => orders.push(order_of(row, id, line)?),
        }
    }
    Ok(orders)
}

fn order_of(row: &Row, id: OrderId, line: OrderLine) -> Result<Order, StoreError> {
    let status = word(row, "status", order::parse)?;
    // When it must be paid matters only as long as it can be.
    let due = (status == OrderStatus::PendingPayment).then(|| ms(row, "payment_due_at"));
    Ok(Order {
        id,
        number: row.get("number")?,
        status,
        payment_status: word(row, "payment_status", order::parse_payment)?,
        stream_id: parsed(row, "stream_id")?,
        sale_id: parsed(row, "sale_id")?,
        lines: vec![line],
        total: money(row, "total")?,
        payment: OrderPayment {
            id: parsed(row, "payment_id")?,
            provider: row.get("provider")?,
        },
        ledger_seq: seq(row, "ledger_seq")?,
        placed_ms: ms(row, "created_at")?,
        payment_due_ms: due.transpose()?,
        paid_ms: maybe_ms(row, "paid_at")?,
    })
}
