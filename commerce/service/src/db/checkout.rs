//! Writing a checkout: tables `order_group`, `orders`, `order_line`, `reservation`, `payment` and
//! the first line of each order's history. The shelf has been asked for the units before.

use commerce_core::totals::{Line, Totals};
use commerce_store::{
    StoreError,
    sql::{self, Conn},
};
use signaling_wire::{
    OrderGroupId, OrderId, OrderLineId, PaymentId, ReservationId, SellerId, UserId,
    frame::shop::OrderStatus,
};

use super::{
    offer::Offer,
    order::{Note, note},
    sales_day::{self, PLACED},
};
use crate::courier;

/// A line to be written.
#[derive(Debug, Clone)]
pub(crate) struct NewLine {
    pub(crate) id: OrderLineId,
    pub(crate) reservation: ReservationId,
    pub(crate) offer: Offer,
    pub(crate) quantity: u32,
    pub(crate) amounts: Line,
    pub(crate) level: i64,
}

/// An order to be written.
#[derive(Debug, Clone)]
pub(crate) struct NewOrder {
    pub(crate) id: OrderId,
    pub(crate) number: String,
    pub(crate) seller: SellerId,
    pub(crate) totals: Totals,
    pub(crate) seq: u64,
    pub(crate) lines: Vec<NewLine>,
}

/// A checkout to be written.
#[derive(Debug, Clone)]
pub(crate) struct NewGroup {
    pub(crate) id: OrderGroupId,
    pub(crate) payment: PaymentId,
    pub(crate) provider: &'static str,
    pub(crate) buyer: UserId,
    /// `items` or `cart`.
    pub(crate) via: &'static str,
    pub(crate) currency: &'static str,
    pub(crate) totals: Totals,
    pub(crate) ship_to: Option<String>,
    pub(crate) due: i64,
    pub(crate) orders: Vec<NewOrder>,
}

/// Writes all of it.
pub(crate) async fn insert(conn: &mut Conn, group: &NewGroup, now: i64) -> Result<(), StoreError> {
    let totals = &group.totals;
    let number = group
        .orders
        .first()
        .map_or("", |order| order.number.as_str());
    sql::query(
        "INSERT INTO order_group (id, number, buyer_id, placed_via, currency, items_total, discount,
                shipping, tax, tax_free, total, ship_to_sealed, payment_due_at, created_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(group.id.to_string())
    .bind(number)
    .bind(group.buyer.to_string())
    .bind(group.via)
    .bind(group.currency)
    .bind(totals.items)
    .bind(totals.discount)
    .bind(totals.shipping)
    .bind(totals.tax)
    .bind(totals.tax_free)
    .bind(totals.total)
    .bind(group.ship_to.clone())
    .bind(group.due)
    .bind(now)
    .execute(&mut *conn)
    .await?;
    for order in &group.orders {
        insert_order(conn, group, order, now).await?;
    }
    sql::query(
        "INSERT INTO payment (id, group_id, provider, state, amount, tax_free, currency, created_at, updated_at)
         VALUES (?, ?, ?, 'created', ?, ?, ?, ?, ?)",
    )
    .bind(group.payment.to_string())
    .bind(group.id.to_string())
    .bind(group.provider)
    .bind(totals.total)
    .bind(totals.tax_free)
    .bind(group.currency)
    .bind(now)
    .bind(now)
    .execute(&mut *conn)
    .await?;
    let orders = group.orders.iter();
    let placed = orders.map(|order| ((order.seller, None, group.currency), PLACED));
    sales_day::add(conn, placed, now).await
}

async fn insert_order(
    conn: &mut Conn,
    group: &NewGroup,
    order: &NewOrder,
    now: i64,
) -> Result<(), StoreError> {
    let totals = &order.totals;
    sql::query(
        "INSERT INTO orders (id, group_id, number, buyer_id, seller_id, status, payment_status,
                items_total, discount, shipping, tax, total, currency, ledger_seq, payment_due_at,
                created_at, updated_at)
         VALUES (?, ?, ?, ?, ?, 'pending_payment', 'none', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(order.id.to_string())
    .bind(group.id.to_string())
    .bind(&order.number)
    .bind(group.buyer.to_string())
    .bind(order.seller.to_string())
    .bind(totals.items)
    .bind(totals.discount)
    .bind(totals.shipping)
    .bind(totals.tax)
    .bind(totals.total)
    .bind(group.currency)
    .bind(i64::try_from(order.seq).map_err(StoreError::invalid)?)
    .bind(group.due)
    .bind(now)
    .bind(now)
    .execute(&mut *conn)
    .await?;
    for line in &order.lines {
        insert_line(conn, order, line).await?;
        insert_hold(conn, group, order, line, now).await?;
    }
    let buyer = group.buyer.to_string();
    let placed = Note {
        order: order.id,
        kind: "placed",
        from: OrderStatus::PendingPayment,
        to: OrderStatus::PendingPayment,
        actor: &buyer,
        detail: "",
    };
    note(conn, placed, now).await?;
    courier::tell_buyer(conn, "order.placed", None, group.buyer, order.id, now).await
}

async fn insert_line(conn: &mut Conn, order: &NewOrder, line: &NewLine) -> Result<(), StoreError> {
    let (offer, label) = (&line.offer, line.offer.label.as_ref());
    sql::query(
        "INSERT INTO order_line (id, order_id, product_id, variant_id, sku, title_ko, title_en, label_ko,
                label_en, quantity, unit_price, discount, tax, tax_free, total)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(line.id.to_string())
    .bind(order.id.to_string())
    .bind(offer.product.to_string())
    .bind(offer.variant.to_string())
    .bind(&offer.sku)
    .bind(&offer.title.ko)
    .bind(&offer.title.en)
    .bind(label.map(|label| label.ko.clone()))
    .bind(label.map(|label| label.en.clone()))
    .bind(line.quantity)
    .bind(offer.unit_price.amount)
    .bind(line.amounts.discount)
    .bind(line.amounts.tax)
    .bind(false)
    .bind(line.amounts.total)
    .execute(conn)
    .await?;
    Ok(())
}

async fn insert_hold(
    conn: &mut Conn,
    group: &NewGroup,
    order: &NewOrder,
    line: &NewLine,
    now: i64,
) -> Result<(), StoreError> {
    sql::query(
        "INSERT INTO reservation (id, order_id, order_line_id, buyer_id, product_id, variant_id,
                stock_level_id, qty, state, expires_at, created_at, updated_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'held', ?, ?, ?)",
    )
    .bind(line.reservation.to_string())
    .bind(order.id.to_string())
    .bind(line.id.to_string())
    .bind(group.buyer.to_string())
    .bind(line.offer.product.to_string())
    .bind(line.offer.variant.to_string())
    .bind(line.level)
    .bind(line.quantity)
    .bind(group.due)
    .bind(now)
    .bind(now)
    .execute(conn)
    .await?;
    Ok(())
}
