//! Tables `payment` and `payment_attempt`.

mod case;
mod gate;
mod record;
mod step;

use commerce_core::PaymentState;
use commerce_store::{
    StoreError,
    sql::{self, Conn, Reader, Row},
};
use signaling_wire::{OrderGroupId, PaymentId, UserId};

pub(crate) use self::{
    case::{Case, Head, head, lock, sale},
    gate::{Gate, open_gate},
    record::{attempts, record, records},
    step::{end_attempt, note_all, set_holds, set_orders, set_state, tell},
};
use super::{count, maybe_ms, money, order, parsed};
use crate::{PaymentView, limits};

/// A payment of somebody's checkout.
pub(crate) async fn view(
    pool: &Reader,
    buyer: UserId,
    id: PaymentId,
) -> Result<Option<PaymentView>, StoreError> {
    let row = sql::query(
        "SELECT p.id, p.group_id, p.provider, p.state, p.amount, p.currency, p.returned, p.attempts,
                p.paid_at, p.receipt_url
         FROM payment p JOIN order_group g ON g.id = p.group_id WHERE p.id = ? AND g.buyer_id = ?",
    )
    .bind(id.to_string())
    .bind(buyer.to_string())
    .fetch_optional(pool)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let group = parsed(&row, "group_id")?;
    let orders = order::of_group(pool, group).await?;
    Ok(Some(PaymentView {
        id: parsed(&row, "id")?,
        group_id: group,
        order_id: *orders
            .first()
            .ok_or_else(|| StoreError::invalid("a checkout without an order"))?,
        provider: row.get("provider")?,
        state: row.get("state")?,
        amount: money(&row, "amount")?,
        refunded: money(&row, "returned")?,
        attempts: count(&row, "attempts")?,
        paid_ms: maybe_ms(&row, "paid_at")?,
        receipt_url: row.get("receipt_url")?,
    }))
}

/// The payment of a checkout that somebody placed.
pub(crate) async fn of_group(
    pool: &Reader,
    buyer: UserId,
    group: OrderGroupId,
) -> Result<Option<PaymentId>, StoreError> {
    let row = sql::query(
        "SELECT p.id FROM payment p JOIN order_group g ON g.id = p.group_id
         WHERE g.id = ? AND g.buyer_id = ? ORDER BY p.created_at DESC, p.id DESC LIMIT 1",
    )
    .bind(group.to_string())
    .bind(buyer.to_string())
    .fetch_optional(pool)
    .await?;
    row.map(|row| parsed(&row, "id")).transpose()
}

/// Payments that the reconciler must ask about now.
pub(crate) async fn due(pool: &Reader, now: i64) -> Result<Vec<PaymentId>, StoreError> {
    let rows = sql::query(
        "SELECT id FROM payment WHERE next_check_at <= ? ORDER BY next_check_at LIMIT ?",
    )
    .bind(now)
    .bind(limits::SWEEP_MAX)
    .fetch_all(pool)
    .await?;
    ids(&rows)
}

/// Payments whose units lie on shelves and were not paid in time.
pub(crate) async fn shelves_due(pool: &Reader, now: i64) -> Result<Vec<PaymentId>, StoreError> {
    let rows = sql::query(
        "SELECT DISTINCT p.id FROM reservation r
         JOIN orders o ON o.id = r.order_id
         JOIN payment p ON p.group_id = o.group_id
         WHERE r.state = 'held' AND r.expires_at <= ? AND r.sale_id IS NULL LIMIT ?",
    )
    .bind(now)
    .bind(limits::SWEEP_MAX)
    .fetch_all(pool)
    .await?;
    ids(&rows)
}

fn ids(rows: &[Row]) -> Result<Vec<PaymentId>, StoreError> {
    rows.iter().map(|row| parsed(row, "id")).collect()
}

/// After a start: payments that were being confirmed have an unknown outcome.
pub(crate) async fn orphaned(conn: &mut Conn, now: i64) -> Result<u64, StoreError> {
    let done = sql::query(
        "UPDATE payment SET state = 'unknown', next_check_at = ?, updated_at = ?, version = version + 1
         WHERE state = 'confirming'",
    )
    .bind(now)
    .bind(now)
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}

/// Payments whose outcome is not known.
pub(crate) async fn unknown_count(pool: &Reader) -> Result<i64, StoreError> {
    sql::query("SELECT COUNT(*) FROM payment WHERE next_check_at IS NOT NULL")
        .fetch_value(pool)
        .await
}

/// The provider took the amount.
pub(crate) async fn registered(conn: &mut Conn, id: PaymentId, now: i64) -> Result<(), StoreError> {
    sql::query(
        "UPDATE payment SET state = 'ready', updated_at = ?, version = version + 1
         WHERE id = ? AND state = 'created'",
    )
    .bind(now)
    .bind(id.to_string())
    .execute(conn)
    .await?;
    Ok(())
}

/// Notes what the provider calls the charge.
pub(crate) async fn charged(
    conn: &mut Conn,
    id: PaymentId,
    transaction: &str,
    receipt_url: Option<&str>,
) -> Result<(), StoreError> {
    let cut: String = transaction.chars().take(64).collect();
    sql::query("UPDATE payment SET pg_tx_id = ?, receipt_url = ? WHERE id = ?")
        .bind(cut)
        .bind(receipt_url)
        .bind(id.to_string())
        .execute(conn)
        .await?;
    Ok(())
}

/// Notes when to ask again, and how often it was asked.
pub(crate) async fn ask_again(conn: &mut Conn, id: PaymentId, at: i64) -> Result<(), StoreError> {
    sql::query(
        "UPDATE payment SET next_check_at = ?, checks = checks + 1
         WHERE id = ? AND state IN ('confirming', 'unknown', 'integrity_failure', 'cancel_pending')",
    )
    .bind(at)
    .bind(id.to_string())
    .execute(conn)
    .await?;
    Ok(())
}

/// Somebody said that something happened to it: ask the provider soon. `false` if it is unknown.
pub(crate) async fn hint(conn: &mut Conn, id: PaymentId, now: i64) -> Result<bool, StoreError> {
    let done = sql::query("UPDATE payment SET next_check_at = ? WHERE id = ?")
        .bind(now)
        .bind(id.to_string())
        .execute(conn)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Nothing is open about it.
pub(crate) async fn rest(
    conn: &mut Conn,
    id: PaymentId,
    state: PaymentState,
) -> Result<(), StoreError> {
    sql::query("UPDATE payment SET next_check_at = NULL WHERE id = ? AND state = ?")
        .bind(id.to_string())
        .bind(state.name())
        .execute(conn)
        .await?;
    Ok(())
}
