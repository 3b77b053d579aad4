//! Table `card_metric`: what came of the cards of a show, counted where it happens.

use commerce_store::{
    StoreError,
    sql::{self, Conn, Field, Reader, Rows},
};
use signaling_wire::{CardId, StreamId};

use super::{count, money, parsed, payment::Case, seq};
use crate::CardMetrics;

/// A card of a show, and how often it was seen and opened.
const LOOKS: Rows = Rows::tuples(&[
    ("card", Field::Id),
    ("stream", Field::Id),
    ("shown", Field::Int),
    ("clicked", Field::Int),
]);

/// Begins to count for a card.
pub(crate) async fn begin(
    conn: &mut Conn,
    stream: StreamId,
    card: CardId,
) -> Result<(), StoreError> {
    sql::query("INSERT INTO card_metric (card_id, stream_id) VALUES (?, ?)")
        .bind(card.to_string())
        .bind(stream.to_string())
        .execute(conn)
        .await?;
    Ok(())
}

/// Adds looks; those at cards that the show does not have count nowhere.
pub(crate) async fn looked(
    conn: &mut Conn,
    looks: &[(CardId, StreamId, u64, u64)],
) -> Result<(), StoreError> {
    sql::either(
        "UPDATE card_metric SET shown = card_metric.shown + j.shown,
                clicked = card_metric.clicked + j.clicked FROM {rows}
         WHERE card_id = j.card AND stream_id = j.stream",
        "UPDATE {rows} STRAIGHT_JOIN card_metric m
           SET m.shown = m.shown + j.shown, m.clicked = m.clicked + j.clicked
         WHERE m.card_id = j.card AND m.stream_id = j.stream",
    )
    .bind_rows(&LOOKS, looks)
    .execute(conn)
    .await?;
    Ok(())
}

/// Adds a checkout that was paid, in the transaction that pays it: it counts once.
pub(crate) async fn sold(conn: &mut Conn, case: &Case) -> Result<(), StoreError> {
    let rows = sql::query(
        "SELECT c.id, COUNT(DISTINCT o.id) AS orders, SUM(l.quantity) AS units, SUM(l.total) AS revenue
         FROM orders o JOIN order_line l ON l.order_id = o.id
         JOIN live_card c ON c.stream_id = o.stream_id AND c.product_id = l.product_id
         WHERE o.id IN ({list}) GROUP BY c.id ORDER BY c.id",
    )
    .bind_list(case.orders.iter().map(|order| order.id.to_string()))
    .fetch_all(&mut *conn)
    .await?;
    for row in &rows {
        let (card, orders): (String, i64) = (row.get("id")?, row.get("orders")?);
        let (units, revenue): (i64, i64) = (row.get("units")?, row.get("revenue")?);
        sql::query(
            "UPDATE card_metric SET orders = orders + ?, units = units + ?, revenue = revenue + ?
             WHERE card_id = ?",
        )
        .bind(orders)
        .bind(units)
        .bind(revenue)
        .bind(card)
        .execute(&mut *conn)
        .await?;
    }
    Ok(())
}

/// What came of the cards of a show, by their number; those that left the queue too.
pub(crate) async fn list(pool: &Reader, stream: StreamId) -> Result<Vec<CardMetrics>, StoreError> {
    let rows = sql::query(
        "SELECT c.id, c.product_id, c.no, m.shown, m.clicked, m.orders, m.units,
                m.revenue, p.currency
         FROM live_card c JOIN card_metric m ON m.card_id = c.id
         JOIN product p ON p.id = c.product_id
         WHERE c.stream_id = ? ORDER BY c.no",
    )
    .bind(stream.to_string())
    .fetch_all(pool)
    .await?;
    let metrics = |row| {
        Ok(CardMetrics {
            card_id: parsed(row, "id")?,
            product_id: parsed(row, "product_id")?,
            no: count(row, "no")?,
            shown: seq(row, "shown")?,
            clicked: seq(row, "clicked")?,
            orders: seq(row, "orders")?,
            units: seq(row, "units")?,
            revenue: money(row, "revenue")?,
        })
    };
    rows.iter().map(metrics).collect()
}
