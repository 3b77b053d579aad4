//! What people see of stock rows and of the ledger.

use commerce_core::Level;
use commerce_store::StoreError;
use signaling_wire::{ProductId, SaleId, VariantId, frame::shop::Stock};

use super::level;
use crate::{
    LevelView, MovementView, ServiceError,
    db::{
        ms, optional, parsed, seq,
        sql::{Conn, Reader, Row, get, query},
    },
};

/// A level as viewers see it.
pub(crate) fn seen(
    sale_id: SaleId,
    (product_id, variant_id): (ProductId, VariantId),
    level: Level,
    ledger_seq: u64,
) -> Stock {
    Stock {
        sale_id,
        product_id,
        variant_id,
        ledger_seq,
        allocated: units(level.on_hand),
        available: units(level.available()),
        held: units(level.held),
        sold: units(level.committed),
    }
}

/// Levels are bounded by the table's CHECK below and by `UNITS_MAX` above.
fn units(number: i64) -> u32 {
    u32::try_from(number).unwrap_or(0)
}

macro_rules! columns {
    () => {
        "SELECT id, variant_id, location_id, sale_id, on_hand, held, committed, ledger_seq FROM stock_level"
    };
}

/// A row as its seller sees it.
pub(crate) async fn view(conn: &mut Conn, row: i64) -> Result<LevelView, StoreError> {
    let row = query(concat!(columns!(), " WHERE id = ?"))
        .bind(row)
        .fetch_one(&mut *conn)
        .await?;
    of(&row)
}

/// The rows of a variant: shelves first, then sales.
pub(crate) async fn levels(
    reader: &Reader,
    variant: VariantId,
) -> Result<Vec<LevelView>, ServiceError> {
    let rows = query(concat!(
        columns!(),
        " WHERE variant_id = ? ORDER BY sale_key, id LIMIT 200"
    ))
    .bind(variant.to_string())
    .fetch_all(reader)
    .await?;
    Ok(rows.iter().map(of).collect::<Result<Vec<_>, _>>()?)
}

fn of(row: &Row) -> Result<LevelView, StoreError> {
    let level = level(row)?;
    Ok(LevelView {
        variant_id: parsed(row, "variant_id")?,
        location_id: parsed(row, "location_id")?,
        sale_id: optional(row, "sale_id")?,
        on_hand: units(level.on_hand),
        available: units(level.available()),
        held: units(level.held),
        committed: units(level.committed),
        ledger_seq: seq(row, "ledger_seq")?,
    })
}

/// The movements of a variant, the newest first.
pub(crate) async fn movements(
    reader: &Reader,
    variant: VariantId,
    before: Option<u64>,
    limit: u32,
) -> Result<Vec<MovementView>, StoreError> {
    let before = before
        .and_then(|seq| i64::try_from(seq).ok())
        .unwrap_or(i64::MAX);
    let rows = query(
        "SELECT m.seq, m.kind, m.d_on_hand, m.d_held, m.d_committed, m.reason, m.at_us,
                l.location_id, l.sale_id
         FROM stock_level l JOIN stock_movement m ON m.stock_level_id = l.id
         WHERE l.variant_id = ? AND m.seq < ? ORDER BY m.seq DESC LIMIT ?",
    )
    .bind(variant.to_string())
    .bind(before)
    .bind(limit)
    .fetch_all(reader)
    .await?;
    rows.iter()
        .map(|row| {
            Ok(MovementView {
                seq: seq(row, "seq")?,
                kind: get(row, "kind")?,
                location_id: parsed(row, "location_id")?,
                sale_id: optional(row, "sale_id")?,
                on_hand: get(row, "d_on_hand")?,
                held: get(row, "d_held")?,
                committed: get(row, "d_committed")?,
                reason: get(row, "reason")?,
                at_ms: ms(row, "at_us")?,
            })
        })
        .collect()
}
