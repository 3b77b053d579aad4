//! Table `stock_location`. Every seller has a first location, made when it is needed.

use commerce_store::StoreError;
use signaling_wire::{LocationId, SellerId};

use super::{
    parsed,
    sql::{Conn, Reader, get, query},
};
use crate::{Location, ServiceError, limits};

/// What the first location is called until its seller says more.
const FIRST: &str = "Main";

/// The seller's first location; its id follows from the seller's, so that two that make it at
/// once mean the same row.
pub(crate) async fn first(
    conn: &mut Conn,
    seller: SellerId,
    now: i64,
) -> Result<LocationId, StoreError> {
    let id = seller
        .to_string()
        .replacen(SellerId::PREFIX, LocationId::PREFIX, 1)
        .parse::<LocationId>()
        .map_err(StoreError::invalid)?;
    let known = query("SELECT id FROM stock_location WHERE id = ?")
        .bind(id.to_string())
        .fetch_optional(&mut *conn)
        .await?;
    if known.is_none() {
        let made = write(conn, id, seller, FIRST, now).await;
        if let Err(error) = made
            && !error.is_unique_violation()
        {
            return Err(error);
        }
    }
    Ok(id)
}

async fn write(
    conn: &mut Conn,
    id: LocationId,
    seller: SellerId,
    name: &str,
    now: i64,
) -> Result<(), StoreError> {
    query("INSERT INTO stock_location (id, seller_id, name, created_at, updated_at) VALUES (?, ?, ?, ?, ?)")
        .bind(id.to_string())
        .bind(seller.to_string())
        .bind(name.to_owned())
        .bind(now)
        .bind(now)
        .execute(&mut *conn)
        .await?;
    Ok(())
}

/// Adds a location of a seller that has room for one.
pub(crate) async fn insert(conn: &mut Conn, new: &Location, now: i64) -> Result<(), ServiceError> {
    first(conn, new.seller_id, now).await?;
    let row = query("SELECT COUNT(*) AS n FROM stock_location WHERE seller_id = ?")
        .bind(new.seller_id.to_string())
        .fetch_one(&mut *conn)
        .await?;
    if get::<i64>(&row, "n")? >= limits::LOCATIONS_MAX {
        return Err(ServiceError::Conflict("There are too many locations."));
    }
    Ok(write(conn, new.id, new.seller_id, &new.name, now).await?)
}

/// The locations of a seller, the first one first.
pub(crate) async fn list(reader: &Reader, seller: SellerId) -> Result<Vec<Location>, StoreError> {
    let rows = query("SELECT id, name FROM stock_location WHERE seller_id = ? ORDER BY id")
        .bind(seller.to_string())
        .fetch_all(reader)
        .await?;
    rows.iter()
        .map(|row| {
            Ok(Location {
                id: parsed(row, "id")?,
                seller_id: seller,
                name: get(row, "name")?,
            })
        })
        .collect()
}

/// Whether a location is the seller's.
pub(crate) async fn is_of(
    conn: &mut Conn,
    id: LocationId,
    seller: SellerId,
) -> Result<bool, StoreError> {
    let row = query("SELECT id FROM stock_location WHERE id = ? AND seller_id = ?")
        .bind(id.to_string())
        .bind(seller.to_string())
        .fetch_optional(&mut *conn)
        .await?;
    Ok(row.is_some())
}
