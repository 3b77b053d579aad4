//! Facts that are told after the commit that made them true.
//!
//! A row is appended in the transaction of its effect. Whoever delivers asks for the open rows of
//! its topics in order, tells them, and marks them: at least once, never before the commit. One
//! process holds the database, so a topic has one deliverer and a claim needs no lock.

use serde::Serialize;
use sqlx::{FromRow, SqliteConnection, SqlitePool};

use crate::{StoreError, limits};

/// A fact to append.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// What happened, as in `order.placed`.
    pub topic: &'static str,
    /// Id of the aggregate that it happened to.
    pub key: String,
    /// JSON.
    pub payload: String,
}

/// A fact that is not marked as told.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct Claimed {
    /// Order of appending.
    pub seq: i64,
    /// What happened.
    pub topic: String,
    /// Id of the aggregate that it happened to.
    pub agg_key: String,
    /// JSON.
    pub payload: String,
}

/// Appends one fact within the transaction of `conn`.
///
/// # Errors
/// What the database says.
pub async fn append(
    conn: &mut SqliteConnection,
    topic: &'static str,
    key: &str,
    payload_json: &str,
    now_us: i64,
) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO outbox (topic, agg_key, payload, created_at) VALUES (?, ?, ?, ?)")
        .bind(topic)
        .bind(key)
        .bind(payload_json)
        .bind(now_us)
        .execute(conn)
        .await?;
    Ok(())
}

/// Appends many facts with one statement, in their order.
///
/// # Errors
/// What the database says.
pub async fn append_all(
    conn: &mut SqliteConnection,
    entries: &[Entry],
    now_us: i64,
) -> Result<(), StoreError> {
    if entries.is_empty() {
        return Ok(());
    }
    let rows = serde_json::to_string(entries).map_err(StoreError::invalid)?;
    sqlx::query(
        "INSERT INTO outbox (topic, agg_key, payload, created_at)
         SELECT value ->> 'topic', value ->> 'key', value ->> 'payload', ?
         FROM json_each(?) ORDER BY key",
    )
    .bind(now_us)
    .bind(rows)
    .execute(conn)
    .await?;
    Ok(())
}

/// The oldest open facts of the topics, at most `limit`.
///
/// # Errors
/// What the database says.
pub async fn claim(
    pool: &SqlitePool,
    topics: &[&str],
    limit: u32,
) -> Result<Vec<Claimed>, StoreError> {
    let topics = serde_json::to_string(topics).map_err(StoreError::invalid)?;
    let rows = sqlx::query_as(
        "SELECT seq, topic, agg_key, payload FROM outbox
         WHERE published_at IS NULL AND topic IN (SELECT value FROM json_each(?))
         ORDER BY seq LIMIT ?",
    )
    .bind(topics)
    .bind(limit.min(limits::OUTBOX_CLAIM_MAX))
    .fetch_all(pool)
    .await?;
    Ok(rows)
}

/// Marks facts as told.
///
/// # Errors
/// What the database says.
pub async fn mark(
    conn: &mut SqliteConnection,
    seqs: &[i64],
    now_us: i64,
) -> Result<(), StoreError> {
    let seqs = serde_json::to_string(seqs).map_err(StoreError::invalid)?;
    sqlx::query(
        "UPDATE outbox SET published_at = ?
         WHERE seq IN (SELECT value FROM json_each(?)) AND published_at IS NULL",
    )
    .bind(now_us)
    .bind(seqs)
    .execute(conn)
    .await?;
    Ok(())
}

/// Forgets facts that were told before `before_us`, at most `limit`; returns how many.
///
/// # Errors
/// What the database says.
pub async fn prune(
    conn: &mut SqliteConnection,
    before_us: i64,
    limit: u32,
) -> Result<u64, StoreError> {
    let done = sqlx::query(
        "DELETE FROM outbox WHERE seq IN
         (SELECT seq FROM outbox WHERE published_at < ? ORDER BY published_at LIMIT ?)",
    )
    .bind(before_us)
    .bind(limit)
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}

/// Facts that wait to be told.
///
/// # Errors
/// What the database says.
pub async fn depth(pool: &SqlitePool) -> Result<u64, StoreError> {
    let depth: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM outbox WHERE published_at IS NULL")
        .fetch_one(pool)
        .await?;
    Ok(depth.unsigned_abs())
}

/// Whether any fact was told before `before_us`, so that a write is spared when none was.
///
/// # Errors
/// What the database says.
pub async fn has_told(pool: &SqlitePool, before_us: i64) -> Result<bool, StoreError> {
    let found: Option<i64> =
        sqlx::query_scalar("SELECT 1 FROM outbox WHERE published_at < ? LIMIT 1")
            .bind(before_us)
            .fetch_optional(pool)
            .await?;
    Ok(found.is_some())
}
