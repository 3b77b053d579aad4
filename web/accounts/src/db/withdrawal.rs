//! What is taken away when a person withdraws, and what keeps them from it.
//!
//! Orders, payments and the ledger keep the user's id, which then names nobody.

use commerce_store::{
    StoreError,
    sql::{self, Conn},
};
use signaling_wire::UserId;

use super::users;
use crate::clock::Now;

/// What must be settled first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Obstacle {
    /// A seller of theirs is active.
    OwnsSeller,
    /// An order of theirs waits for payment, or has not arrived.
    OpenOrders,
    /// Nobody else operates the platform.
    LastOperator,
}

/// Why this person cannot withdraw now.
pub(crate) async fn obstacle(
    conn: &mut Conn,
    user: UserId,
) -> Result<Option<Obstacle>, StoreError> {
    // Locked, so that of two who withdraw at once the second is the last.
    if users::lock_operators(conn).await? == [user] {
        return Ok(Some(Obstacle::LastOperator));
    }
    let owns = "SELECT 1 FROM seller WHERE owner_user_id = ? AND status = 'active' LIMIT 1";
    // What is to be sent needs the address, which goes with the key.
    let waits = "SELECT 1 FROM orders WHERE buyer_id = ? AND status IN \
                 ('pending_payment', 'paid', 'preparing', 'partially_shipped', 'shipped') LIMIT 1";
    for (sql, obstacle) in [(owns, Obstacle::OwnsSeller), (waits, Obstacle::OpenOrders)] {
        let query = sql::query(sql).bind(user.to_string());
        if query.fetch_optional(&mut *conn).await?.is_some() {
            return Ok(Some(obstacle));
        }
    }
    Ok(None)
}

/// Makes the row anonymous; `false` when it has withdrawn already.
pub(crate) async fn anonymise(conn: &mut Conn, user: UserId, now: Now) -> Result<bool, StoreError> {
    let done = sql::query(
        "UPDATE users SET email = '', email_key = ?, email_verified_at = NULL, \
         password_hash = '', display_name = '', name_key = '', phone_sealed = NULL, \
         role = 'user', status = 'withdrawn', withdrawn_at = ?, updated_at = ?, \
         version = version + 1 WHERE id = ? AND status <> 'withdrawn'",
    )
    // No address has a colon in front of its `@`, so this is nobody's.
    .bind(format!("withdrawn:{user}"))
    .bind(now.db())
    .bind(now.db())
    .bind(user.to_string())
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Removes what only served the person.
pub(crate) async fn clear(conn: &mut Conn, user: UserId) -> Result<(), StoreError> {
    let user = user.to_string();
    for sql in [
        "DELETE FROM address WHERE user_id = ?",
        "DELETE FROM one_time_token WHERE user_id = ?",
        "DELETE FROM recovery_code WHERE user_id = ?",
        "DELETE FROM second_factor WHERE user_id = ?",
        "DELETE FROM social_identity WHERE user_id = ?",
        "DELETE FROM mail WHERE user_id = ?",
        "DELETE FROM seller_member WHERE user_id = ?",
        "DELETE FROM stream_key WHERE stream_id IN (SELECT id FROM stream WHERE host_user_id = ?)",
        "UPDATE login_session SET sealed = '' WHERE user_id = ?",
    ] {
        sql::query(sql).bind(&user).execute(&mut *conn).await?;
    }
    Ok(())
}
