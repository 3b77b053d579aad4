//! Table `sales_day`: what was sold and given back, added up by the transactions that do it.
//!
//! Nothing here reads an order: a transaction adds what it does to the rows of the day, the last of
//! its writes and in the order of the rows' keys, so that two of them wait for each other and never
//! lock each other out.

use std::collections::BTreeMap;

use commerce_core::day::Day;
use commerce_store::{
    StoreError,
    sql::{self, Conn, Reader, Row, Value},
};
use signaling_wire::{SellerId, StreamId};

use super::parsed;
use crate::statistics::{After, Group, Key, Statistic, StatisticsFilter};

/// What a transaction did to the orders of a seller in a show.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Sold {
    /// Orders placed.
    pub(crate) placed: i64,
    /// Orders paid.
    pub(crate) paid: i64,
    /// Orders of which something was given back for the first time.
    pub(crate) refunded_orders: i64,
    /// Minor units paid for goods.
    pub(crate) sold: i64,
    /// Minor units given back for goods.
    pub(crate) refunded: i64,
}

/// One order was placed.
pub(crate) const PLACED: Sold = Sold {
    placed: 1,
    paid: 0,
    refunded_orders: 0,
    sold: 0,
    refunded: 0,
};

/// Whose orders, where, in which currency.
pub(crate) type Place = (SellerId, Option<StreamId>, &'static str);

/// Adds what this transaction did.
pub(crate) async fn add(
    conn: &mut Conn,
    done: impl IntoIterator<Item = (Place, Sold)>,
    now: i64,
) -> Result<(), StoreError> {
    let mut rows: BTreeMap<(String, String, &str), Sold> = BTreeMap::new();
    for ((seller, stream, currency), more) in done {
        let stream = stream.map_or_else(String::new, |stream| stream.to_string());
        let row = rows
            .entry((seller.to_string(), stream, currency))
            .or_default();
        row.placed += more.placed;
        row.paid += more.paid;
        row.refunded_orders += more.refunded_orders;
        row.sold += more.sold;
        row.refunded += more.refunded;
    }
    for ((seller, stream, currency), row) in rows {
        sql::either(
            "INSERT INTO sales_day (day, seller_id, stream_key, currency, placed, paid,
                    refunded_orders, sold, refunded)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
             ON CONFLICT (day, seller_id, stream_key, currency) DO UPDATE SET
                 placed = placed + excluded.placed, paid = paid + excluded.paid,
                 refunded_orders = refunded_orders + excluded.refunded_orders,
                 sold = sold + excluded.sold, refunded = refunded + excluded.refunded",
            "INSERT INTO sales_day (day, seller_id, stream_key, currency, placed, paid,
                    refunded_orders, sold, refunded)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
             ON DUPLICATE KEY UPDATE
                 placed = placed + VALUES(placed), paid = paid + VALUES(paid),
                 refunded_orders = refunded_orders + VALUES(refunded_orders),
                 sold = sold + VALUES(sold), refunded = refunded + VALUES(refunded)",
        )
        .bind(Day::of_us(now).number())
        .bind(seller)
        .bind(stream)
        .bind(currency)
        .bind(row.placed)
        .bind(row.paid)
        .bind(row.refunded_orders)
        .bind(row.sold)
        .bind(row.refunded)
        .send(&mut *conn)
        .await?;
    }
    Ok(())
}

macro_rules! sums {
    ($key:literal) => {
        concat!(
            "SELECT ",
            $key,
            ", currency,
              CAST(SUM(placed) AS SIGNED) AS placed, CAST(SUM(paid) AS SIGNED) AS paid,
              CAST(SUM(refunded_orders) AS SIGNED) AS refunded_orders,
              CAST(SUM(sold) AS SIGNED) AS sold, CAST(SUM(refunded) AS SIGNED) AS refunded
              FROM sales_day WHERE day >= ? AND day <= ?"
        )
    };
}

/// Sums by day, seller or show, in the order of what they are summed by, after the last one that
/// somebody saw.
pub(crate) async fn sums(
    pool: &Reader,
    filter: &StatisticsFilter,
    after: Option<After>,
    limit: u32,
) -> Result<Vec<Statistic>, StoreError> {
    let (select, later, order) = match filter.by {
        Group::Day => (
            sums!("day"),
            "AND (day > ? OR (day = ? AND currency > ?))",
            "GROUP BY day, currency ORDER BY day, currency LIMIT ?",
        ),
        Group::Seller => (
            sums!("seller_id"),
            "AND (seller_id > ? OR (seller_id = ? AND currency > ?))",
            "GROUP BY seller_id, currency ORDER BY seller_id, currency LIMIT ?",
        ),
        Group::Stream => (
            sums!("stream_key"),
            "AND (stream_key > ? OR (stream_key = ? AND currency > ?))",
            "GROUP BY stream_key, currency ORDER BY stream_key, currency LIMIT ?",
        ),
    };
    let mut query = sql::query(select)
        .bind(filter.from.number())
        .bind(filter.until.number());
    if let Some(seller) = filter.seller {
        query = query.and("AND seller_id = ?").bind(seller.to_string());
    }
    if let Some(stream) = filter.stream {
        query = query.and("AND stream_key = ?").bind(stream.to_string());
    }
    if let Some(After { key, currency }) = after {
        query = match (filter.by, Value::from(key.clone())) {
            (Group::Day, _) => {
                let day: i64 = key.parse().map_err(StoreError::invalid)?;
                query.and(later).bind(day).bind(day)
            }
            (_, key) => query.and(later).bind(key.clone()).bind(key),
        };
        query = query.bind(currency);
    }
    let rows = query.and(order).bind(limit).fetch_all(pool).await?;
    rows.iter().map(|row| statistic(row, filter.by)).collect()
}

fn statistic(row: &Row, by: Group) -> Result<Statistic, StoreError> {
    let key = match by {
        Group::Day => {
            let day = Day::from_number(row.get("day")?);
            Key::Day(day.ok_or_else(|| StoreError::invalid("column day"))?)
        }
        Group::Seller => Key::Seller(parsed(row, "seller_id")?),
        Group::Stream => match row.get::<String>("stream_key")?.as_str() {
            "" => Key::Stream(None),
            _ => Key::Stream(Some(parsed(row, "stream_key")?)),
        },
    };
    let sold = Sold {
        placed: row.get("placed")?,
        paid: row.get("paid")?,
        refunded_orders: row.get("refunded_orders")?,
        sold: row.get("sold")?,
        refunded: row.get("refunded")?,
    };
    Ok(Statistic::of(key, parsed(row, "currency")?, sold))
}
