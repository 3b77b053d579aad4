//! Table `stock_level`: the shelf, and what moves between it and a sale.

use commerce_core::{Level, Movement, MovementKind, limits::UNITS_MAX};
use commerce_store::{
    StoreError,
    sql::{self, Conn},
};
use signaling_wire::{ProductId, SaleId, UserId, frame::shop::Stock};

use super::ledger::{self, Book, Cause, Posting};
use crate::{ServiceError, validation::Validation};

/// A level as viewers see it.
pub(crate) fn seen(sale_id: SaleId, product_id: ProductId, level: Level, ledger_seq: u64) -> Stock {
    // Levels are bounded by the CHECK below and by `UNITS_MAX` above.
    let units = |number: i64| u32::try_from(number).unwrap_or(0);
    Stock {
        sale_id,
        product_id,
        ledger_seq,
        allocated: units(level.on_hand),
        available: units(level.available()),
        held: units(level.held),
        sold: units(level.committed),
    }
}

/// Makes the empty stock row of a product on the shelf or in a sale; returns its id.
pub(crate) async fn insert_row(
    conn: &mut Conn,
    product: ProductId,
    sale: Option<SaleId>,
) -> Result<i64, StoreError> {
    let done = sql::query("INSERT INTO stock_level (product_id, sale_id) VALUES (?, ?)")
        .bind(product.to_string())
        .bind(sale.map(|sale| sale.to_string()))
        .execute(conn)
        .await?;
    Ok(done.last_insert_id())
}

/// The shelf's row of a product.
async fn shelf(conn: &mut Conn, product: ProductId) -> Result<(i64, Level), ServiceError> {
    let row = sql::query(
        "SELECT id, on_hand, held, committed FROM stock_level WHERE product_id = ? AND sale_key = '' {for update}",
    )
    .bind(product.to_string())
    .fetch_optional(conn)
    .await?;
    let row = row.ok_or(ServiceError::NotFound("product"))?;
    let level = Level {
        on_hand: row.get("on_hand")?,
        held: row.get("held")?,
        committed: row.get("committed")?,
    };
    Ok((row.get("id")?, level))
}

/// Books units into or out of a shelf row, without looking whether they fit.
pub(crate) async fn book_shelf(
    conn: &mut Conn,
    row: i64,
    kind: MovementKind,
    units: i64,
    reason: &str,
    actor: UserId,
    now: i64,
) -> Result<(), StoreError> {
    let seq = ledger::last_seq(conn).await? + 1;
    let movement = Movement {
        seq,
        kind,
        row,
        on_hand: units,
        held: 0,
        committed: 0,
    };
    let cause = Cause {
        actor: Some(actor),
        reason: reason.to_owned(),
        ..Cause::default()
    };
    ledger::post(conn, &[Posting::new(&movement, cause)], now).await
}

/// Changes the stock on the shelf; refuses what does not fit.
pub(crate) async fn adjust_shelf(
    conn: &mut Conn,
    product: ProductId,
    delta: i64,
    reason: String,
    actor: UserId,
    now: i64,
) -> Result<(), ServiceError> {
    let (row, level) = shelf(conn, product).await?;
    fits(level, delta, "/delta")?;
    let kind = if delta > 0 {
        MovementKind::Receive
    } else {
        MovementKind::Adjust
    };
    Ok(book_shelf(conn, row, kind, delta, &reason, actor, now).await?)
}

/// Moves units from the shelf to a sale, or back when negative. `pointer` names the field that is
/// refused when they are not there.
pub(crate) async fn allocate(
    conn: &mut Conn,
    sale: SaleId,
    product: ProductId,
    delta: i64,
    pointer: &str,
    actor: Option<UserId>,
    now: i64,
) -> Result<Stock, ServiceError> {
    // The sale before the shelf, as when a batch gives back what is left.
    ledger::lock(conn, sale).await?;
    let (row, level) = shelf(conn, product).await?;
    fits(level, -delta, pointer)?;
    let seq = ledger::last_seq(conn).await? + 1;
    let kind = if delta > 0 {
        MovementKind::AllocateSale
    } else {
        MovementKind::ReturnSale
    };
    let movement = Movement {
        seq,
        kind,
        row,
        on_hand: -delta,
        held: 0,
        committed: 0,
    };
    let cause = Cause {
        actor,
        ..Cause::default()
    };

    let mut book = Book::open_after(conn, sale, seq).await?;
    let own = book.rows().find(|row| row.product == product);
    let own = own.ok_or(commerce_core::Refusal::NotInSale)?;
    fits(own.level, delta, pointer)?;
    book.allocate(product, delta, cause.clone())
        .ok_or_else(|| StoreError::invalid("an allocation that fits does not"))?;
    ledger::post(conn, &[Posting::new(&movement, cause)], now).await?;
    let changed = book.close(conn, now).await?.pop();
    Ok(changed.ok_or_else(|| StoreError::invalid("an allocation changed nothing"))?)
}

/// Gives what nobody bought back to the shelf; returns the sale's levels that changed.
pub(crate) async fn return_unsold(
    conn: &mut Conn,
    sale: SaleId,
    now: i64,
) -> Result<Vec<Stock>, ServiceError> {
    let rows: Vec<_> = Book::open(conn, sale).await?.rows().collect();
    let mut changed = Vec::new();
    for row in rows {
        let left = row.level.available();
        if left > 0 {
            changed.push(allocate(conn, sale, row.product, -left, "/", None, now).await?);
        }
    }
    Ok(changed)
}

fn fits(level: Level, delta: i64, pointer: &str) -> Result<(), ServiceError> {
    let most = i64::from(UNITS_MAX);
    let next = level
        .after(delta, 0, 0)
        .ok()
        .filter(|next| next.on_hand <= most);
    let mut validation = Validation::default();
    let detail = if delta < 0 {
        format!("only {} are there", level.available())
    } else {
        "is too much".to_owned()
    };
    validation.check(next.is_some(), pointer, "max", &detail);
    validation.done()
}
