//! Rows of `second_factor`, at most one per user, and of `recovery_code`.
//!
//! That a code is taken once is the database's word: the step of the newest one only grows, in the
//! statement that takes it.

use commerce_store::{
    StoreError,
    sql::{self, Conn, On},
};
use signaling_wire::UserId;

use crate::clock::Now;

/// A generator that somebody made.
pub(crate) struct Factor {
    pub(crate) sealed: String,
    /// When its first code was shown, microseconds; until then it asks nobody for a code.
    pub(crate) confirmed_at: Option<i64>,
}

/// The generator of a user.
pub(crate) async fn find<'e>(
    on: impl Into<On<'e>>,
    user: UserId,
) -> Result<Option<Factor>, StoreError> {
    let row = sql::query("SELECT sealed, confirmed_at FROM second_factor WHERE user_id = ?")
        .bind(user.to_string())
        .fetch_optional(on)
        .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(Factor {
        sealed: row.get("sealed")?,
        confirmed_at: row.get("confirmed_at")?,
    }))
}

/// Puts a generator in the place of one that was never confirmed; `false` if one is.
pub(crate) async fn begin(
    conn: &mut Conn,
    user: UserId,
    sealed: &str,
    now: Now,
) -> Result<bool, StoreError> {
    sql::query("DELETE FROM second_factor WHERE user_id = ? AND confirmed_at IS NULL")
        .bind(user.to_string())
        .execute(&mut *conn)
        .await?;
    let made =
        sql::query("INSERT INTO second_factor (user_id, sealed, created_at) VALUES (?, ?, ?)")
            .bind(user.to_string())
            .bind(sealed)
            .bind(now.db())
            .execute(conn)
            .await;
    match made {
        Err(error) if error.is_unique_violation() => Ok(false),
        other => other.map(|_| true),
    }
}

/// Lets a generator count, by its first code; `false` if it is another one now or counts already.
pub(crate) async fn confirm(
    conn: &mut Conn,
    user: UserId,
    (sealed, step): (&str, i64),
    now: Now,
) -> Result<bool, StoreError> {
    let done = sql::query(
        "UPDATE second_factor SET confirmed_at = ?, last_step = ? \
         WHERE user_id = ? AND sealed = ? AND confirmed_at IS NULL",
    )
    .bind(now.db())
    .bind(step)
    .bind(user.to_string())
    .bind(sealed)
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Takes the code of a step; `false` if it, or a later one, was taken before.
pub(crate) async fn take_step(
    conn: &mut Conn,
    user: UserId,
    step: i64,
) -> Result<bool, StoreError> {
    let done = sql::query(
        "UPDATE second_factor SET last_step = ? \
         WHERE user_id = ? AND confirmed_at IS NOT NULL AND last_step < ?",
    )
    .bind(step)
    .bind(user.to_string())
    .bind(step)
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Keeps the hashes of new recovery codes, in the place of all others.
pub(crate) async fn replace_recovery(
    conn: &mut Conn,
    user: UserId,
    hashes: &[String],
) -> Result<(), StoreError> {
    sql::query("DELETE FROM recovery_code WHERE user_id = ?")
        .bind(user.to_string())
        .execute(&mut *conn)
        .await?;
    for hash in hashes {
        sql::query("INSERT INTO recovery_code (user_id, hash) VALUES (?, ?)")
            .bind(user.to_string())
            .bind(hash)
            .execute(&mut *conn)
            .await?;
    }
    Ok(())
}

/// Takes a recovery code; `false` if there is none such, or it was taken before.
pub(crate) async fn take_recovery(
    conn: &mut Conn,
    user: UserId,
    hash: &str,
    now: Now,
) -> Result<bool, StoreError> {
    let done = sql::query(
        "UPDATE recovery_code SET used_at = ? \
         WHERE user_id = ? AND hash = ? AND used_at IS NULL",
    )
    .bind(now.db())
    .bind(user.to_string())
    .bind(hash)
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Recovery codes of a user that are left.
pub(crate) async fn recovery_left<'e>(
    on: impl Into<On<'e>>,
    user: UserId,
) -> Result<i64, StoreError> {
    sql::query("SELECT COUNT(*) FROM recovery_code WHERE user_id = ? AND used_at IS NULL")
        .bind(user.to_string())
        .fetch_value(on)
        .await
}

/// Forgets generator and recovery codes; `false` if there was no generator.
pub(crate) async fn remove(conn: &mut Conn, user: UserId) -> Result<bool, StoreError> {
    sql::query("DELETE FROM recovery_code WHERE user_id = ?")
        .bind(user.to_string())
        .execute(&mut *conn)
        .await?;
    let done = sql::query("DELETE FROM second_factor WHERE user_id = ?")
        .bind(user.to_string())
        .execute(conn)
        .await?;
    Ok(done.rows_affected() == 1)
}
