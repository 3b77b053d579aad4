//! Rows of `one_time_token`: links in mails, hashed, one of a purpose per user.

use commerce_store::{
    StoreError,
    sql::{self, Conn},
};
use signaling_wire::UserId;

use crate::clock::Now;

/// What a link is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    VerifyEmail,
    ResetPassword,
}

impl Purpose {
    pub(crate) const fn key(self) -> &'static str {
        match self {
            Self::VerifyEmail => "verify_email",
            Self::ResetPassword => "reset_password",
        }
    }
}

/// Puts a token in the place of the user's one before.
pub(crate) async fn replace(
    conn: &mut Conn,
    user: UserId,
    (purpose, hash): (Purpose, &str),
    expires_at: i64,
    now: Now,
) -> Result<(), StoreError> {
    sql::query("DELETE FROM one_time_token WHERE user_id = ? AND purpose = ?")
        .bind(user.to_string())
        .bind(purpose.key())
        .execute(&mut *conn)
        .await?;
    sql::query(
        "INSERT INTO one_time_token (user_id, purpose, hash, expires_at, created_at) \
         VALUES (?, ?, ?, ?, ?)",
    )
    .bind(user.to_string())
    .bind(purpose.key())
    .bind(hash)
    .bind(expires_at)
    .bind(now.db())
    .execute(conn)
    .await?;
    Ok(())
}

/// Spends a token; tells whose it was, if it still held. Of two at once one is told.
pub(crate) async fn spend(
    conn: &mut Conn,
    purpose: Purpose,
    hash: &str,
    now: Now,
) -> Result<Option<UserId>, StoreError> {
    let found: Option<String> = sql::query(
        "SELECT user_id FROM one_time_token WHERE hash = ? AND purpose = ? AND expires_at > ? \
         {for update}",
    )
    .bind(hash)
    .bind(purpose.key())
    .bind(now.db())
    .fetch_value_optional(&mut *conn)
    .await?;
    let Some(user) = found else { return Ok(None) };
    let done = sql::query("DELETE FROM one_time_token WHERE hash = ?")
        .bind(hash)
        .execute(conn)
        .await?;
    match done.rows_affected() {
        1 => user.parse().map(Some).map_err(StoreError::invalid),
        _ => Ok(None),
    }
}
