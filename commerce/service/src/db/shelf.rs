//! What checkout asks of the shelves, inside its own transaction: rows of `stock_level` that belong
//! to no sale.
//!
//! [`reserve`] keeps units of several variants, all or nothing; [`release`], [`commit`], [`retake`],
//! [`ship`] and [`restock`] follow what becomes of the order. Every change is a movement of the
//! ledger and a conditional update of the level. See `db::offer` for prices, `db::coupon` for
//! discounts and `db::cart` for what somebody means to buy.

use std::collections::{BTreeMap, BTreeSet};

use commerce_core::{
    Level, Movement, MovementKind, Refusal,
    shelf::{self, ShelfRow, Want},
};
use commerce_store::StoreError;
use signaling_wire::VariantId;

use super::{
    ledger::{self, Cause, Posting},
    parsed,
    sql::{Conn, get, query},
    stock,
};
use crate::ServiceError;

/// Units that were kept for a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Taken {
    pub(crate) want: Want,
    pub(crate) stock_level_id: i64,
    /// Of the movement that keeps them.
    pub(crate) seq: u64,
}

/// Units of an order in a stock row, and why they move.
#[derive(Debug, Clone)]
pub(crate) struct Held {
    pub(crate) stock_level_id: i64,
    pub(crate) quantity: u32,
    pub(crate) cause: Cause,
}

/// Keeps units for every want, or says which are short. `causes[i]` explains `wants[i]`.
pub(crate) async fn reserve(
    conn: &mut Conn,
    wants: &[Want],
    causes: &[Cause],
    now: i64,
) -> Result<Vec<Taken>, ServiceError> {
    let variants: BTreeSet<VariantId> = wants.iter().map(|want| want.variant).collect();
    let rows = lock(conn, &variants).await?;
    let picks = shelf::pick(&rows, wants).map_err(|lines| Refusal::ShortOf { lines })?;
    let first = ledger::last_seq(conn).await? + 1;
    let mut postings = Vec::with_capacity(wants.len());
    let mut taken = Vec::with_capacity(wants.len());
    for (((want, row), cause), seq) in wants.iter().zip(picks).zip(causes).zip(first..) {
        let movement = movement(MovementKind::Hold, row, [0, i64::from(want.quantity), 0]);
        postings.push(Posting::new(&Movement { seq, ..movement }, cause.clone()));
        taken.push(Taken {
            want: *want,
            stock_level_id: row,
            seq,
        });
    }
    ledger::post(conn, &postings, now).await?;
    Ok(taken)
}

/// Gives kept units back.
pub(crate) async fn release(conn: &mut Conn, held: &[Held], now: i64) -> Result<(), StoreError> {
    book(
        conn,
        MovementKind::Release,
        held,
        |units| [0, -units, 0],
        now,
    )
    .await
}

/// Turns kept units into sold ones.
pub(crate) async fn commit(conn: &mut Conn, held: &[Held], now: i64) -> Result<(), StoreError> {
    book(
        conn,
        MovementKind::Commit,
        held,
        |units| [0, -units, units],
        now,
    )
    .await
}

/// Takes units again, all or none, for an order that was paid after its hold had ended.
pub(crate) async fn retake(conn: &mut Conn, held: &[Held], now: i64) -> Result<bool, StoreError> {
    let mut wanted: BTreeMap<i64, i64> = BTreeMap::new();
    for each in held {
        *wanted.entry(each.stock_level_id).or_insert(0) += i64::from(each.quantity);
    }
    let ids = wanted.keys().copied().collect();
    for (row, level) in lock_rows(conn, &ids).await? {
        if level.available() < wanted[&row] {
            return Ok(false);
        }
    }
    book(conn, MovementKind::Hold, held, |units| [0, units, 0], now).await?;
    commit(conn, held, now).await?;
    Ok(true)
}

/// Sold units leave.
pub(crate) async fn ship(conn: &mut Conn, held: &[Held], now: i64) -> Result<(), StoreError> {
    book(
        conn,
        MovementKind::Ship,
        held,
        |units| [-units, 0, -units],
        now,
    )
    .await
}

/// Units come back: sold ones that never left, or (`shipped`) ones that did.
pub(crate) async fn restock(
    conn: &mut Conn,
    held: &[Held],
    shipped: bool,
    now: i64,
) -> Result<(), StoreError> {
    let change = move |units: i64| {
        if shipped {
            [units, 0, 0]
        } else {
            [0, 0, -units]
        }
    };
    book(conn, MovementKind::Restock, held, change, now).await
}

async fn book(
    conn: &mut Conn,
    kind: MovementKind,
    held: &[Held],
    change: impl Fn(i64) -> [i64; 3],
    now: i64,
) -> Result<(), StoreError> {
    if held.is_empty() {
        return Ok(());
    }
    lock_rows(conn, &held.iter().map(|each| each.stock_level_id).collect()).await?;
    let first = ledger::last_seq(conn).await? + 1;
    let postings: Vec<Posting> = held
        .iter()
        .zip(first..)
        .map(|(each, seq)| {
            let movement = movement(kind, each.stock_level_id, change(i64::from(each.quantity)));
            Posting::new(&Movement { seq, ..movement }, each.cause.clone())
        })
        .collect();
    ledger::post(conn, &postings, now).await
}

const fn movement(kind: MovementKind, row: i64, [on_hand, held, committed]: [i64; 3]) -> Movement {
    Movement {
        seq: 0,
        kind,
        row,
        on_hand,
        held,
        committed,
    }
}

/// The shelf rows of variants, locked in the order of their ids.
async fn lock(
    conn: &mut Conn,
    variants: &BTreeSet<VariantId>,
) -> Result<Vec<ShelfRow>, StoreError> {
    let rows = query(
        "SELECT id, variant_id, on_hand, held, committed FROM stock_level
         WHERE variant_id IN ({list}) AND sale_key = '' ORDER BY id {for update}",
    )
    .bind_list(variants.iter().map(ToString::to_string))
    .fetch_all(conn)
    .await?;
    rows.iter()
        .map(|row| {
            Ok(ShelfRow {
                id: get(row, "id")?,
                variant: parsed(row, "variant_id")?,
                level: stock::level(row)?,
            })
        })
        .collect()
}

/// Rows locked in the order of their ids.
async fn lock_rows(conn: &mut Conn, ids: &BTreeSet<i64>) -> Result<Vec<(i64, Level)>, StoreError> {
    let rows = query(
        "SELECT id, on_hand, held, committed FROM stock_level WHERE id IN ({list})
         ORDER BY id {for update}",
    )
    .bind_list(ids.iter().copied())
    .fetch_all(conn)
    .await?;
    rows.iter()
        .map(|row| Ok((get(row, "id")?, stock::level(row)?)))
        .collect()
}
