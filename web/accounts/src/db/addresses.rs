//! Rows of `address`: what a person typed is sealed, only the order and the default are not.

use commerce_store::{
    StoreError,
    sql::{self, Conn, On, Row},
};
use signaling_wire::{AddressId, UserId};

use crate::clock::Now;

/// An address as the database holds it.
pub(crate) struct Kept {
    pub(crate) id: AddressId,
    pub(crate) sealed: String,
    pub(crate) is_default: bool,
}

fn kept(row: &Row) -> Result<Kept, StoreError> {
    let id: String = row.get("id")?;
    Ok(Kept {
        id: id.parse().map_err(StoreError::invalid)?,
        sealed: row.get("sealed")?,
        is_default: row.get("is_default")?,
    })
}

/// The addresses of a user, the oldest first.
pub(crate) async fn list<'e>(on: impl Into<On<'e>>, user: UserId) -> Result<Vec<Kept>, StoreError> {
    let rows =
        sql::query("SELECT id, sealed, is_default FROM address WHERE user_id = ? ORDER BY id")
            .bind(user.to_string())
            .fetch_all(on)
            .await?;
    rows.iter().map(kept).collect()
}

/// Holds off others who change this user's addresses at the same time.
pub(crate) async fn lock(conn: &mut Conn, user: UserId) -> Result<(), StoreError> {
    let query = sql::query("SELECT id FROM users WHERE id = ? {for update}");
    query.bind(user.to_string()).lock(conn).await
}

/// Adds an address that is not the default.
pub(crate) async fn insert(
    conn: &mut Conn,
    user: UserId,
    (id, sealed): (AddressId, &str),
    now: Now,
) -> Result<(), StoreError> {
    sql::query(
        "INSERT INTO address (id, user_id, sealed, created_at, updated_at) VALUES (?, ?, ?, ?, ?)",
    )
    .bind(id.to_string())
    .bind(user.to_string())
    .bind(sealed)
    .bind(now.db())
    .bind(now.db())
    .execute(conn)
    .await?;
    Ok(())
}

/// Replaces what an address says.
pub(crate) async fn replace(
    conn: &mut Conn,
    user: UserId,
    (id, sealed): (AddressId, &str),
    now: Now,
) -> Result<(), StoreError> {
    sql::query(
        "UPDATE address SET sealed = ?, updated_at = ?, version = version + 1 \
         WHERE id = ? AND user_id = ?",
    )
    .bind(sealed)
    .bind(now.db())
    .bind(id.to_string())
    .bind(user.to_string())
    .execute(conn)
    .await?;
    Ok(())
}

/// Makes an address the default in the place of the one before.
pub(crate) async fn prefer(
    conn: &mut Conn,
    user: UserId,
    id: AddressId,
    now: Now,
) -> Result<(), StoreError> {
    sql::query(
        "UPDATE address SET is_default = 0, updated_at = ?, version = version + 1 \
         WHERE user_id = ? AND is_default = 1 AND id <> ?",
    )
    .bind(now.db())
    .bind(user.to_string())
    .bind(id.to_string())
    .execute(&mut *conn)
    .await?;
    sql::query("UPDATE address SET is_default = 1, updated_at = ? WHERE id = ? AND user_id = ?")
        .bind(now.db())
        .bind(id.to_string())
        .bind(user.to_string())
        .execute(conn)
        .await?;
    Ok(())
}

/// Removes an address; `false` when the user has none of that id.
pub(crate) async fn delete(
    conn: &mut Conn,
    user: UserId,
    id: AddressId,
) -> Result<bool, StoreError> {
    let done = sql::query("DELETE FROM address WHERE id = ? AND user_id = ?")
        .bind(id.to_string())
        .bind(user.to_string())
        .execute(conn)
        .await?;
    Ok(done.rows_affected() == 1)
}
