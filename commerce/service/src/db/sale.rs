//! Tables `sale` and `sale_item`.

use commerce_core::sale::{self, SaleEvent};
use commerce_store::{
    StoreError,
    sql::{self, Conn, On, Reader, Row},
};
use signaling_wire::{
    Money, ProductId, SaleId, SellerId, StreamId, VariantId,
    frame::shop::{Sale, SaleItem, SaleState, Stock},
};

use super::{count, label, location, maybe_ms, money, offer::Offer, parsed, seq, stock, word};
use crate::{NewSale, NewSaleItem, ServiceError, limits};

pub(crate) async fn insert(
    conn: &mut Conn,
    id: SaleId,
    stream: StreamId,
    new: &NewSale,
    hold_seconds: u32,
    now: i64,
) -> Result<(), StoreError> {
    let us = |ms: Option<u64>| ms.and_then(|ms| i64::try_from(ms.saturating_mul(1_000)).ok());
    sql::query(
        "INSERT INTO sale (id, stream_id, hold_seconds, opens_at, closes_at, created_at, updated_at)
         VALUES (?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(id.to_string())
    .bind(stream.to_string())
    .bind(hold_seconds)
    .bind(us(new.opens_ms))
    .bind(us(new.closes_ms))
    .bind(now)
    .bind(now)
    .execute(conn)
    .await?;
    Ok(())
}

pub(crate) async fn insert_item(
    conn: &mut Conn,
    sale: SaleId,
    item: &NewSaleItem,
    offer: &Offer,
    price: Money,
    now: i64,
) -> Result<(), StoreError> {
    let location = location::first(conn, offer.seller, now).await?;
    let place = (offer.product, offer.variant);
    let level = stock::insert_row(conn, place, location, Some(sale)).await?;
    sql::query(
        "INSERT INTO sale_item (sale_id, variant_id, product_id, stock_level_id, price, currency, max_per_buyer)
         VALUES (?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(sale.to_string())
    .bind(offer.variant.to_string())
    .bind(item.product_id.to_string())
    .bind(level)
    .bind(price.amount)
    .bind(price.currency.code())
    .bind(item.max_per_buyer)
    .execute(conn)
    .await?;
    Ok(())
}

/// The variant of a sale that is meant: the one that was named, or the product's only one in it.
pub(crate) async fn meant(
    conn: &mut Conn,
    sale: SaleId,
    product: ProductId,
    named: Option<VariantId>,
) -> Result<VariantId, ServiceError> {
    let ids: Vec<String> = sql::query(
        "SELECT variant_id FROM sale_item WHERE sale_id = ? AND product_id = ? ORDER BY variant_id",
    )
    .bind(sale.to_string())
    .bind(product.to_string())
    .fetch_values(conn)
    .await?;
    let mut ids = ids.iter().filter_map(|id| id.parse::<VariantId>().ok());
    let refused = commerce_core::Refusal::NotInSale;
    if let Some(named) = named {
        return ids.find(|id| *id == named).ok_or(refused.into());
    }
    match (ids.next(), ids.next()) {
        (Some(only), None) => Ok(only),
        (None, _) => Err(refused.into()),
        _ => Err(commerce_core::Refusal::VariantRequired.into()),
    }
}

/// Writes the price of one variant in a sale; what it was.
pub(crate) async fn reprice(
    conn: &mut Conn,
    sale: SaleId,
    variant: VariantId,
    price: Money,
) -> Result<Money, ServiceError> {
    let row = sql::query(
        "SELECT price, currency FROM sale_item WHERE sale_id = ? AND variant_id = ? {for update}",
    )
    .bind(sale.to_string())
    .bind(variant.to_string())
    .fetch_optional(&mut *conn)
    .await?;
    let row = row.ok_or(commerce_core::Refusal::NotInSale)?;
    let before = money(&row, "price")?;
    sql::query("UPDATE sale_item SET price = ? WHERE sale_id = ? AND variant_id = ?")
        .bind(price.amount)
        .bind(sale.to_string())
        .bind(variant.to_string())
        .execute(conn)
        .await?;
    Ok(before)
}

/// Takes the step in the table of states, if it exists.
pub(crate) async fn step(
    conn: &mut Conn,
    id: SaleId,
    event: SaleEvent,
    now: i64,
) -> Result<SaleState, ServiceError> {
    let from = state(&mut *conn, id)
        .await?
        .ok_or(ServiceError::NotFound("sale"))?;
    let to = sale::step(from, event)?;
    if event == SaleEvent::Open && !may_open(conn, id).await? {
        return Err(ServiceError::Conflict(
            "The seller or a product of the sale is suspended.",
        ));
    }
    let done = sql::query(
        "UPDATE sale SET state = ?, updated_at = ?, version = version + 1,
                opened_at = COALESCE(opened_at, ?), closed_at = COALESCE(closed_at, ?)
         WHERE id = ? AND state = ?",
    )
    .bind(sale::name(to))
    .bind(now)
    .bind((to == SaleState::Open).then_some(now))
    .bind((to == SaleState::Closed).then_some(now))
    .bind(id.to_string())
    .bind(sale::name(from))
    .execute(conn)
    .await?;
    match done.rows_affected() {
        1 => Ok(to),
        _ => Err(ServiceError::Conflict("The sale has changed.")),
    }
}

/// Whether those who run the site let it open. The seller is locked, so that one that is being
/// suspended opens nothing beside it.
async fn may_open(conn: &mut Conn, id: SaleId) -> Result<bool, StoreError> {
    let status: String = sql::query(
        "SELECT s.status FROM seller s WHERE s.id = (SELECT x.seller_id FROM stream x
             JOIN sale a ON a.stream_id = x.id WHERE a.id = ?) {for update}",
    )
    .bind(id.to_string())
    .fetch_value(&mut *conn)
    .await?;
    let blocked: i64 = sql::query(
        "SELECT COUNT(*) FROM sale_item i JOIN product p ON p.id = i.product_id
         WHERE i.sale_id = ? AND p.status = 'blocked'",
    )
    .bind(id.to_string())
    .fetch_value(conn)
    .await?;
    Ok(status == "active" && blocked == 0)
}

/// Opens or closes the sale if its time has come; what it became.
pub(crate) async fn keep_time(
    conn: &mut Conn,
    id: SaleId,
    now: i64,
) -> Result<Option<SaleState>, ServiceError> {
    let row = sql::query("SELECT state, opens_at, closes_at FROM sale WHERE id = ? {for update}")
        .bind(id.to_string())
        .fetch_optional(&mut *conn)
        .await?
        .ok_or(ServiceError::NotFound("sale"))?;
    let has_come = |column| {
        let at: Option<i64> = row.get(column)?;
        Ok::<_, StoreError>(at.is_some_and(|at| at <= now))
    };
    let event = match word(&row, "state", sale::parse)? {
        SaleState::Closed => return Ok(None),
        _ if has_come("closes_at")? => SaleEvent::Close,
        SaleState::Draft if has_come("opens_at")? && may_open(conn, id).await? => SaleEvent::Open,
        _ => return Ok(None),
    };
    step(conn, id, event, now).await.map(Some)
}

/// Sales whose time to open or to close has come.
pub(crate) async fn out_of_time(pool: &Reader, now: i64) -> Result<Vec<SaleId>, StoreError> {
    let rows = sql::query(
        "SELECT id FROM sale WHERE state = 'draft' AND opens_at <= ?
         UNION SELECT id FROM sale WHERE state IN ('draft', 'open', 'paused') AND closes_at <= ?
         LIMIT ?",
    )
    .bind(now)
    .bind(now)
    .bind(limits::SWEEP_MAX)
    .fetch_all(pool)
    .await?;
    ids(rows)
}

pub(crate) async fn state<'e>(
    executor: impl Into<On<'e>>,
    id: SaleId,
) -> Result<Option<SaleState>, StoreError> {
    let query = sql::query("SELECT state FROM sale WHERE id = ?").bind(id.to_string());
    query
        .fetch_optional(executor)
        .await?
        .map(|row| word(&row, "state", sale::parse))
        .transpose()
}

pub(crate) async fn assert_unclosed(conn: &mut Conn, id: SaleId) -> Result<(), ServiceError> {
    match state(conn, id).await? {
        None => Err(ServiceError::NotFound("sale")),
        Some(SaleState::Closed) => Err(commerce_core::Refusal::SaleNotOpen {
            state: SaleState::Closed,
            opens_ms: None,
        }
        .into()),
        Some(_) => Ok(()),
    }
}

/// The stream and the seller of a sale.
pub(crate) async fn place(
    pool: &Reader,
    id: SaleId,
) -> Result<Option<(StreamId, SellerId)>, StoreError> {
    let row = sql::query(
        "SELECT s.stream_id, t.seller_id FROM sale s JOIN stream t ON t.id = s.stream_id WHERE s.id = ?",
    )
    .bind(id.to_string())
    .fetch_optional(pool)
    .await?;
    row.map(|row| Ok((parsed(&row, "stream_id")?, parsed(&row, "seller_id")?)))
        .transpose()
}

pub(crate) async fn unclosed(pool: &Reader, stream: StreamId) -> Result<Vec<SaleId>, StoreError> {
    ids(
        sql::query("SELECT id FROM sale WHERE stream_id = ? AND state <> 'closed' ORDER BY id")
            .bind(stream.to_string())
            .fetch_all(pool)
            .await?,
    )
}

pub(crate) async fn of_stream(pool: &Reader, stream: StreamId) -> Result<Vec<SaleId>, StoreError> {
    ids(
        sql::query("SELECT id FROM sale WHERE stream_id = ? ORDER BY id DESC LIMIT 100")
            .bind(stream.to_string())
            .fetch_all(pool)
            .await?,
    )
}

/// Every sale that takes orders.
pub(crate) async fn open(pool: &Reader) -> Result<Vec<SaleId>, StoreError> {
    ids(
        sql::query("SELECT id FROM sale WHERE state = 'open' ORDER BY id")
            .fetch_all(pool)
            .await?,
    )
}

/// The sales of a seller that take orders.
pub(crate) async fn open_of_seller(
    pool: &Reader,
    seller: SellerId,
) -> Result<Vec<SaleId>, StoreError> {
    ids(sql::query(
        "SELECT a.id FROM stream x JOIN sale a ON a.stream_id = x.id
         WHERE x.seller_id = ? AND x.status <> 'ended' AND a.state = 'open' ORDER BY a.id",
    )
    .bind(seller.to_string())
    .fetch_all(pool)
    .await?)
}

/// The sales of a product that take orders.
pub(crate) async fn open_of_product(
    pool: &Reader,
    product: ProductId,
) -> Result<Vec<SaleId>, StoreError> {
    ids(sql::query(
        "SELECT DISTINCT a.id FROM stock_level l JOIN sale a ON a.id = l.sale_id
         WHERE l.product_id = ? AND a.state = 'open' ORDER BY a.id",
    )
    .bind(product.to_string())
    .fetch_all(pool)
    .await?)
}

/// The sale that a room shows: one that is open, else paused, else a draft, else the last one.
pub(crate) async fn shown(pool: &Reader, stream: StreamId) -> Result<Option<SaleId>, StoreError> {
    let rows = sql::query(
        "SELECT id FROM sale WHERE stream_id = ?
         ORDER BY CASE state WHEN 'open' THEN 0 WHEN 'paused' THEN 1 WHEN 'draft' THEN 2 ELSE 3 END,
                  id DESC LIMIT 1",
    )
    .bind(stream.to_string())
    .fetch_all(pool)
    .await?;
    Ok(ids(rows)?.pop())
}

fn ids(rows: Vec<Row>) -> Result<Vec<SaleId>, StoreError> {
    rows.iter().map(|row| parsed(row, "id")).collect()
}

/// A sale with the stock of its items.
pub(crate) async fn find<'e>(
    executor: impl Into<On<'e>>,
    id: SaleId,
) -> Result<Option<(Sale, Vec<Stock>)>, StoreError> {
    let rows = sql::query(
        "SELECT s.stream_id, s.state, s.hold_seconds,
                COALESCE(s.opened_at, s.opens_at) AS opens, COALESCE(s.closed_at, s.closes_at) AS closes,
                i.product_id, i.variant_id, v.label_ko, v.label_en, i.price, i.currency, i.max_per_buyer,
                l.on_hand, l.held, l.committed, l.ledger_seq
         FROM sale s JOIN sale_item i ON i.sale_id = s.id
         JOIN variant v ON v.id = i.variant_id
         JOIN stock_level l ON l.id = i.stock_level_id
         WHERE s.id = ? ORDER BY i.product_id, i.variant_id",
    )
    .bind(id.to_string())
    .fetch_all(executor)
    .await?;
    let Some(first) = rows.first() else {
        return Ok(None);
    };
    let mut sale = Sale {
        id,
        stream_id: parsed(first, "stream_id")?,
        state: word(first, "state", sale::parse)?,
        opens_ms: maybe_ms(first, "opens")?,
        closes_ms: maybe_ms(first, "closes")?,
        hold_seconds: count(first, "hold_seconds")?,
        items: Vec::with_capacity(rows.len()),
    };
    let mut levels = Vec::with_capacity(rows.len());
    for row in &rows {
        let (product_id, variant_id) = (parsed(row, "product_id")?, parsed(row, "variant_id")?);
        let (price, max_per_buyer) = (money(row, "price")?, count(row, "max_per_buyer")?);
        sale.items.push(SaleItem {
            product_id,
            variant_id,
            label: label(row)?,
            price,
            max_per_buyer,
        });
        let level = commerce_core::Level {
            on_hand: row.get("on_hand")?,
            held: row.get("held")?,
            committed: row.get("committed")?,
        };
        levels.push(stock::seen(
            id,
            (product_id, variant_id),
            level,
            seq(row, "ledger_seq")?,
        ));
    }
    Ok(Some((sale, levels)))
}

/// Raises the owner epoch; whoever owned the sale before writes nothing any more.
pub(crate) async fn take_over(conn: &mut Conn, id: SaleId) -> Result<i64, StoreError> {
    sql::query("UPDATE sale SET owner_epoch = owner_epoch + 1 WHERE id = ?")
        .bind(id.to_string())
        .execute(&mut *conn)
        .await?;
    sql::query("SELECT owner_epoch FROM sale WHERE id = ?")
        .bind(id.to_string())
        .fetch_value(conn)
        .await
}
