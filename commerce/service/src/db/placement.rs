//! Placing orders in bulk: one statement per table for the whole batch.
//!
//! Tables `orders`, `order_line`, `reservation`, `payment`, `order_event`, `idempotency_key`; the
//! ledger writes its own. The idempotency row is written with its order and never without one.

use std::collections::HashMap;

use commerce_store::{StoreError, outbox};
use serde::Serialize;
use signaling_wire::{Money, OrderId, OrderLineId, PaymentId, ProductId, ReservationId, UserId};
use sqlx::{Row as _, SqliteConnection};

use super::{json, ledger::Book, parsed};
use crate::courier;

/// An order to be written.
#[derive(Debug, Serialize)]
pub(crate) struct Placement {
    pub(crate) order: OrderId,
    pub(crate) number: String,
    pub(crate) line: OrderLineId,
    pub(crate) reservation: ReservationId,
    pub(crate) payment: PaymentId,
    pub(crate) buyer: UserId,
    pub(crate) product: ProductId,
    pub(crate) row: i64,
    pub(crate) title_ko: String,
    pub(crate) title_en: String,
    pub(crate) quantity: u32,
    #[serde(skip)]
    pub(crate) unit: Money,
    pub(crate) unit_price: i64,
    pub(crate) total: i64,
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
    pub(crate) order: OrderId,
}

/// What came of the keys that these buyers use, as far as anything did.
pub(crate) async fn known(
    conn: &mut SqliteConnection,
    keys: &[(UserId, &str)],
) -> Result<HashMap<(UserId, String), Known>, StoreError> {
    if keys.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = sqlx::query(
        "SELECT k.scope, k.idem_key, k.fingerprint, k.order_id FROM json_each(?) j
         CROSS JOIN idempotency_key k
         WHERE k.scope = j.value ->> 0 AND k.idem_key = j.value ->> 1",
    )
    .bind(json(&keys)?)
    .fetch_all(conn)
    .await?;
    let mut found = HashMap::with_capacity(rows.len());
    for row in &rows {
        let known = Known {
            fingerprint: row.try_get("fingerprint")?,
            order: parsed(row, "order_id")?,
        };
        found.insert((parsed(row, "scope")?, row.try_get("idem_key")?), known);
    }
    Ok(found)
}

/// Writes orders that the ledger has holds for.
pub(crate) async fn insert(
    conn: &mut SqliteConnection,
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
    sqlx::query(
        "INSERT INTO orders (id, number, buyer_id, seller_id, stream_id, sale_id, status,
                payment_status, total, currency, ledger_seq, payment_due_at, created_at, updated_at)
         SELECT value ->> 'order', value ->> 'number', value ->> 'buyer', ?2, ?3, ?4,
                'pending_payment', 'none', value ->> 'total', value ->> 'currency',
                value ->> 'seq', value ->> 'due', ?5, ?5
         FROM json_each(?1)",
    )
    .bind(&rows)
    .bind(head.seller.to_string())
    .bind(head.stream.to_string())
    .bind(book.sale.to_string())
    .bind(now)
    .execute(&mut *conn)
    .await?;
    sqlx::query(
        "INSERT INTO reservation (id, order_id, buyer_id, sale_id, product_id, stock_level_id, qty,
                state, expires_at, created_at, updated_at)
         SELECT value ->> 'reservation', value ->> 'order', value ->> 'buyer', ?2,
                value ->> 'product', value ->> 'row', value ->> 'quantity', 'held',
                value ->> 'due', ?3, ?3
         FROM json_each(?1)",
    )
    .bind(&rows)
    .bind(book.sale.to_string())
    .bind(now)
    .execute(&mut *conn)
    .await?;
    sqlx::query(
        "INSERT INTO payment (id, order_id, provider, state, amount, currency, created_at, updated_at)
         SELECT value ->> 'payment', value ->> 'order', ?2, 'created', value ->> 'total',
                value ->> 'currency', ?3, ?3
         FROM json_each(?1)",
    )
    .bind(&rows)
    .bind(provider)
    .bind(now)
    .execute(&mut *conn)
    .await?;
    for sql in [
        "INSERT INTO order_line (id, order_id, product_id, title_ko, title_en, quantity, unit_price, total)
         SELECT value ->> 'line', value ->> 'order', value ->> 'product', value ->> 'title_ko',
                value ->> 'title_en', value ->> 'quantity', value ->> 'unit_price', value ->> 'total'
         FROM json_each(?1) WHERE ?2 > 0",
        "INSERT INTO order_event (order_id, type, to_status, actor, at_us)
         SELECT value ->> 'order', 'placed', 'pending_payment', value ->> 'buyer', ?2
         FROM json_each(?1)",
        "INSERT INTO idempotency_key (scope, idem_key, fingerprint, order_id, created_at)
         SELECT value ->> 'buyer', value ->> 'key', value ->> 'fingerprint', value ->> 'order', ?2
         FROM json_each(?1)",
    ] {
        sqlx::query(sql).bind(&rows).bind(now).execute(&mut *conn).await?;
    }
    let told = placements.iter().map(|placed| {
        courier::order_entry("order.placed", head.stream, placed.buyer, placed.order)
    });
    outbox::append_all(conn, &told.collect::<Vec<_>>(), now).await
}
