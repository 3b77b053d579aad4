//! Rows of `refresh_token`: one per token, the tokens of one session share `family_id`.
//!
//! Spent rows stay until they expire, because a second use of them is what gives a thief away.
//! Rows of ended sessions go two hours after their end, when no access token of them can be alive.

use signaling_wire::UserId;
use sqlx::{Row as _, SqliteConnection, SqlitePool};

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
pub(crate) async fn by_hash(
    conn: &mut SqliteConnection,
    hash: &str,
) -> Result<Option<Found>, sqlx::Error> {
    let row = sqlx::query(
        "SELECT user_id, family_id, expires_at, used_at, revoked_at \
         FROM refresh_token WHERE hash = ?",
    )
    .bind(hash)
    .fetch_optional(conn)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let user: String = row.try_get("user_id")?;
    Ok(Some(Found {
        user: user
            .parse()
            .map_err(|error| sqlx::Error::Decode(Box::new(error)))?,
        family: row.try_get("family_id")?,
        held: Held {
            expires_at: row.try_get("expires_at")?,
            used_at: row.try_get("used_at")?,
            revoked_at: row.try_get("revoked_at")?,
        },
    }))
}

/// Adds an unused token.
pub(crate) async fn insert(
    conn: &mut SqliteConnection,
    (user, family): (UserId, &str),
    hash: &str,
    expires_at: i64,
    now: Now,
) -> Result<(), sqlx::Error> {
    sqlx::query(
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
pub(crate) async fn spend(
    conn: &mut SqliteConnection,
    family: &str,
    now: Now,
) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE refresh_token SET used_at = ? WHERE family_id = ? AND used_at IS NULL")
        .bind(now.db())
        .bind(family)
        .execute(conn)
        .await?;
    Ok(())
}

/// Whether the session may have one more unused token.
pub(crate) async fn has_room(
    conn: &mut SqliteConnection,
    family: &str,
) -> Result<bool, sqlx::Error> {
    let unused: i64 = sqlx::query_scalar(
        "SELECT COUNT(*) FROM refresh_token WHERE family_id = ? AND used_at IS NULL",
    )
    .bind(family)
    .fetch_one(conn)
    .await?;
    Ok(unused < limits::REFRESH_SIBLINGS_MAX)
}

/// Ends a session.
pub(crate) async fn revoke_family(
    conn: &mut SqliteConnection,
    family: &str,
    now: Now,
) -> Result<(), sqlx::Error> {
    sqlx::query(
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
    conn: &mut SqliteConnection,
    user: UserId,
    keep: i64,
    now: Now,
) -> Result<Vec<String>, sqlx::Error> {
    let families: Vec<String> = sqlx::query_scalar(
        "SELECT family_id FROM refresh_token WHERE user_id = ? AND revoked_at IS NULL \
         GROUP BY family_id ORDER BY MIN(created_at) DESC, family_id LIMIT -1 OFFSET ?",
    )
    .bind(user.to_string())
    .bind(keep)
    .fetch_all(&mut *conn)
    .await?;
    for family in &families {
        revoke_family(conn, family, now).await?;
    }
    Ok(families)
}

/// Removes what no longer matters: the user's own, and some of everybody's.
pub(crate) async fn sweep(
    conn: &mut SqliteConnection,
    user: UserId,
    now: Now,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "DELETE FROM refresh_token WHERE user_id = ? AND (expires_at <= ? OR revoked_at < ?)",
    )
    .bind(user.to_string())
    .bind(now.db())
    .bind(now.db() - ENDED_STAY_US)
    .execute(&mut *conn)
    .await?;
    sqlx::query(
        "DELETE FROM refresh_token WHERE id IN \
         (SELECT id FROM refresh_token WHERE expires_at <= ? ORDER BY expires_at LIMIT ?)",
    )
    .bind(now.db())
    .bind(SWEEP_MAX)
    .execute(conn)
    .await?;
    Ok(())
}

/// Sessions that ended after `since`, with the time in microseconds.
pub(crate) async fn ended_since(
    pool: &SqlitePool,
    since: i64,
) -> Result<Vec<(String, i64)>, sqlx::Error> {
    sqlx::query_as(
        "SELECT family_id, MAX(revoked_at) FROM refresh_token WHERE revoked_at > ? \
         GROUP BY family_id",
    )
    .bind(since)
    .fetch_all(pool)
    .await
}
