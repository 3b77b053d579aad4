//! Holds that follow their buyer's connection: tables `reservation`, `orders` and `order_group`.
//!
//! `payment_due_at` is what the buyer was told; `expires_at` of the hold is the law. They differ
//! only while the buyer is away. Everything here is conditional: a hold that is over, paid or being
//! paid stays as it is. The sales are locked first, as every batch does, so that no batch reads a
//! hold as over while it is given time.

use commerce_store::{
    StoreError, outbox,
    sql::{self, Conn, Field, Reader, Rows},
};
use signaling_wire::{OrderGroupId, OrderId, ReservationId, StreamId, UserId};

use super::{count, parsed};
use crate::{courier, limits};

/// Something, its new time, and the time at which that is decided.
const TIMES: Rows = Rows::tuples(&[
    ("id", Field::Id),
    ("until", Field::Int),
    ("decided", Field::Int),
]);

/// Lets nobody sell in the show's sales until the transaction ends.
async fn lock(conn: &mut Conn, stream: StreamId) -> Result<(), StoreError> {
    sql::query("SELECT id FROM sale WHERE stream_id = ? ORDER BY id {for update}")
        .bind(stream.to_string())
        .lock(conn)
        .await
}

/// The buyers of the show have gone: their unpaid holds end at `until`, if not earlier. A buyer who
/// is at the provider's window has gone to pay, and keeps the time. Returns how many holds it was.
pub(crate) async fn let_go(
    conn: &mut Conn,
    stream: StreamId,
    buyers: &[UserId],
    until: i64,
    now: i64,
) -> Result<u64, StoreError> {
    lock(conn, stream).await?;
    let holds: Vec<String> = sql::query(
        "SELECT r.id FROM orders o JOIN reservation r ON r.order_id = o.id
         WHERE o.buyer_id IN ({list}) AND o.stream_id = ? AND o.sale_id IS NOT NULL
           AND o.status = 'pending_payment' AND r.state = 'held' AND r.expires_at > ?
           AND NOT EXISTS (SELECT 1 FROM payment p WHERE p.group_id = o.group_id
                           AND p.state NOT IN ('created', 'failed'))
         LIMIT ?",
    )
    .bind_list(buyers.iter().map(ToString::to_string))
    .bind(stream.to_string())
    .bind(until)
    .bind(limits::VIGIL_MAX)
    .fetch_values(&mut *conn)
    .await?;
    if holds.is_empty() {
        return Ok(0);
    }
    let done = sql::query(
        "UPDATE reservation SET expires_at = ?, updated_at = ?
         WHERE id IN ({list}) AND state = 'held' AND expires_at > ?",
    )
    .bind(until)
    .bind(now)
    .bind_list(holds)
    .bind(until)
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}

/// The buyers of the show are back: holds that are not over have the time again that they were
/// told. Returns how many holds it was.
pub(crate) async fn take_back(
    conn: &mut Conn,
    stream: StreamId,
    buyers: &[UserId],
    now: i64,
) -> Result<u64, StoreError> {
    lock(conn, stream).await?;
    let rows = sql::query(
        "SELECT r.id, o.payment_due_at FROM orders o JOIN reservation r ON r.order_id = o.id
         WHERE o.buyer_id IN ({list}) AND o.stream_id = ? AND o.sale_id IS NOT NULL
           AND o.status = 'pending_payment' AND r.state = 'held' AND r.expires_at > ?
           AND r.expires_at < o.payment_due_at LIMIT ?",
    )
    .bind_list(buyers.iter().map(ToString::to_string))
    .bind(stream.to_string())
    .bind(now)
    .bind(limits::VIGIL_MAX)
    .fetch_all(&mut *conn)
    .await?;
    let mut times = Vec::with_capacity(rows.len());
    for row in &rows {
        times.push((parsed(row, "id")?, row.get("payment_due_at")?, now));
    }
    prolong(conn, &times).await
}

/// Gives holds a later end, unless they are over or no longer held.
async fn prolong(conn: &mut Conn, times: &[(ReservationId, i64, i64)]) -> Result<u64, StoreError> {
    if times.is_empty() {
        return Ok(0);
    }
    let done = sql::either(
        "UPDATE reservation SET expires_at = j.until, updated_at = j.decided FROM {rows}
         WHERE reservation.id = j.id AND reservation.state = 'held'
           AND reservation.expires_at > j.decided AND reservation.expires_at < j.until",
        "UPDATE {rows} STRAIGHT_JOIN reservation r
           SET r.expires_at = j.until, r.updated_at = j.decided
         WHERE r.id = j.id AND r.state = 'held'
           AND r.expires_at > j.decided AND r.expires_at < j.until",
    )
    .bind_rows(&TIMES, times)
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}

/// A hold whose buyer may be there.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Watched {
    pub(crate) reservation: ReservationId,
    pub(crate) order: OrderId,
    pub(crate) group: OrderGroupId,
    pub(crate) stream: StreamId,
    pub(crate) buyer: UserId,
    pub(crate) placed_at: i64,
    /// What the buyer was told.
    pub(crate) due: i64,
    pub(crate) expires_at: i64,
    pub(crate) hold_seconds: u32,
}

/// Holds that end within a quarter of their sale's time or are shortened, in the order in which
/// they end, after the one given.
pub(crate) async fn ending(
    pool: &Reader,
    after: (i64, &str),
    now: i64,
) -> Result<Vec<Watched>, StoreError> {
    let longest = i64::from(commerce_core::limits::HOLD_SECONDS_MAX) * 250_000;
    let rows = sql::query(
        "SELECT r.id, r.order_id, o.group_id, o.stream_id, r.buyer_id, r.created_at,
                o.payment_due_at, r.expires_at, s.hold_seconds
         FROM reservation r JOIN orders o ON o.id = r.order_id JOIN sale s ON s.id = r.sale_id
         WHERE r.state = 'held' AND r.expires_at > ? AND r.expires_at <= ?
           AND (r.expires_at > ? OR (r.expires_at = ? AND r.id > ?))
           AND (r.expires_at < o.payment_due_at
                OR r.expires_at - ? <= s.hold_seconds * 250000)
         ORDER BY r.expires_at, r.id LIMIT ?",
    )
    .bind(now)
    .bind(now + longest)
    .bind(after.0)
    .bind(after.0)
    .bind(after.1)
    .bind(now)
    .bind(limits::VIGIL_MAX)
    .fetch_all(pool)
    .await?;
    let watched = |row| {
        Ok(Watched {
            reservation: parsed(row, "id")?,
            order: parsed(row, "order_id")?,
            group: parsed(row, "group_id")?,
            stream: parsed(row, "stream_id")?,
            buyer: parsed(row, "buyer_id")?,
            placed_at: row.get("created_at")?,
            due: row.get("payment_due_at")?,
            expires_at: row.get("expires_at")?,
            hold_seconds: count(row, "hold_seconds")?,
        })
    };
    rows.iter().map(watched).collect()
}

/// Makes holds of one show longer, and tells their buyers.
pub(crate) async fn extend(
    conn: &mut Conn,
    stream: StreamId,
    longer: &[(Watched, i64)],
    now: i64,
) -> Result<u64, StoreError> {
    lock(conn, stream).await?;
    let holds: Vec<_> = longer
        .iter()
        .map(|(hold, until)| (hold.reservation, *until, now))
        .collect();
    let changed = prolong(conn, &holds).await?;
    let orders: Vec<_> = longer
        .iter()
        .map(|(hold, until)| (hold.order, *until, now))
        .collect();
    // Only what has the new time now: another hold may have ended meanwhile.
    // The plus has the reservations found by their order: a whole batch ends at one moment.
    sql::either(
        "UPDATE orders SET payment_due_at = j.until, version = version + 1 FROM {rows}
         WHERE orders.id = j.id AND orders.status = 'pending_payment'
           AND EXISTS (SELECT 1 FROM reservation r WHERE r.order_id = orders.id
                       AND r.state = 'held' AND +r.expires_at = j.until)",
        "UPDATE {rows} STRAIGHT_JOIN orders o
           SET o.payment_due_at = j.until, o.version = o.version + 1
         WHERE o.id = j.id AND o.status = 'pending_payment'
           AND EXISTS (SELECT 1 FROM reservation r WHERE r.order_id = o.id
                       AND r.state = 'held' AND r.expires_at = j.until)",
    )
    .bind_rows(&TIMES, &orders)
    .execute(&mut *conn)
    .await?;
    sql::query(
        "UPDATE order_group SET payment_due_at =
                (SELECT MAX(o.payment_due_at) FROM orders o WHERE o.group_id = order_group.id)
         WHERE id IN ({list})",
    )
    .bind_list(longer.iter().map(|(hold, _)| hold.group.to_string()))
    .execute(&mut *conn)
    .await?;
    let told = longer.iter().map(|(hold, _)| {
        courier::order_entry("order.extended", Some(stream), hold.buyer, hold.order)
    });
    outbox::append_all(conn, &told.collect::<Vec<_>>(), now).await?;
    Ok(changed)
}
