//! Tables `commission_line` and `seller_ledger`: what sellers are owed, frozen when an order is
//! paid and reversed by refunds. Append only; the sum is the balance.

use commerce_core::totals;
use commerce_store::{
    StoreError,
    sql::{self, Conn, Reader},
};
use signaling_wire::{Money, OrderId, OrderLineId, RefundId, SellerId};

use super::{
    money, ms, optional, parsed,
    payment::Case,
    sales_day::{self, Sold},
    seller, seq,
};
use crate::LedgerEntry;

/// A posting.
struct Posting<'a> {
    seller: SellerId,
    kind: &'static str,
    amount: i64,
    currency: &'a str,
    order: OrderId,
    line: Option<OrderLineId>,
    refund: Option<RefundId>,
}

async fn post(conn: &mut Conn, posting: Posting<'_>, now: i64) -> Result<(), StoreError> {
    if posting.amount == 0 {
        return Ok(());
    }
    sql::query(
        "INSERT INTO seller_ledger (seller_id, kind, amount, currency, order_id, order_line_id, refund_id, at_us)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(posting.seller.to_string())
    .bind(posting.kind)
    .bind(posting.amount)
    .bind(posting.currency)
    .bind(posting.order.to_string())
    .bind(posting.line.map(|line| line.to_string()))
    .bind(posting.refund.map(|refund| refund.to_string()))
    .bind(now)
    .execute(conn)
    .await?;
    Ok(())
}

/// Freezes what the sellers of a checkout get, at the rate of this moment: the seller's own, or the
/// site's.
pub(crate) async fn freeze(
    conn: &mut Conn,
    case: &Case,
    rate_bps: i64,
    now: i64,
) -> Result<(), StoreError> {
    let currency = case.amount.currency.code();
    let mut sums = Vec::with_capacity(case.orders.len());
    for order in &case.orders {
        let rate_bps = seller::rate(conn, order.seller).await?.unwrap_or(rate_bps);
        let mut sold = 0;
        let lines = sql::query("SELECT id, total FROM order_line WHERE order_id = ? ORDER BY id")
            .bind(order.id.to_string())
            .fetch_all(&mut *conn)
            .await?;
        let posting = |kind, amount, line| Posting {
            seller: order.seller,
            kind,
            amount,
            currency,
            order: order.id,
            line,
            refund: None,
        };
        for row in &lines {
            let (line, total): (OrderLineId, i64) = (parsed(row, "id")?, row.get("total")?);
            sold += total;
            let fee = totals::commission(total, rate_bps);
            sql::query(
                "INSERT INTO commission_line (order_line_id, rate_bps, amount, currency, created_at)
                 VALUES (?, ?, ?, ?, ?)",
            )
            .bind(line.to_string())
            .bind(rate_bps)
            .bind(fee)
            .bind(currency)
            .bind(now)
            .execute(&mut *conn)
            .await?;
            post(conn, posting("sale", total, Some(line)), now).await?;
            post(conn, posting("commission", -fee, Some(line)), now).await?;
        }
        post(conn, posting("shipping", order.shipping, None), now).await?;
        let paid = Sold {
            paid: 1,
            sold,
            ..Sold::default()
        };
        sums.push(((order.seller, order.stream, currency), paid));
    }
    sales_day::add(conn, sums, now).await
}

/// What a refund takes back from a seller.
#[derive(Debug)]
pub(crate) struct Reversal {
    pub(crate) seller: SellerId,
    pub(crate) order: OrderId,
    pub(crate) refund: RefundId,
    pub(crate) currency: &'static str,
    pub(crate) shipping: i64,
    /// Lines with what goes back for each.
    pub(crate) lines: Vec<(OrderLineId, i64)>,
}

/// Takes back from the seller what a refund gave to the buyer, and the commission on it.
pub(crate) async fn reverse(
    conn: &mut Conn,
    reversal: &Reversal,
    now: i64,
) -> Result<(), StoreError> {
    let posting = |kind, amount, line| Posting {
        seller: reversal.seller,
        kind,
        amount,
        currency: reversal.currency,
        order: reversal.order,
        line,
        refund: Some(reversal.refund),
    };
    for (line, amount) in &reversal.lines {
        let row = sql::query(
            "SELECT l.total, COALESCE(c.amount, 0) AS fee,
                    COALESCE((SELECT -SUM(s.amount) FROM seller_ledger s
                              WHERE s.order_line_id = l.id AND s.kind = 'refund'), 0) AS before_now
             FROM order_line l LEFT JOIN commission_line c ON c.order_line_id = l.id
             WHERE l.id = ?",
        )
        .bind(line.to_string())
        .fetch_one(&mut *conn)
        .await?;
        let (total, fee): (i64, i64) = (row.get("total")?, row.get("fee")?);
        let before: i64 = row.get("before_now")?;
        // By the difference of two roundings, so that all refunds of a line give back all of it.
        let upto = |paid: i64| match total {
            0 => 0,
            total => {
                i64::try_from(i128::from(fee) * i128::from(paid) / i128::from(total)).unwrap_or(fee)
            }
        };
        let back = upto(before + amount) - upto(before);
        post(conn, posting("refund", -amount, Some(*line)), now).await?;
        post(conn, posting("commission_back", back, Some(*line)), now).await?;
    }
    post(
        conn,
        posting("shipping_refund", -reversal.shipping, None),
        now,
    )
    .await
}

/// A seller's ledger, the newest first.
pub(crate) async fn list(
    pool: &Reader,
    seller: SellerId,
    before: Option<i64>,
    limit: u32,
) -> Result<Vec<LedgerEntry>, StoreError> {
    let mut query = sql::query(
        "SELECT seq, kind, amount, currency, order_id, order_line_id, refund_id, at_us
         FROM seller_ledger WHERE seller_id = ?",
    )
    .bind(seller.to_string());
    if let Some(before) = before {
        query = query.and("AND seq < ?").bind(before);
    }
    let rows = query
        .and("ORDER BY seq DESC LIMIT ?")
        .bind(limit)
        .fetch_all(pool)
        .await?;
    rows.iter()
        .map(|row| {
            Ok(LedgerEntry {
                seq: seq(row, "seq")?,
                kind: row.get("kind")?,
                amount: money(row, "amount")?,
                order_id: parsed(row, "order_id")?,
                order_line_id: optional(row, "order_line_id")?,
                refund_id: optional(row, "refund_id")?,
                at_ms: ms(row, "at_us")?,
            })
        })
        .collect()
}

/// What a seller is owed, by currency.
pub(crate) async fn balances(pool: &Reader, seller: SellerId) -> Result<Vec<Money>, StoreError> {
    let rows = sql::either(
        "SELECT currency, SUM(amount) AS amount FROM seller_ledger WHERE seller_id = ?
         GROUP BY currency ORDER BY currency",
        "SELECT currency, CAST(SUM(amount) AS SIGNED) AS amount FROM seller_ledger WHERE seller_id = ?
         GROUP BY currency ORDER BY currency",
    )
    .bind(seller.to_string())
    .fetch_all(pool)
    .await?;
    rows.iter().map(|row| money(row, "amount")).collect()
}
