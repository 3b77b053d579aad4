//! Table `order_backlog`: orders of a storm whose units are kept and whose buyers have their answer,
//! and whose other rows are written next. A row is a whole batch; it goes in the transaction that
//! writes its orders, so that they are written once, whatever ends in between.

use std::collections::BTreeSet;

use commerce_store::{
    StoreError,
    sql::{self, Conn, Reader, Row},
};
use signaling_wire::{OrderId, SaleId, frame::shop::Order};

use super::{Keys, Placement, Placements, Told};
use crate::db::parsed;

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, sale_id, stream_id, seller_id, provider, placed_at, first_due, orders
             FROM order_backlog ",
            $rest
        )
    };
}

/// Keeps orders to be written later; returns the place in the line.
pub(crate) async fn keep(conn: &mut Conn, placements: &Placements) -> Result<i64, StoreError> {
    let done = sql::query(
        "INSERT INTO order_backlog (sale_id, stream_id, seller_id, provider, placed_at, first_due,
                orders)
         VALUES (?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(placements.sale.to_string())
    .bind(placements.stream.to_string())
    .bind(placements.seller.to_string())
    .bind(placements.provider.as_str())
    .bind(placements.placed_at)
    .bind(placements.first_due)
    .bind(placements.rows.as_str())
    .execute(conn)
    .await?;
    Ok(done.last_insert_id())
}

/// Writes the batch that has waited longest; returns its place in the line.
pub(crate) async fn write_next(conn: &mut Conn) -> Result<Option<i64>, StoreError> {
    let row = sql::query(select!("WHERE stuck = 0 ORDER BY id LIMIT 1 {for update}"))
        .fetch_optional(&mut *conn)
        .await?;
    match row {
        Some(row) => Ok(Some(write(conn, &row).await?)),
        None => Ok(None),
    }
}

/// Writes what waits of a sale and holds units no longer than until now: it must be there to end.
pub(crate) async fn write_due(conn: &mut Conn, sale: SaleId, now: i64) -> Result<(), StoreError> {
    let rows = sql::query(select!(
        "WHERE sale_id = ? AND first_due <= ? AND stuck = 0 ORDER BY id {for update}"
    ))
    .bind(sale.to_string())
    .bind(now)
    .fetch_all(&mut *conn)
    .await?;
    for row in &rows {
        write(conn, row).await?;
    }
    Ok(())
}

/// Writes everything that waits of a sale.
pub(crate) async fn write_sale(conn: &mut Conn, sale: SaleId) -> Result<(), StoreError> {
    write_due(conn, sale, i64::MAX).await
}

async fn write(conn: &mut Conn, row: &Row) -> Result<i64, StoreError> {
    let id: i64 = row.get("id")?;
    placements(row)?.0.write(conn).await?;
    sql::query("DELETE FROM order_backlog WHERE id = ?")
        .bind(id)
        .execute(conn)
        .await?;
    Ok(id)
}

fn placements(row: &Row) -> Result<(Placements, Vec<Placement>), StoreError> {
    let rows: String = row.get("orders")?;
    let orders: Vec<Placement> = serde_json::from_str(&rows).map_err(StoreError::invalid)?;
    let placements = Placements {
        sale: parsed(row, "sale_id")?,
        stream: parsed(row, "stream_id")?,
        seller: parsed(row, "seller_id")?,
        provider: row.get("provider")?,
        placed_at: row.get("placed_at")?,
        first_due: row.get("first_due")?,
        promised: true,
        told: orders.iter().map(Told::of).collect(),
        rows,
    };
    Ok((placements, orders))
}

/// Those of the orders that wait at these places, as their buyers see them.
pub(crate) async fn find(
    conn: &mut Conn,
    places: &BTreeSet<i64>,
    wanted: &BTreeSet<OrderId>,
) -> Result<Vec<Order>, StoreError> {
    let mut found = Vec::new();
    if places.is_empty() {
        return Ok(found);
    }
    // Taken apart by the database: of a batch one order is wanted, as a rule.
    let rows = sql::either(
        "SELECT b.id, b.sale_id, b.stream_id, b.seller_id, b.provider, b.placed_at, b.first_due,
                '[' || j.value || ']' AS orders
         FROM order_backlog b, json_each(b.orders) j
         WHERE b.id IN ({list}) AND j.value ->> 0 IN ({list})",
        "SELECT b.id, b.sale_id, b.stream_id, b.seller_id, b.provider, b.placed_at, b.first_due,
                CONCAT('[', JSON_EXTRACT(b.orders, CONCAT('$[', j.n - 1, ']')), ']') AS orders
         FROM order_backlog b, JSON_TABLE(b.orders, '$[*]'
              COLUMNS (n FOR ORDINALITY, id VARCHAR(64) PATH '$[0]')) j
         WHERE b.id IN ({list}) AND j.id IN ({list})",
    )
    .bind_list(places.iter().copied())
    .bind_list(wanted.iter().map(OrderId::to_string))
    .fetch_all(conn)
    .await?;
    for row in &rows {
        let (batch, orders) = placements(row)?;
        let wanted = orders
            .iter()
            .filter(|placed| wanted.contains(&placed.order));
        found.extend(wanted.map(|placed| batch.view(placed)));
    }
    Ok(found)
}

/// Lets the line pass the batch at its head, which cannot be written; returns its place and what its
/// keys stand for.
pub(crate) async fn pass(conn: &mut Conn) -> Result<Option<(i64, Keys)>, StoreError> {
    let row = sql::query(select!("WHERE stuck = 0 ORDER BY id LIMIT 1 {for update}"))
        .fetch_optional(&mut *conn)
        .await?;
    let Some(row) = row else { return Ok(None) };
    let id: i64 = row.get("id")?;
    sql::query("UPDATE order_backlog SET stuck = 1 WHERE id = ?")
        .bind(id)
        .execute(conn)
        .await?;
    let (_, orders) = placements(&row)?;
    let keys = orders.iter().map(|placed| placed.known(id));
    Ok(Some((id, keys.collect())))
}

/// Lets the batches that were passed try again, as after a start.
pub(crate) async fn retry(conn: &mut Conn) -> Result<(), StoreError> {
    sql::query("UPDATE order_backlog SET stuck = 0 WHERE stuck = 1")
        .execute(conn)
        .await?;
    Ok(())
}

/// Batches that wait, and batches that were passed.
pub(crate) async fn depth(pool: &Reader) -> Result<(u64, u64), StoreError> {
    let rows = sql::query("SELECT stuck, COUNT(*) AS batches FROM order_backlog GROUP BY stuck")
        .fetch_all(pool)
        .await?;
    let mut depth = (0, 0);
    for row in &rows {
        let (stuck, batches): (i64, u64) = (row.get("stuck")?, row.get("batches")?);
        match stuck {
            0 => depth.0 = batches,
            _ => depth.1 = batches,
        }
    }
    Ok(depth)
}
