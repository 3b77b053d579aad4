//! Table `payment_reconcile_run`.

use commerce_store::{
    StoreError,
    sql::{self, Conn, Reader, Row},
};
use signaling_wire::PaymentId;

use super::{ms, seq};
use crate::Reconciliation;

/// The comparisons, the newest first.
pub(crate) async fn list(
    pool: &Reader,
    before: Option<i64>,
    limit: u32,
) -> Result<Vec<Reconciliation>, StoreError> {
    let rows = sql::query(
        "SELECT id, from_at, until_at, checked, mismatches FROM payment_reconcile_run
         WHERE id < ? ORDER BY id DESC LIMIT ?",
    )
    .bind(before.unwrap_or(i64::MAX))
    .bind(limit)
    .fetch_all(pool)
    .await?;
    let run = |row: &Row| {
        let differing: String = row.get("mismatches")?;
        Ok(Reconciliation {
            id: seq(row, "id")?,
            from_ms: ms(row, "from_at")?,
            until_ms: ms(row, "until_at")?,
            checked: seq(row, "checked")?,
            differing: serde_json::from_str(&differing).map_err(StoreError::invalid)?,
        })
    };
    rows.iter().map(run).collect()
}

/// Notes a comparison and what it found.
pub(crate) async fn note(
    conn: &mut Conn,
    (from, until): (i64, i64),
    checked: i64,
    differing: &[PaymentId],
) -> Result<(), StoreError> {
    let mismatches = serde_json::to_string(differing).map_err(StoreError::invalid)?;
    sql::query(
        "INSERT INTO payment_reconcile_run (from_at, until_at, checked, mismatches, created_at)
         VALUES (?, ?, ?, ?, ?)",
    )
    .bind(from)
    .bind(until)
    .bind(checked)
    .bind(mismatches)
    .bind(until)
    .execute(conn)
    .await?;
    Ok(())
}
