//! The SQL of the shop, by noun. Only these modules name tables.
//!
//! Reads take any executor, writes take the connection of the one writer and run in its
//! transaction. Rows of a batch travel as JSON, one statement per table. Stored text that does not
//! parse is a [`StoreError::Invalid`], never a default.

use std::str::FromStr;

use commerce_store::{StoreError, sql::Row};
use signaling_wire::{Currency, Money, frame::shop::Localized};

pub(crate) mod books;
pub(crate) mod card;
pub(crate) mod cart;
pub(crate) mod category;
pub(crate) mod checkout;
pub(crate) mod claim;
pub(crate) mod coupon;
pub(crate) mod goods;
pub(crate) mod hold;
pub(crate) mod hook;
pub(crate) mod key;
pub(crate) mod ledger;
pub(crate) mod location;
pub(crate) mod metric;
#[cfg(feature = "negative-controls")]
pub(crate) mod negative;
pub(crate) mod offer;
pub(crate) mod order;
pub(crate) mod payment;
pub(crate) mod placement;
pub(crate) mod product;
pub(crate) mod reconcile;
pub(crate) mod refund;
pub(crate) mod refund_approval;
pub(crate) mod review;
pub(crate) mod sale;
pub(crate) mod sales_day;
pub(crate) mod sanction;
pub(crate) mod seller;
pub(crate) mod settlement;
pub(crate) mod shelf;
pub(crate) mod ship_to;
pub(crate) mod shipment;
pub(crate) mod show;
pub(crate) mod sql;
pub(crate) mod stock;
pub(crate) mod stream;
pub(crate) mod variant;
pub(crate) mod vigil;
pub(crate) mod webhook;
pub(crate) mod wishlist;

/// A column that holds the text of something.
fn parsed<T: FromStr>(row: &Row, column: &str) -> Result<T, StoreError> {
    let text: String = row.get(column)?;
    text.parse()
        .map_err(|_| StoreError::Invalid(format!("column {column}")))
}

/// A column that one of a table's own words stands in.
fn word<T>(row: &Row, column: &str, parse: impl Fn(&str) -> Option<T>) -> Result<T, StoreError> {
    let text: String = row.get(column)?;
    parse(&text).ok_or_else(|| StoreError::Invalid(format!("column {column}")))
}

/// A column with a count of units, or another number that is never negative.
fn count(row: &Row, column: &str) -> Result<u32, StoreError> {
    let number: i64 = row.get(column)?;
    u32::try_from(number).map_err(|_| StoreError::Invalid(format!("column {column}")))
}

/// A column that holds the text of something, or nothing.
fn optional<T: FromStr>(row: &Row, column: &str) -> Result<Option<T>, StoreError> {
    let text: Option<String> = row.get(column)?;
    let parse = |text: String| text.parse();
    text.map(parse)
        .transpose()
        .map_err(|_| StoreError::Invalid(format!("column {column}")))
}

/// A column with a count of units, or nothing.
fn maybe_count(row: &Row, column: &str) -> Result<Option<u32>, StoreError> {
    let number: Option<i64> = row.get(column)?;
    number
        .map(u32::try_from)
        .transpose()
        .map_err(|_| StoreError::Invalid(format!("column {column}")))
}

/// The columns `label_ko` and `label_en`, both or none of which hold something.
fn label(row: &Row) -> Result<Option<Localized>, StoreError> {
    let texts: (Option<String>, Option<String>) = (row.get("label_ko")?, row.get("label_en")?);
    Ok(match texts {
        (Some(ko), Some(en)) => Some(Localized { ko, en }),
        _ => None,
    })
}

/// A column with a sequence.
fn seq(row: &Row, column: &str) -> Result<u64, StoreError> {
    let number: i64 = row.get(column)?;
    u64::try_from(number).map_err(|_| StoreError::Invalid(format!("column {column}")))
}

/// A time column, in the unit of the wire.
fn ms(row: &Row, column: &str) -> Result<u64, StoreError> {
    Ok(commerce_store::clock::us_to_ms(row.get(column)?))
}

/// A time column that may be empty, in the unit of the wire.
fn maybe_ms(row: &Row, column: &str) -> Result<Option<u64>, StoreError> {
    let us: Option<i64> = row.get(column)?;
    Ok(us.map(commerce_store::clock::us_to_ms))
}

/// An amount column, with the row's `currency`.
fn money(row: &Row, column: &str) -> Result<Money, StoreError> {
    let currency: Currency = parsed(row, "currency")?;
    Ok(Money {
        amount: row.get(column)?,
        currency,
    })
}

/// The columns `title_ko` and `title_en`.
fn title(row: &Row) -> Result<Localized, StoreError> {
    Ok(Localized {
        ko: row.get("title_ko")?,
        en: row.get("title_en")?,
    })
}

/// Rows of a batch that several statements read.
pub(crate) fn json(rows: &impl serde::Serialize) -> Result<String, StoreError> {
    serde_json::to_string(rows).map_err(StoreError::invalid)
}
