//! Rows of `users`.

use commerce_store::{
    StoreError,
    sql::{self, Conn, On, Reader, Row},
};
use signaling_wire::UserId;

use crate::{clock::Now, role::Role};

/// An account, as the database holds it.
#[derive(Clone)]
pub(crate) struct User {
    pub(crate) id: UserId,
    pub(crate) email: String,
    pub(crate) email_key: String,
    pub(crate) password_hash: String,
    pub(crate) display_name: String,
    pub(crate) role: Role,
    pub(crate) locale: String,
    pub(crate) active: bool,
}

fn user(row: &Row) -> Result<User, StoreError> {
    let id: String = row.get("id")?;
    Ok(User {
        id: id.parse().map_err(StoreError::invalid)?,
        email: row.get("email")?,
        email_key: row.get("email_key")?,
        password_hash: row.get("password_hash")?,
        display_name: row.get("display_name")?,
        role: Role::from_key(&row.get::<String>("role")?),
        locale: row.get("locale")?,
        active: row.get::<String>("status")? == "active",
    })
}

/// Adds an account; `false` when the e-mail has one already.
pub(crate) async fn insert(conn: &mut Conn, new: &User, now: Now) -> Result<bool, StoreError> {
    let inserted = sql::query(
        "INSERT INTO users (id, email, email_key, password_hash, display_name, role, locale, \
         status, created_at, updated_at, version) VALUES (?, ?, ?, ?, ?, ?, ?, 'active', ?, ?, 1)",
    )
    .bind(new.id.to_string())
    .bind(new.email.as_str())
    .bind(&new.email_key)
    .bind(&new.password_hash)
    .bind(&new.display_name)
    .bind(new.role.key())
    .bind(&new.locale)
    .bind(now.db())
    .bind(now.db())
    .execute(conn)
    .await;
    match inserted {
        Ok(_) => Ok(true),
        Err(error) if error.is_unique_violation() => Ok(false),
        Err(error) => Err(error),
    }
}

/// The account of a canonical e-mail.
pub(crate) async fn by_email(pool: &Reader, key: &str) -> Result<Option<User>, StoreError> {
    let row = sql::query(
        "SELECT id, email, email_key, password_hash, display_name, role, locale, status \
         FROM users WHERE email_key = ?",
    )
    .bind(key)
    .fetch_optional(pool)
    .await?;
    row.as_ref().map(user).transpose()
}

/// The account of an id.
pub(crate) async fn by_id(
    executor: impl Into<On<'_>>,
    id: UserId,
) -> Result<Option<User>, StoreError> {
    let row = sql::query(
        "SELECT id, email, email_key, password_hash, display_name, role, locale, status \
         FROM users WHERE id = ?",
    )
    .bind(id.to_string())
    .fetch_optional(executor)
    .await?;
    row.as_ref().map(user).transpose()
}

/// Replaces the password's hash; `false` when there is no such account.
pub(crate) async fn set_password(
    conn: &mut Conn,
    id: UserId,
    password_hash: &str,
    now: Now,
) -> Result<bool, StoreError> {
    let done = sql::query(
        "UPDATE users SET password_hash = ?, updated_at = ?, version = version + 1 WHERE id = ?",
    )
    .bind(password_hash)
    .bind(now.db())
    .bind(id.to_string())
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Suspends or restores an account; `false` when there is none, or it has withdrawn.
pub(crate) async fn set_suspended(
    conn: &mut Conn,
    id: UserId,
    suspended: bool,
    now: Now,
) -> Result<bool, StoreError> {
    let done = sql::query(
        "UPDATE users SET status = ?, updated_at = ?, version = version + 1 \
         WHERE id = ? AND status <> 'withdrawn'",
    )
    .bind(if suspended { "suspended" } else { "active" })
    .bind(now.db())
    .bind(id.to_string())
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}
