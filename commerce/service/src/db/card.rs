//! Table `live_card`.

use commerce_store::{
    StoreError,
    sql::{self, Conn, Reader, Row},
};
use signaling_wire::{
    CardId, ProductId, StreamId,
    frame::shop::{Card, CardState, Product},
};

use super::{count, metric, money, optional, parsed, title, word};
use crate::{ServiceError, limits};

pub(crate) async fn insert(
    conn: &mut Conn,
    id: CardId,
    stream: StreamId,
    product: ProductId,
    now: i64,
) -> Result<(), ServiceError> {
    let last: i64 = sql::query("SELECT COALESCE(MAX(no), 0) FROM live_card WHERE stream_id = ?")
        .bind(stream.to_string())
        .fetch_value(&mut *conn)
        .await?;
    if last >= i64::from(limits::CARDS_MAX) {
        return Err(ServiceError::Conflict("The show has too many cards."));
    }
    let inserted = sql::query(
        "INSERT INTO live_card (id, stream_id, product_id, no, created_at, updated_at)
         VALUES (?, ?, ?, ?, ?, ?)",
    )
    .bind(id.to_string())
    .bind(stream.to_string())
    .bind(product.to_string())
    .bind(last + 1)
    .bind(now)
    .bind(now)
    .execute(&mut *conn)
    .await;
    match inserted {
        Err(error) if error.is_unique_violation() => {
            Err(ServiceError::Conflict("The product has a card already."))
        }
        Err(error) => Err(error.into()),
        Ok(_) => Ok(metric::begin(conn, stream, id).await?),
    }
}

/// Pins a card; whichever was pinned before counts as shown.
pub(crate) async fn pin(
    conn: &mut Conn,
    stream: StreamId,
    card: CardId,
    now: i64,
) -> Result<(), ServiceError> {
    sql::query(
        "UPDATE live_card SET state = 'shown', updated_at = ?, version = version + 1
         WHERE stream_id = ? AND state = 'pinned' AND id <> ?",
    )
    .bind(now)
    .bind(stream.to_string())
    .bind(card.to_string())
    .execute(&mut *conn)
    .await?;
    let pinned = sql::query(
        "UPDATE live_card SET state = 'pinned', pinned_at = ?, updated_at = ?, version = version + 1
         WHERE stream_id = ? AND id = ? AND state <> 'hidden'",
    )
    .bind(now)
    .bind(now)
    .bind(stream.to_string())
    .bind(card.to_string())
    .execute(conn)
    .await?;
    match pinned.rows_affected() {
        0 => Err(ServiceError::NotFound("card")),
        _ => Ok(()),
    }
}

/// Takes a card down; returns whether it was pinned.
pub(crate) async fn unpin(
    conn: &mut Conn,
    stream: StreamId,
    card: CardId,
    now: i64,
) -> Result<bool, StoreError> {
    let done = sql::query(
        "UPDATE live_card SET state = 'shown', updated_at = ?, version = version + 1
         WHERE stream_id = ? AND id = ? AND state = 'pinned'",
    )
    .bind(now)
    .bind(stream.to_string())
    .bind(card.to_string())
    .execute(conn)
    .await?;
    Ok(done.rows_affected() > 0)
}

pub(crate) async fn find(
    conn: &mut Conn,
    stream: StreamId,
    card: CardId,
) -> Result<Card, ServiceError> {
    let row = sql::query(
        "SELECT c.id, c.no, c.state, c.highlighted, c.sort, c.product_id, p.image_url, p.price, p.currency,
                ko.title AS title_ko, en.title AS title_en,
                (SELECT CASE WHEN COUNT(*) = 1 THEN MIN(v.id) ELSE NULL END FROM variant v
                 WHERE v.product_id = p.id AND v.status = 'active') AS only_variant
         FROM live_card c JOIN product p ON p.id = c.product_id
         JOIN product_text ko ON ko.product_id = p.id AND ko.locale = 'ko'
         JOIN product_text en ON en.product_id = p.id AND en.locale = 'en'
         WHERE c.stream_id = ? AND c.id = ?",
    )
    .bind(stream.to_string())
    .bind(card.to_string())
    .fetch_optional(conn)
    .await?;
    let row = row.ok_or(ServiceError::NotFound("card"))?;
    Ok(card_of(&row)?)
}

pub(crate) async fn list(pool: &Reader, stream: StreamId) -> Result<Vec<Card>, StoreError> {
    let rows = sql::query(
        "SELECT c.id, c.no, c.state, c.highlighted, c.sort, c.product_id, p.image_url, p.price, p.currency,
                ko.title AS title_ko, en.title AS title_en,
                (SELECT CASE WHEN COUNT(*) = 1 THEN MIN(v.id) ELSE NULL END FROM variant v
                 WHERE v.product_id = p.id AND v.status = 'active') AS only_variant
         FROM live_card c JOIN product p ON p.id = c.product_id
         JOIN product_text ko ON ko.product_id = p.id AND ko.locale = 'ko'
         JOIN product_text en ON en.product_id = p.id AND en.locale = 'en'
         WHERE c.stream_id = ? AND c.state <> 'hidden' ORDER BY COALESCE(c.sort, c.no), c.no",
    )
    .bind(stream.to_string())
    .fetch_all(pool)
    .await?;
    rows.iter().map(card_of).collect()
}

fn card_of(row: &Row) -> Result<Card, StoreError> {
    let product = Product {
        id: parsed(row, "product_id")?,
        title: title(row)?,
        image_url: row.get("image_url")?,
        price: money(row, "price")?,
        variant_id: optional(row, "only_variant")?,
    };
    let state = word(row, "state", |text| match text {
        "queued" => Some(CardState::Queued),
        "pinned" => Some(CardState::Pinned),
        "shown" => Some(CardState::Shown),
        "hidden" => Some(CardState::Hidden),
        _ => None,
    })?;
    Ok(Card {
        id: parsed(row, "id")?,
        no: count(row, "no")?,
        product,
        state,
        highlighted: row.get("highlighted")?,
        sort: row.get("sort")?,
    })
}
