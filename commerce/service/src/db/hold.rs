//! Holds that are over: given back within whatever transaction looks at the sale next.
//!
//! Tables `reservation`, `orders`, `payment` and `order_event`. A hold in state `committing` is
//! never touched here: only the payment's outcome ends it.

use commerce_store::{
    StoreError, outbox,
    sql::{self, Conn, Field, Reader, Rows},
};
use signaling_wire::{OrderGroupId, OrderId, ReservationId, SaleId, UserId, VariantId};

use super::{
    count,
    ledger::{Book, Cause},
    parsed,
};
use crate::{courier, limits};

const ORDERS: Rows = Rows::tuples(&[("id", Field::Id)]);

/// A hold whose time is over.
#[derive(Debug)]
pub(crate) struct Due {
    reservation: ReservationId,
    order: OrderId,
    group: OrderGroupId,
    buyer: UserId,
    variant: VariantId,
    quantity: u32,
}

impl Due {
    /// Whose limit it counts against.
    pub(crate) fn buyer(&self) -> UserId {
        self.buyer
    }
}

/// The sale's holds whose time is over, the oldest first.
pub(crate) async fn due(conn: &mut Conn, sale: SaleId, now: i64) -> Result<Vec<Due>, StoreError> {
    let rows = sql::query(
        "SELECT r.id, r.order_id, o.group_id, r.buyer_id, r.variant_id, r.qty FROM reservation r
         JOIN orders o ON o.id = r.order_id
         WHERE r.sale_id = ? AND r.state = 'held' AND r.expires_at <= ?
         ORDER BY r.expires_at LIMIT ?",
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
            group: parsed(row, "group_id")?,
            buyer: parsed(row, "buyer_id")?,
            variant: parsed(row, "variant_id")?,
            quantity: count(row, "qty")?,
        })
    };
    rows.iter().map(due).collect()
}

/// Sales that have such holds.
pub(crate) async fn sales_due(pool: &Reader, now: i64) -> Result<Vec<SaleId>, StoreError> {
    let rows = sql::query(
        "SELECT DISTINCT sale_id FROM reservation WHERE state = 'held' AND expires_at <= ? AND sale_id IS NOT NULL LIMIT ?",
    )
    .bind(now)
    .bind(limits::SWEEP_MAX)
    .fetch_all(pool)
    .await?;
    rows.iter().map(|row| parsed(row, "sale_id")).collect()
}

/// Ends the holds: stock back, orders and payments expired, facts for the outbox.
pub(crate) async fn expire(
    conn: &mut Conn,
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
        book.release(hold.buyer, hold.variant, hold.quantity, cause)?;
    }
    let reservations = || due.iter().map(|hold| hold.reservation.to_string());
    let orders = || due.iter().map(|hold| hold.order.to_string());
    sql::query(
        "UPDATE reservation SET state = 'expired', updated_at = ?
         WHERE id IN ({list}) AND state = 'held'",
    )
    .bind(now)
    .bind_list(reservations())
    .send(&mut *conn)
    .await?;
    sql::query(
        "UPDATE orders SET status = 'expired', updated_at = ?, version = version + 1
         WHERE id IN ({list}) AND status = 'pending_payment'",
    )
    .bind(now)
    .bind_list(orders())
    .send(&mut *conn)
    .await?;
    sql::query(
        "UPDATE payment SET state = 'expired', updated_at = ?, version = version + 1,
                next_check_at = NULL
         WHERE group_id IN ({list}) AND state IN ('created', 'ready', 'failed')",
    )
    .bind(now)
    .bind_list(due.iter().map(|hold| hold.group.to_string()))
    .send(&mut *conn)
    .await?;
    sql::query(
        "INSERT INTO order_event (order_id, type, from_status, to_status, actor, at_us)
         SELECT j.id, 'expired', 'pending_payment', 'expired', 'system', ? FROM {rows}",
    )
    .bind(now)
    .bind_rows(
        &ORDERS,
        &due.iter().map(|hold| [hold.order]).collect::<Vec<_>>(),
    )
    .send(&mut *conn)
    .await?;
    let stream = book.head.stream;
    let told = due
        .iter()
        .map(|hold| courier::order_entry("order.expired", Some(stream), hold.buyer, hold.order));
    outbox::append_all(conn, &told.collect::<Vec<_>>(), now).await
}
