//! What a host arranges in a show: its announcement, the order and the chips of its cards, and the
//! record of what happened (table `live_event`).

use commerce_store::{
    StoreError,
    sql::{self, Conn, Reader, Row},
};
use signaling_wire::{CardId, ProductId, StreamId};

use super::{count, maybe_ms, ms, parsed, seq};
use crate::{ServiceError, StreamEvent, limits};

/// Writes the title and the announced time of a show that is not over.
pub(crate) async fn announce(
    conn: &mut Conn,
    stream: StreamId,
    title: &str,
    scheduled: Option<i64>,
    now: i64,
) -> Result<(), StoreError> {
    sql::query(
        "UPDATE stream SET title = ?, scheduled_at = ?, updated_at = ?, version = version + 1
         WHERE id = ? AND status <> 'ended'",
    )
    .bind(title)
    .bind(scheduled)
    .bind(now)
    .bind(stream.to_string())
    .execute(conn)
    .await?;
    Ok(())
}

/// Brings back the card of a product that was taken out of the queue.
pub(crate) async fn revive(
    conn: &mut Conn,
    stream: StreamId,
    product: ProductId,
    now: i64,
) -> Result<Option<CardId>, StoreError> {
    let hidden =
        "SELECT id FROM live_card WHERE stream_id = ? AND product_id = ? AND state = 'hidden'";
    let row = sql::query(hidden)
        .bind(stream.to_string())
        .bind(product.to_string())
        .fetch_optional(&mut *conn)
        .await?;
    let Some(row) = row else { return Ok(None) };
    let card: CardId = parsed(&row, "id")?;
    let sql =
        "UPDATE live_card SET state = 'queued', updated_at = ?, version = version + 1 WHERE id = ?";
    let query = sql::query(sql).bind(now).bind(card.to_string());
    query.execute(conn).await?;
    Ok(Some(card))
}

/// Takes a card out of the queue; a pinned one comes down with it.
pub(crate) async fn hide(
    conn: &mut Conn,
    stream: StreamId,
    card: CardId,
    now: i64,
) -> Result<(), ServiceError> {
    let done = sql::query(
        "UPDATE live_card SET state = 'hidden', highlighted = 0, sort = NULL, updated_at = ?,
                version = version + 1
         WHERE stream_id = ? AND id = ? AND state <> 'hidden'",
    )
    .bind(now)
    .bind(stream.to_string())
    .bind(card.to_string())
    .execute(conn)
    .await?;
    match done.rows_affected() {
        0 => Err(ServiceError::NotFound("card")),
        _ => Ok(()),
    }
}

/// Makes a card a chip, or no longer one.
pub(crate) async fn highlight(
    conn: &mut Conn,
    stream: StreamId,
    card: CardId,
    on: bool,
    now: i64,
) -> Result<(), ServiceError> {
    let done = sql::query(
        "UPDATE live_card SET highlighted = ?, updated_at = ?, version = version + 1
         WHERE stream_id = ? AND id = ? AND state <> 'hidden'",
    )
    .bind(on)
    .bind(now)
    .bind(stream.to_string())
    .bind(card.to_string())
    .execute(&mut *conn)
    .await?;
    if done.rows_affected() == 0 {
        return Err(ServiceError::NotFound("card"));
    }
    let sql = "SELECT COUNT(*) AS n FROM live_card WHERE stream_id = ? AND highlighted = 1";
    let row = sql::query(sql)
        .bind(stream.to_string())
        .fetch_one(conn)
        .await?;
    if count(&row, "n")? > limits::CHIPS_MAX {
        return Err(ServiceError::Conflict("Two other cards are highlighted."));
    }
    Ok(())
}

/// Puts one card at a place of the queue.
pub(crate) async fn place(
    conn: &mut Conn,
    stream: StreamId,
    card: CardId,
    sort: u32,
    now: i64,
) -> Result<(), StoreError> {
    sql::query(
        "UPDATE live_card SET sort = ?, updated_at = ?, version = version + 1
         WHERE stream_id = ? AND id = ?",
    )
    .bind(sort)
    .bind(now)
    .bind(stream.to_string())
    .bind(card.to_string())
    .execute(conn)
    .await?;
    Ok(())
}

/// The ids of the queue, in its order.
pub(crate) async fn queue(conn: &mut Conn, stream: StreamId) -> Result<Vec<CardId>, StoreError> {
    let rows = sql::query(
        "SELECT id FROM live_card WHERE stream_id = ? AND state <> 'hidden'
         ORDER BY COALESCE(sort, no), no",
    )
    .bind(stream.to_string())
    .fetch_all(conn)
    .await?;
    rows.iter().map(|row| parsed(row, "id")).collect()
}

/// Notes what happened in a show.
pub(crate) async fn note(
    conn: &mut Conn,
    stream: StreamId,
    kind: &str,
    data: &serde_json::Value,
    now: i64,
) -> Result<(), StoreError> {
    sql::query(
        "INSERT INTO live_event (stream_id, type, data, at, media_us)
         SELECT t.id, ?, ?, ?, CASE WHEN t.live_at <= ? THEN ? - t.live_at ELSE NULL END
         FROM stream t WHERE t.id = ?",
    )
    .bind(kind)
    .bind(data.to_string())
    .bind(now)
    .bind(now)
    .bind(now)
    .bind(stream.to_string())
    .execute(conn)
    .await?;
    Ok(())
}

/// What happened after a place of the record, the oldest first.
pub(crate) async fn events(
    pool: &Reader,
    stream: StreamId,
    after: i64,
    limit: u32,
) -> Result<Vec<StreamEvent>, StoreError> {
    let rows = sql::query(
        "SELECT seq, type, data, at, media_us FROM live_event
         WHERE stream_id = ? AND seq > ? ORDER BY seq LIMIT ?",
    )
    .bind(stream.to_string())
    .bind(after)
    .bind(limit)
    .fetch_all(pool)
    .await?;
    let event = |row: &Row| {
        let data: String = row.get("data")?;
        Ok(StreamEvent {
            seq: seq(row, "seq")?,
            kind: row.get("type")?,
            data: serde_json::from_str(&data).map_err(StoreError::invalid)?,
            at_ms: ms(row, "at")?,
            media_ms: maybe_ms(row, "media_us")?,
        })
    };
    rows.iter().map(event).collect()
}
