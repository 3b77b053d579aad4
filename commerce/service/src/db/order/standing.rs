//! An order with everything that its steps look at, locked until the transaction ends.
//!
//! A step is a conditional update that names the status and the version it leaves; the history and
//! the outbox get their rows in the same transaction.

use commerce_core::{
    fulfillment::Units,
    order::{self, OrderEvent},
};
use commerce_store::{
    StoreError,
    sql::{self, Conn},
};
use signaling_wire::{
    Currency, OrderGroupId, OrderId, OrderLineId, PaymentId, ReservationId, SaleId, SellerId,
    StreamId, UserId, VariantId,
    frame::shop::{FulfillmentStatus, OrderStatus},
};

use super::event::{Note, note};
use crate::{
    ServiceError, courier,
    db::{count, optional, parsed, word},
};

/// A line and its units.
#[derive(Debug, Clone)]
pub(crate) struct StandingLine {
    pub(crate) id: OrderLineId,
    pub(crate) variant: VariantId,
    pub(crate) reservation: ReservationId,
    pub(crate) level: i64,
    pub(crate) units: Units,
    /// Units that open claims speak for.
    pub(crate) claimed: u32,
    pub(crate) total: i64,
    /// Minor units that refunds promised for it.
    pub(crate) promised: i64,
    pub(crate) tax_free: bool,
}

/// An order, locked.
#[derive(Debug, Clone)]
pub(crate) struct Standing {
    pub(crate) id: OrderId,
    pub(crate) payment: PaymentId,
    pub(crate) buyer: UserId,
    pub(crate) seller: SellerId,
    pub(crate) stream: Option<StreamId>,
    pub(crate) sale: Option<SaleId>,
    pub(crate) status: OrderStatus,
    pub(crate) goods: FulfillmentStatus,
    pub(crate) total: i64,
    pub(crate) shipping: i64,
    pub(crate) returned: i64,
    pub(crate) currency: Currency,
    pub(crate) delivered_at: Option<i64>,
    version: i64,
    pub(crate) lines: Vec<StandingLine>,
}

/// Locks an order. The stock of a timed sale must be locked before, if it will be touched.
pub(crate) async fn lock(conn: &mut Conn, id: OrderId) -> Result<Standing, ServiceError> {
    let row = sql::query(
        "SELECT o.id, o.group_id, o.buyer_id, o.seller_id, o.stream_id, o.sale_id, o.status,
                o.fulfillment_status, o.total, o.shipping, o.returned, o.currency, o.delivered_at,
                o.version FROM orders o WHERE o.id = ?{for update}",
    )
    .bind(id.to_string())
    .fetch_optional(&mut *conn)
    .await?;
    let row = row.ok_or(ServiceError::NotFound("order"))?;
    let group: OrderGroupId = parsed(&row, "group_id")?;
    let payment = sql::query(
        "SELECT id FROM payment WHERE group_id = ? ORDER BY created_at DESC, id DESC LIMIT 1",
    )
    .bind(group.to_string())
    .fetch_one(&mut *conn)
    .await?;
    Ok(Standing {
        id,
        payment: parsed(&payment, "id")?,
        buyer: parsed(&row, "buyer_id")?,
        seller: parsed(&row, "seller_id")?,
        stream: optional(&row, "stream_id")?,
        sale: optional(&row, "sale_id")?,
        status: word(&row, "status", order::parse)?,
        goods: word(&row, "fulfillment_status", order::parse_fulfillment)?,
        total: row.get("total")?,
        shipping: row.get("shipping")?,
        returned: row.get("returned")?,
        currency: parsed(&row, "currency")?,
        delivered_at: row.get("delivered_at")?,
        version: row.get("version")?,
        lines: lines(conn, id).await?,
    })
}

async fn lines(conn: &mut Conn, id: OrderId) -> Result<Vec<StandingLine>, StoreError> {
    let rows = sql::query(
        "SELECT l.id, l.variant_id, l.quantity, l.qty_cancelled, l.qty_shipped, l.qty_delivered,
                l.qty_returned, l.qty_claimed, l.total, l.promised, l.tax_free,
                r.id AS reservation_id, r.stock_level_id
         FROM order_line l JOIN reservation r ON r.order_line_id = l.id
         WHERE l.order_id = ? ORDER BY l.id{for update}",
    )
    .bind(id.to_string())
    .fetch_all(conn)
    .await?;
    rows.iter()
        .map(|row| {
            Ok(StandingLine {
                id: parsed(row, "id")?,
                variant: parsed(row, "variant_id")?,
                reservation: parsed(row, "reservation_id")?,
                level: row.get("stock_level_id")?,
                units: Units {
                    quantity: count(row, "quantity")?,
                    cancelled: count(row, "qty_cancelled")?,
                    shipped: count(row, "qty_shipped")?,
                    delivered: count(row, "qty_delivered")?,
                    returned: count(row, "qty_returned")?,
                },
                claimed: count(row, "qty_claimed")?,
                total: row.get("total")?,
                promised: row.get("promised")?,
                tax_free: row.get::<i64>("tax_free")? == 1,
            })
        })
        .collect()
}

impl Standing {
    /// Units by line, for what the goods say.
    pub(crate) fn units(&self) -> Vec<Units> {
        self.lines.iter().map(|line| line.units).collect()
    }

    /// Takes a step that [`order::step`] has, with its history and its fact.
    pub(crate) async fn step(
        &mut self,
        conn: &mut Conn,
        event: OrderEvent,
        (actor, detail): (&str, &str),
        now: i64,
    ) -> Result<(), ServiceError> {
        let (from, to) = (self.status, order::step(self.status, event)?);
        let done = sql::query(
            "UPDATE orders SET status = ?, updated_at = ?, version = version + 1,
                    delivered_at = CASE WHEN ? = 1 THEN ? ELSE delivered_at END,
                    completed_at = CASE WHEN ? = 1 THEN ? ELSE completed_at END
             WHERE id = ? AND status = ? AND version = ?",
        )
        .bind(order::name(to))
        .bind(now)
        .bind(event == OrderEvent::Delivered)
        .bind(now)
        .bind(event == OrderEvent::Confirmed)
        .bind(now)
        .bind(self.id.to_string())
        .bind(order::name(from))
        .bind(self.version)
        .execute(&mut *conn)
        .await?;
        if done.rows_affected() != 1 {
            return Err(StoreError::invalid("an order left its status while it was locked").into());
        }
        self.version += 1;
        self.status = to;
        let kind = order::name(to);
        let told = Note {
            order: self.id,
            kind,
            from,
            to,
            actor,
            detail,
        };
        note(conn, told, now).await?;
        if let Some(topic) = topic(to) {
            self.tell(conn, topic, now).await?;
        }
        Ok(())
    }

    /// Adds to the history without a step.
    pub(crate) async fn note(
        &self,
        conn: &mut Conn,
        kind: &'static str,
        (actor, detail): (&str, &str),
        now: i64,
    ) -> Result<(), StoreError> {
        let told = Note {
            order: self.id,
            kind,
            from: self.status,
            to: self.status,
            actor,
            detail,
        };
        note(conn, told, now).await
    }

    /// Queues a fact about it for its buyer and whoever else listens.
    pub(crate) async fn tell(
        &self,
        conn: &mut Conn,
        topic: &'static str,
        now: i64,
    ) -> Result<(), StoreError> {
        courier::tell_buyer(conn, topic, self.stream, self.buyer, self.id, now).await
    }

    /// Writes the units of a line, and what the goods say then.
    pub(crate) async fn set_units(
        &mut self,
        conn: &mut Conn,
        index: usize,
        units: Units,
        now: i64,
    ) -> Result<(), StoreError> {
        self.lines[index].units = units;
        sql::query(
            "UPDATE order_line SET qty_cancelled = ?, qty_shipped = ?, qty_delivered = ?, qty_returned = ?
             WHERE id = ?",
        )
        .bind(units.cancelled)
        .bind(units.shipped)
        .bind(units.delivered)
        .bind(units.returned)
        .bind(self.lines[index].id.to_string())
        .execute(&mut *conn)
        .await?;
        let goods = commerce_core::fulfillment::status(&self.units());
        if goods != self.goods {
            self.goods = goods;
            sql::query("UPDATE orders SET fulfillment_status = ?, updated_at = ? WHERE id = ?")
                .bind(order::fulfillment_name(goods))
                .bind(now)
                .bind(self.id.to_string())
                .execute(conn)
                .await?;
        }
        Ok(())
    }

    /// Changes how many units of a line claims speak for.
    pub(crate) async fn set_claimed(
        &mut self,
        conn: &mut Conn,
        index: usize,
        claimed: u32,
    ) -> Result<(), StoreError> {
        self.lines[index].claimed = claimed;
        sql::query("UPDATE order_line SET qty_claimed = ? WHERE id = ?")
            .bind(claimed)
            .bind(self.lines[index].id.to_string())
            .execute(conn)
            .await?;
        Ok(())
    }

    /// Where a line stands in `lines`.
    pub(crate) fn place(&self, line: OrderLineId) -> Option<usize> {
        self.lines.iter().position(|own| own.id == line)
    }
}

/// The fact that a status is.
const fn topic(status: OrderStatus) -> Option<&'static str> {
    match status {
        OrderStatus::PendingPayment => None,
        OrderStatus::Paid => Some("order.paid"),
        OrderStatus::Preparing => Some("order.preparing"),
        OrderStatus::PartiallyShipped | OrderStatus::Shipped => Some("order.shipped"),
        OrderStatus::Delivered => Some("order.delivered"),
        OrderStatus::Completed => Some("order.completed"),
        OrderStatus::Expired => Some("order.expired"),
        OrderStatus::Cancelled => Some("order.cancelled"),
        OrderStatus::Refunded => Some("order.refunded"),
    }
}
