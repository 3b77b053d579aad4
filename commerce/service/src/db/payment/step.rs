//! The steps of a payment, its attempts, the orders that it funds and their holds. Each update
//! names the state that it leaves.

use commerce_core::{
    PaymentState, ReservationState,
    order::{self, OrderEvent},
};
use commerce_store::{
    StoreError,
    sql::{self, Conn},
};
use signaling_wire::{
    OrderId,
    frame::shop::{OrderStatus, PaymentStatus},
};

use super::case::Case;
use crate::{
    ServiceError, courier,
    db::order::{Note, SYSTEM, note},
};

/// Says what became of the last attempt.
pub(crate) async fn end_attempt(
    conn: &mut Conn,
    case: &Case,
    state: &'static str,
    detail: &str,
    now: i64,
) -> Result<(), StoreError> {
    sql::query(
        "UPDATE payment_attempt SET state = ?, detail = ?, updated_at = ? WHERE payment_id = ? AND no = ?",
    )
    .bind(state)
    .bind(detail)
    .bind(now)
    .bind(case.payment.to_string())
    .bind(case.attempts)
    .execute(conn)
    .await?;
    Ok(())
}

/// Moves the payment on, and what its orders say about their money with it.
pub(crate) async fn set_state(
    conn: &mut Conn,
    case: &Case,
    to: PaymentState,
    next_check_at: Option<i64>,
    now: i64,
) -> Result<(), StoreError> {
    let done = sql::query(
        "UPDATE payment SET state = ?, next_check_at = ?, updated_at = ?, version = version + 1,
                paid_at = CASE WHEN ? = 1 THEN ? ELSE paid_at END
         WHERE id = ? AND state = ?",
    )
    .bind(to.name())
    .bind(next_check_at)
    .bind(now)
    .bind(to == PaymentState::Paid)
    .bind(now)
    .bind(case.payment.to_string())
    .bind(case.state.name())
    .execute(&mut *conn)
    .await?;
    moved(done.rows_affected(), 1)?;
    sql::query(
        "UPDATE orders SET payment_status = ?, updated_at = ?, version = version + 1
         WHERE id IN ({list})",
    )
    .bind(order::payment_name(told(to, case.state)))
    .bind(now)
    .bind_list(case.orders.iter().map(|order| order.id.to_string()))
    .execute(conn)
    .await?;
    Ok(())
}

/// What an order says about its money: a try that failed stays told when the order expires.
const fn told(to: PaymentState, from: PaymentState) -> PaymentStatus {
    match (to, from) {
        (PaymentState::Expired, PaymentState::Failed) => PaymentStatus::Failed,
        (to, _) => to.told(),
    }
}

/// Moves all holds on.
pub(crate) async fn set_holds(
    conn: &mut Conn,
    case: &Case,
    to: ReservationState,
    now: i64,
) -> Result<(), StoreError> {
    let done = sql::query(
        "UPDATE reservation SET state = ?, updated_at = ? WHERE state = ? AND id IN ({list})",
    )
    .bind(to.name())
    .bind(now)
    .bind(case.hold().name())
    .bind_list(case.holds.iter().map(|hold| hold.id.to_string()))
    .execute(conn)
    .await?;
    moved(done.rows_affected(), case.holds.len())
}

/// Moves all orders on by a step of their table, each with its history and its fact.
pub(crate) async fn set_orders(
    conn: &mut Conn,
    case: &Case,
    event: OrderEvent,
    (topic, actor, detail): (&'static str, &str, &str),
    now: i64,
) -> Result<OrderStatus, ServiceError> {
    let from = case.status();
    let to = order::step(from, event)?;
    let done = sql::query(
        "UPDATE orders SET status = ?, updated_at = ?, version = version + 1,
                paid_at = CASE WHEN ? = 1 THEN ? ELSE paid_at END
         WHERE status = ? AND id IN ({list})",
    )
    .bind(order::name(to))
    .bind(now)
    .bind(to == OrderStatus::Paid)
    .bind(now)
    .bind(order::name(from))
    .bind_list(case.orders.iter().map(|order| order.id.to_string()))
    .execute(&mut *conn)
    .await?;
    moved(done.rows_affected(), case.orders.len())?;
    let kind = order::name(to);
    for order in &case.orders {
        note_one(conn, order.id, (kind, from, to), (actor, detail), now).await?;
    }
    tell(conn, case, topic, now).await?;
    Ok(to)
}

/// Adds to the history of all orders without a step.
pub(crate) async fn note_all(
    conn: &mut Conn,
    case: &Case,
    kind: &'static str,
    detail: &str,
    now: i64,
) -> Result<(), StoreError> {
    for order in &case.orders {
        let step = (kind, order.status, order.status);
        note_one(conn, order.id, step, (SYSTEM, detail), now).await?;
    }
    Ok(())
}

async fn note_one(
    conn: &mut Conn,
    order: OrderId,
    (kind, from, to): (&'static str, OrderStatus, OrderStatus),
    (actor, detail): (&str, &str),
    now: i64,
) -> Result<(), StoreError> {
    let told = Note {
        order,
        kind,
        from,
        to,
        actor,
        detail,
    };
    note(conn, told, now).await
}

/// Queues a fact about each order for the buyer and whoever else listens.
pub(crate) async fn tell(
    conn: &mut Conn,
    case: &Case,
    topic: &'static str,
    now: i64,
) -> Result<(), StoreError> {
    for order in &case.orders {
        courier::tell_buyer(conn, topic, order.stream, case.buyer, order.id, now).await?;
    }
    Ok(())
}

fn moved(rows: u64, wanted: usize) -> Result<(), StoreError> {
    match rows == wanted as u64 {
        true => Ok(()),
        false => Err(StoreError::invalid(
            "a row left its state within a transaction",
        )),
    }
}
