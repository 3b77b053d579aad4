//! Table `order_backlog`: orders of a storm whose units are kept and whose buyers have their answer,
//! and whose other rows are written next. A row is a whole batch; it goes in the transaction that
//! writes the last of its orders, and says how many are written until then, so that each is written
//! once, whatever ends in between.

use std::collections::BTreeSet;

use commerce_core::day::Day;
use commerce_store::{
    StoreError,
    sql::{self, Conn, Reader, Row},
};
use signaling_wire::{OrderId, SaleId, frame::shop::Order};

use super::{Keys, Placement, Placements, Told};
use crate::db::{count, json, parsed};

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, sale_id, stream_id, seller_id, provider, first_due, done, orders
             FROM order_backlog ",
            $rest
        )
    };
}

/// Most batches that one transaction takes together.
const JOINED_MAX: u32 = 16;

/// Keeps orders to be written later; returns the place in the line.
pub(crate) async fn keep(conn: &mut Conn, placements: &Placements) -> Result<i64, StoreError> {
    let done = sql::query(
        "INSERT INTO order_backlog (sale_id, stream_id, seller_id, provider, placed_at, first_due,
                size, orders)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(placements.sale.to_string())
    .bind(placements.stream.to_string())
    .bind(placements.seller.to_string())
    .bind(placements.provider.as_str())
    .bind(placements.placed_at)
    .bind(placements.first_due)
    .bind(u32::try_from(placements.told.len()).map_err(StoreError::invalid)?)
    .bind(placements.rows.as_str())
    .execute(conn)
    .await?;
    Ok(done.last_insert_id())
}

/// How much of the line one transaction writes.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Step {
    /// So many orders.
    Orders(u32),
    /// The first batch, whole.
    Batch,
}

/// What such a transaction did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Written {
    /// There was nothing to write.
    Nothing,
    /// Some orders of the first batch.
    Some,
    /// All of the batches up to this place.
    UpTo(i64),
}

/// A batch in the line, without its orders.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Waiting {
    id: i64,
    /// Whose orders, through whom they are paid, and the day: what one statement has in common.
    kind: (String, String, Day),
    size: u32,
    done: u32,
}

/// Writes those that have waited longest.
pub(crate) async fn write_next(conn: &mut Conn, step: Step) -> Result<Written, StoreError> {
    let line = line(conn).await?;
    let taken = match step {
        Step::Orders(most) => taken(&line, most),
        Step::Batch => line.iter().take(1).map(|w| (w.id, w.size)).collect(),
    };
    if taken.is_empty() {
        return Ok(Written::Nothing);
    }
    let rows = sql::query(select!("WHERE id IN ({list}) ORDER BY id"))
        .bind_list(taken.iter().map(|(id, _)| *id))
        .fetch_all(&mut *conn)
        .await?;
    let mut joined: Option<(Placements, Vec<Placement>)> = None;
    for (row, (_, until)) in rows.iter().zip(&taken) {
        let (batch, mut orders) = placements(row, *until)?;
        match &mut joined {
            Some((_, all)) => all.append(&mut orders),
            None => joined = Some((batch, orders)),
        }
    }
    if let Some((batch, orders)) = joined {
        batch.with(&orders)?.write(conn).await?;
    }
    let whole = |(id, until): &(i64, u32)| {
        let all = line.iter().any(|w| w.id == *id && w.size == *until);
        all.then_some(*id)
    };
    let ended: Vec<i64> = taken.iter().filter_map(whole).collect();
    if let Some((id, until)) = taken.iter().find(|some| whole(some).is_none()) {
        sql::query("UPDATE order_backlog SET done = ? WHERE id = ?")
            .bind(*until)
            .bind(*id)
            .send(&mut *conn)
            .await?;
    }
    drop_all(conn, &ended).await?;
    Ok(ended.last().map_or(Written::Some, |id| Written::UpTo(*id)))
}

/// Which batches of the line to write, each with how many of its orders are written then: of one
/// kind, and at most so many orders.
fn taken(line: &[Waiting], most: u32) -> Vec<(i64, u32)> {
    let mut room = most;
    let mut taken = Vec::new();
    let kind = line.first().map(|first| &first.kind);
    for batch in line.iter().take_while(|batch| Some(&batch.kind) == kind) {
        if room == 0 {
            break;
        }
        let count = room.min(batch.size - batch.done);
        room -= count;
        taken.push((batch.id, batch.done + count));
    }
    taken
}

/// The first batches of the line.
async fn line(conn: &mut Conn) -> Result<Vec<Waiting>, StoreError> {
    let rows = sql::query(
        "SELECT id, sale_id, provider, placed_at, size, done FROM order_backlog
         WHERE stuck = 0 ORDER BY id LIMIT ? {for update}",
    )
    .bind(JOINED_MAX)
    .fetch_all(conn)
    .await?;
    let waiting = |row: &Row| {
        let day = Day::of_us(row.get("placed_at")?);
        Ok(Waiting {
            id: row.get("id")?,
            kind: (row.get("sale_id")?, row.get("provider")?, day),
            size: count(row, "size")?,
            done: count(row, "done")?,
        })
    };
    rows.iter().map(waiting).collect()
}

async fn drop_all(conn: &mut Conn, ids: &[i64]) -> Result<(), StoreError> {
    if ids.is_empty() {
        return Ok(());
    }
    sql::query("DELETE FROM order_backlog WHERE id IN ({list})")
        .bind_list(ids.iter().copied())
        .send(conn)
        .await
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
        let (batch, orders) = placements(row, u32::MAX)?;
        batch.with(&orders)?.write(conn).await?;
        drop_all(conn, &[row.get("id")?]).await?;
    }
    Ok(())
}

/// Writes everything that waits of a sale.
pub(crate) async fn write_sale(conn: &mut Conn, sale: SaleId) -> Result<(), StoreError> {
    write_due(conn, sale, i64::MAX).await
}

/// Those of a batch's orders that wait, up to the one with this number.
fn placements(row: &Row, until: u32) -> Result<(Placements, Vec<Placement>), StoreError> {
    let rows: String = row.get("orders")?;
    let mut orders: Vec<Placement> = serde_json::from_str(&rows).map_err(StoreError::invalid)?;
    orders.truncate(until as usize);
    let done = orders.len().min(count(row, "done")? as usize);
    orders.drain(..done);
    let placements = Placements {
        sale: parsed(row, "sale_id")?,
        stream: parsed(row, "stream_id")?,
        seller: parsed(row, "seller_id")?,
        provider: row.get("provider")?,
        placed_at: orders.last().map_or(0, |placed| placed.at),
        first_due: row.get("first_due")?,
        promised: true,
        told: Vec::new(),
        rows: String::new(),
    };
    Ok((placements, orders))
}

impl Placements {
    /// The same batch with these orders.
    fn with(mut self, orders: &[Placement]) -> Result<Self, StoreError> {
        self.placed_at = orders.last().map_or(self.placed_at, |placed| placed.at);
        self.told = orders.iter().map(Told::of).collect();
        self.rows = json(&orders)?;
        Ok(self)
    }
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
        "SELECT b.id, b.sale_id, b.stream_id, b.seller_id, b.provider, b.first_due, 0 AS done,
                '[' || j.value || ']' AS orders
         FROM order_backlog b, json_each(b.orders) j
         WHERE b.id IN ({list}) AND j.key >= b.done AND j.value ->> 0 IN ({list})",
        "SELECT b.id, b.sale_id, b.stream_id, b.seller_id, b.provider, b.first_due, 0 AS done,
                CONCAT('[', JSON_EXTRACT(b.orders, CONCAT('$[', j.n - 1, ']')), ']') AS orders
         FROM order_backlog b, JSON_TABLE(b.orders, '$[*]'
              COLUMNS (n FOR ORDINALITY, id VARCHAR(64) PATH '$[0]')) j
         WHERE b.id IN ({list}) AND j.n > b.done AND j.id IN ({list})",
    )
    .bind_list(places.iter().copied())
    .bind_list(wanted.iter().map(OrderId::to_string))
    .fetch_all(conn)
    .await?;
    for row in &rows {
        let (batch, orders) = placements(row, u32::MAX)?;
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
    let (_, orders) = placements(&row, u32::MAX)?;
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

/// Orders that wait, and orders that were passed.
pub(crate) async fn depth(pool: &Reader) -> Result<(u64, u64), StoreError> {
    let rows = sql::query(
        "SELECT stuck, CAST(SUM(size - done) AS INTEGER) AS orders FROM order_backlog GROUP BY stuck",
    )
    .fetch_all(pool)
    .await?;
    let mut depth = (0, 0);
    for row in &rows {
        let (stuck, orders): (i64, u64) = (row.get("stuck")?, row.get("orders")?);
        match stuck {
            0 => depth.0 = orders,
            _ => depth.1 = orders,
        }
    }
    Ok(depth)
}
