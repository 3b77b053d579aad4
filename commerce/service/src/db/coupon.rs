//! Tables `promotion`, `coupon`, `coupon_buyer` and `coupon_use`. A use is counted by conditional
//! updates that the tables' CHECKs look at again, and is given back at most once.

use commerce_core::{
    Refusal,
    coupon::{self, Discount, Line, Terms, Why},
};
use commerce_store::StoreError;
use signaling_wire::{CouponId, PromotionId, UserId};

use super::{
    optional, parsed,
    sql::{Conn, On, Row, get, query},
};
use crate::ServiceError;

mod offered;
pub(crate) use offered::{all, find, insert, list, set_active};

/// What a coupon takes off, line by line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Quote {
    pub(crate) coupon: CouponId,
    pub(crate) promotion: PromotionId,
    /// Minor units; one per line, in their order.
    pub(crate) discounts: Vec<i64>,
}

/// What a code would take off for a buyer now. Counts nothing.
pub(crate) async fn look<'e>(
    on: impl Into<On<'e>>,
    key: &str,
    buyer: Option<UserId>,
    lines: &[Line],
    now: i64,
) -> Result<Result<Quote, Why>, StoreError> {
    let row = query(
        "SELECT c.id, c.promotion_id, c.total_limit, c.used, p.seller_id, p.kind, p.value, p.currency,
                p.most, p.minimum, p.starts_at, p.ends_at, p.budget, p.spent, p.per_buyer, p.status,
                COALESCE(b.used, 0) AS own
         FROM coupon c
         JOIN promotion p ON p.id = c.promotion_id
         LEFT JOIN coupon_buyer b ON b.coupon_id = c.id AND b.buyer_id = ?
         WHERE c.code_key = ?",
    )
    .bind(buyer.map_or_else(String::new, |buyer| buyer.to_string()))
    .bind(key.to_owned())
    .fetch_optional(on)
    .await?;
    match row {
        Some(row) => judge(&row, lines, now),
        None => Ok(Err(Why::Unknown)),
    }
}

fn judge(row: &Row, lines: &[Line], now: i64) -> Result<Result<Quote, Why>, StoreError> {
    if get::<String>(row, "status")? != "active" {
        return Ok(Err(Why::Unknown));
    }
    let discounts = match coupon::apply(&terms(row)?, lines, now) {
        Ok(discounts) => discounts,
        Err(why) => return Ok(Err(why)),
    };
    let off: i64 = discounts.iter().sum();
    let (used, limit): (i64, Option<i64>) = (get(row, "used")?, get(row, "total_limit")?);
    let (spent, budget): (i64, Option<i64>) = (get(row, "spent")?, get(row, "budget")?);
    let spent = spent.saturating_add(off);
    if limit.is_some_and(|limit| used >= limit) || budget.is_some_and(|budget| spent > budget) {
        return Ok(Err(Why::UsedUp));
    }
    if get::<i64>(row, "own")? >= get::<i64>(row, "per_buyer")? {
        return Ok(Err(Why::PerBuyer));
    }
    Ok(Ok(Quote {
        coupon: parsed(row, "id")?,
        promotion: parsed(row, "promotion_id")?,
        discounts,
    }))
}

/// The terms in a row of `promotion`.
fn terms(row: &Row) -> Result<Terms, StoreError> {
    Ok(Terms {
        seller: optional(row, "seller_id")?,
        currency: parsed(row, "currency")?,
        discount: discount(row)?,
        most: get(row, "most")?,
        minimum: get(row, "minimum")?,
        starts_us: get(row, "starts_at")?,
        ends_us: get(row, "ends_at")?,
    })
}

fn discount(row: &Row) -> Result<Discount, StoreError> {
    let value: i64 = get(row, "value")?;
    match get::<String>(row, "kind")?.as_str() {
        "percent" => Ok(Discount::Percent {
            basis_points: u32::try_from(value).map_err(StoreError::invalid)?,
        }),
        "amount" => Ok(Discount::Amount { amount: value }),
        _ => Err(StoreError::invalid("column kind")),
    }
}

/// What a code takes off in an order that is being written.
pub(crate) async fn quote(
    conn: &mut Conn,
    code: &str,
    buyer: UserId,
    lines: &[Line],
    now: i64,
) -> Result<Quote, ServiceError> {
    let refused = |why| ServiceError::Refused(Refusal::Coupon { why });
    let key = coupon::code_key(code).ok_or_else(|| refused(Why::Unknown))?;
    look(&mut *conn, &key, Some(buyer), lines, now)
        .await?
        .map_err(refused)
}

/// Counts a use by an order group. The updates come first, so that they lock what they count.
pub(crate) async fn consume(
    conn: &mut Conn,
    quote: &Quote,
    buyer: UserId,
    group: &str,
    now: i64,
) -> Result<(), ServiceError> {
    let refused = |why| Err(ServiceError::Refused(Refusal::Coupon { why }));
    let off: i64 = quote.discounts.iter().sum();
    let spent = query(
        "UPDATE promotion SET spent = spent + ?, updated_at = ?
         WHERE id = ? AND status = 'active' AND (budget IS NULL OR spent + ? <= budget)",
    )
    .bind(off)
    .bind(now)
    .bind(quote.promotion.to_string())
    .bind(off)
    .execute(&mut *conn)
    .await?;
    if spent.rows_affected() != 1 {
        return refused(Why::UsedUp);
    }
    let used = query(
        "UPDATE coupon SET used = used + 1, updated_at = ?
         WHERE id = ? AND (total_limit IS NULL OR used < total_limit)",
    )
    .bind(now)
    .bind(quote.coupon.to_string())
    .execute(&mut *conn)
    .await?;
    if used.rows_affected() != 1 {
        return refused(Why::UsedUp);
    }
    if !count_buyer(conn, quote, buyer).await? {
        return refused(Why::PerBuyer);
    }
    query(
        "INSERT INTO coupon_use (group_id, coupon_id, promotion_id, buyer_id, discount, created_at, updated_at)
         VALUES (?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(group.to_owned())
    .bind(quote.coupon.to_string())
    .bind(quote.promotion.to_string())
    .bind(buyer.to_string())
    .bind(off)
    .bind(now)
    .bind(now)
    .execute(&mut *conn)
    .await?;
    Ok(())
}

/// Counts a use of one buyer; `false` if they have had theirs. The coupon's row is locked, so
/// nobody counts beside this.
async fn count_buyer(conn: &mut Conn, quote: &Quote, buyer: UserId) -> Result<bool, StoreError> {
    let done = query(
        "UPDATE coupon_buyer SET used = used + 1 WHERE coupon_id = ? AND buyer_id = ? AND used < most",
    )
    .bind(quote.coupon.to_string())
    .bind(buyer.to_string())
    .execute(&mut *conn)
    .await?;
    if done.rows_affected() == 1 {
        return Ok(true);
    }
    let first = query(
        "INSERT INTO coupon_buyer (coupon_id, buyer_id, used, most)
         SELECT ?, ?, 1, per_buyer FROM promotion WHERE id = ?",
    )
    .bind(quote.coupon.to_string())
    .bind(buyer.to_string())
    .bind(quote.promotion.to_string())
    .execute(&mut *conn)
    .await;
    match first {
        Err(error) if error.is_unique_violation() => Ok(false),
        other => other.map(|done| done.rows_affected() == 1),
    }
}

/// Gives the use of an order group back, if it has one that was not given back.
pub(crate) async fn give_back(conn: &mut Conn, group: &str, now: i64) -> Result<(), StoreError> {
    let done = query(
        "UPDATE coupon_use SET state = 'returned', updated_at = ? WHERE group_id = ? AND state = 'used'",
    )
    .bind(now)
    .bind(group.to_owned())
    .execute(&mut *conn)
    .await?;
    if done.rows_affected() == 0 {
        return Ok(());
    }
    let sql =
        "SELECT coupon_id, promotion_id, buyer_id, discount FROM coupon_use WHERE group_id = ?";
    let row = query(sql)
        .bind(group.to_owned())
        .fetch_one(&mut *conn)
        .await?;
    let (coupon, promotion): (String, String) =
        (get(&row, "coupon_id")?, get(&row, "promotion_id")?);
    query("UPDATE promotion SET spent = spent - ?, updated_at = ? WHERE id = ?")
        .bind(get::<i64>(&row, "discount")?)
        .bind(now)
        .bind(promotion)
        .execute(&mut *conn)
        .await?;
    query("UPDATE coupon SET used = used - 1, updated_at = ? WHERE id = ?")
        .bind(now)
        .bind(coupon.clone())
        .execute(&mut *conn)
        .await?;
    query("UPDATE coupon_buyer SET used = used - 1 WHERE coupon_id = ? AND buyer_id = ?")
        .bind(coupon)
        .bind(get::<String>(&row, "buyer_id")?)
        .execute(&mut *conn)
        .await?;
    Ok(())
}
