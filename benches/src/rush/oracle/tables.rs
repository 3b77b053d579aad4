//! What the oracle reads from the database; every statement of `rush` stands here.

use std::collections::HashMap;

use anyhow::Result;
use commerce_store::sql::{self, Reader};

/// One line of the ledger.
#[derive(Debug)]
pub(super) struct Movement {
    pub(super) seq: i64,
    pub(super) level: i64,
    /// Of `on_hand`, `held`, `committed`.
    pub(super) change: [i64; 3],
}

/// A row of stock.
#[derive(Debug)]
pub(super) struct Level {
    pub(super) id: i64,
    pub(super) variant: String,
    pub(super) of_sale: bool,
    /// `on_hand`, `held`, `committed`.
    pub(super) units: [i64; 3],
}

/// Units kept for an order.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) level: i64,
    pub(super) variant: String,
    pub(super) buyer: String,
    pub(super) quantity: i64,
    /// Units that went back after they were sold.
    pub(super) cancelled: i64,
    /// Units that left the row.
    pub(super) shipped: i64,
    pub(super) state: String,
}

/// Units that a buyer has of a variant, by the sale's own count.
#[derive(Debug)]
pub(super) struct Count {
    pub(super) variant: String,
    pub(super) buyer: String,
    pub(super) quantity: i64,
    pub(super) most: i64,
}

/// An order of the sale.
#[derive(Debug)]
pub(super) struct Order {
    pub(super) buyer: String,
    pub(super) status: String,
    pub(super) total: i64,
    pub(super) seq: u64,
}

/// A line of such an order.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) order: String,
    pub(super) variant: String,
    pub(super) quantity: i64,
    pub(super) unit_price: i64,
    pub(super) total: i64,
}

/// A payment of such an order; in a timed sale a checkout is one order.
#[derive(Debug)]
pub(super) struct Payment {
    pub(super) id: String,
    pub(super) order: String,
    pub(super) state: String,
    pub(super) amount: i64,
    /// What refunds set aside, and what of it went back.
    pub(super) promised: i64,
    pub(super) returned: i64,
    /// The provider will be asked again.
    pub(super) watched: bool,
}

/// Money that goes back.
#[derive(Debug)]
pub(super) struct Refund {
    pub(super) payment: String,
    pub(super) order: String,
    pub(super) amount: i64,
    pub(super) state: String,
}

/// Something that was said in the show's room.
#[derive(Debug)]
pub(super) struct Message {
    pub(super) id: String,
    pub(super) user: String,
    pub(super) key: String,
}

/// The books of the sale, and the whole ledger.
#[derive(Debug)]
pub(super) struct Tables {
    pub(super) movements: Vec<Movement>,
    pub(super) levels: Vec<Level>,
    pub(super) holds: Vec<Held>,
    pub(super) counts: Vec<Count>,
    pub(super) orders: HashMap<String, Order>,
    pub(super) lines: Vec<Line>,
    pub(super) prices: HashMap<String, i64>,
    pub(super) payments: Vec<Payment>,
    pub(super) refunds: Vec<Refund>,
    /// By id.
    pub(super) messages: Vec<Message>,
    /// How often somebody took the sale over.
    pub(super) epoch: i64,
    /// The order of each user's key.
    pub(super) keys: HashMap<(String, String), String>,
    /// Orders that the outbox tells of, and whether they are there.
    pub(super) placed: Vec<(String, bool)>,
    /// Facts of the outbox that are not told yet.
    pub(super) waiting: u64,
    /// What the database says of its own file.
    pub(super) integrity: String,
}

impl Tables {
    /// Reads them.
    pub(super) async fn read(from: &Reader, sale: &str, show: &str) -> Result<Self> {
        let integrity = sql::either("PRAGMA integrity_check", "SELECT 'ok'");
        Ok(Self {
            movements: movements(from).await?,
            levels: levels(from, sale).await?,
            holds: holds(from, sale).await?,
            counts: counts(from, sale).await?,
            orders: orders(from, sale).await?,
            lines: lines(from, sale).await?,
            prices: prices(from, sale).await?,
            payments: payments(from, sale).await?,
            refunds: refunds(from, sale).await?,
            messages: messages(from, show).await?,
            epoch: epoch(from, sale).await?,
            keys: keys(from, sale).await?,
            placed: placed(from).await?,
            waiting: commerce_store::outbox::depth(from).await?,
            integrity: integrity.fetch_value(from).await?,
        })
    }
}

async fn movements(from: &Reader) -> Result<Vec<Movement>> {
    let rows = sql::query(
        "SELECT seq, stock_level_id, d_on_hand, d_held, d_committed FROM stock_movement ORDER BY seq",
    )
    .fetch_all(from)
    .await?;
    let read = rows.iter().map(|row| {
        Ok(Movement {
            seq: row.at(0)?,
            level: row.at(1)?,
            change: [row.at(2)?, row.at(3)?, row.at(4)?],
        })
    });
    read.collect()
}

async fn levels(from: &Reader, sale: &str) -> Result<Vec<Level>> {
    let rows = sql::query(
        "SELECT id, sale_id, on_hand, held, committed, variant_id FROM stock_level ORDER BY id",
    )
    .fetch_all(from)
    .await?;
    let read = rows.iter().map(|row| {
        Ok(Level {
            id: row.at(0)?,
            variant: row.at(5)?,
            of_sale: row.at::<Option<String>>(1)?.as_deref() == Some(sale),
            units: [row.at(2)?, row.at(3)?, row.at(4)?],
        })
    });
    read.collect()
}

async fn holds(from: &Reader, sale: &str) -> Result<Vec<Held>> {
    let rows = sql::query(
        "SELECT stock_level_id, variant_id, buyer_id, qty, state, qty_cancelled, qty_shipped
         FROM reservation WHERE sale_id = ?",
    )
    .bind(sale.to_owned())
    .fetch_all(from)
    .await?;
    let read = rows.iter().map(|row| {
        Ok(Held {
            level: row.at(0)?,
            variant: row.at(1)?,
            buyer: row.at(2)?,
            quantity: row.at(3)?,
            cancelled: row.at(5)?,
            shipped: row.at(6)?,
            state: row.at(4)?,
        })
    });
    read.collect()
}

async fn counts(from: &Reader, sale: &str) -> Result<Vec<Count>> {
    let rows =
        sql::query("SELECT variant_id, buyer_id, qty, max_qty FROM sale_buyer WHERE sale_id = ?")
            .bind(sale.to_owned())
            .fetch_all(from)
            .await?;
    let read = rows.iter().map(|row| {
        Ok(Count {
            variant: row.at(0)?,
            buyer: row.at(1)?,
            quantity: row.at(2)?,
            most: row.at(3)?,
        })
    });
    read.collect()
}

async fn orders(from: &Reader, sale: &str) -> Result<HashMap<String, Order>> {
    let rows =
        sql::query("SELECT id, buyer_id, status, total, ledger_seq FROM orders WHERE sale_id = ?")
            .bind(sale.to_owned())
            .fetch_all(from)
            .await?;
    let read = rows.iter().map(|row| {
        let order = Order {
            buyer: row.at(1)?,
            status: row.at(2)?,
            total: row.at(3)?,
            seq: row.at(4)?,
        };
        Ok((row.at(0)?, order))
    });
    read.collect()
}

async fn lines(from: &Reader, sale: &str) -> Result<Vec<Line>> {
    let rows = sql::query(
        "SELECT l.order_id, l.variant_id, l.quantity, l.unit_price, l.total
         FROM order_line l JOIN orders o ON o.id = l.order_id WHERE o.sale_id = ?",
    )
    .bind(sale.to_owned())
    .fetch_all(from)
    .await?;
    let read = rows.iter().map(|row| {
        Ok(Line {
            order: row.at(0)?,
            variant: row.at(1)?,
            quantity: row.at(2)?,
            unit_price: row.at(3)?,
            total: row.at(4)?,
        })
    });
    read.collect()
}

async fn prices(from: &Reader, sale: &str) -> Result<HashMap<String, i64>> {
    let rows = sql::query("SELECT variant_id, price FROM sale_item WHERE sale_id = ?")
        .bind(sale.to_owned())
        .fetch_all(from)
        .await?;
    let read = rows.iter().map(|row| Ok((row.at(0)?, row.at(1)?)));
    read.collect()
}

async fn payments(from: &Reader, sale: &str) -> Result<Vec<Payment>> {
    let rows = sql::query(
        "SELECT p.id, o.id, p.state, p.amount, p.promised, p.returned, p.next_check_at
         FROM payment p JOIN orders o ON o.group_id = p.group_id WHERE o.sale_id = ?",
    )
    .bind(sale.to_owned())
    .fetch_all(from)
    .await?;
    let read = rows.iter().map(|row| {
        Ok(Payment {
            id: row.at(0)?,
            order: row.at(1)?,
            state: row.at(2)?,
            amount: row.at(3)?,
            promised: row.at(4)?,
            returned: row.at(5)?,
            watched: row.at::<Option<i64>>(6)?.is_some(),
        })
    });
    read.collect()
}

async fn refunds(from: &Reader, sale: &str) -> Result<Vec<Refund>> {
    let rows = sql::query(
        "SELECT r.payment_id, r.order_id, r.amount, r.state
         FROM refund r JOIN orders o ON o.id = r.order_id WHERE o.sale_id = ?",
    )
    .bind(sale.to_owned())
    .fetch_all(from)
    .await?;
    let read = rows.iter().map(|row| {
        Ok(Refund {
            payment: row.at(0)?,
            order: row.at(1)?,
            amount: row.at(2)?,
            state: row.at(3)?,
        })
    });
    read.collect()
}

async fn messages(from: &Reader, show: &str) -> Result<Vec<Message>> {
    let rows = sql::query(
        "SELECT m.id, m.user_id, m.key FROM chat_message m WHERE m.stream_id = ? ORDER BY m.id",
    )
    .bind(show.to_owned())
    .fetch_all(from)
    .await?;
    let read = rows.iter().map(|row| {
        Ok(Message {
            id: row.at(0)?,
            user: row.at(1)?,
            key: row.at(2)?,
        })
    });
    read.collect()
}

async fn epoch(from: &Reader, sale: &str) -> Result<i64> {
    let query = sql::query("SELECT owner_epoch FROM sale WHERE id = ?").bind(sale.to_owned());
    // After a loss of power the sale itself may be gone.
    let epoch: Option<i64> = query.fetch_value_optional(from).await?;
    Ok(epoch.unwrap_or_default())
}

async fn keys(from: &Reader, sale: &str) -> Result<HashMap<(String, String), String>> {
    let rows = sql::query(
        "SELECT k.scope, k.idem_key, o.id
         FROM idempotency_key k JOIN orders o ON o.id = k.effect_id WHERE o.sale_id = ?",
    )
    .bind(sale.to_owned())
    .fetch_all(from)
    .await?;
    let read = rows
        .iter()
        .map(|row| Ok(((row.at(0)?, row.at(1)?), row.at(2)?)));
    read.collect()
}

async fn placed(from: &Reader) -> Result<Vec<(String, bool)>> {
    let rows = sql::query(
        "SELECT b.agg_key, o.id FROM outbox b LEFT JOIN orders o ON o.id = b.agg_key
         WHERE b.topic = 'order.placed'",
    )
    .fetch_all(from)
    .await?;
    let read = rows
        .iter()
        .map(|row| Ok((row.at(0)?, row.at::<Option<String>>(1)?.is_some())));
    read.collect()
}
