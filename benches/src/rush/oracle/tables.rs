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
    pub(super) of_sale: bool,
    /// `on_hand`, `held`, `committed`.
    pub(super) units: [i64; 3],
}

/// Units kept for an order.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) level: i64,
    pub(super) product: String,
    pub(super) buyer: String,
    pub(super) quantity: i64,
    pub(super) state: String,
}

/// Units that a buyer has of a product, by the sale's own count.
#[derive(Debug)]
pub(super) struct Count {
    pub(super) product: String,
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
    pub(super) product: String,
    pub(super) quantity: i64,
    pub(super) unit_price: i64,
    pub(super) total: i64,
}

/// A payment of such an order.
#[derive(Debug)]
pub(super) struct Payment {
    pub(super) id: String,
    pub(super) order: String,
    pub(super) state: String,
    pub(super) amount: i64,
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
    pub(super) async fn read(from: &Reader, sale: &str) -> Result<Self> {
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
    let rows = sql::query("SELECT id, sale_id, on_hand, held, committed FROM stock_level")
        .fetch_all(from)
        .await?;
    let read = rows.iter().map(|row| {
        Ok(Level {
            id: row.at(0)?,
            of_sale: row.at::<Option<String>>(1)?.as_deref() == Some(sale),
            units: [row.at(2)?, row.at(3)?, row.at(4)?],
        })
    });
    read.collect()
}

async fn holds(from: &Reader, sale: &str) -> Result<Vec<Held>> {
    let rows = sql::query(
        "SELECT stock_level_id, variant_id, buyer_id, qty, state FROM reservation WHERE sale_id = ?",
    )
    .bind(sale.to_owned())
    .fetch_all(from)
    .await?;
    let read = rows.iter().map(|row| {
        Ok(Held {
            level: row.at(0)?,
            product: row.at(1)?,
            buyer: row.at(2)?,
            quantity: row.at(3)?,
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
            product: row.at(0)?,
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
            product: row.at(1)?,
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
        "SELECT p.id, o.id, p.state, p.amount
         FROM payment p JOIN orders o ON o.id = p.order_id WHERE o.sale_id = ?",
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
        })
    });
    read.collect()
}

async fn keys(from: &Reader, sale: &str) -> Result<HashMap<(String, String), String>> {
    let rows = sql::query(
        "SELECT o.buyer_id, k.idem_key, o.id
         FROM idempotency_key k JOIN orders o ON o.id = k.order_id WHERE o.sale_id = ?",
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
