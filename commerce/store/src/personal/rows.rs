//! Rows of `personal_key`.

use crate::{
    StoreError,
    sql::{self, Conn, On, Reader},
};
use signaling_wire::UserId;

/// A user's wrapped key and the name of what wrapped it.
pub(super) async fn wrapped(
    executor: impl Into<On<'_>>,
    user: UserId,
) -> Result<Option<(String, String)>, StoreError> {
    let row = sql::query("SELECT wrapped, master FROM personal_key WHERE user_id = ?")
        .bind(user.to_string())
        .fetch_optional(executor)
        .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some((row.get("wrapped")?, row.get("master")?)))
}

/// Adds a key; `false` when the user has withdrawn or never was.
pub(super) async fn insert(
    conn: &mut Conn,
    user: UserId,
    wrapped: &str,
    master: &str,
    now_us: i64,
) -> Result<bool, StoreError> {
    let done = sql::query(
        "INSERT INTO personal_key (user_id, wrapped, master, created_at)
         SELECT id, ?, ?, ? FROM users WHERE id = ? AND status <> 'withdrawn'",
    )
    .bind(wrapped)
    .bind(master)
    .bind(now_us)
    .bind(user.to_string())
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn delete(conn: &mut Conn, user: UserId) -> Result<(), StoreError> {
    sql::query("DELETE FROM personal_key WHERE user_id = ?")
        .bind(user.to_string())
        .execute(conn)
        .await?;
    Ok(())
}

/// The names of all master keys that are in use.
pub(super) async fn masters(pool: &Reader) -> Result<Vec<String>, StoreError> {
    let rows = sql::query("SELECT DISTINCT master FROM personal_key LIMIT 16")
        .fetch_all(pool)
        .await?;
    rows.iter().map(|row| row.get("master")).collect()
}
