//! Tables `refund` and `refund_line`: money that goes back. What is asked for is set aside in the
//! payment and in the lines by the same transaction; their CHECKs keep the sums below what was paid.

use commerce_core::{
    PaymentState, Refusal,
    refund::{self, RefundEvent, RefundState},
};
use commerce_store::{
    StoreError,
    sql::{self, Conn, On, Reader, Row},
};
use signaling_wire::{ClaimId, OrderId, OrderLineId, PaymentId, RefundId};

use super::{count, money, ms, optional, order::Standing, parsed, word};
use crate::{RefundLine, RefundView, ServiceError, limits};

/// A refund that is decided.
#[derive(Debug, Clone)]
pub(crate) struct Promise {
    pub(crate) id: RefundId,
    pub(crate) claim: Option<ClaimId>,
    /// Tells it from others of the same payment.
    pub(crate) key: String,
    /// Places of lines, with units and amounts.
    pub(crate) lines: Vec<(usize, u32, i64)>,
    pub(crate) shipping: i64,
    pub(crate) reason: String,
    pub(crate) actor: String,
}

impl Promise {
    /// All of it.
    pub(crate) fn amount(&self) -> i64 {
        self.shipping + self.lines.iter().map(|(_, _, amount)| amount).sum::<i64>()
    }
}

/// Sets a refund aside; the sweeper asks the provider for it.
pub(crate) async fn promise(
    conn: &mut Conn,
    order: &Standing,
    promise: &Promise,
    now: i64,
) -> Result<(), ServiceError> {
    let amount = promise.amount();
    let set_aside = sql::query(
        "UPDATE payment SET promised = promised + ?, updated_at = ?, version = version + 1
         WHERE id = ? AND state IN ('paid', 'partially_cancelled') AND promised + ? <= amount",
    )
    .bind(amount)
    .bind(now)
    .bind(order.payment.to_string())
    .bind(amount)
    .execute(&mut *conn)
    .await?;
    if set_aside.rows_affected() != 1 {
        let left = order.total - order.returned;
        return Err(Refusal::RefundTooHigh { left }.into());
    }
    let tax_free: i64 = promise
        .lines
        .iter()
        .filter(|(index, _, _)| order.lines[*index].tax_free)
        .map(|(_, _, amount)| amount)
        .sum();
    sql::query(
        "INSERT INTO refund (id, payment_id, order_id, claim_id, client_refund_id, amount, shipping,
                tax_free, reason, state, next_check_at, actor, created_at, updated_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'requested', ?, ?, ?, ?)",
    )
    .bind(promise.id.to_string())
    .bind(order.payment.to_string())
    .bind(order.id.to_string())
    .bind(promise.claim.map(|claim| claim.to_string()))
    .bind(&promise.key)
    .bind(amount)
    .bind(promise.shipping)
    .bind(tax_free)
    .bind(&promise.reason)
    .bind(now)
    .bind(&promise.actor)
    .bind(now)
    .bind(now)
    .execute(&mut *conn)
    .await?;
    for (index, quantity, amount) in &promise.lines {
        let line = &order.lines[*index];
        sql::query("UPDATE order_line SET promised = promised + ? WHERE id = ?")
            .bind(*amount)
            .bind(line.id.to_string())
            .execute(&mut *conn)
            .await?;
        sql::query(
            "INSERT INTO refund_line (refund_id, order_line_id, quantity, amount) VALUES (?, ?, ?, ?)",
        )
        .bind(promise.id.to_string())
        .bind(line.id.to_string())
        .bind(*quantity)
        .bind(*amount)
        .execute(&mut *conn)
        .await?;
    }
    let who = (promise.actor.as_str(), promise.reason.as_str());
    order.note(conn, "refund_requested", who, now).await?;
    Ok(())
}

/// What was given back for an order, or will be, by somebody's word and not for a claim.
pub(crate) async fn by_word(conn: &mut Conn, order: OrderId) -> Result<i64, StoreError> {
    sql::query(
        "SELECT CAST(COALESCE(SUM(amount), 0) AS SIGNED) FROM refund
         WHERE order_id = ? AND claim_id IS NULL AND state <> 'failed'",
    )
    .bind(order.to_string())
    .fetch_value(conn)
    .await
}

/// Whether so much of a payment can still be set aside.
pub(crate) async fn has_room(
    conn: &mut Conn,
    payment: PaymentId,
    amount: i64,
) -> Result<bool, StoreError> {
    let found: Option<i64> = sql::query(
        "SELECT 1 FROM payment
         WHERE id = ? AND state IN ('paid', 'partially_cancelled') AND promised + ? <= amount",
    )
    .bind(payment.to_string())
    .bind(amount)
    .fetch_value_optional(conn)
    .await?;
    Ok(found.is_some())
}

/// A refund to be worked on.
#[derive(Debug, Clone)]
pub(crate) struct Open {
    pub(crate) id: RefundId,
    pub(crate) payment: PaymentId,
    pub(crate) order: OrderId,
    pub(crate) state: RefundState,
    pub(crate) amount: i64,
    pub(crate) shipping: i64,
    pub(crate) tax_free: i64,
    pub(crate) reason: String,
    pub(crate) attempts: i64,
}

/// Refunds to work on now: of each payment the oldest that is open.
pub(crate) async fn due(pool: &Reader, now: i64) -> Result<Vec<RefundId>, StoreError> {
    let rows = sql::query(
        "SELECT r.id FROM refund r WHERE r.next_check_at <= ?
           AND NOT EXISTS (SELECT 1 FROM refund e WHERE e.payment_id = r.payment_id
                           AND e.state IN ('requested', 'submitting') AND e.id < r.id)
         ORDER BY r.next_check_at LIMIT ?",
    )
    .bind(now)
    .bind(limits::SWEEP_MAX)
    .fetch_all(pool)
    .await?;
    rows.iter().map(|row| parsed(row, "id")).collect()
}

/// A refund as it is now.
pub(crate) async fn find<'e>(
    executor: impl Into<On<'e>>,
    id: RefundId,
) -> Result<Option<Open>, StoreError> {
    let row = sql::query(
        "SELECT id, payment_id, order_id, state, amount, shipping, tax_free, reason, attempts
         FROM refund WHERE id = ?",
    )
    .bind(id.to_string())
    .fetch_optional(executor)
    .await?;
    let open = |row: &Row| {
        Ok(Open {
            id: parsed(row, "id")?,
            payment: parsed(row, "payment_id")?,
            order: parsed(row, "order_id")?,
            state: word(row, "state", RefundState::parse)?,
            amount: row.get("amount")?,
            shipping: row.get("shipping")?,
            tax_free: row.get("tax_free")?,
            reason: row.get("reason")?,
            attempts: row.get("attempts")?,
        })
    };
    row.as_ref().map(open).transpose()
}

/// Takes a step of the table; `false` if somebody else did.
pub(crate) async fn step(
    conn: &mut Conn,
    open: &Open,
    event: RefundEvent,
    (next_check_at, detail): (Option<i64>, &str),
    now: i64,
) -> Result<bool, ServiceError> {
    let to = refund::step(open.state, event)?;
    let done = sql::query(
        "UPDATE refund SET state = ?, attempts = attempts + ?, next_check_at = ?, detail = ?,
                updated_at = ?, version = version + 1 WHERE id = ? AND state = ? AND attempts = ?",
    )
    .bind(to.name())
    .bind(i64::from(event == RefundEvent::Submit))
    .bind(next_check_at)
    .bind(detail)
    .bind(now)
    .bind(open.id.to_string())
    .bind(open.state.name())
    .bind(open.attempts)
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// What goes back for each line.
pub(crate) async fn amounts(
    conn: &mut Conn,
    id: RefundId,
) -> Result<Vec<(OrderLineId, i64)>, StoreError> {
    let rows = sql::query("SELECT order_line_id, amount FROM refund_line WHERE refund_id = ?")
        .bind(id.to_string())
        .fetch_all(conn)
        .await?;
    rows.iter()
        .map(|row| Ok((parsed(row, "order_line_id")?, row.get("amount")?)))
        .collect()
}

/// Counts a refund that is done in its payment; returns the state that the payment takes.
pub(crate) async fn count_returned(
    conn: &mut Conn,
    open: &Open,
    to: PaymentState,
    now: i64,
) -> Result<(), StoreError> {
    sql::query(
        "UPDATE payment SET returned = returned + ?, state = ?, updated_at = ?, version = version + 1
         WHERE id = ?",
    )
    .bind(open.amount)
    .bind(to.name())
    .bind(now)
    .bind(open.payment.to_string())
    .execute(conn)
    .await?;
    Ok(())
}

/// Frees what was set aside for a refund that the provider will not make.
pub(crate) async fn free(conn: &mut Conn, open: &Open, now: i64) -> Result<(), StoreError> {
    sql::query("UPDATE payment SET promised = promised - ?, updated_at = ? WHERE id = ?")
        .bind(open.amount)
        .bind(now)
        .bind(open.payment.to_string())
        .execute(&mut *conn)
        .await?;
    for (line, amount) in amounts(conn, open.id).await? {
        sql::query("UPDATE order_line SET promised = promised - ? WHERE id = ?")
            .bind(amount)
            .bind(line.to_string())
            .execute(&mut *conn)
            .await?;
    }
    Ok(())
}

/// Notes what the orders of a payment say about their money after a refund.
pub(crate) async fn set_returned(
    conn: &mut Conn,
    order: OrderId,
    returned: i64,
    status: &'static str,
    now: i64,
) -> Result<(), StoreError> {
    sql::query("UPDATE orders SET returned = ?, payment_status = ?, updated_at = ? WHERE id = ?")
        .bind(returned)
        .bind(status)
        .bind(now)
        .bind(order.to_string())
        .execute(conn)
        .await?;
    Ok(())
}

macro_rules! views {
    ($of:literal) => {
        concat!(
            "SELECT r.id, r.payment_id, r.order_id, r.claim_id, r.state, r.amount, r.shipping, r.reason,
                    r.created_at, o.currency, l.order_line_id, l.quantity, l.amount AS line_amount
             FROM refund r JOIN orders o ON o.id = r.order_id
             LEFT JOIN refund_line l ON l.refund_id = r.id
             WHERE ",
            $of,
            " ORDER BY r.id, l.order_line_id"
        )
    };
}

/// The refunds of an order, the oldest first.
pub(crate) async fn of_order(pool: &Reader, order: OrderId) -> Result<Vec<RefundView>, StoreError> {
    let query = sql::query(views!("r.order_id = ?")).bind(order.to_string());
    assemble(&query.fetch_all(pool).await?)
}

/// The refunds of a payment, the oldest first.
pub(crate) async fn of_payment(
    pool: &Reader,
    payment: PaymentId,
) -> Result<Vec<RefundView>, StoreError> {
    let query = sql::query(views!("r.payment_id = ?")).bind(payment.to_string());
    assemble(&query.fetch_all(pool).await?)
}

fn assemble(rows: &[Row]) -> Result<Vec<RefundView>, StoreError> {
    let mut refunds: Vec<RefundView> = Vec::new();
    for row in rows {
        let id: RefundId = parsed(row, "id")?;
        if refunds.last().is_none_or(|last| last.id != id) {
            refunds.push(RefundView {
                id,
                payment_id: parsed(row, "payment_id")?,
                order_id: parsed(row, "order_id")?,
                claim_id: optional(row, "claim_id")?,
                state: row.get("state")?,
                amount: money(row, "amount")?,
                shipping: money(row, "shipping")?,
                reason: row.get("reason")?,
                lines: Vec::new(),
                at_ms: ms(row, "created_at")?,
            });
        }
        let line: Option<OrderLineId> = optional(row, "order_line_id")?;
        if let (Some(line_id), Some(last)) = (line, refunds.last_mut()) {
            last.lines.push(RefundLine {
                line_id,
                quantity: count(row, "quantity")?,
                amount: money(row, "line_amount")?,
            });
        }
    }
    Ok(refunds)
}
