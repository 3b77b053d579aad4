//! Placing orders in bulk: one statement per table for the whole batch.
//!
//! Tables `order_group`, `orders`, `order_line`, `reservation`, `payment`, `order_event`,
//! `idempotency_key`; the ledger writes its own. In a storm the units are kept first, and these rows
//! follow from [`backlog`], where they lie complete until then.

pub(crate) mod backlog;
mod view;

use std::collections::HashMap;

use commerce_store::{
    StoreError, outbox, rows_of,
    sql::{self, Conn, Field, Rows},
};
use serde::Deserialize;
use signaling_wire::{
    Currency, OrderGroupId, OrderId, OrderLineId, PaymentId, ProductId, ReservationId, SaleId,
    SellerId, StreamId, UserId, VariantId,
};

use super::{
    json,
    ledger::Book,
    parsed,
    sales_day::{self, PLACED},
};
use crate::courier;

rows_of! {
    /// Orders to be written.
    PLACEMENTS: Placement {
        order: Id, group: Id, number: Id, line: Id, reservation: Id, payment: Id, buyer: Id,
        product: Id, variant: Id, row: Int, title_ko: Text, title_en: Text, label_ko: Text,
        label_en: Text, quantity: Int, unit_price: Int, total: Int, tax: Int, currency: Id,
        seq: Int, at: Int, due: Int, key: Text, fingerprint: Id,
    }
}
const KEYS: Rows = Rows::tuples(&[("scope", Field::Id), ("idem_key", Field::Text)]);
/// An order to be written.
/// Read back from such a row: the fields stand in its order.
#[derive(Debug, Deserialize)]
pub(crate) struct Placement {
    pub(crate) order: OrderId,
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
    pub(crate) unit_price: i64,
    pub(crate) total: i64,
    pub(crate) tax: i64,
    pub(crate) currency: Currency,
    pub(crate) seq: u64,
    /// When it was placed.
    pub(crate) at: i64,
    /// When it is no longer waited for.
    pub(crate) due: i64,
    pub(crate) key: String,
    pub(crate) fingerprint: String,
}

/// Of a placement, what others are told.
#[derive(Debug, Clone, Copy)]
struct Told {
    order: OrderId,
    buyer: UserId,
    currency: Currency,
}

impl Told {
    fn of(placed: &Placement) -> Self {
        Self {
            order: placed.order,
            buyer: placed.buyer,
            currency: placed.currency,
        }
    }
}

/// The orders of one batch of a sale, with all that their rows say.
#[derive(Debug)]
pub(crate) struct Placements {
    sale: SaleId,
    stream: StreamId,
    seller: SellerId,
    provider: String,
    /// When the last of them was placed.
    placed_at: i64,
    /// When the first of them is no longer waited for.
    first_due: i64,
    /// Whether the buyers have had their answers.
    promised: bool,
    /// [`PLACEMENTS`].
    rows: String,
    told: Vec<Told>,
}

/// What came of a key.
#[derive(Debug, Clone)]
pub(crate) struct Known {
    pub(crate) fingerprint: String,
    /// The id of what was made.
    pub(crate) effect: String,
    /// Where it waits in the [`backlog`], if it does.
    pub(crate) place: Option<i64>,
}

/// Keys of buyers, and what came of them.
pub(crate) type Keys = HashMap<(UserId, String), Known>;

impl Placement {
    /// What its key stands for while it waits at a place of the line.
    pub(crate) fn known(&self, place: i64) -> ((UserId, String), Known) {
        let known = Known {
            place: Some(place),
            fingerprint: self.fingerprint.clone(),
            effect: self.order.to_string(),
        };
        ((self.buyer, self.key.clone()), known)
    }
}

/// Orders that wait in the line to be written.
#[derive(Debug)]
pub(crate) struct Kept {
    pub(crate) place: i64,
    /// When they were promised.
    pub(crate) at: i64,
    /// When the first of them is no longer waited for.
    pub(crate) first_due: i64,
    /// What their keys stand for.
    pub(crate) keys: Keys,
}

/// What came of the keys that these buyers use, as far as anything did.
pub(crate) async fn known(conn: &mut Conn, keys: &[(UserId, &str)]) -> Result<Keys, StoreError> {
    if keys.is_empty() {
        return Ok(Keys::new());
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
            place: None,
        };
        found.insert((parsed(row, "scope")?, row.get("idem_key")?), known);
    }
    Ok(found)
}

impl Placements {
    /// Orders that the ledger has holds for; `None` without any.
    pub(crate) fn of(
        book: &Book,
        placements: &[Placement],
        provider: &str,
        now: i64,
    ) -> Result<Option<Self>, StoreError> {
        let Some(first_due) = placements.iter().map(|placed| placed.due).min() else {
            return Ok(None);
        };
        Ok(Some(Self {
            sale: book.sale,
            stream: book.head.stream,
            seller: book.head.seller,
            provider: provider.to_owned(),
            placed_at: now,
            first_due,
            promised: false,
            rows: json(&placements)?,
            told: placements.iter().map(Told::of).collect(),
        }))
    }

    /// What is to be remembered of them while they wait at a place of the line.
    pub(crate) fn kept(&self, place: i64, placements: &[Placement]) -> Kept {
        Kept {
            place,
            at: self.placed_at,
            first_due: self.first_due,
            keys: placements
                .iter()
                .map(|placed| placed.known(place))
                .collect(),
        }
    }

    /// Writes every row of the orders.
    pub(crate) async fn write(&self, conn: &mut Conn) -> Result<(), StoreError> {
        self.write_keys(conn).await?;
        self.write_orders(conn).await?;
        self.write_lines(conn).await?;
        self.write_money(conn).await?;
        let stream = Some(self.stream);
        let entry =
            |told: &Told| courier::order_entry("order.placed", stream, told.buyer, told.order);
        let entries: Vec<_> = self.told.iter().map(entry).collect();
        outbox::append_all(conn, &entries, self.placed_at).await?;
        let place = |told: &Told| ((self.seller, stream, told.currency.code()), PLACED);
        sales_day::add(conn, self.told.iter().map(place), self.placed_at).await
    }

    /// What the buyers' keys stand for.
    async fn write_keys(&self, conn: &mut Conn) -> Result<(), StoreError> {
        macro_rules! insert {
            ($rest:literal) => {
                concat!(
                    "INSERT INTO idempotency_key (scope, idem_key, fingerprint, effect_id,
                            created_at)
                     SELECT j.buyer, j.\"key\", j.fingerprint, j.\"order\", j.at FROM {rows}",
                    $rest
                )
            };
        }
        let insert = match self.promised {
            false => sql::query(insert!("")),
            // One key of one buyer may have been promised by two sales at once: the first has it.
            // `WHERE true` keeps the parser from reading ON as a join's.
            true => sql::either(
                insert!(" WHERE true ON CONFLICT (scope, idem_key) DO NOTHING"),
                insert!(" ON DUPLICATE KEY UPDATE idempotency_key.scope = idempotency_key.scope"),
            ),
        };
        insert
            .bind_json(&PLACEMENTS, self.rows.as_str())
            .send(conn)
            .await
    }

    /// Checkouts, orders and their first event.
    async fn write_orders(&self, conn: &mut Conn) -> Result<(), StoreError> {
        sql::query(
            "INSERT INTO order_group (id, number, buyer_id, placed_via, stream_id, currency,
                    items_total, tax, total, payment_due_at, created_at)
             SELECT j.\"group\", j.number, j.buyer, 'sale', ?, j.currency, j.total, j.tax, j.total,
                    j.due, j.at FROM {rows}",
        )
        .bind(self.stream.to_string())
        .bind_json(&PLACEMENTS, self.rows.as_str())
        .send(&mut *conn)
        .await?;
        sql::query(
            "INSERT INTO orders (id, group_id, number, buyer_id, seller_id, stream_id, sale_id,
                    status, payment_status, items_total, tax, total, currency, ledger_seq,
                    payment_due_at, created_at, updated_at)
             SELECT j.\"order\", j.\"group\", j.number, j.buyer, ?, ?, ?, 'pending_payment', 'none',
                    j.total, j.tax, j.total, j.currency, j.seq, j.due, j.at, j.at FROM {rows}",
        )
        .bind(self.seller.to_string())
        .bind(self.stream.to_string())
        .bind(self.sale.to_string())
        .bind_json(&PLACEMENTS, self.rows.as_str())
        .send(&mut *conn)
        .await?;
        sql::query(
            "INSERT INTO order_event (order_id, type, to_status, actor, at_us)
             SELECT j.\"order\", 'placed', 'pending_payment', j.buyer, j.at FROM {rows}",
        )
        .bind_json(&PLACEMENTS, self.rows.as_str())
        .send(conn)
        .await
    }

    /// Lines, and the units that are kept for them.
    async fn write_lines(&self, conn: &mut Conn) -> Result<(), StoreError> {
        sql::query(
            "INSERT INTO order_line (id, order_id, product_id, variant_id, title_ko, title_en,
                    label_ko, label_en, quantity, unit_price, tax, total)
             SELECT j.line, j.\"order\", j.product, j.variant, j.title_ko, j.title_en, j.label_ko,
                    j.label_en, j.quantity, j.unit_price, j.tax, j.total FROM {rows}",
        )
        .bind_json(&PLACEMENTS, self.rows.as_str())
        .send(&mut *conn)
        .await?;
        sql::query(
            "INSERT INTO reservation (id, order_id, order_line_id, buyer_id, sale_id, product_id,
                    variant_id, stock_level_id, qty, state, expires_at, created_at, updated_at)
             SELECT j.reservation, j.\"order\", j.line, j.buyer, ?, j.product, j.variant, j.\"row\",
                    j.quantity, 'held', j.due, j.at, j.at FROM {rows}",
        )
        .bind(self.sale.to_string())
        .bind_json(&PLACEMENTS, self.rows.as_str())
        .send(conn)
        .await
    }

    /// The payments, as they are before anybody pays.
    async fn write_money(&self, conn: &mut Conn) -> Result<(), StoreError> {
        sql::query(
            "INSERT INTO payment (id, group_id, provider, state, amount, currency, created_at,
                    updated_at)
             SELECT j.payment, j.\"group\", ?, 'created', j.total, j.currency, j.at, j.at FROM {rows}",
        )
        .bind(self.provider.as_str())
        .bind_json(&PLACEMENTS, self.rows.as_str())
        .send(conn)
        .await
    }
}
