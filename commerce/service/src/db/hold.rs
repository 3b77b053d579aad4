//! Holds that are over: given back within whatever transaction looks at the sale next.
//!
//! Tables `reservation`, `orders`, `payment` and `order_event`. A hold in state `committing` is
//! never touched here: only the payment's outcome ends it.

use commerce_store::{SqlitePool, StoreError, outbox};
use serde::Serialize;
use signaling_wire::{OrderId, ProductId, ReservationId, SaleId, UserId};
use sqlx::SqliteConnection;

use super::{
    count, json,
    ledger::{Book, Cause},
    parsed,
};
use crate::{courier, limits};

/// A hold whose time is over.
#[derive(Debug, Serialize)]
pub(crate) struct Due {
    reservation: ReservationId,
    order: OrderId,
    buyer: UserId,
    #[serde(skip)]
    product: ProductId,
    #[serde(skip)]
    quantity: u32,
}

impl Due {
    /// Whose limit it counts against.
    pub(crate) fn buyer(&self) -> UserId {
        self.buyer
    }
}

/// The sale's holds whose time is over, the oldest first.
pub(crate) async fn due(
    conn: &mut SqliteConnection,
    sale: SaleId,
    now: i64,
) -> Result<Vec<Due>, StoreError> {
    let rows = sqlx::query(
        "SELECT id, order_id, buyer_id, product_id, qty FROM reservation
         WHERE sale_id = ? AND state = 'held' AND expires_at <= ? ORDER BY expires_at LIMIT ?",
    )
    .bind(sale.to_string())
    .bind(now)
    .bind(limits::EXPIRY_BATCH_MAX)
    .fetch_all(conn)
    .await?;
    let due = |row| {
        Ok(Due {
            reservation: parsed(row, "id")?,
            order: parsed(row, "order_id")?,
            buyer: parsed(row, "buyer_id")?,
            product: parsed(row, "product_id")?,
            quantity: count(row, "qty")?,
        })
    };
    rows.iter().map(due).collect()
}

/// Sales that have such holds.
pub(crate) async fn sales_due(pool: &SqlitePool, now: i64) -> Result<Vec<SaleId>, StoreError> {
    let rows = sqlx::query(
        "SELECT DISTINCT sale_id FROM reservation WHERE state = 'held' AND expires_at <= ? LIMIT ?",
    )
    .bind(now)
    .bind(limits::SWEEP_MAX)
    .fetch_all(pool)
    .await?;
    rows.iter().map(|row| parsed(row, "sale_id")).collect()
}

/// Ends the holds: stock back, orders and payments expired, facts for the outbox.
pub(crate) async fn expire(
    conn: &mut SqliteConnection,
    book: &mut Book,
    due: &[Due],
    now: i64,
) -> Result<(), StoreError> {
    if due.is_empty() {
        return Ok(());
    }
    for hold in due {
        let cause = Cause {
            reservation: Some(hold.reservation),
            order: Some(hold.order),
            reason: "expired".to_owned(),
            ..Cause::default()
        };
        book.release(hold.buyer, hold.product, hold.quantity, cause)?;
    }
    let rows = json(&due)?;
    for sql in [
        "UPDATE reservation SET state = 'expired', updated_at = ?1
         WHERE id IN (SELECT value ->> 'reservation' FROM json_each(?2)) AND state = 'held'",
        "UPDATE orders SET status = 'expired', updated_at = ?1, version = version + 1
         WHERE id IN (SELECT value ->> 'order' FROM json_each(?2)) AND status = 'pending_payment'",
        "UPDATE payment SET state = 'expired', updated_at = ?1, version = version + 1, next_check_at = NULL
         WHERE order_id IN (SELECT value ->> 'order' FROM json_each(?2))
           AND state IN ('created', 'ready', 'failed')",
        "INSERT INTO order_event (order_id, type, from_status, to_status, actor, at_us)
         SELECT value ->> 'order', 'expired', 'pending_payment', 'expired', 'system', ?1
         FROM json_each(?2)",
    ] {
        sqlx::query(sql).bind(now).bind(&rows).execute(&mut *conn).await?;
    }
    let stream = book.head.stream;
    let told = due
        .iter()
        .map(|hold| courier::order_entry("order.expired", stream, hold.buyer, hold.order));
    outbox::append_all(conn, &told.collect::<Vec<_>>(), now).await
}
