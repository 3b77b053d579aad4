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
    pub(crate) email_verified: bool,
    pub(crate) password_hash: String,
    pub(crate) display_name: String,
    pub(crate) name_key: String,
    pub(crate) phone_sealed: Option<String>,
    pub(crate) role: Role,
    pub(crate) locale: String,
    /// Neither suspended nor withdrawn.
    pub(crate) active: bool,
    pub(crate) withdrawn: bool,
    pub(crate) created_at: i64,
    pub(crate) version: i64,
}

const BY_EMAIL: &str = "SELECT id, email, email_key, email_verified_at, password_hash, \
    display_name, name_key, phone_sealed, role, locale, status, created_at, version \
    FROM users WHERE email_key = ?";
const BY_ID: &str = "SELECT id, email, email_key, email_verified_at, password_hash, \
    display_name, name_key, phone_sealed, role, locale, status, created_at, version \
    FROM users WHERE id = ?";
const PAGE: &str = "SELECT id, email, email_key, email_verified_at, password_hash, \
    display_name, name_key, phone_sealed, role, locale, status, created_at, version \
    FROM users WHERE id < ?";

fn user(row: &Row) -> Result<User, StoreError> {
    let id: String = row.get("id")?;
    let status: String = row.get("status")?;
    Ok(User {
        id: id.parse().map_err(StoreError::invalid)?,
        email: row.get("email")?,
        email_key: row.get("email_key")?,
        email_verified: row.get::<Option<i64>>("email_verified_at")?.is_some(),
        password_hash: row.get("password_hash")?,
        display_name: row.get("display_name")?,
        name_key: row.get("name_key")?,
        phone_sealed: row.get("phone_sealed")?,
        role: Role::from_key(&row.get::<String>("role")?),
        locale: row.get("locale")?,
        active: status == "active",
        withdrawn: status == "withdrawn",
        created_at: row.get("created_at")?,
        version: row.get("version")?,
    })
}

/// Adds an account; `false` when the e-mail has one already.
pub(crate) async fn insert(conn: &mut Conn, new: &User, now: Now) -> Result<bool, StoreError> {
    let inserted = sql::query(
        "INSERT INTO users (id, email, email_key, password_hash, display_name, name_key, role, \
         locale, status, created_at, updated_at, version) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'active', ?, ?, 1)",
    )
    .bind(new.id.to_string())
    .bind(&new.email)
    .bind(&new.email_key)
    .bind(&new.password_hash)
    .bind(&new.display_name)
    .bind(&new.name_key)
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
pub(crate) async fn by_email(reader: &Reader, key: &str) -> Result<Option<User>, StoreError> {
    let row = sql::query(BY_EMAIL)
        .bind(key)
        .fetch_optional(reader)
        .await?;
    row.as_ref().map(user).transpose()
}

/// The account of an id.
pub(crate) async fn by_id<'e>(
    on: impl Into<On<'e>>,
    id: UserId,
) -> Result<Option<User>, StoreError> {
    let query = sql::query(BY_ID).bind(id.to_string());
    let row = query.fetch_optional(on).await?;
    row.as_ref().map(user).transpose()
}

/// Accounts older than an id, the newest first; only those with the status and the role that are
/// named.
pub(crate) async fn page(
    reader: &Reader,
    before: &str,
    (status, role): (Option<&str>, Option<&str>),
    limit: i64,
) -> Result<Vec<User>, StoreError> {
    let mut query = sql::query(PAGE).bind(before);
    if let Some(status) = status {
        query = query.and(" AND status = ?").bind(status);
    }
    if let Some(role) = role {
        query = query.and(" AND role = ?").bind(role);
    }
    let query = query.and(" ORDER BY id DESC LIMIT ?").bind(limit);
    let rows = query.fetch_all(reader).await?;
    rows.iter().map(user).collect()
}

/// Replaces the password's hash.
pub(crate) async fn set_password(
    conn: &mut Conn,
    id: UserId,
    password_hash: &str,
    now: Now,
) -> Result<(), StoreError> {
    sql::query(
        "UPDATE users SET password_hash = ?, updated_at = ?, version = version + 1 WHERE id = ?",
    )
    .bind(password_hash)
    .bind(now.db())
    .bind(id.to_string())
    .execute(conn)
    .await?;
    Ok(())
}

/// Replaces what a person may change of their profile, if it still is of the version.
pub(crate) async fn set_profile(
    conn: &mut Conn,
    changed: &User,
    version: i64,
    now: Now,
) -> Result<bool, StoreError> {
    let done = sql::query(
        "UPDATE users SET display_name = ?, name_key = ?, locale = ?, phone_sealed = ?, \
         updated_at = ?, version = version + 1 WHERE id = ? AND version = ? AND status = 'active'",
    )
    .bind(&changed.display_name)
    .bind(&changed.name_key)
    .bind(&changed.locale)
    .bind(&changed.phone_sealed)
    .bind(now.db())
    .bind(changed.id.to_string())
    .bind(version)
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Notes that the person reads what is sent to the e-mail.
pub(crate) async fn set_verified(conn: &mut Conn, id: UserId, now: Now) -> Result<(), StoreError> {
    sql::query(
        "UPDATE users SET email_verified_at = ?, updated_at = ?, version = version + 1 \
         WHERE id = ? AND email_verified_at IS NULL AND status <> 'withdrawn'",
    )
    .bind(now.db())
    .bind(now.db())
    .bind(id.to_string())
    .execute(conn)
    .await?;
    Ok(())
}

/// Who operates the platform now, locked: none of them changes before the commit.
pub(crate) async fn lock_operators(conn: &mut Conn) -> Result<Vec<UserId>, StoreError> {
    let rows = sql::query(
        "SELECT id FROM users WHERE role = 'admin' AND status = 'active' ORDER BY id{for update}",
    )
    .fetch_all(conn)
    .await?;
    let id = |row: &Row| {
        row.get::<String>("id")?
            .parse()
            .map_err(StoreError::invalid)
    };
    rows.iter().map(id).collect()
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

/// Gives an account a role; `false` when there is none, or it has withdrawn.
pub(crate) async fn set_role(
    conn: &mut Conn,
    id: UserId,
    role: Role,
    now: Now,
) -> Result<bool, StoreError> {
    let done = sql::query(
        "UPDATE users SET role = ?, updated_at = ?, version = version + 1 \
         WHERE id = ? AND status <> 'withdrawn'",
    )
    .bind(role.key())
    .bind(now.db())
    .bind(id.to_string())
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}
