//! Table `refund_approval`: refunds that wait for a second person. Its CHECK keeps the second from
//! being the first.

use commerce_store::{
    StoreError,
    sql::{self, Conn, Reader, Row},
};
use signaling_wire::{OrderId, PaymentId, RefundId, UserId};

use super::{money, ms, optional, parsed, refund::Promise};
use crate::{NewRefund, RefundApproval, ServiceError};

macro_rules! views {
    ($of:literal) => {
        concat!(
            "SELECT a.id, a.payment_id, a.order_id, a.request, a.amount, a.state, a.asked_by,
                    a.decided_by, a.created_at, a.decided_at, o.currency
             FROM refund_approval a JOIN orders o ON o.id = a.order_id WHERE ",
            $of
        )
    };
}

/// Notes a refund that waits.
///
/// # Errors
/// [`ServiceError::Conflict`] while another one of the order waits.
pub(crate) async fn insert(
    conn: &mut Conn,
    (payment, new): (PaymentId, &NewRefund),
    promise: &Promise,
    now: i64,
) -> Result<(), ServiceError> {
    let request = serde_json::to_string(new).map_err(StoreError::invalid)?;
    let made = sql::query(
        "INSERT INTO refund_approval (id, payment_id, order_id, request, idem_key, amount, state,
                asked_by, created_at)
         VALUES (?, ?, ?, ?, ?, ?, 'waiting', ?, ?)",
    )
    .bind(promise.id.to_string())
    .bind(payment.to_string())
    .bind(new.order_id.to_string())
    .bind(request)
    .bind(&promise.key)
    .bind(promise.amount())
    .bind(&promise.actor)
    .bind(now)
    .execute(conn)
    .await;
    made.map(drop)
        .map_err(|error| ServiceError::from(error).or_taken("a refund of this order waits already"))
}

/// A refund that waits.
pub(crate) struct Waiting {
    pub(crate) payment: PaymentId,
    pub(crate) new: NewRefund,
    pub(crate) key: String,
    pub(crate) amount: i64,
    pub(crate) asked_by: UserId,
}

/// Locks one that waits; `None` if there is none such, or it was decided.
pub(crate) async fn lock(conn: &mut Conn, id: RefundId) -> Result<Option<Waiting>, StoreError> {
    let row = sql::query(
        "SELECT payment_id, request, idem_key, amount, asked_by FROM refund_approval
         WHERE id = ? AND state = 'waiting' {for update}",
    )
    .bind(id.to_string())
    .fetch_optional(conn)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let request: String = row.get("request")?;
    Ok(Some(Waiting {
        payment: parsed(&row, "payment_id")?,
        new: serde_json::from_str(&request).map_err(StoreError::invalid)?,
        key: row.get("idem_key")?,
        amount: row.get("amount")?,
        asked_by: parsed(&row, "asked_by")?,
    }))
}

/// Decides on one that waits; `false` if it was decided. `by` is nobody when it is taken back.
pub(crate) async fn decide(
    conn: &mut Conn,
    (id, state): (RefundId, &str),
    by: Option<UserId>,
    now: i64,
) -> Result<bool, StoreError> {
    let done = sql::query(
        "UPDATE refund_approval SET state = ?, decided_by = ?, decided_at = ?
         WHERE id = ? AND state = 'waiting'",
    )
    .bind(state)
    .bind(by.map(|by| by.to_string()))
    .bind(now)
    .bind(id.to_string())
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// One, decided or not.
pub(crate) async fn find(
    pool: &Reader,
    id: RefundId,
) -> Result<Option<RefundApproval>, StoreError> {
    let query = sql::query(views!("a.id = ?")).bind(id.to_string());
    query.fetch_optional(pool).await?.map(view).transpose()
}

/// Those of an order, the oldest first.
pub(crate) async fn of_order(
    pool: &Reader,
    order: OrderId,
) -> Result<Vec<RefundApproval>, StoreError> {
    let query = sql::query(views!("a.order_id = ? ORDER BY a.id")).bind(order.to_string());
    let rows = query.fetch_all(pool).await?;
    rows.into_iter().map(view).collect()
}

/// Those that wait, the oldest first, behind one.
pub(crate) async fn waiting(
    pool: &Reader,
    after: Option<RefundId>,
    limit: u32,
) -> Result<Vec<RefundApproval>, StoreError> {
    let after = after.map(|id| id.to_string()).unwrap_or_default();
    let query = sql::query(views!(
        "a.state = 'waiting' AND a.id > ? ORDER BY a.id LIMIT ?"
    ));
    let rows = query.bind(after).bind(limit).fetch_all(pool).await?;
    rows.into_iter().map(view).collect()
}

fn view(row: Row) -> Result<RefundApproval, StoreError> {
    let request: String = row.get("request")?;
    let request: NewRefund = serde_json::from_str(&request).map_err(StoreError::invalid)?;
    let decided: Option<i64> = row.get("decided_at")?;
    Ok(RefundApproval {
        id: parsed(&row, "id")?,
        payment_id: parsed(&row, "payment_id")?,
        order_id: parsed(&row, "order_id")?,
        state: row.get("state")?,
        amount: money(&row, "amount")?,
        lines: request.lines,
        shipping: request.shipping,
        restock: request.restock,
        reason: request.reason,
        asked_by: parsed(&row, "asked_by")?,
        asked_ms: ms(&row, "created_at")?,
        decided_by: optional(&row, "decided_by")?,
        decided_ms: decided.map(|us| us.unsigned_abs() / 1_000),
    })
}
