//! Table `stream`.

use commerce_store::{
    StoreError,
    sql::{self, Conn, On, Reader, Row},
};
use signaling_wire::{SellerId, StreamId, UserId, frame::control};

use super::{maybe_ms, ms, parsed, word};
use crate::{ServiceError, Stream, StreamFilter, StreamStatus};

pub(crate) async fn insert(
    conn: &mut Conn,
    id: StreamId,
    seller: SellerId,
    host: UserId,
    title: &str,
    now: i64,
) -> Result<(), StoreError> {
    sql::query(
        "INSERT INTO stream (id, seller_id, host_user_id, title, created_at, updated_at)
         VALUES (?, ?, ?, ?, ?, ?)",
    )
    .bind(id.to_string())
    .bind(seller.to_string())
    .bind(host.to_string())
    .bind(title)
    .bind(now)
    .bind(now)
    .execute(conn)
    .await?;
    Ok(())
}

pub(crate) async fn open_count(conn: &mut Conn, seller: SellerId) -> Result<i64, StoreError> {
    let sql = "SELECT COUNT(*) FROM stream WHERE seller_id = ? AND status <> 'ended'";
    sql::query(sql)
        .bind(seller.to_string())
        .fetch_value(conn)
        .await
}

pub(crate) async fn seller<'e>(
    executor: impl Into<On<'e>>,
    id: StreamId,
) -> Result<Option<SellerId>, StoreError> {
    let query = sql::query("SELECT seller_id FROM stream WHERE id = ?").bind(id.to_string());
    let row = query.fetch_optional(executor).await?;
    row.map(|row| parsed(&row, "seller_id")).transpose()
}

/// Refuses when the show is over.
pub(crate) async fn assert_open(conn: &mut Conn, id: StreamId) -> Result<(), ServiceError> {
    let query = sql::query("SELECT status FROM stream WHERE id = ?").bind(id.to_string());
    let row = query
        .fetch_optional(conn)
        .await?
        .ok_or(ServiceError::NotFound("stream"))?;
    match word(&row, "status", StreamStatus::parse)? {
        StreamStatus::Ended => Err(ServiceError::StreamEnded),
        _ => Ok(()),
    }
}

pub(crate) async fn end(conn: &mut Conn, id: StreamId, now: i64) -> Result<bool, StoreError> {
    let done = sql::query(
        "UPDATE stream SET status = 'ended', ended_at = ?, updated_at = ?, version = version + 1
         WHERE id = ? AND status <> 'ended'",
    )
    .bind(now)
    .bind(now)
    .bind(id.to_string())
    .execute(conn)
    .await?;
    Ok(done.rows_affected() > 0)
}

pub(crate) async fn note_live(
    conn: &mut Conn,
    id: StreamId,
    live: bool,
    now: i64,
) -> Result<bool, StoreError> {
    let update = if live {
        sql::query(
            "UPDATE stream SET status = 'live', started_at = COALESCE(started_at, ?), live_at = ?,
                    updated_at = ?, version = version + 1
             WHERE id = ? AND status IN ('scheduled', 'interrupted')",
        )
        .bind(now)
        .bind(now)
    } else {
        sql::query(
            "UPDATE stream SET status = 'interrupted', updated_at = ?, version = version + 1
             WHERE id = ? AND status = 'live'",
        )
    };
    let done = update.bind(now).bind(id.to_string()).execute(conn).await?;
    Ok(done.rows_affected() > 0)
}

/// No media is on air any more; what happens from now on has no place in it.
pub(crate) async fn off_air(conn: &mut Conn, id: StreamId) -> Result<(), StoreError> {
    sql::query("UPDATE stream SET live_at = NULL WHERE id = ? AND status <> 'live'")
        .bind(id.to_string())
        .execute(conn)
        .await?;
    Ok(())
}

/// After a start nothing is published yet.
pub(crate) async fn none_live(conn: &mut Conn, now: i64) -> Result<(), StoreError> {
    sql::query("UPDATE stream SET status = 'interrupted', live_at = NULL, updated_at = ? WHERE status = 'live'")
        .bind(now)
        .execute(conn)
        .await?;
    Ok(())
}

pub(crate) async fn find(pool: &Reader, id: StreamId) -> Result<Option<Stream>, StoreError> {
    let row = sql::query(
        "SELECT t.id, t.seller_id, s.name, t.title, t.status, t.scheduled_at, t.created_at, t.started_at, t.ended_at
         FROM stream t JOIN seller s ON s.id = t.seller_id WHERE t.id = ?",
    )
    .bind(id.to_string())
    .fetch_optional(pool)
    .await?;
    row.as_ref().map(stream).transpose()
}

/// Every show that is not over.
pub(crate) async fn unended(pool: &Reader) -> Result<Vec<Stream>, StoreError> {
    let rows = sql::query(
        "SELECT t.id, t.seller_id, s.name, t.title, t.status, t.scheduled_at, t.created_at, t.started_at, t.ended_at
         FROM stream t JOIN seller s ON s.id = t.seller_id WHERE t.status <> 'ended' ORDER BY t.id",
    )
    .fetch_all(pool)
    .await?;
    rows.iter().map(stream).collect()
}

pub(crate) async fn list(
    pool: &Reader,
    filter: StreamFilter,
    after: Option<StreamId>,
    limit: u32,
) -> Result<Vec<Stream>, StoreError> {
    let status = filter.status.map(StreamStatus::name);
    let seller = filter.seller.map(|id| id.to_string());
    let member = filter.member.map(|id| id.to_string());
    let after = after.map(|id| id.to_string());
    let rows = sql::query(
        "SELECT t.id, t.seller_id, s.name, t.title, t.status, t.scheduled_at, t.created_at, t.started_at, t.ended_at
         FROM stream t JOIN seller s ON s.id = t.seller_id
         WHERE (? IS NULL OR t.status = ?)
           AND (? OR t.status <> 'ended')
           AND (? IS NULL OR t.seller_id = ?)
           AND (? IS NULL OR t.seller_id IN (SELECT seller_id FROM seller_member WHERE user_id = ?))
           AND (? IS NULL OR t.id < ?)
         ORDER BY t.id DESC LIMIT ?",
    )
    .bind(status)
    .bind(status)
    .bind(filter.status.is_some() || filter.member.is_some())
    .bind(&seller)
    .bind(&seller)
    .bind(&member)
    .bind(&member)
    .bind(&after)
    .bind(&after)
    .bind(limit)
    .fetch_all(pool)
    .await?;
    rows.iter().map(stream).collect()
}

fn stream(row: &Row) -> Result<Stream, StoreError> {
    Ok(Stream {
        id: parsed(row, "id")?,
        seller: control::Seller {
            id: parsed(row, "seller_id")?,
            name: row.get("name")?,
        },
        title: row.get("title")?,
        status: word(row, "status", StreamStatus::parse)?,
        scheduled_ms: maybe_ms(row, "scheduled_at")?,
        created_ms: ms(row, "created_at")?,
        started_ms: maybe_ms(row, "started_at")?,
        ended_ms: maybe_ms(row, "ended_at")?,
    })
}
