//! Rows of `refresh_token`: one per token, the tokens of one session share `family_id`.
//!
//! Spent rows stay until they expire, because a second use of them is what gives a thief away.
//! Rows of ended sessions go two hours after their end, when no access token of them can be alive.

use commerce_store::{
    StoreError,
    sql::{self, Conn, Reader},
};
use signaling_wire::UserId;

use crate::{clock::Now, limits, session::Held};

/// How long rows of an ended session stay, microseconds.
const ENDED_STAY_US: i64 = 2 * 3600 * 1_000_000;
/// Expired rows that one sign-in sweeps away.
const SWEEP_MAX: i64 = 200;

/// A token and where it belongs.
pub(crate) struct Found {
    pub(crate) user: UserId,
    pub(crate) family: String,
    pub(crate) held: Held,
}

/// Looks a token up by its hash.
pub(crate) async fn by_hash(conn: &mut Conn, hash: &str) -> Result<Option<Found>, StoreError> {
    let row = sql::query(
        "SELECT user_id, family_id, expires_at, used_at, revoked_at \
         FROM refresh_token WHERE hash = ? {for update}",
    )
    .bind(hash)
    .fetch_optional(conn)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let user: String = row.get("user_id")?;
    Ok(Some(Found {
        user: user.parse().map_err(StoreError::invalid)?,
        family: row.get("family_id")?,
        held: Held {
            expires_at: row.get("expires_at")?,
            used_at: row.get("used_at")?,
            revoked_at: row.get("revoked_at")?,
        },
    }))
}

/// Adds an unused token.
pub(crate) async fn insert(
    conn: &mut Conn,
    (user, family): (UserId, &str),
    hash: &str,
    expires_at: i64,
    now: Now,
) -> Result<(), StoreError> {
    sql::query(
        "INSERT INTO refresh_token (id, user_id, family_id, hash, expires_at, created_at) \
         VALUES (?, ?, ?, ?, ?, ?)",
    )
    // The hash is as unique as any id that could be made here.
    .bind(hash)
    .bind(user.to_string())
    .bind(family)
    .bind(hash)
    .bind(expires_at)
    .bind(now.db())
    .execute(conn)
    .await?;
    Ok(())
}

/// Marks every unused token of a session as used: the one presented, and siblings of it that the
/// grace made and nobody needs any more.
pub(crate) async fn spend(conn: &mut Conn, family: &str, now: Now) -> Result<(), StoreError> {
    sql::query("UPDATE refresh_token SET used_at = ? WHERE family_id = ? AND used_at IS NULL")
        .bind(now.db())
        .bind(family)
        .execute(conn)
        .await?;
    Ok(())
}

/// Whether the session may have one more unused token.
pub(crate) async fn has_room(conn: &mut Conn, family: &str) -> Result<bool, StoreError> {
    let unused: i64 =
        sql::query("SELECT COUNT(*) FROM refresh_token WHERE family_id = ? AND used_at IS NULL")
            .bind(family)
            .fetch_value(conn)
            .await?;
    Ok(unused < limits::REFRESH_SIBLINGS_MAX)
}

/// Ends a session.
pub(crate) async fn revoke_family(
    conn: &mut Conn,
    family: &str,
    now: Now,
) -> Result<(), StoreError> {
    sql::query(
        "UPDATE refresh_token SET revoked_at = ? WHERE family_id = ? AND revoked_at IS NULL",
    )
    .bind(now.db())
    .bind(family)
    .execute(conn)
    .await?;
    Ok(())
}

/// Ends all sessions of a user but the newest `keep`; tells which.
pub(crate) async fn revoke_user(
    conn: &mut Conn,
    user: UserId,
    keep: i64,
    now: Now,
) -> Result<Vec<String>, StoreError> {
    let families: Vec<String> = sql::query(
        "SELECT family_id FROM refresh_token WHERE user_id = ? AND revoked_at IS NULL \
         GROUP BY family_id ORDER BY MIN(created_at) DESC, family_id LIMIT ? OFFSET ?",
    )
    .bind(user.to_string())
    .bind(i64::from(i32::MAX))
    .bind(keep)
    .fetch_values(&mut *conn)
    .await?;
    for family in &families {
        revoke_family(conn, family, now).await?;
    }
    Ok(families)
}

/// Removes what no longer matters: the user's own, and some of everybody's.
pub(crate) async fn sweep(conn: &mut Conn, user: UserId, now: Now) -> Result<(), StoreError> {
    sql::query(
        "DELETE FROM refresh_token WHERE user_id = ? AND (expires_at <= ? OR revoked_at < ?)",
    )
    .bind(user.to_string())
    .bind(now.db())
    .bind(now.db() - ENDED_STAY_US)
    .execute(&mut *conn)
    .await?;
    let expired: Vec<String> = sql::query(
        "SELECT id FROM refresh_token WHERE expires_at <= ? ORDER BY expires_at LIMIT ?",
    )
    .bind(now.db())
    .bind(SWEEP_MAX)
    .fetch_values(&mut *conn)
    .await?;
    sql::query("DELETE FROM refresh_token WHERE id IN ({list})")
        .bind_list(expired)
        .execute(conn)
        .await?;
    Ok(())
}

/// Sessions that ended after `since`, with the time in microseconds.
pub(crate) async fn ended_since(
    pool: &Reader,
    since: i64,
) -> Result<Vec<(String, i64)>, StoreError> {
    let rows = sql::query(
        "SELECT family_id, MAX(revoked_at) FROM refresh_token WHERE revoked_at > ? \
         GROUP BY family_id",
    )
    .bind(since)
    .fetch_all(pool)
    .await?;
    rows.iter()
        .map(|row| Ok((row.at(0)?, row.at(1)?)))
        .collect()
}
