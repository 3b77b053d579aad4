//! Sending: parcels with courier and invoice, whole or in parts, and where they are.

use commerce_core::{
    fulfillment::ShipmentState,
    order::{self, OrderEvent, Party},
};
use commerce_store::sql::Conn;
use serde::{Deserialize, Serialize};
use signaling_wire::{
    OrderId, OrderLineId, ShipmentId,
    frame::shop::{FulfillmentStatus, Order, OrderStatus},
};

use crate::{
    Actor, Commerce, LineUnits, ServiceError, db,
    db::{goods, order::Standing, shipment::Parcel},
    limits,
    mint::mint,
    refund,
    validation::Validation,
};

/// A parcel that is given to a courier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewShipment {
    /// Who carries it, as in `CJ`.
    pub courier: String,
    /// The courier's number for it.
    pub invoice_no: String,
    /// Units by line; all that were not sent so far if empty.
    #[serde(default)]
    pub lines: Vec<LineUnits>,
}

/// A parcel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Shipment {
    /// Its id.
    pub id: ShipmentId,
    /// Of which order.
    pub order_id: OrderId,
    /// Who carries it.
    pub courier: String,
    /// The courier's number for it.
    pub invoice_no: String,
    /// `shipped`, `in_transit`, `out_for_delivery`, `delivered`, `returned` or `lost`.
    pub state: String,
    /// What is in it.
    pub lines: Vec<LineUnits>,
    /// What happened to it, in order.
    pub events: Vec<TrackingEvent>,
    /// When it was sent, milliseconds since 1970.
    pub shipped_ms: u64,
    /// When it arrived.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delivered_ms: Option<u64>,
}

/// Something that happened to a parcel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct TrackingEvent {
    /// Where it stood from then on.
    pub state: String,
    /// Where it was.
    pub location: String,
    /// When, milliseconds since 1970.
    pub at_ms: u64,
}

/// A report of the courier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTracking {
    /// Where it stands.
    pub state: String,
    /// Where it is.
    pub location: String,
}

impl Commerce {
    /// Notes that a parcel was given to a courier.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`] for a foreign order, [`ServiceError::Forbidden`], more units than
    /// are left, or an order that is not being prepared.
    pub async fn ship(
        &self,
        actor: Actor,
        id: OrderId,
        new: NewShipment,
    ) -> Result<Vec<Shipment>, ServiceError> {
        let mut validation = Validation::default();
        one_line(&mut validation, &new.courier, "/courier");
        one_line(&mut validation, &new.invoice_no, "/invoice_no");
        validation.done()?;
        self.authorize_order(actor, id).await?;
        let (now, by) = (self.now_us(), actor.user.to_string());
        self.store()
            .transact(move |conn| Box::pin(async move { ship(conn, id, &new, &by, now).await }))
            .await?;
        self.after_step(None).await;
        self.tracking(actor, id).await
    }

    /// Where the parcels of an order are.
    ///
    /// # Errors
    /// As [`Commerce::order_for`].
    pub async fn tracking(&self, actor: Actor, id: OrderId) -> Result<Vec<Shipment>, ServiceError> {
        self.authorize_reading(actor, id).await?;
        Ok(db::shipment::of_order(self.store().reader(), id).await?)
    }

    /// Notes what the courier reports about a parcel. When the last one has arrived, so has the
    /// order.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`] for a foreign parcel, or it cannot get there from where it is.
    pub async fn track(
        &self,
        actor: Actor,
        id: ShipmentId,
        new: NewTracking,
    ) -> Result<Vec<Shipment>, ServiceError> {
        let mut validation = Validation::default();
        let state = ShipmentState::parse(&new.state);
        validation.check(
            state.is_some(),
            "/state",
            "unknown",
            "is no state of a parcel",
        );
        let bounded = new.location.chars().count() <= limits::REASON_CHARS_MAX;
        validation.check(bounded, "/location", "max", "is too long");
        validation.done()?;
        let state = state.unwrap_or(ShipmentState::InTransit);
        let order = db::shipment::order_of(self.store().reader(), id).await?;
        let order = order.ok_or(ServiceError::NotFound("shipment"))?;
        self.authorize_order(actor, order)
            .await
            .map_err(|error| match error {
                ServiceError::NotFound(_) => ServiceError::NotFound("shipment"),
                other => other,
            })?;
        let (now, by) = (self.now_us(), actor.user.to_string());
        self.store()
            .transact(move |conn| {
                Box::pin(async move {
                    let mut order = db::order::lock(conn, order).await?;
                    let report = (state, new.location.as_str());
                    track(conn, &mut order, id, report, (&by, now)).await
                })
            })
            .await?;
        self.after_step(None).await;
        self.tracking(actor, order).await
    }

    /// Notes that every parcel of an order has arrived.
    pub(crate) async fn deliver_all(
        &self,
        actor: Actor,
        id: OrderId,
        party: Party,
    ) -> Result<Order, ServiceError> {
        let order = self.order_for(actor, id).await?;
        order::step_by(party, order.status, OrderEvent::Delivered)?;
        for shipment in self.tracking(actor, id).await? {
            if shipment.delivered_ms.is_none() {
                let report = NewTracking {
                    state: ShipmentState::Delivered.name().to_owned(),
                    location: String::new(),
                };
                self.track(actor, shipment.id, report).await?;
            }
        }
        self.order_for(actor, id).await
    }
}

fn one_line(validation: &mut Validation, text: &str, pointer: &str) {
    validation.check(!text.trim().is_empty(), pointer, "required", "is missing");
    let bounded = text.chars().count() <= limits::INVOICE_CHARS_MAX;
    validation.check(bounded, pointer, "max", "is too long");
    let plain = !text.chars().any(char::is_control);
    validation.check(plain, pointer, "format", "must be one line");
}

async fn ship(
    conn: &mut Conn,
    id: OrderId,
    new: &NewShipment,
    by: &str,
    now: i64,
) -> Result<(), ServiceError> {
    let mut order = db::order::lock(conn, id).await?;
    order::step_by(Party::Seller, order.status, OrderEvent::ShippedSome)?;
    let units = match new.lines.is_empty() {
        true => to_send(&order),
        false => {
            let chosen = refund::chosen(&order, &new.lines)?;
            refuse_beyond(&order, &chosen)?;
            chosen
        }
    };
    if units.is_empty() {
        return Err(ServiceError::Conflict("Nothing is left to send."));
    }
    let lines: Vec<(OrderLineId, u32)> = units
        .iter()
        .map(|(index, quantity)| (order.lines[*index].id, *quantity))
        .collect();
    let parcel = Parcel {
        id: mint!(ShipmentId, now),
        order: id,
        courier: new.courier.trim().to_owned(),
        invoice_no: new.invoice_no.trim().to_owned(),
        lines,
    };
    db::shipment::insert(conn, &parcel, now).await?;
    goods::ship(conn, &order, &units, now).await?;
    for (index, quantity) in &units {
        let mut own = order.lines[*index].units;
        own.shipped += quantity;
        order.set_units(conn, *index, own, now).await?;
    }
    let rest: u32 = order.lines.iter().map(|line| line.units.to_ship()).sum();
    let event = match rest {
        0 => OrderEvent::ShippedAll,
        _ => OrderEvent::ShippedSome,
    };
    order.step(conn, event, (by, &parcel.invoice_no), now).await
}

/// What was not sent so far, and nobody asked to call off.
fn to_send(order: &Standing) -> Vec<(usize, u32)> {
    let left = order
        .lines
        .iter()
        .enumerate()
        .map(|(index, line)| (index, line.units.to_ship().saturating_sub(line.claimed)));
    left.filter(|(_, units)| *units > 0).collect()
}

fn refuse_beyond(order: &Standing, units: &[(usize, u32)]) -> Result<(), ServiceError> {
    for (position, (index, quantity)) in units.iter().enumerate() {
        let left = order.lines[*index].units.to_ship();
        if *quantity > left {
            let index = position;
            return Err(commerce_core::Refusal::LineExhausted { index, left }.into());
        }
    }
    Ok(())
}

async fn track(
    conn: &mut Conn,
    order: &mut Standing,
    id: ShipmentId,
    (report, location): (ShipmentState, &str),
    (by, now): (&str, i64),
) -> Result<(), ServiceError> {
    let from = db::shipment::state(conn, id).await?;
    let to = from.after(report)?;
    db::shipment::set_state(conn, id, from, to, now).await?;
    db::shipment::track(conn, id, to, location, (now, now)).await?;
    if to != ShipmentState::Delivered {
        return Ok(());
    }
    for (line, quantity) in db::shipment::units(conn, id).await? {
        if let Some(index) = order.place(line) {
            let mut own = order.lines[index].units;
            own.delivered += quantity;
            order.set_units(conn, index, own, now).await?;
        }
    }
    let arrived = matches!(
        order.goods,
        FulfillmentStatus::Delivered | FulfillmentStatus::Returned
    );
    if arrived && order.status == OrderStatus::Shipped {
        order
            .step(conn, OrderEvent::Delivered, (by, ""), now)
            .await?;
    }
    Ok(())
}
