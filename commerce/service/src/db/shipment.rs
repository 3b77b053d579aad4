//! Tables `shipment`, `shipment_line` and `tracking_event`: parcels and where they are.

use commerce_core::fulfillment::ShipmentState;
use commerce_store::{
    StoreError,
    sql::{self, Conn, Reader, Row},
};
use signaling_wire::{OrderId, OrderLineId, ShipmentId};

use super::{count, maybe_ms, ms, parsed, word};
use crate::{LineUnits, Shipment, TrackingEvent};

/// A parcel to be written.
#[derive(Debug, Clone)]
pub(crate) struct Parcel {
    pub(crate) id: ShipmentId,
    pub(crate) order: OrderId,
    pub(crate) courier: String,
    pub(crate) invoice_no: String,
    pub(crate) lines: Vec<(OrderLineId, u32)>,
}

pub(crate) async fn insert(conn: &mut Conn, parcel: &Parcel, now: i64) -> Result<(), StoreError> {
    sql::query(
        "INSERT INTO shipment (id, order_id, courier, invoice_no, state, shipped_at, created_at, updated_at)
         VALUES (?, ?, ?, ?, 'shipped', ?, ?, ?)",
    )
    .bind(parcel.id.to_string())
    .bind(parcel.order.to_string())
    .bind(&parcel.courier)
    .bind(&parcel.invoice_no)
    .bind(now)
    .bind(now)
    .bind(now)
    .execute(&mut *conn)
    .await?;
    for (line, quantity) in &parcel.lines {
        sql::query(
            "INSERT INTO shipment_line (shipment_id, order_line_id, quantity) VALUES (?, ?, ?)",
        )
        .bind(parcel.id.to_string())
        .bind(line.to_string())
        .bind(*quantity)
        .execute(&mut *conn)
        .await?;
    }
    track(conn, parcel.id, ShipmentState::Shipped, "", (now, now)).await
}

/// Adds to a parcel's history: when it happened, and when it was noted.
pub(crate) async fn track(
    conn: &mut Conn,
    id: ShipmentId,
    state: ShipmentState,
    location: &str,
    (at, now): (i64, i64),
) -> Result<(), StoreError> {
    sql::query(
        "INSERT INTO tracking_event (shipment_id, state, location, at_us, noted_at) VALUES (?, ?, ?, ?, ?)",
    )
    .bind(id.to_string())
    .bind(state.name())
    .bind(location)
    .bind(at)
    .bind(now)
    .execute(conn)
    .await?;
    Ok(())
}

/// The order that a parcel belongs to.
pub(crate) async fn order_of(pool: &Reader, id: ShipmentId) -> Result<Option<OrderId>, StoreError> {
    let row = sql::query("SELECT order_id FROM shipment WHERE id = ?")
        .bind(id.to_string())
        .fetch_optional(pool)
        .await?;
    row.map(|row| parsed(&row, "order_id")).transpose()
}

/// Where a parcel is; its order must be locked.
pub(crate) async fn state(conn: &mut Conn, id: ShipmentId) -> Result<ShipmentState, StoreError> {
    let row = sql::query("SELECT state FROM shipment WHERE id = ?{for update}")
        .bind(id.to_string())
        .fetch_one(conn)
        .await?;
    word(&row, "state", ShipmentState::parse)
}

pub(crate) async fn set_state(
    conn: &mut Conn,
    id: ShipmentId,
    from: ShipmentState,
    to: ShipmentState,
    now: i64,
) -> Result<(), StoreError> {
    sql::query(
        "UPDATE shipment SET state = ?, updated_at = ?, version = version + 1,
                delivered_at = CASE WHEN ? = 1 THEN ? ELSE delivered_at END
         WHERE id = ? AND state = ?",
    )
    .bind(to.name())
    .bind(now)
    .bind(to == ShipmentState::Delivered)
    .bind(now)
    .bind(id.to_string())
    .bind(from.name())
    .execute(conn)
    .await?;
    Ok(())
}

/// The units in a parcel.
pub(crate) async fn units(
    conn: &mut Conn,
    id: ShipmentId,
) -> Result<Vec<(OrderLineId, u32)>, StoreError> {
    let rows =
        sql::query("SELECT order_line_id, quantity FROM shipment_line WHERE shipment_id = ?")
            .bind(id.to_string())
            .fetch_all(conn)
            .await?;
    rows.iter()
        .map(|row| Ok((parsed(row, "order_line_id")?, count(row, "quantity")?)))
        .collect()
}

/// The parcels of an order with their histories.
pub(crate) async fn of_order(pool: &Reader, order: OrderId) -> Result<Vec<Shipment>, StoreError> {
    let rows = sql::query(
        "SELECT id, courier, invoice_no, state, shipped_at, delivered_at FROM shipment
         WHERE order_id = ? ORDER BY id",
    )
    .bind(order.to_string())
    .fetch_all(pool)
    .await?;
    let mut shipments = Vec::with_capacity(rows.len());
    for row in &rows {
        let id: ShipmentId = parsed(row, "id")?;
        shipments.push(Shipment {
            id,
            order_id: order,
            courier: row.get("courier")?,
            invoice_no: row.get("invoice_no")?,
            state: row.get("state")?,
            lines: lines(pool, id).await?,
            events: history(pool, id).await?,
            shipped_ms: ms(row, "shipped_at")?,
            delivered_ms: maybe_ms(row, "delivered_at")?,
        });
    }
    Ok(shipments)
}

async fn lines(pool: &Reader, id: ShipmentId) -> Result<Vec<LineUnits>, StoreError> {
    let rows = sql::query(
        "SELECT order_line_id, quantity FROM shipment_line WHERE shipment_id = ? ORDER BY order_line_id",
    )
    .bind(id.to_string())
    .fetch_all(pool)
    .await?;
    let line = |row: &Row| {
        Ok(LineUnits {
            line_id: parsed(row, "order_line_id")?,
            quantity: count(row, "quantity")?,
        })
    };
    rows.iter().map(line).collect()
}

async fn history(pool: &Reader, id: ShipmentId) -> Result<Vec<TrackingEvent>, StoreError> {
    let rows = sql::query(
        "SELECT state, location, at_us FROM tracking_event WHERE shipment_id = ? ORDER BY seq",
    )
    .bind(id.to_string())
    .fetch_all(pool)
    .await?;
    let event = |row: &Row| {
        Ok(TrackingEvent {
            state: row.get("state")?,
            location: row.get("location")?,
            at_ms: ms(row, "at_us")?,
        })
    };
    rows.iter().map(event).collect()
}
