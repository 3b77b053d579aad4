//! What sellers offer: writing and listing promotions with their codes.

use commerce_core::coupon::Discount;
use commerce_store::StoreError;
use signaling_wire::{CouponId, PromotionId, SellerId};

use super::discount;
use crate::{
    Coupon, NewCoupon, ServiceError,
    db::{
        count, maybe_count, maybe_ms, optional, parsed,
        sql::{Conn, Reader, Row, get, query},
    },
};

pub(crate) async fn insert(
    conn: &mut Conn,
    id: CouponId,
    promotion: PromotionId,
    new: &NewCoupon,
    key: &str,
    now: i64,
) -> Result<(), ServiceError> {
    let (kind, value) = match new.discount {
        Discount::Percent { basis_points } => ("percent", i64::from(basis_points)),
        Discount::Amount { amount } => ("amount", amount),
    };
    let us = |ms: Option<u64>| {
        ms.and_then(|ms| i64::try_from(ms).ok())
            .map(|ms| ms * 1_000)
    };
    query(
        "INSERT INTO promotion (id, seller_id, name, kind, value, currency, most, minimum, starts_at,
                ends_at, budget, per_buyer, created_at, updated_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(promotion.to_string())
    .bind(new.seller_id.map(|id| id.to_string()))
    .bind(new.name.trim().to_owned())
    .bind(kind)
    .bind(value)
    .bind(new.currency.code())
    .bind(new.most)
    .bind(new.minimum)
    .bind(us(new.starts_ms))
    .bind(us(new.ends_ms))
    .bind(new.budget)
    .bind(new.per_buyer)
    .bind(now)
    .bind(now)
    .execute(&mut *conn)
    .await?;
    query(
        "INSERT INTO coupon (id, promotion_id, code, code_key, total_limit, created_at, updated_at)
         VALUES (?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(id.to_string())
    .bind(promotion.to_string())
    .bind(new.code.trim().to_owned())
    .bind(key.to_owned())
    .bind(new.total_limit)
    .bind(now)
    .bind(now)
    .execute(&mut *conn)
    .await?;
    Ok(())
}

/// Lets a coupon be used or not; `false` if it was so before.
pub(crate) async fn set_active(
    conn: &mut Conn,
    id: CouponId,
    active: bool,
    now: i64,
) -> Result<bool, StoreError> {
    let status = if active { "active" } else { "paused" };
    let done = query(
        "UPDATE promotion SET status = ?, updated_at = ?, version = version + 1
         WHERE id = (SELECT promotion_id FROM coupon WHERE id = ?) AND status <> ?",
    )
    .bind(status)
    .bind(now)
    .bind(id.to_string())
    .bind(status)
    .execute(&mut *conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

macro_rules! columns {
    () => {
        "SELECT c.id, c.code, c.total_limit, c.used, p.seller_id, p.name, p.kind, p.value, p.currency,
                p.most, p.minimum, p.starts_at, p.ends_at, p.budget, p.spent, p.per_buyer, p.status
         FROM coupon c JOIN promotion p ON p.id = c.promotion_id"
    };
}

pub(crate) async fn find(reader: &Reader, id: CouponId) -> Result<Option<Coupon>, StoreError> {
    let row = query(concat!(columns!(), " WHERE c.id = ?"))
        .bind(id.to_string())
        .fetch_optional(reader)
        .await?;
    row.as_ref().map(coupon).transpose()
}

pub(crate) async fn list(
    reader: &Reader,
    seller: Option<SellerId>,
    after: Option<CouponId>,
    limit: u32,
) -> Result<Vec<Coupon>, StoreError> {
    let after = after.map(|id| id.to_string());
    let rows = query(concat!(
        columns!(),
        " WHERE COALESCE(p.seller_id, '') = ? AND (? IS NULL OR c.id < ?) ORDER BY c.id DESC LIMIT ?"
    ))
    .bind(seller.map_or_else(String::new, |id| id.to_string()))
    .bind(after.clone())
    .bind(after)
    .bind(limit)
    .fetch_all(reader)
    .await?;
    rows.iter().map(coupon).collect()
}

/// Everybody's coupons, the newest first.
pub(crate) async fn all(
    reader: &Reader,
    after: Option<CouponId>,
    limit: u32,
) -> Result<Vec<Coupon>, StoreError> {
    let rows = query(concat!(
        columns!(),
        " WHERE c.id < ? ORDER BY c.id DESC LIMIT ?"
    ))
    .bind(after.map_or_else(|| "cpn_~".to_owned(), |id| id.to_string()))
    .bind(limit)
    .fetch_all(reader)
    .await?;
    rows.iter().map(coupon).collect()
}

fn coupon(row: &Row) -> Result<Coupon, StoreError> {
    let terms = NewCoupon {
        seller_id: optional(row, "seller_id")?,
        code: get(row, "code")?,
        name: get(row, "name")?,
        discount: discount(row)?,
        currency: parsed(row, "currency")?,
        most: get(row, "most")?,
        minimum: get(row, "minimum")?,
        starts_ms: maybe_ms(row, "starts_at")?,
        ends_ms: maybe_ms(row, "ends_at")?,
        budget: get(row, "budget")?,
        total_limit: maybe_count(row, "total_limit")?,
        per_buyer: count(row, "per_buyer")?,
    };
    Ok(Coupon {
        id: parsed(row, "id")?,
        terms,
        active: get::<String>(row, "status")? == "active",
        used: count(row, "used")?,
        spent: get(row, "spent")?,
    })
}
