//! Rows of `mail`: the queue. A row is added in the transaction of what it tells.
//!
//! A mail is claimed by moving its next try into the future before it is sent, so that two senders
//! never send one at once and a crash in between only delays it.

use commerce_store::{
    StoreError,
    sql::{self, Conn, Reader},
};
use signaling_wire::UserId;

use crate::clock::Now;

/// A mail whose time has come.
#[derive(Clone)]
pub(crate) struct Due {
    pub(crate) id: i64,
    pub(crate) user: UserId,
    pub(crate) kind: String,
    pub(crate) attempts: i64,
    pub(crate) next_at: i64,
}

/// Queues a mail.
pub(crate) async fn queue(
    conn: &mut Conn,
    user: UserId,
    kind: &str,
    now: Now,
) -> Result<(), StoreError> {
    sql::query(
        "INSERT INTO mail (user_id, kind, next_at, created_at, updated_at) VALUES (?, ?, ?, ?, ?)",
    )
    .bind(user.to_string())
    .bind(kind)
    .bind(now.db())
    .bind(now.db())
    .bind(now.db())
    .execute(conn)
    .await?;
    Ok(())
}

/// The mails whose time has come, the longest waiting first.
pub(crate) async fn due(reader: &Reader, now: Now, limit: i64) -> Result<Vec<Due>, StoreError> {
    let rows = sql::query(
        "SELECT id, user_id, kind, attempts, next_at FROM mail \
         WHERE state = 'queued' AND next_at <= ? ORDER BY next_at, id LIMIT ?",
    )
    .bind(now.db())
    .bind(limit)
    .fetch_all(reader)
    .await?;
    let due = rows.iter().map(|row| {
        let user: String = row.get("user_id")?;
        Ok(Due {
            id: row.get("id")?,
            user: user.parse().map_err(StoreError::invalid)?,
            kind: row.get("kind")?,
            attempts: row.get("attempts")?,
            next_at: row.get("next_at")?,
        })
    });
    due.collect()
}

/// Claims a mail until `next_at`; `false` when another sender was faster.
pub(crate) async fn claim(
    conn: &mut Conn,
    mail: &Due,
    next_at: i64,
    now: Now,
) -> Result<bool, StoreError> {
    let done = sql::query(
        "UPDATE mail SET attempts = attempts + 1, next_at = ?, updated_at = ? \
         WHERE id = ? AND state = 'queued' AND next_at = ?",
    )
    .bind(next_at)
    .bind(now.db())
    .bind(mail.id)
    .bind(mail.next_at)
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Notes that a mail is through, or given up.
pub(crate) async fn close(
    conn: &mut Conn,
    id: i64,
    sent: bool,
    now: Now,
) -> Result<(), StoreError> {
    sql::query("UPDATE mail SET state = ?, updated_at = ? WHERE id = ?")
        .bind(if sent { "sent" } else { "dead" })
        .bind(now.db())
        .bind(id)
        .execute(conn)
        .await?;
    Ok(())
}

/// Forgets some of the mails that were sent or given up before `before`.
pub(crate) async fn prune(conn: &mut Conn, before: i64) -> Result<(), StoreError> {
    let done: Vec<i64> =
        sql::query("SELECT id FROM mail WHERE state IN ('sent', 'dead') AND next_at < ? LIMIT 64")
            .bind(before)
            .fetch_values(&mut *conn)
            .await?;
    if !done.is_empty() {
        sql::query("DELETE FROM mail WHERE id IN ({list})")
            .bind_list(done)
            .execute(conn)
            .await?;
    }
    Ok(())
}
