//! A payment with everything that its steps touch: the orders that it funds and their holds.
//!
//! All orders of a checkout share one payment, and until it has come they share a status, and their
//! holds a state.

use commerce_core::{PaymentState, ReservationState, order};
use commerce_store::{
    StoreError,
    sql::{self, Conn, On, Row},
};
use signaling_wire::{
    Money, OrderGroupId, OrderId, PaymentId, ReservationId, SaleId, SellerId, StreamId, UserId,
    VariantId, frame::shop::OrderStatus,
};

use crate::{
    ServiceError,
    db::{count, ledger::Cause, money, optional, parsed, shelf::Held, word},
};

/// An order of the checkout.
#[derive(Debug, Clone)]
pub(crate) struct CaseOrder {
    pub(crate) id: OrderId,
    pub(crate) seller: SellerId,
    pub(crate) status: OrderStatus,
    pub(crate) stream: Option<StreamId>,
    pub(crate) shipping: i64,
}

/// The hold of a line.
#[derive(Debug, Clone)]
pub(crate) struct CaseHold {
    pub(crate) id: ReservationId,
    pub(crate) order: OrderId,
    pub(crate) state: ReservationState,
    pub(crate) expires_at: i64,
    pub(crate) sale: Option<SaleId>,
    pub(crate) variant: VariantId,
    pub(crate) level: i64,
    pub(crate) quantity: u32,
}

/// A payment by itself.
#[derive(Debug, Clone)]
pub(crate) struct Head {
    pub(crate) payment: PaymentId,
    pub(crate) group: OrderGroupId,
    pub(crate) buyer: UserId,
    pub(crate) state: PaymentState,
    pub(crate) amount: Money,
    pub(crate) tax_free: i64,
    pub(crate) promised: i64,
    pub(crate) returned: i64,
    pub(crate) attempts: i64,
    pub(crate) checks: i64,
    pub(crate) confirming_at: Option<i64>,
}

/// A payment and what it is for, locked.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    head: Head,
    pub(crate) orders: Vec<CaseOrder>,
    pub(crate) holds: Vec<CaseHold>,
}

impl std::ops::Deref for Case {
    type Target = Head;

    fn deref(&self) -> &Head {
        &self.head
    }
}

impl Case {
    /// The timed sale that it was bought in.
    pub(crate) fn sale(&self) -> Option<SaleId> {
        self.holds.first().and_then(|hold| hold.sale)
    }

    /// The state that its holds share until it is paid.
    pub(crate) fn hold(&self) -> ReservationState {
        let first = self.holds.first();
        first.map_or(ReservationState::Released, |hold| hold.state)
    }

    /// When its holds end.
    pub(crate) fn expires_at(&self) -> i64 {
        self.holds.first().map_or(0, |hold| hold.expires_at)
    }

    /// The status that its orders share until it is paid.
    pub(crate) fn status(&self) -> OrderStatus {
        let first = self.orders.first();
        first.map_or(OrderStatus::Cancelled, |order| order.status)
    }

    /// Its units on the shelves.
    pub(crate) fn held(&self, reason: &str) -> Vec<Held> {
        self.holds
            .iter()
            .map(|hold| Held {
                stock_level_id: hold.level,
                quantity: hold.quantity,
                cause: self.cause(hold, reason),
            })
            .collect()
    }

    /// Why units of a hold move.
    pub(crate) fn cause(&self, hold: &CaseHold, reason: &str) -> Cause {
        Cause {
            reservation: Some(hold.id),
            order: Some(hold.order),
            reason: reason.to_owned(),
            ..Cause::default()
        }
    }
}

/// A payment as it is now, without a lock.
pub(crate) async fn head<'e>(
    executor: impl Into<On<'e>>,
    id: PaymentId,
) -> Result<Option<Head>, StoreError> {
    let row = sql::query(
        "SELECT p.id, p.group_id, g.buyer_id, p.state, p.amount, p.currency, p.tax_free, p.promised,
                p.returned, p.attempts, p.checks, p.confirming_at
         FROM payment p JOIN order_group g ON g.id = p.group_id WHERE p.id = ?",
    )
    .bind(id.to_string())
    .fetch_optional(executor)
    .await?;
    row.as_ref().map(head_of).transpose()
}

/// The timed sale in which a payment's checkout was made, if it was one.
pub(crate) async fn sale(conn: &mut Conn, id: PaymentId) -> Result<Option<SaleId>, StoreError> {
    let row = sql::query(
        "SELECT o.sale_id FROM payment p JOIN orders o ON o.group_id = p.group_id
         WHERE p.id = ? LIMIT 1",
    )
    .bind(id.to_string())
    .fetch_optional(conn)
    .await?;
    match row {
        Some(row) => optional(&row, "sale_id"),
        None => Ok(None),
    }
}

/// A payment with its orders and holds, locked in the order in which expiry locks them too: holds,
/// orders, payment. The stock of a timed sale must be locked before.
pub(crate) async fn lock(conn: &mut Conn, id: PaymentId) -> Result<Case, ServiceError> {
    let known = head(&mut *conn, id).await?;
    let group = known.ok_or(ServiceError::NotFound("payment"))?.group;
    let orders = super::super::order::of_group(&mut *conn, group).await?;
    let holds = sql::query(
        "SELECT r.id, r.order_id, r.state, r.expires_at, r.sale_id, r.variant_id,
                r.stock_level_id, r.qty FROM reservation r
         WHERE r.order_id IN ({list}) ORDER BY r.id{for update}",
    )
    .bind_list(orders.iter().map(OrderId::to_string))
    .fetch_all(&mut *conn)
    .await?;
    let rows = sql::query(
        "SELECT o.id, o.seller_id, o.status, o.stream_id, o.shipping FROM orders o
         WHERE o.id IN ({list}) ORDER BY o.id{for update}",
    )
    .bind_list(orders.iter().map(OrderId::to_string))
    .fetch_all(&mut *conn)
    .await?;
    let payment = sql::query(
        "SELECT p.id, p.group_id, ? AS buyer_id, p.state, p.amount, p.currency, p.tax_free,
                p.promised, p.returned, p.attempts, p.checks, p.confirming_at
         FROM payment p WHERE p.id = ?{for update}",
    )
    .bind(buyer(&mut *conn, group).await?)
    .bind(id.to_string())
    .fetch_one(&mut *conn)
    .await?;
    Ok(Case {
        head: head_of(&payment)?,
        orders: rows.iter().map(order_of).collect::<Result<_, _>>()?,
        holds: holds.iter().map(hold_of).collect::<Result<_, _>>()?,
    })
}

async fn buyer(conn: &mut Conn, group: OrderGroupId) -> Result<String, StoreError> {
    sql::query("SELECT buyer_id FROM order_group WHERE id = ?")
        .bind(group.to_string())
        .fetch_value(conn)
        .await
}

fn head_of(row: &Row) -> Result<Head, StoreError> {
    Ok(Head {
        payment: parsed(row, "id")?,
        group: parsed(row, "group_id")?,
        buyer: parsed(row, "buyer_id")?,
        state: word(row, "state", PaymentState::parse)?,
        amount: money(row, "amount")?,
        tax_free: row.get("tax_free")?,
        promised: row.get("promised")?,
        returned: row.get("returned")?,
        attempts: row.get("attempts")?,
        checks: row.get("checks")?,
        confirming_at: row.get("confirming_at")?,
    })
}

fn order_of(row: &Row) -> Result<CaseOrder, StoreError> {
    Ok(CaseOrder {
        id: parsed(row, "id")?,
        seller: parsed(row, "seller_id")?,
        status: word(row, "status", order::parse)?,
        stream: optional(row, "stream_id")?,
        shipping: row.get("shipping")?,
    })
}

fn hold_of(row: &Row) -> Result<CaseHold, StoreError> {
    Ok(CaseHold {
        id: parsed(row, "id")?,
        order: parsed(row, "order_id")?,
        state: word(row, "state", ReservationState::parse)?,
        expires_at: row.get("expires_at")?,
        sale: optional(row, "sale_id")?,
        variant: parsed(row, "variant_id")?,
        level: row.get("stock_level_id")?,
        quantity: count(row, "qty")?,
    })
}
