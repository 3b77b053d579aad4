//! Table `stock_level`: shelves, and what moves between them and a sale.

use commerce_core::{Level, Movement, MovementKind, limits::UNITS_MAX};
use commerce_store::StoreError;
use signaling_wire::{LocationId, ProductId, SaleId, UserId, VariantId, frame::shop::Stock};

use super::{
    ledger::{self, Book, Cause, Posting},
    location, parsed,
    sql::{Conn, Row, get, query},
    variant,
};
use crate::{LevelView, ServiceError, validation::Validation};

mod seen;
pub(crate) use seen::{levels, movements, seen, view};

/// Makes the empty stock row of a variant on the shelf or in a sale; returns its id.
pub(crate) async fn insert_row(
    conn: &mut Conn,
    (product, variant): (ProductId, VariantId),
    location: LocationId,
    sale: Option<SaleId>,
) -> Result<i64, StoreError> {
    let sale = sale.map(|sale| sale.to_string());
    let done = query("INSERT INTO stock_level (product_id, variant_id, location_id, sale_id) VALUES (?, ?, ?, ?)")
        .bind(product.to_string())
        .bind(variant.to_string())
        .bind(location.to_string())
        .bind(sale)
        .execute(&mut *conn)
        .await?;
    Ok(done.last_insert_id())
}

/// The units of a row.
pub(crate) fn level(row: &Row) -> Result<Level, StoreError> {
    Ok(Level {
        on_hand: get(row, "on_hand")?,
        held: get(row, "held")?,
        committed: get(row, "committed")?,
    })
}

/// The shelf's row of a variant in a location.
async fn shelf(
    conn: &mut Conn,
    variant: VariantId,
    location: LocationId,
) -> Result<Option<(i64, Level)>, StoreError> {
    let row = query(
        "SELECT id, on_hand, held, committed FROM stock_level
         WHERE variant_id = ? AND location_id = ? AND sale_key = '' {for update}",
    )
    .bind(variant.to_string())
    .bind(location.to_string())
    .fetch_optional(&mut *conn)
    .await?;
    row.map(|row| Ok((get(&row, "id")?, level(&row)?)))
        .transpose()
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

/// Changes the shelf stock of a variant, at its seller's first location unless one is named;
/// refuses what does not fit.
pub(crate) async fn adjust(
    conn: &mut Conn,
    variant: VariantId,
    at: Option<LocationId>,
    delta: i64,
    reason: &str,
    actor: UserId,
    now: i64,
) -> Result<LevelView, ServiceError> {
    let place = variant::place(&mut *conn, variant).await?;
    let (product, seller) = place.ok_or(ServiceError::NotFound("variant"))?;
    let location = match at {
        Some(location) if location::is_of(conn, location, seller).await? => location,
        Some(_) => return Err(ServiceError::NotFound("location")),
        None => location::first(conn, seller, now).await?,
    };
    let (row, level) = match shelf(conn, variant, location).await? {
        Some(known) => known,
        None => {
            let row = insert_row(conn, (product, variant), location, None).await?;
            (row, Level::default())
        }
    };
    fits(level, delta, "/delta")?;
    let kind = match delta > 0 {
        true => MovementKind::Receive,
        false => MovementKind::Adjust,
    };
    book_shelf(conn, row, kind, delta, reason, actor, now).await?;
    Ok(view(conn, row).await?)
}

/// Moves units from the shelf to a sale, or back when negative. `pointer` names the field that is
/// refused when they are not there.
pub(crate) async fn allocate(
    conn: &mut Conn,
    sale: SaleId,
    variant: VariantId,
    delta: i64,
    pointer: &str,
    actor: Option<UserId>,
    now: i64,
) -> Result<Stock, ServiceError> {
    // The sale before the shelf, as when a batch gives back what is left.
    ledger::lock(conn, sale).await?;
    let location = placed(conn, sale, variant).await?;
    let own = shelf(conn, variant, location).await?;
    let (row, level) = own.ok_or_else(|| StoreError::invalid("a variant without a shelf"))?;
    fits(level, -delta, pointer)?;
    let seq = ledger::last_seq(conn).await? + 1;
    let kind = match delta > 0 {
        true => MovementKind::AllocateSale,
        false => MovementKind::ReturnSale,
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
    let own = book.rows().find(|row| row.variant == variant);
    let own = own.ok_or(commerce_core::Refusal::NotInSale)?;
    fits(own.level, delta, pointer)?;
    book.allocate(variant, delta, cause.clone())
        .ok_or_else(|| StoreError::invalid("an allocation that fits does not"))?;
    ledger::post(conn, &[Posting::new(&movement, cause)], now).await?;
    let changed = book.close(conn, now).await?.pop();
    Ok(changed.ok_or_else(|| StoreError::invalid("an allocation changed nothing"))?)
}

/// From where the units of a variant in a sale come.
async fn placed(
    conn: &mut Conn,
    sale: SaleId,
    variant: VariantId,
) -> Result<LocationId, ServiceError> {
    let row = query("SELECT location_id FROM stock_level WHERE sale_id = ? AND variant_id = ?")
        .bind(sale.to_string())
        .bind(variant.to_string())
        .fetch_optional(conn)
        .await?;
    let row = row.ok_or(commerce_core::Refusal::NotInSale)?;
    Ok(parsed(&row, "location_id")?)
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
            changed.push(allocate(conn, sale, row.variant, -left, "/", None, now).await?);
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
