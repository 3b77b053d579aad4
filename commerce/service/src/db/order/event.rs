//! Table `order_event`: what happened to an order, append only.

use commerce_core::order;
use commerce_store::{
    StoreError,
    sql::{self, Conn, Reader},
};
use signaling_wire::{OrderId, frame::shop::OrderStatus};

use crate::{
    OrderEvent,
    db::{ms, seq},
};

/// A line of the history.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Note<'a> {
    pub(crate) order: OrderId,
    /// What happened, as in `paid`.
    pub(crate) kind: &'static str,
    pub(crate) from: OrderStatus,
    pub(crate) to: OrderStatus,
    /// A user's id, or `system`.
    pub(crate) actor: &'a str,
    /// For people.
    pub(crate) detail: &'a str,
}

/// Who acts when nobody does.
pub(crate) const SYSTEM: &str = "system";

/// Appends to the history of an order.
pub(crate) async fn note(conn: &mut Conn, note: Note<'_>, now: i64) -> Result<(), StoreError> {
    let data = serde_json::json!({ "detail": note.detail }).to_string();
    sql::query(
        "INSERT INTO order_event (order_id, type, from_status, to_status, actor, data, at_us)
         VALUES (?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(note.order.to_string())
    .bind(note.kind)
    .bind(order::name(note.from))
    .bind(order::name(note.to))
    .bind(note.actor)
    .bind(data)
    .bind(now)
    .execute(conn)
    .await?;
    Ok(())
}

/// The history of an order.
pub(crate) async fn events(pool: &Reader, id: OrderId) -> Result<Vec<OrderEvent>, StoreError> {
    let rows = sql::query(
        "SELECT seq, type, from_status, to_status, at_us FROM order_event WHERE order_id = ? ORDER BY seq",
    )
    .bind(id.to_string())
    .fetch_all(pool)
    .await?;
    rows.iter()
        .map(|row| {
            Ok(OrderEvent {
                seq: seq(row, "seq")?,
                kind: row.get("type")?,
                from_status: row.get("from_status")?,
                to_status: row.get("to_status")?,
                at_ms: ms(row, "at_us")?,
            })
        })
        .collect()
}
