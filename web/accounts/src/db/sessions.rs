//! Rows of `login_session`, one per sign-in, and of `refresh_token`, which hang on them.
//!
//! Spent tokens stay until their session goes, because a second use of one is what gives a thief
//! away. An ended session goes two hours after its end, when no access token of it can be alive.

use commerce_store::{
    StoreError,
    sql::{self, Conn, Reader, Row},
};
use signaling_wire::UserId;

use crate::{
    clock::Now,
    limits,
    session::{Held, Proof},
};

/// How long an ended session stays, microseconds.
const ENDED_STAY_US: i64 = 2 * 3600 * 1_000_000;
/// Expired sessions of others that one sign-in sweeps away.
const SWEEP_MAX: i64 = 20;

/// A token and where it belongs.
pub(crate) struct Found {
    pub(crate) user: UserId,
    pub(crate) family: String,
    pub(crate) held: Held,
    pub(crate) proof: Proof,
}

/// A session that has not ended.
pub(crate) struct Open {
    pub(crate) family: String,
    pub(crate) sealed: String,
    pub(crate) created_at: i64,
    pub(crate) seen_at: i64,
    pub(crate) expires_at: i64,
}

/// A session that ended.
pub(crate) struct Ended {
    pub(crate) user: UserId,
    pub(crate) family: String,
    pub(crate) at: i64,
}

fn user_of(row: &Row) -> Result<UserId, StoreError> {
    let id: String = row.get("user_id")?;
    id.parse().map_err(StoreError::invalid)
}

/// Opens a session; `sealed` says from where.
pub(crate) async fn open(
    conn: &mut Conn,
    user: UserId,
    (family, sealed): (&str, &str),
    (proof, expires_at): (Proof, i64),
    now: Now,
) -> Result<(), StoreError> {
    sql::query(
        "INSERT INTO login_session (id, user_id, sealed, proved_at, two_factors, seen_at, \
         expires_at, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(family)
    .bind(user.to_string())
    .bind(sealed)
    .bind(proof.at)
    .bind(i64::from(proof.two_factors))
    .bind(now.db())
    .bind(expires_at)
    .bind(now.db())
    .execute(conn)
    .await?;
    Ok(())
}

/// Looks a token up by its hash, and holds off others who use the session at the same time.
pub(crate) async fn by_hash(conn: &mut Conn, hash: &str) -> Result<Option<Found>, StoreError> {
    let row = sql::query(
        "SELECT s.user_id, s.id, s.expires_at, s.ended_at, s.proved_at, s.two_factors, t.used_at \
         FROM refresh_token t JOIN login_session s ON s.id = t.family_id WHERE t.hash = ? \
         {for update}",
    )
    .bind(hash)
    .fetch_optional(conn)
    .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(Found {
        user: user_of(&row)?,
        family: row.get("id")?,
        held: Held {
            expires_at: row.get("expires_at")?,
            used_at: row.get("used_at")?,
            revoked_at: row.get("ended_at")?,
        },
        proof: Proof {
            at: row.get("proved_at")?,
            two_factors: row.get::<i64>("two_factors")? != 0,
        },
    }))
}

/// Adds an unused token to a session, which this counts as used now.
pub(crate) async fn add_token(
    conn: &mut Conn,
    family: &str,
    hash: &str,
    now: Now,
) -> Result<(), StoreError> {
    sql::query("INSERT INTO refresh_token (hash, family_id, created_at) VALUES (?, ?, ?)")
        .bind(hash)
        .bind(family)
        .bind(now.db())
        .execute(&mut *conn)
        .await?;
    sql::query("UPDATE login_session SET seen_at = ? WHERE id = ?")
        .bind(now.db())
        .bind(family)
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

/// Notes that the owner of a session proved who they are; `false` if it has ended.
pub(crate) async fn prove(
    conn: &mut Conn,
    (user, family): (UserId, &str),
    proof: Proof,
) -> Result<bool, StoreError> {
    let done = sql::query(
        "UPDATE login_session SET proved_at = ?, two_factors = ? \
         WHERE id = ? AND user_id = ? AND ended_at IS NULL",
    )
    .bind(proof.at)
    .bind(i64::from(proof.two_factors))
    .bind(family)
    .bind(user.to_string())
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Ends a session.
pub(crate) async fn end(conn: &mut Conn, family: &str, now: Now) -> Result<(), StoreError> {
    sql::query("UPDATE login_session SET ended_at = ? WHERE id = ? AND ended_at IS NULL")
        .bind(now.db())
        .bind(family)
        .execute(conn)
        .await?;
    Ok(())
}

/// Ends the sessions of a user but the newest `keep` and the one that is spared; tells which.
pub(crate) async fn end_of_user(
    conn: &mut Conn,
    user: UserId,
    (keep, spared): (usize, Option<&str>),
    now: Now,
) -> Result<Vec<String>, StoreError> {
    let families: Vec<String> = sql::query(
        "SELECT id FROM login_session WHERE user_id = ? AND ended_at IS NULL \
         ORDER BY created_at DESC, id",
    )
    .bind(user.to_string())
    .fetch_values(&mut *conn)
    .await?;
    let going = families.into_iter().skip(keep);
    let going: Vec<String> = going
        .filter(|family| Some(family.as_str()) != spared)
        .collect();
    for family in &going {
        end(conn, family, now).await?;
    }
    Ok(going)
}

/// Whether a session is this user's and has not ended.
pub(crate) async fn belongs(
    conn: &mut Conn,
    user: UserId,
    family: &str,
) -> Result<bool, StoreError> {
    let found: Option<i64> =
        sql::query("SELECT 1 FROM login_session WHERE id = ? AND user_id = ? AND ended_at IS NULL")
            .bind(family)
            .bind(user.to_string())
            .fetch_value_optional(conn)
            .await?;
    Ok(found.is_some())
}

/// The sessions of a user, the newest first.
pub(crate) async fn list(pool: &Reader, user: UserId, now: Now) -> Result<Vec<Open>, StoreError> {
    let rows = sql::query(
        "SELECT id, sealed, created_at, seen_at, expires_at FROM login_session \
         WHERE user_id = ? AND ended_at IS NULL AND expires_at > ? ORDER BY created_at DESC, id",
    )
    .bind(user.to_string())
    .bind(now.db())
    .fetch_all(pool)
    .await?;
    let open = rows.iter().map(|row| {
        Ok(Open {
            family: row.get("id")?,
            sealed: row.get("sealed")?,
            created_at: row.get("created_at")?,
            seen_at: row.get("seen_at")?,
            expires_at: row.get("expires_at")?,
        })
    });
    open.collect()
}

/// Removes what no longer matters: the user's own, and some of everybody's.
pub(crate) async fn sweep(conn: &mut Conn, user: UserId, now: Now) -> Result<(), StoreError> {
    sql::query("DELETE FROM login_session WHERE user_id = ? AND (expires_at <= ? OR ended_at < ?)")
        .bind(user.to_string())
        .bind(now.db())
        .bind(now.db() - ENDED_STAY_US)
        .execute(&mut *conn)
        .await?;
    let stale: Vec<String> = sql::query(
        "SELECT id FROM login_session WHERE expires_at <= ? ORDER BY expires_at LIMIT ?",
    )
    .bind(now.db())
    .bind(SWEEP_MAX)
    .fetch_values(&mut *conn)
    .await?;
    for family in stale {
        sql::query("DELETE FROM login_session WHERE id = ?")
            .bind(family)
            .execute(&mut *conn)
            .await?;
    }
    Ok(())
}

/// Sessions that ended after `since`, microseconds.
pub(crate) async fn ended_since(pool: &Reader, since: i64) -> Result<Vec<Ended>, StoreError> {
    let rows = sql::query("SELECT id, user_id, ended_at FROM login_session WHERE ended_at > ?")
        .bind(since)
        .fetch_all(pool)
        .await?;
    let ended = rows.iter().map(|row| {
        Ok(Ended {
            user: user_of(row)?,
            family: row.get("id")?,
            at: row.get("ended_at")?,
        })
    });
    ended.collect()
}
