//! Table `stream`.

use commerce_store::{SqlitePool, StoreError};
use signaling_wire::{SellerId, StreamId, UserId, frame::control};
use sqlx::{Row as _, SqliteConnection, SqliteExecutor, sqlite::SqliteRow};

use super::{maybe_ms, ms, parsed, word};
use crate::{ServiceError, Stream, StreamFilter, StreamStatus};

pub(crate) async fn insert(
    conn: &mut SqliteConnection,
    id: StreamId,
    seller: SellerId,
    host: UserId,
    title: &str,
    now: i64,
) -> Result<(), StoreError> {
    sqlx::query(
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

pub(crate) async fn open_count(
    conn: &mut SqliteConnection,
    seller: SellerId,
) -> Result<i64, StoreError> {
    let sql = "SELECT COUNT(*) FROM stream WHERE seller_id = ? AND status <> 'ended'";
    Ok(sqlx::query_scalar(sql)
        .bind(seller.to_string())
        .fetch_one(conn)
        .await?)
}

pub(crate) async fn seller<'e>(
    executor: impl SqliteExecutor<'e>,
    id: StreamId,
) -> Result<Option<SellerId>, StoreError> {
    let query = sqlx::query("SELECT seller_id FROM stream WHERE id = ?").bind(id.to_string());
    let row = query.fetch_optional(executor).await?;
    row.map(|row| parsed(&row, "seller_id")).transpose()
}

/// Refuses when the show is over.
pub(crate) async fn assert_open(
    conn: &mut SqliteConnection,
    id: StreamId,
) -> Result<(), ServiceError> {
    let query = sqlx::query("SELECT status FROM stream WHERE id = ?").bind(id.to_string());
    let row = query
        .fetch_optional(conn)
        .await?
        .ok_or(ServiceError::NotFound("stream"))?;
    match word(&row, "status", StreamStatus::parse)? {
        StreamStatus::Ended => Err(ServiceError::StreamEnded),
        _ => Ok(()),
    }
}

pub(crate) async fn end(
    conn: &mut SqliteConnection,
    id: StreamId,
    now: i64,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE stream SET status = 'ended', ended_at = ?, updated_at = ?, version = version + 1
         WHERE id = ? AND status <> 'ended'",
    )
    .bind(now)
    .bind(now)
    .bind(id.to_string())
    .execute(conn)
    .await?;
    Ok(())
}

pub(crate) async fn note_live(
    conn: &mut SqliteConnection,
    id: StreamId,
    live: bool,
    now: i64,
) -> Result<(), StoreError> {
    let sql = if live {
        "UPDATE stream SET status = 'live', started_at = COALESCE(started_at, ?1), updated_at = ?1,
                version = version + 1
         WHERE id = ?2 AND status IN ('scheduled', 'interrupted')"
    } else {
        "UPDATE stream SET status = 'interrupted', updated_at = ?1, version = version + 1
         WHERE id = ?2 AND status = 'live'"
    };
    sqlx::query(sql)
        .bind(now)
        .bind(id.to_string())
        .execute(conn)
        .await?;
    Ok(())
}

/// After a start nothing is published yet.
pub(crate) async fn none_live(conn: &mut SqliteConnection, now: i64) -> Result<(), StoreError> {
    sqlx::query("UPDATE stream SET status = 'interrupted', updated_at = ? WHERE status = 'live'")
        .bind(now)
        .execute(conn)
        .await?;
    Ok(())
}

pub(crate) async fn find(pool: &SqlitePool, id: StreamId) -> Result<Option<Stream>, StoreError> {
    let row = sqlx::query(
        "SELECT t.id, t.seller_id, s.name, t.title, t.status, t.created_at, t.started_at, t.ended_at
         FROM stream t JOIN seller s ON s.id = t.seller_id WHERE t.id = ?",
    )
    .bind(id.to_string())
    .fetch_optional(pool)
    .await?;
    row.as_ref().map(stream).transpose()
}

/// Every show that is not over.
pub(crate) async fn unended(pool: &SqlitePool) -> Result<Vec<Stream>, StoreError> {
    let rows = sqlx::query(
        "SELECT t.id, t.seller_id, s.name, t.title, t.status, t.created_at, t.started_at, t.ended_at
         FROM stream t JOIN seller s ON s.id = t.seller_id WHERE t.status <> 'ended' ORDER BY t.id",
    )
    .fetch_all(pool)
    .await?;
    rows.iter().map(stream).collect()
}

pub(crate) async fn list(
    pool: &SqlitePool,
    filter: StreamFilter,
    after: Option<StreamId>,
    limit: u32,
) -> Result<Vec<Stream>, StoreError> {
    let rows = sqlx::query(
        "SELECT t.id, t.seller_id, s.name, t.title, t.status, t.created_at, t.started_at, t.ended_at
         FROM stream t JOIN seller s ON s.id = t.seller_id
         WHERE (?1 IS NULL OR t.status = ?1)
           AND (?1 IS NOT NULL OR ?3 IS NOT NULL OR t.status <> 'ended')
           AND (?2 IS NULL OR t.seller_id = ?2)
           AND (?3 IS NULL OR t.seller_id IN (SELECT seller_id FROM seller_member WHERE user_id = ?3))
           AND (?4 IS NULL OR t.id < ?4)
         ORDER BY t.id DESC LIMIT ?5",
    )
    .bind(filter.status.map(StreamStatus::name))
    .bind(filter.seller.map(|id| id.to_string()))
    .bind(filter.member.map(|id| id.to_string()))
    .bind(after.map(|id| id.to_string()))
    .bind(limit)
    .fetch_all(pool)
    .await?;
    rows.iter().map(stream).collect()
}

fn stream(row: &SqliteRow) -> Result<Stream, StoreError> {
    Ok(Stream {
        id: parsed(row, "id")?,
        seller: control::Seller {
            id: parsed(row, "seller_id")?,
            name: row.try_get("name")?,
        },
        title: row.try_get("title")?,
        status: word(row, "status", StreamStatus::parse)?,
        created_ms: ms(row, "created_at")?,
        started_ms: maybe_ms(row, "started_at")?,
        ended_ms: maybe_ms(row, "ended_at")?,
    })
}
