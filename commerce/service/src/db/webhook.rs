//! Table `webhook_inbox`.

use commerce_store::{
    StoreError,
    sql::{self, Conn, Reader, Row},
};

use crate::limits;

/// A webhook that was verified.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) provider: &'static str,
    pub(crate) webhook_id: String,
    pub(crate) kind: String,
    pub(crate) body: String,
    pub(crate) state: &'static str,
}

/// A webhook to act on.
#[derive(Debug)]
pub(crate) struct Due {
    pub(crate) id: i64,
    pub(crate) body: String,
    pub(crate) attempts: i64,
}

/// Keeps a webhook; `false` if it had come before.
pub(crate) async fn insert(conn: &mut Conn, entry: Entry, now: i64) -> Result<bool, StoreError> {
    let inserted = sql::query(
        "INSERT INTO webhook_inbox (provider, webhook_id, type, body, state, next_at, received_at, updated_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(entry.provider)
    .bind(entry.webhook_id)
    .bind(entry.kind)
    .bind(entry.body)
    .bind(entry.state)
    .bind(now)
    .bind(now)
    .bind(now)
    .execute(conn)
    .await;
    match inserted {
        Ok(_) => Ok(true),
        Err(error) if error.is_unique_violation() => Ok(false),
        Err(error) => Err(error),
    }
}

/// The webhooks to act on now, the oldest first.
pub(crate) async fn due(pool: &Reader, now: i64, limit: u32) -> Result<Vec<Due>, StoreError> {
    let rows = sql::query(
        "SELECT id, body, attempts FROM webhook_inbox
         WHERE state IN ('received', 'retry') AND next_at <= ? ORDER BY next_at, id LIMIT ?",
    )
    .bind(now)
    .bind(limit)
    .fetch_all(pool)
    .await?;
    let due = |row: &Row| {
        let (id, attempts) = (row.get("id")?, row.get("attempts")?);
        Ok(Due {
            id,
            body: row.get("body")?,
            attempts,
        })
    };
    rows.iter().map(due).collect()
}

/// Notes what came of it; one that keeps failing is given up.
pub(crate) async fn done(
    conn: &mut Conn,
    id: i64,
    state: &'static str,
    attempts: i64,
    now: i64,
) -> Result<(), StoreError> {
    let given_up = state == "retry" && attempts >= limits::WEBHOOK_ATTEMPTS_MAX;
    let state = if given_up { "dead" } else { state };
    // Twice as long each time: 1 s, 2 s, 4 s, … about half an hour at the end.
    let wait = 1_000_000_i64 << attempts.clamp(0, 11);
    sql::query(
        "UPDATE webhook_inbox SET state = ?, attempts = ?, next_at = ?, updated_at = ? WHERE id = ?",
    )
    .bind(state)
    .bind(attempts)
    .bind(now + wait)
    .bind(now)
    .bind(id)
    .execute(conn)
    .await?;
    Ok(())
}
