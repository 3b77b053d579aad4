//! Payments as those see them who run the site.

use commerce_core::PaymentState;
use commerce_store::{
    StoreError,
    sql::{self, Reader, Row},
};
use signaling_wire::PaymentId;

use crate::{
    AttemptRecord, PaymentRecord,
    db::{count, maybe_ms, money, ms, parsed},
};

macro_rules! columns {
    ($rest:literal) => {
        concat!(
            "SELECT p.id, p.group_id, g.buyer_id, p.provider, p.state, p.amount, p.currency,
                    p.promised, p.returned, p.pg_tx_id, p.next_check_at, p.paid_at, p.created_at
             FROM payment p JOIN order_group g ON g.id = p.group_id WHERE ",
            $rest
        )
    };
}

/// Payments, the newest first.
pub(crate) async fn records(
    pool: &Reader,
    state: Option<PaymentState>,
    after: Option<PaymentId>,
    limit: u32,
) -> Result<Vec<PaymentRecord>, StoreError> {
    let after = after.map_or_else(|| "p~".to_owned(), |id| id.to_string());
    let mut query = sql::query(columns!("p.id < ?")).bind(after);
    if let Some(state) = state {
        query = query.and("AND p.state = ?").bind(state.name());
        // The index has no others.
        if !matches!(state, PaymentState::Created | PaymentState::Expired) {
            query = query.and("AND p.state NOT IN ('created', 'expired')");
        }
    }
    let query = query.and("ORDER BY p.id DESC LIMIT ?").bind(limit);
    query.fetch_all(pool).await?.iter().map(of).collect()
}

/// A payment.
pub(crate) async fn record(
    pool: &Reader,
    id: PaymentId,
) -> Result<Option<PaymentRecord>, StoreError> {
    let query = sql::query(columns!("p.id = ?")).bind(id.to_string());
    query
        .fetch_optional(pool)
        .await?
        .as_ref()
        .map(of)
        .transpose()
}

/// The tries to charge a payment.
pub(crate) async fn attempts(
    pool: &Reader,
    id: PaymentId,
) -> Result<Vec<AttemptRecord>, StoreError> {
    let rows = sql::query(
        "SELECT no, state, detail, created_at FROM payment_attempt WHERE payment_id = ? ORDER BY no",
    )
    .bind(id.to_string())
    .fetch_all(pool)
    .await?;
    let attempt = |row: &Row| {
        Ok(AttemptRecord {
            no: count(row, "no")?,
            state: row.get("state")?,
            detail: row.get("detail")?,
            at_ms: ms(row, "created_at")?,
        })
    };
    rows.iter().map(attempt).collect()
}

fn of(row: &Row) -> Result<PaymentRecord, StoreError> {
    Ok(PaymentRecord {
        id: parsed(row, "id")?,
        group_id: parsed(row, "group_id")?,
        buyer_id: parsed(row, "buyer_id")?,
        provider: row.get("provider")?,
        state: row.get("state")?,
        amount: money(row, "amount")?,
        promised: money(row, "promised")?,
        returned: money(row, "returned")?,
        transaction: row.get("pg_tx_id")?,
        next_check_ms: maybe_ms(row, "next_check_at")?,
        paid_ms: maybe_ms(row, "paid_at")?,
        created_ms: ms(row, "created_at")?,
    })
}
