//! Facts that are told after the commit that made them true.
//!
//! A row is appended in the transaction of its effect. Whoever delivers asks for the open rows of
//! its topics in order, tells them, and marks them: at least once, never before the commit. One
//! process holds the database, so a topic has one deliverer and a claim needs no lock.

use crate::{
    StoreError, limits, rows_of,
    sql::{self, Conn, Reader, Row},
};

rows_of! {
    /// Facts to append.
    ENTRIES: Entry { topic: Id, key: Id, payload: Text }
}

/// A fact to append.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// What happened, as in `order.placed`.
    pub topic: &'static str,
    /// Id of the aggregate that it happened to.
    pub key: String,
    /// JSON.
    pub payload: String,
}

/// A fact that is not marked as told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimed {
    /// Order of appending.
    pub seq: i64,
    /// What happened.
    pub topic: String,
    /// Id of the aggregate that it happened to.
    pub agg_key: String,
    /// JSON.
    pub payload: String,
    /// When it was appended, microseconds since 1970.
    pub created_us: i64,
}

/// Appends one fact within the transaction of `conn`.
///
/// # Errors
/// What the database says.
pub async fn append(
    conn: &mut Conn,
    topic: &'static str,
    key: &str,
    payload_json: &str,
    now_us: i64,
) -> Result<(), StoreError> {
    sql::query("INSERT INTO outbox (topic, agg_key, payload, created_at) VALUES (?, ?, ?, ?)")
        .bind(topic)
        .bind(key)
        .bind(payload_json)
        .bind(now_us)
        .send(conn)
        .await
}

/// Appends many facts with one statement, in their order.
///
/// # Errors
/// What the database says.
pub async fn append_all(conn: &mut Conn, entries: &[Entry], now_us: i64) -> Result<(), StoreError> {
    if entries.is_empty() {
        return Ok(());
    }
    sql::query(
        "INSERT INTO outbox (topic, agg_key, payload, created_at)
         SELECT j.topic, j.\"key\", j.payload, ? FROM {rows} ORDER BY j.n",
    )
    .bind(now_us)
    .bind_rows(&ENTRIES, entries)
    .send(conn)
    .await
}

/// The oldest open facts of the topics, at most `limit`.
///
/// # Errors
/// What the database says.
pub async fn claim(pool: &Reader, topics: &[&str], limit: u32) -> Result<Vec<Claimed>, StoreError> {
    let rows = sql::query(
        "SELECT seq, topic, agg_key, payload, created_at FROM outbox
         WHERE published_at IS NULL AND topic IN ({list}) ORDER BY seq LIMIT ?",
    )
    .bind_list(topics.iter().copied())
    .bind(limit.min(limits::OUTBOX_CLAIM_MAX))
    .fetch_all(pool)
    .await?;
    rows.iter().map(claimed).collect()
}

fn claimed(row: &Row) -> Result<Claimed, StoreError> {
    Ok(Claimed {
        seq: row.get("seq")?,
        topic: row.get("topic")?,
        agg_key: row.get("agg_key")?,
        payload: row.get("payload")?,
        created_us: row.get("created_at")?,
    })
}

/// Marks facts as told; returns how many were not yet.
///
/// # Errors
/// What the database says.
pub async fn mark(conn: &mut Conn, seqs: &[i64], now_us: i64) -> Result<u64, StoreError> {
    let done = sql::query(
        "UPDATE outbox SET published_at = ? WHERE seq IN ({list}) AND published_at IS NULL",
    )
    .bind(now_us)
    .bind_list(seqs.iter().copied())
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}

/// Forgets facts that were told before `before_us`, at most `limit`; returns how many.
///
/// # Errors
/// What the database says.
pub async fn prune(conn: &mut Conn, before_us: i64, limit: u32) -> Result<u64, StoreError> {
    let told: Vec<i64> =
        sql::query("SELECT seq FROM outbox WHERE published_at < ? ORDER BY published_at LIMIT ?")
            .bind(before_us)
            .bind(limit.min(limits::OUTBOX_CLAIM_MAX))
            .fetch_values(&mut *conn)
            .await?;
    if told.is_empty() {
        return Ok(0);
    }
    let done = sql::query("DELETE FROM outbox WHERE seq IN ({list})")
        .bind_list(told)
        .execute(conn)
        .await?;
    Ok(done.rows_affected())
}

/// Facts that wait to be told.
///
/// # Errors
/// What the database says.
pub async fn depth(pool: &Reader) -> Result<u64, StoreError> {
    sql::query("SELECT COUNT(*) FROM outbox WHERE published_at IS NULL")
        .fetch_value(pool)
        .await
}

/// Whether any fact was told before `before_us`, so that a write is spared when none was.
///
/// # Errors
/// What the database says.
pub async fn has_told(pool: &Reader, before_us: i64) -> Result<bool, StoreError> {
    let found: Option<i64> = sql::query("SELECT 1 FROM outbox WHERE published_at < ? LIMIT 1")
        .bind(before_us)
        .fetch_value_optional(pool)
        .await?;
    Ok(found.is_some())
}
