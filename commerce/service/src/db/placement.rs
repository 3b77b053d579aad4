//! Placing orders in bulk: one statement per table for the whole batch.
//!
//! Tables `order_group`, `orders`, `order_line`, `reservation`, `payment`, `order_event`,
//! `idempotency_key`; the ledger writes its own. The idempotency row is written with its order and never without one.

use std::collections::HashMap;

use commerce_store::{
    StoreError, outbox,
    sql::{self, Conn, Field, Rows},
};
use serde::Serialize;
use signaling_wire::{
    Money, OrderGroupId, OrderId, OrderLineId, PaymentId, ProductId, ReservationId, UserId,
    VariantId,
};

use super::{
    json,
    ledger::Book,
    parsed,
    sales_day::{self, PLACED},
};
use crate::courier;

/// [`Placement`] as JSON.
const PLACEMENTS: Rows = Rows::objects(&[
    ("order", Field::Id),
    ("grp", Field::Id),
    ("number", Field::Id),
    ("line", Field::Id),
    ("reservation", Field::Id),
    ("payment", Field::Id),
    ("buyer", Field::Id),
    ("product", Field::Id),
    ("variant", Field::Id),
    ("row", Field::Int),
    ("title_ko", Field::Text),
    ("title_en", Field::Text),
    ("label_ko", Field::Text),
    ("label_en", Field::Text),
    ("quantity", Field::Int),
    ("unit_price", Field::Int),
    ("total", Field::Int),
    ("tax", Field::Int),
    ("currency", Field::Id),
    ("seq", Field::Int),
    ("due", Field::Int),
    ("key", Field::Text),
    ("fingerprint", Field::Id),
]);
const KEYS: Rows = Rows::tuples(&[("scope", Field::Id), ("idem_key", Field::Text)]);

/// An order to be written.
#[derive(Debug, Serialize)]
pub(crate) struct Placement {
    pub(crate) order: OrderId,
    #[serde(rename = "grp")]
    pub(crate) group: OrderGroupId,
    pub(crate) number: String,
    pub(crate) line: OrderLineId,
    pub(crate) reservation: ReservationId,
    pub(crate) payment: PaymentId,
    pub(crate) buyer: UserId,
    pub(crate) product: ProductId,
    pub(crate) variant: VariantId,
    pub(crate) row: i64,
    pub(crate) title_ko: String,
    pub(crate) title_en: String,
    pub(crate) label_ko: Option<String>,
    pub(crate) label_en: Option<String>,
    pub(crate) quantity: u32,
    #[serde(skip)]
    pub(crate) unit: Money,
    pub(crate) unit_price: i64,
    pub(crate) total: i64,
    pub(crate) tax: i64,
    pub(crate) currency: &'static str,
    pub(crate) seq: u64,
    pub(crate) due: i64,
    pub(crate) key: String,
    pub(crate) fingerprint: String,
}

/// What came of a key.
#[derive(Debug, Clone)]
pub(crate) struct Known {
    pub(crate) fingerprint: String,
    /// The id of what was made.
    pub(crate) effect: String,
}

/// What came of the keys that these buyers use, as far as anything did.
pub(crate) async fn known(
    conn: &mut Conn,
    keys: &[(UserId, &str)],
) -> Result<HashMap<(UserId, String), Known>, StoreError> {
    if keys.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = sql::query(
        "SELECT k.scope, k.idem_key, k.fingerprint, k.effect_id
         FROM {rows} {cross join} idempotency_key k
         WHERE k.scope = j.scope AND k.idem_key = j.idem_key",
    )
    .bind_rows(&KEYS, keys)
    .fetch_all(conn)
    .await?;
    let mut found = HashMap::with_capacity(rows.len());
    for row in &rows {
        let known = Known {
            fingerprint: row.get("fingerprint")?,
            effect: row.get("effect_id")?,
        };
        found.insert((parsed(row, "scope")?, row.get("idem_key")?), known);
    }
    Ok(found)
}

/// Writes orders that the ledger has holds for.
pub(crate) async fn insert(
    conn: &mut Conn,
    book: &Book,
    placements: &[Placement],
    provider: &str,
    now: i64,
) -> Result<(), StoreError> {
    if placements.is_empty() {
        return Ok(());
    }
    let rows = json(&placements)?;
    let head = book.head;
    sql::query(
        "INSERT INTO order_group (id, number, buyer_id, placed_via, stream_id, currency, items_total,
                tax, total, payment_due_at, created_at)
         SELECT j.grp, j.number, j.buyer, 'sale', ?, j.currency, j.total, j.tax, j.total, j.due, ?
         FROM {rows}",
    )
    .bind(head.stream.to_string())
    .bind(now)
    .bind_json(&PLACEMENTS, &rows)
    .execute(&mut *conn)
    .await?;
    sql::query(
        "INSERT INTO orders (id, group_id, number, buyer_id, seller_id, stream_id, sale_id, status,
                payment_status, items_total, tax, total, currency, ledger_seq, payment_due_at,
                created_at, updated_at)
         SELECT j.\"order\", j.grp, j.number, j.buyer, ?, ?, ?, 'pending_payment', 'none', j.total,
                j.tax, j.total, j.currency, j.seq, j.due, ?, ? FROM {rows}",
    )
    .bind(head.seller.to_string())
    .bind(head.stream.to_string())
    .bind(book.sale.to_string())
    .bind(now)
    .bind(now)
    .bind_json(&PLACEMENTS, &rows)
    .execute(&mut *conn)
    .await?;
    sql::query(
        "INSERT INTO order_line (id, order_id, product_id, variant_id, title_ko, title_en, label_ko,
                label_en, quantity, unit_price, tax, total)
         SELECT j.line, j.\"order\", j.product, j.variant, j.title_ko, j.title_en, j.label_ko,
                j.label_en, j.quantity, j.unit_price, j.tax, j.total FROM {rows}",
    )
    .bind_json(&PLACEMENTS, &rows)
    .execute(&mut *conn)
    .await?;
    insert_holds(conn, &rows, book, now).await?;
    insert_money(conn, &rows, provider, now).await?;
    insert_history(conn, &rows, now).await?;
    let stream = Some(head.stream);
    let told = placements
        .iter()
        .map(|placed| courier::order_entry("order.placed", stream, placed.buyer, placed.order));
    outbox::append_all(conn, &told.collect::<Vec<_>>(), now).await?;
    let places = placements.iter();
    let placed = places.map(|placed| ((head.seller, stream, placed.currency), PLACED));
    sales_day::add(conn, placed, now).await
}

/// The units that are kept for placements.
async fn insert_holds(
    conn: &mut Conn,
    rows: &str,
    book: &Book,
    now: i64,
) -> Result<(), StoreError> {
    sql::query(
        "INSERT INTO reservation (id, order_id, order_line_id, buyer_id, sale_id, product_id,
                variant_id, stock_level_id, qty, state, expires_at, created_at, updated_at)
         SELECT j.reservation, j.\"order\", j.line, j.buyer, ?, j.product, j.variant, j.\"row\",
                j.quantity, 'held', j.due, ?, ? FROM {rows}",
    )
    .bind(book.sale.to_string())
    .bind(now)
    .bind(now)
    .bind_json(&PLACEMENTS, rows)
    .execute(conn)
    .await?;
    Ok(())
}

/// The payments of placements, as they are before anybody pays.
async fn insert_money(
    conn: &mut Conn,
    rows: &str,
    provider: &str,
    now: i64,
) -> Result<(), StoreError> {
    sql::query(
        "INSERT INTO payment (id, group_id, provider, state, amount, currency, created_at, updated_at)
         SELECT j.payment, j.grp, ?, 'created', j.total, j.currency, ?, ? FROM {rows}",
    )
    .bind(provider)
    .bind(now)
    .bind(now)
    .bind_json(&PLACEMENTS, rows)
    .execute(&mut *conn)
    .await?;
    Ok(())
}

/// The events and keys of placements.
async fn insert_history(conn: &mut Conn, rows: &str, now: i64) -> Result<(), StoreError> {
    sql::query(
        "INSERT INTO order_event (order_id, type, to_status, actor, at_us)
         SELECT j.\"order\", 'placed', 'pending_payment', j.buyer, ? FROM {rows}",
    )
    .bind(now)
    .bind_json(&PLACEMENTS, rows)
    .execute(&mut *conn)
    .await?;
    sql::query(
        "INSERT INTO idempotency_key (scope, idem_key, fingerprint, effect_id, created_at)
         SELECT j.buyer, j.\"key\", j.fingerprint, j.\"order\", ? FROM {rows}",
    )
    .bind(now)
    .bind_json(&PLACEMENTS, rows)
    .execute(&mut *conn)
    .await?;
    Ok(())
}
