//! Movements as they are stored, and the levels that they change.
//!
//! Tables `stock_movement` and `stock_level`: one statement each, however many there are. The update
//! is conditional, and the database's CHECKs stand behind it.

use std::collections::BTreeMap;

use commerce_core::{Movement, MovementKind};
use commerce_store::{
    StoreError, rows_of,
    sql::{self, Conn, Field, Rows},
};
use signaling_wire::{OrderId, ReservationId, UserId};

use super::Cause;

rows_of! {
    /// Movements with their causes.
    POSTINGS: Posting {
        seq: Int, row: Int, kind: Id, on_hand: Int, held: Int, committed: Int, reservation: Id,
        order: Id, actor: Id, reason: Text,
    }
}
/// Movements that only keep units: all that a sale in a storm does.
const HOLDS: Rows = Rows::tuples(&[
    ("seq", Field::Int),
    ("row", Field::Int),
    ("held", Field::Int),
    ("reservation", Field::Id),
    ("order", Field::Id),
    ("actor", Field::Id),
]);
/// What a level changes by.
const SUMS: Rows = Rows::tuples(&[
    ("row", Field::Int),
    ("on_hand", Field::Int),
    ("held", Field::Int),
    ("committed", Field::Int),
    ("seq", Field::Int),
]);
/// A movement with its cause, as it is stored.
#[derive(Debug)]
pub(crate) struct Posting {
    seq: u64,
    row: i64,
    kind: &'static str,
    on_hand: i64,
    held: i64,
    committed: i64,
    reservation: Option<ReservationId>,
    order: Option<OrderId>,
    actor: Option<UserId>,
    reason: String,
}

impl Posting {
    pub(crate) fn new(movement: &Movement, cause: Cause) -> Self {
        Self {
            seq: movement.seq,
            row: movement.row,
            kind: movement.kind.name(),
            on_hand: movement.on_hand,
            held: movement.held,
            committed: movement.committed,
            reservation: cause.reservation,
            order: cause.order,
            actor: cause.actor,
            reason: cause.reason,
        }
    }

    fn is_hold(&self) -> bool {
        self.kind == MovementKind::Hold.name()
            && (self.on_hand, self.committed) == (0, 0)
            && self.reason.is_empty()
    }
}

/// Appends movements, and applies their sums to the levels: one statement each.
pub(crate) async fn post(
    conn: &mut Conn,
    postings: &[Posting],
    now: i64,
) -> Result<(), StoreError> {
    if postings.is_empty() {
        return Ok(());
    }
    let (holds, others): (Vec<&Posting>, Vec<&Posting>) =
        postings.iter().partition(|posting| posting.is_hold());
    append_others(conn, &others, now).await?;
    append_holds(conn, &holds, now).await?;
    let sums = sums(postings);
    // A level that would have less than nothing is not matched, and so not counted.
    let done = sql::either(
        "UPDATE stock_level SET on_hand = stock_level.on_hand + j.on_hand,
                held = stock_level.held + j.held, committed = stock_level.committed + j.committed,
                ledger_seq = j.seq
         FROM {rows}
         WHERE stock_level.id = j.\"row\" AND stock_level.on_hand - stock_level.held
                - stock_level.committed >= j.held + j.committed - j.on_hand",
        "UPDATE {rows} STRAIGHT_JOIN stock_level l
         SET l.on_hand = l.on_hand + j.on_hand, l.held = l.held + j.held,
             l.committed = l.committed + j.committed, l.ledger_seq = j.seq
         WHERE l.id = j.\"row\" AND l.on_hand - l.held - l.committed
                >= j.held + j.committed - j.on_hand",
    )
    .bind_rows(&SUMS, &sums)
    .execute(&mut *conn)
    .await?;
    #[cfg(feature = "negative-controls")]
    if crate::sequencer::negative::is(crate::sequencer::negative::Fault::ReadModifyWrite) {
        return Ok(());
    }
    if done.rows_affected() != sums.len() as u64 {
        metrics::counter!("souk_stock_invariant_violations_total").increment(1);
        return Err(StoreError::invalid(
            "a stock level has less than the ledger gave away",
        ));
    }
    Ok(())
}

async fn append_others(conn: &mut Conn, postings: &[&Posting], now: i64) -> Result<(), StoreError> {
    if postings.is_empty() {
        return Ok(());
    }
    sql::query(
        "INSERT INTO stock_movement (seq, stock_level_id, kind, d_on_hand, d_held, d_committed,
                reservation_id, order_id, actor_id, reason, at_us)
         SELECT j.seq, j.\"row\", j.kind, j.on_hand, j.held, j.committed, j.reservation,
                j.\"order\", j.actor, j.reason, ? FROM {rows}",
    )
    .bind(now)
    .bind_rows(&POSTINGS, postings)
    .send(conn)
    .await
}

/// As the others, with what is the same in all of them left out: it is not little of the time.
async fn append_holds(conn: &mut Conn, postings: &[&Posting], now: i64) -> Result<(), StoreError> {
    if postings.is_empty() {
        return Ok(());
    }
    let hold = |p: &&Posting| (p.seq, p.row, p.held, p.reservation, p.order, p.actor);
    let rows: Vec<_> = postings.iter().map(hold).collect();
    sql::query(
        "INSERT INTO stock_movement (seq, stock_level_id, kind, d_on_hand, d_held, d_committed,
                reservation_id, order_id, actor_id, at_us)
         SELECT j.seq, j.\"row\", ?, 0, j.held, 0, j.reservation, j.\"order\", j.actor, ?
         FROM {rows}",
    )
    .bind(MovementKind::Hold.name())
    .bind(now)
    .bind_rows(&HOLDS, &rows)
    .send(conn)
    .await
}

/// What each level changes by, in the order of their ids, with the last movement of each.
fn sums(postings: &[Posting]) -> Vec<(i64, i64, i64, i64, u64)> {
    let mut sums: BTreeMap<i64, (i64, i64, i64, u64)> = BTreeMap::new();
    for posting in postings {
        let sum = sums.entry(posting.row).or_default();
        sum.0 += posting.on_hand;
        sum.1 += posting.held;
        sum.2 += posting.committed;
        sum.3 = sum.3.max(posting.seq);
    }
    let row = |(row, (on_hand, held, committed, seq))| (row, on_hand, held, committed, seq);
    sums.into_iter().map(row).collect()
}
