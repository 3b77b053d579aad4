//! What was sold, from the sums that every transaction keeps: by day, by seller or by show.

use std::{fmt, str::FromStr};

use commerce_core::day::Day;
use serde::{Deserialize, Serialize};
use signaling_wire::{Currency, Money, SellerId, StreamId};

use crate::{
    Actor, Commerce, Page, ServiceError, admin::for_administrators, db, db::sales_day::Sold,
    limits, page, validation::Validation,
};

/// What sums are of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Group {
    /// A day of UTC.
    #[default]
    Day,
    /// A seller.
    Seller,
    /// A show; what was bought in none is summed as well, without an id.
    Stream,
}

/// Which sums are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatisticsFilter {
    /// By what.
    pub by: Group,
    /// First day.
    pub from: Day,
    /// Last day.
    pub until: Day,
    /// Of one seller only.
    pub seller: Option<SellerId>,
    /// Of one show only.
    pub stream: Option<StreamId>,
}

/// What was sold on a day, by a seller or in a show, in one currency.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Statistic {
    /// The day, `2026-11-22`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub day: Option<String>,
    /// The seller.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seller_id: Option<SellerId>,
    /// The show.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stream_id: Option<StreamId>,
    /// Orders placed.
    pub orders_placed: u64,
    /// Orders paid.
    pub orders_paid: u64,
    /// Orders of which something was given back for the first time.
    pub orders_refunded: u64,
    /// Worth of the goods in paid orders, without sending, before refunds.
    pub gmv: Money,
    /// What was given back for goods.
    pub refunded: Money,
    /// What is left of it.
    pub net: Money,
    /// Paid orders of those placed, per cent; absent when none was placed. An order may be paid on
    /// the day after it was placed, so a day alone may show more than 100.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conversion_percent: Option<f64>,
    /// Orders with a refund of those paid, per cent; absent when none was paid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refund_percent: Option<f64>,
    #[serde(skip)]
    after: After,
}

/// What a row is the sum of.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Key {
    Day(Day),
    Seller(SellerId),
    Stream(Option<StreamId>),
}

/// The last row that somebody saw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct After {
    pub(crate) key: String,
    pub(crate) currency: String,
}

impl fmt::Display for After {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.key, self.currency)
    }
}

impl FromStr for After {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (key, currency) = text.split_once('.').ok_or(())?;
        Ok(Self {
            key: key.to_owned(),
            currency: currency.to_owned(),
        })
    }
}

impl After {
    /// Whether it is of sums by this.
    fn fits(&self, by: Group) -> bool {
        match by {
            Group::Day => self.key.parse::<i64>().is_ok(),
            Group::Seller => self.key.parse::<SellerId>().is_ok(),
            Group::Stream => self.key.is_empty() || self.key.parse::<StreamId>().is_ok(),
        }
    }
}

impl Statistic {
    pub(crate) fn of(key: Key, currency: Currency, sold: Sold) -> Self {
        let money = |amount| Money { amount, currency };
        let share = |part: i64, whole: i64| {
            (whole > 0).then(|| (part as f64 / whole as f64 * 10_000.0).round() / 100.0)
        };
        let text = match key {
            Key::Day(day) => day.number().to_string(),
            Key::Seller(id) => id.to_string(),
            Key::Stream(id) => id.map_or_else(String::new, |id| id.to_string()),
        };
        let mut made = Self {
            day: None,
            seller_id: None,
            stream_id: None,
            orders_placed: sold.placed.unsigned_abs(),
            orders_paid: sold.paid.unsigned_abs(),
            orders_refunded: sold.refunded_orders.unsigned_abs(),
            gmv: money(sold.sold),
            refunded: money(sold.refunded),
            net: money(sold.sold - sold.refunded),
            conversion_percent: share(sold.paid, sold.placed),
            refund_percent: share(sold.refunded_orders, sold.paid),
            after: After {
                key: text,
                currency: currency.code().to_owned(),
            },
        };
        match key {
            Key::Day(day) => made.day = Some(day.to_string()),
            Key::Seller(id) => made.seller_id = Some(id),
            Key::Stream(id) => made.stream_id = id,
        }
        made
    }
}

impl Commerce {
    /// What was sold on the whole site. For administrators.
    ///
    /// # Errors
    /// [`ServiceError::Forbidden`], days out of order or too far apart, a cursor that is none.
    pub async fn statistics(
        &self,
        actor: Actor,
        filter: StatisticsFilter,
        (cursor, limit): (Option<&str>, u32),
    ) -> Result<Page<Statistic>, ServiceError> {
        for_administrators(actor)?;
        self.sums(filter, cursor, limit).await
    }

    /// What a seller sold, for those who handle its orders.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`] for a foreign seller, [`ServiceError::Forbidden`], and as
    /// [`Commerce::statistics`].
    pub async fn seller_statistics(
        &self,
        actor: Actor,
        seller: SellerId,
        filter: StatisticsFilter,
        (cursor, limit): (Option<&str>, u32),
    ) -> Result<Page<Statistic>, ServiceError> {
        self.authorize_sold(actor, seller)
            .await
            .map_err(|error| match error {
                ServiceError::NotFound(_) => ServiceError::NotFound("seller"),
                other => other,
            })?;
        let seller = Some(seller);
        self.sums(StatisticsFilter { seller, ..filter }, cursor, limit)
            .await
    }

    async fn sums(
        &self,
        filter: StatisticsFilter,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<Page<Statistic>, ServiceError> {
        let days = filter.until.number() - filter.from.number();
        let mut validation = Validation::default();
        validation.check(days >= 0, "/until", "range", "must not lie before `from`");
        let near = days < limits::STATISTICS_DAYS_MAX;
        validation.check(near, "/until", "range", "lies too many days after `from`");
        validation.done()?;
        let after = page::after::<After>(cursor)?;
        if after.as_ref().is_some_and(|after| !after.fits(filter.by)) {
            return Err(page::no_cursor());
        }
        let limit = page::clamp(limit);
        let rows = db::sales_day::sums(self.store().reader(), &filter, after, limit + 1).await?;
        Ok(Page::cut(rows, limit, |row| row.after.to_string()))
    }
}
