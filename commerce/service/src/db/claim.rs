//! Tables `claim` and `claim_line`. While a claim is open, its units are counted in the lines.

use commerce_core::claim::{ClaimKind, ClaimState, FeeBearer};
use commerce_store::{
    StoreError,
    sql::{self, Conn, On, Reader, Row},
};
use signaling_wire::{ClaimId, OrderId, OrderLineId};

use super::{count as units_of, ms, parsed, word};
use crate::{Claim, LineUnits, ServiceError};

/// A claim as its steps need it.
#[derive(Debug, Clone)]
pub(crate) struct Standing {
    pub(crate) order: OrderId,
    pub(crate) kind: ClaimKind,
    pub(crate) state: ClaimState,
    pub(crate) lines: Vec<(OrderLineId, u32)>,
}

/// A claim to be written.
#[derive(Debug, Clone)]
pub(crate) struct Fresh {
    pub(crate) id: ClaimId,
    pub(crate) order: OrderId,
    pub(crate) kind: ClaimKind,
    pub(crate) reason: String,
    pub(crate) fee_bearer: FeeBearer,
    pub(crate) lines: Vec<(OrderLineId, u32)>,
}

pub(crate) async fn insert(conn: &mut Conn, claim: &Fresh, now: i64) -> Result<(), StoreError> {
    sql::query(
        "INSERT INTO claim (id, order_id, kind, state, reason, fee_bearer, created_at, updated_at)
         VALUES (?, ?, ?, 'requested', ?, ?, ?, ?)",
    )
    .bind(claim.id.to_string())
    .bind(claim.order.to_string())
    .bind(claim.kind.name())
    .bind(&claim.reason)
    .bind(claim.fee_bearer.name())
    .bind(now)
    .bind(now)
    .execute(&mut *conn)
    .await?;
    for (line, quantity) in &claim.lines {
        sql::query("INSERT INTO claim_line (claim_id, order_line_id, quantity) VALUES (?, ?, ?)")
            .bind(claim.id.to_string())
            .bind(line.to_string())
            .bind(*quantity)
            .execute(&mut *conn)
            .await?;
    }
    Ok(())
}

/// How many claims an order has.
pub(crate) async fn count(conn: &mut Conn, order: OrderId) -> Result<i64, StoreError> {
    sql::query("SELECT COUNT(*) FROM claim WHERE order_id = ?")
        .bind(order.to_string())
        .fetch_value(conn)
        .await
}

/// The order of a claim.
pub(crate) async fn order_of(pool: &Reader, id: ClaimId) -> Result<Option<OrderId>, StoreError> {
    let row = sql::query("SELECT order_id FROM claim WHERE id = ?")
        .bind(id.to_string())
        .fetch_optional(pool)
        .await?;
    row.map(|row| parsed(&row, "order_id")).transpose()
}

/// A claim, locked; its order must be locked before.
pub(crate) async fn lock(conn: &mut Conn, id: ClaimId) -> Result<Standing, ServiceError> {
    let row = sql::query("SELECT order_id, kind, state FROM claim WHERE id = ?{for update}")
        .bind(id.to_string())
        .fetch_optional(&mut *conn)
        .await?;
    let row = row.ok_or(ServiceError::NotFound("claim"))?;
    let lines = units(conn, id).await?;
    Ok(Standing {
        order: parsed(&row, "order_id")?,
        kind: word(&row, "kind", ClaimKind::parse)?,
        state: word(&row, "state", ClaimState::parse)?,
        lines: lines
            .into_iter()
            .map(|units| (units.line_id, units.quantity))
            .collect(),
    })
}

pub(crate) async fn set_state(
    conn: &mut Conn,
    id: ClaimId,
    (from, to): (ClaimState, ClaimState),
    answer: &str,
    now: i64,
) -> Result<(), StoreError> {
    let done = sql::query(
        "UPDATE claim SET state = ?, answer = CASE WHEN ? = '' THEN answer ELSE ? END,
                updated_at = ?, version = version + 1 WHERE id = ? AND state = ?",
    )
    .bind(to.name())
    .bind(answer)
    .bind(answer)
    .bind(now)
    .bind(id.to_string())
    .bind(from.name())
    .execute(conn)
    .await?;
    match done.rows_affected() {
        1 => Ok(()),
        _ => Err(StoreError::invalid(
            "a claim left its state while it was locked",
        )),
    }
}

/// The claims of an order, the oldest first.
pub(crate) async fn of_order(pool: &Reader, order: OrderId) -> Result<Vec<Claim>, StoreError> {
    let rows = sql::query(
        "SELECT id, order_id, kind, state, reason, fee_bearer, answer, created_at FROM claim
         WHERE order_id = ? ORDER BY id",
    )
    .bind(order.to_string())
    .fetch_all(pool)
    .await?;
    let mut claims = Vec::with_capacity(rows.len());
    for row in &rows {
        claims.push(claim_of(row, units(pool, parsed(row, "id")?).await?)?);
    }
    Ok(claims)
}

async fn units<'e>(executor: impl Into<On<'e>>, id: ClaimId) -> Result<Vec<LineUnits>, StoreError> {
    let rows = sql::query(
        "SELECT order_line_id, quantity FROM claim_line WHERE claim_id = ? ORDER BY order_line_id",
    )
    .bind(id.to_string())
    .fetch_all(executor)
    .await?;
    let line = |row: &Row| {
        Ok(LineUnits {
            line_id: parsed(row, "order_line_id")?,
            quantity: units_of(row, "quantity")?,
        })
    };
    rows.iter().map(line).collect()
}

fn claim_of(row: &Row, lines: Vec<LineUnits>) -> Result<Claim, StoreError> {
    Ok(Claim {
        id: parsed(row, "id")?,
        order_id: parsed(row, "order_id")?,
        kind: word(row, "kind", ClaimKind::parse)?,
        state: row.get("state")?,
        reason: row.get("reason")?,
        fee_bearer: word(row, "fee_bearer", FeeBearer::parse)?,
        answer: row.get("answer")?,
        lines,
        at_ms: ms(row, "created_at")?,
    })
}
