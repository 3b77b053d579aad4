//! Tables `payment` and `payment_attempt`, with the order and the hold behind a payment.
//!
//! Every step is one of the tables of commerce-core; the update names the state that it leaves.

use commerce_core::{
    PaymentState, Refusal, ReservationState,
    order::{self, OrderEvent},
    payment::{self, PaymentEvent},
    reservation::{self, ReservationEvent},
};
use commerce_store::{
    StoreError,
    sql::{self, Conn, On, Reader},
};
use signaling_wire::{
    Money, OrderId, PaymentId, ReservationId, SaleId, StreamId, UserId, VariantId,
    frame::shop::{OrderStatus, PaymentStatus},
};

use super::{count, maybe_ms, money, parsed, word};
use crate::{PaymentView, ServiceError, limits};

/// A payment with everything that its steps touch.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    pub(crate) payment: PaymentId,
    pub(crate) state: PaymentState,
    pub(crate) amount: Money,
    pub(crate) attempts: i64,
    pub(crate) checks: i64,
    pub(crate) confirming_at: Option<i64>,
    pub(crate) order: OrderId,
    pub(crate) status: OrderStatus,
    pub(crate) reservation: ReservationId,
    pub(crate) hold: ReservationState,
    pub(crate) expires_at: i64,
    pub(crate) sale: SaleId,
    pub(crate) stream: StreamId,
    pub(crate) buyer: UserId,
    pub(crate) variant: VariantId,
    pub(crate) quantity: u32,
}

/// A payment, for a look at it.
pub(crate) async fn case(pool: &Reader, id: PaymentId) -> Result<Option<Case>, StoreError> {
    read_case(pool, id, "").await
}

/// A payment whose rows nobody else changes until the transaction ends. The sale is locked before
/// them, as in a batch of its sequencer.
pub(crate) async fn locked_case(
    conn: &mut Conn,
    id: PaymentId,
) -> Result<Option<Case>, StoreError> {
    sql::query(
        "SELECT s.id FROM sale s WHERE s.id =
         (SELECT o.sale_id FROM payment p JOIN orders o ON o.id = p.order_id WHERE p.id = ?)
         {for update}",
    )
    .bind(id.to_string())
    .lock(conn)
    .await?;
    read_case(conn, id, "{for update}").await
}

async fn read_case<'e>(
    executor: impl Into<On<'e>>,
    id: PaymentId,
    lock: &'static str,
) -> Result<Option<Case>, StoreError> {
    let row = sql::query(
        "SELECT p.id, p.state, p.amount, p.currency, p.attempts, p.checks, p.confirming_at,
                p.order_id, o.status, o.stream_id, o.buyer_id,
                r.id AS reservation_id, r.state AS hold, r.expires_at, r.sale_id, r.variant_id, r.qty
         FROM payment p JOIN orders o ON o.id = p.order_id JOIN reservation r ON r.order_id = o.id
         WHERE p.id = ? ",
    )
    .and(lock)
    .bind(id.to_string())
    .fetch_optional(executor)
    .await?;
    let case = |row| {
        Ok(Case {
            payment: parsed(row, "id")?,
            state: word(row, "state", PaymentState::parse)?,
            amount: money(row, "amount")?,
            attempts: row.get("attempts")?,
            checks: row.get("checks")?,
            confirming_at: row.get("confirming_at")?,
            order: parsed(row, "order_id")?,
            status: word(row, "status", order::parse)?,
            reservation: parsed(row, "reservation_id")?,
            hold: word(row, "hold", ReservationState::parse)?,
            expires_at: row.get("expires_at")?,
            sale: parsed(row, "sale_id")?,
            stream: parsed(row, "stream_id")?,
            buyer: parsed(row, "buyer_id")?,
            variant: parsed(row, "variant_id")?,
            quantity: count(row, "qty")?,
        })
    };
    row.as_ref().map(case).transpose()
}

pub(crate) async fn view(
    pool: &Reader,
    buyer: UserId,
    id: PaymentId,
) -> Result<Option<PaymentView>, StoreError> {
    let row = sql::query(
        "SELECT p.id, p.order_id, p.provider, p.state, p.amount, p.currency, p.attempts, p.paid_at
         FROM payment p JOIN orders o ON o.id = p.order_id WHERE p.id = ? AND o.buyer_id = ?",
    )
    .bind(id.to_string())
    .bind(buyer.to_string())
    .fetch_optional(pool)
    .await?;
    let view = |row| {
        Ok(PaymentView {
            id: parsed(row, "id")?,
            order_id: parsed(row, "order_id")?,
            provider: row.get("provider")?,
            state: row.get("state")?,
            amount: money(row, "amount")?,
            attempts: count(row, "attempts")?,
            paid_ms: maybe_ms(row, "paid_at")?,
        })
    };
    row.as_ref().map(view).transpose()
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
    let sql = "SELECT COUNT(*) FROM payment WHERE next_check_at IS NOT NULL";
    sql::query(sql).fetch_value(pool).await
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

/// What the gate says to a payment that is to be confirmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Gate {
    /// The hold is secured: charge, as this attempt.
    Open { attempt: i64 },
    /// It is paid already.
    Paid,
    /// An earlier attempt's outcome is not known.
    Unknown,
    /// The hold's time is over, though nobody has ended it yet.
    Expired { sale: SaleId },
}

/// Opens the gate if it can be opened: the hold is `committing` from then on.
pub(crate) async fn open_gate(
    conn: &mut Conn,
    id: PaymentId,
    check_at: i64,
    now: i64,
) -> Result<Gate, ServiceError> {
    let case = locked_case(conn, id)
        .await?
        .ok_or(ServiceError::NotFound("payment"))?;
    match case.state {
        PaymentState::Paid => return Ok(Gate::Paid),
        PaymentState::Unknown => return Ok(Gate::Unknown),
        PaymentState::Confirming => return Err(ServiceError::InFlight),
        PaymentState::Expired => return Err(Refusal::ReservationExpired.into()),
        _ => {}
    }
    let state = payment::step(case.state, PaymentEvent::Confirm)?;
    if case.hold == ReservationState::Held && case.expires_at <= now {
        return Ok(Gate::Expired { sale: case.sale });
    }
    let hold = reservation::step(case.hold, ReservationEvent::Commit)?;
    if case.attempts >= limits::PAYMENT_ATTEMPTS_MAX {
        return Err(ServiceError::Conflict("Too many tries to pay this order."));
    }
    let attempt = case.attempts + 1;
    set_hold(conn, &case, hold, case.expires_at, now).await?;
    sql::query("UPDATE payment SET attempts = ?, confirming_at = ?, checks = 0 WHERE id = ?")
        .bind(attempt)
        .bind(now)
        .bind(id.to_string())
        .execute(&mut *conn)
        .await?;
    set_state(conn, &case, state, Some(check_at), now).await?;
    sql::query(
        "INSERT INTO payment_attempt (payment_id, no, state, created_at, updated_at)
         VALUES (?, ?, 'sent', ?, ?)",
    )
    .bind(id.to_string())
    .bind(attempt)
    .bind(now)
    .bind(now)
    .execute(&mut *conn)
    .await?;
    super::order::note(
        conn,
        case.order,
        "paying",
        case.status,
        case.status,
        "",
        now,
    )
    .await?;
    Ok(Gate::Open { attempt })
}

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

/// Moves the payment on, and what the order says about its money with it.
pub(crate) async fn set_state(
    conn: &mut Conn,
    case: &Case,
    to: PaymentState,
    next_check_at: Option<i64>,
    now: i64,
) -> Result<(), StoreError> {
    let done = sql::query(
        "UPDATE payment SET state = ?, next_check_at = ?, updated_at = ?, version = version + 1,
                paid_at = COALESCE(?, paid_at)
         WHERE id = ? AND state = ?",
    )
    .bind(to.name())
    .bind(next_check_at)
    .bind(now)
    .bind((to == PaymentState::Paid).then_some(now))
    .bind(case.payment.to_string())
    .bind(case.state.name())
    .execute(&mut *conn)
    .await?;
    moved(done.rows_affected())?;
    sql::query(
        "UPDATE orders SET payment_status = ?, updated_at = ?, version = version + 1 WHERE id = ?",
    )
    .bind(order::payment_name(told(to, case.state)))
    .bind(now)
    .bind(case.order.to_string())
    .execute(conn)
    .await?;
    Ok(())
}

/// What the order says about its money: a try that failed stays told when the order expires.
const fn told(to: PaymentState, from: PaymentState) -> PaymentStatus {
    match (to, from) {
        (PaymentState::Expired, PaymentState::Failed) => PaymentStatus::Failed,
        (to, _) => to.told(),
    }
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

/// Moves the hold on.
pub(crate) async fn set_hold(
    conn: &mut Conn,
    case: &Case,
    to: ReservationState,
    expires_at: i64,
    now: i64,
) -> Result<(), StoreError> {
    let done = sql::query(
        "UPDATE reservation SET state = ?, expires_at = ?, updated_at = ? WHERE id = ? AND state = ?",
    )
    .bind(to.name())
    .bind(expires_at)
    .bind(now)
    .bind(case.reservation.to_string())
    .bind(case.hold.name())
    .execute(conn)
    .await?;
    moved(done.rows_affected())
}

/// Moves the order on by a step of its table.
pub(crate) async fn set_order(
    conn: &mut Conn,
    case: &Case,
    event: OrderEvent,
    detail: &str,
    now: i64,
) -> Result<OrderStatus, ServiceError> {
    let to = order::step(case.status, event)?;
    let done = sql::query(
        "UPDATE orders SET status = ?, updated_at = ?, version = version + 1,
                paid_at = COALESCE(?, paid_at)
         WHERE id = ? AND status = ?",
    )
    .bind(order::name(to))
    .bind(now)
    .bind((to == OrderStatus::Paid).then_some(now))
    .bind(case.order.to_string())
    .bind(order::name(case.status))
    .execute(&mut *conn)
    .await?;
    moved(done.rows_affected())?;
    super::order::note(
        conn,
        case.order,
        order::name(to),
        case.status,
        to,
        detail,
        now,
    )
    .await?;
    Ok(to)
}

fn moved(rows: u64) -> Result<(), StoreError> {
    match rows {
        1 => Ok(()),
        _ => Err(StoreError::invalid(
            "a row left its state within a transaction",
        )),
    }
}
