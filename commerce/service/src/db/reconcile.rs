//! Table `payment_reconcile_run`.

use commerce_store::{
    StoreError,
    sql::{self, Conn},
};
use signaling_wire::PaymentId;

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
