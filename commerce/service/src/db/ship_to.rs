//! Column `order_group.ship_to_sealed`.

use commerce_store::{
    StoreError,
    sql::{self, Conn, Reader},
};
use signaling_wire::{OrderGroupId, OrderId};

use super::parsed;

/// The checkout of an order, and where its parcels go.
pub(crate) async fn of_order(
    pool: &Reader,
    order: OrderId,
) -> Result<Option<(OrderGroupId, Option<String>)>, StoreError> {
    let row = sql::query(
        "SELECT g.id, g.ship_to_sealed FROM orders o JOIN order_group g ON g.id = o.group_id
         WHERE o.id = ?",
    )
    .bind(order.to_string())
    .fetch_optional(pool)
    .await?;
    row.map(|row| Ok((parsed(&row, "id")?, row.get("ship_to_sealed")?)))
        .transpose()
}

/// Whether the address may still change: some order waits, and none is being packed or on its way.
pub(crate) async fn open(conn: &mut Conn, group: OrderGroupId) -> Result<bool, StoreError> {
    let rows =
        sql::query("SELECT id, status FROM orders WHERE group_id = ? ORDER BY id {for update}")
            .bind(group.to_string())
            .fetch_all(conn)
            .await?;
    let mut waits = false;
    for row in &rows {
        let status: String = row.get("status")?;
        match status.as_str() {
            "pending_payment" | "paid" => waits = true,
            "cancelled" | "expired" => {}
            _ => return Ok(false),
        }
    }
    Ok(waits)
}

/// Keeps a sealed address.
pub(crate) async fn set(
    conn: &mut Conn,
    group: OrderGroupId,
    sealed: &str,
) -> Result<(), StoreError> {
    sql::query("UPDATE order_group SET ship_to_sealed = ? WHERE id = ?")
        .bind(sealed)
        .bind(group.to_string())
        .execute(conn)
        .await?;
    Ok(())
}
