//! Tables `seller` and `seller_member`.

use commerce_core::MemberRole;
use commerce_store::{SqlitePool, StoreError};
use signaling_wire::{SellerId, UserId};
use sqlx::{Row as _, SqliteConnection};

use super::parsed;
use crate::{Membership, Seller};

pub(crate) async fn owned(conn: &mut SqliteConnection, user: UserId) -> Result<i64, StoreError> {
    let sql = "SELECT COUNT(*) FROM seller WHERE owner_user_id = ?";
    Ok(sqlx::query_scalar(sql)
        .bind(user.to_string())
        .fetch_one(conn)
        .await?)
}

pub(crate) async fn insert(
    conn: &mut SqliteConnection,
    seller: &Seller,
    owner: UserId,
    now: i64,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO seller (id, owner_user_id, name, created_at, updated_at) VALUES (?, ?, ?, ?, ?)",
    )
    .bind(seller.id.to_string())
    .bind(owner.to_string())
    .bind(&seller.name)
    .bind(now)
    .bind(now)
    .execute(&mut *conn)
    .await?;
    set_member(conn, seller.id, owner, MemberRole::Owner, now).await
}

pub(crate) async fn set_member(
    conn: &mut SqliteConnection,
    seller: SellerId,
    user: UserId,
    role: MemberRole,
    now: i64,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO seller_member (seller_id, user_id, role, created_at) VALUES (?, ?, ?, ?)
         ON CONFLICT (seller_id, user_id) DO UPDATE SET role = excluded.role",
    )
    .bind(seller.to_string())
    .bind(user.to_string())
    .bind(role.name())
    .bind(now)
    .execute(conn)
    .await?;
    Ok(())
}

pub(crate) async fn role(
    pool: &SqlitePool,
    user: UserId,
    seller: SellerId,
) -> Result<Option<MemberRole>, StoreError> {
    let sql = "SELECT role FROM seller_member WHERE seller_id = ? AND user_id = ?";
    let query = sqlx::query(sql)
        .bind(seller.to_string())
        .bind(user.to_string());
    query
        .fetch_optional(pool)
        .await?
        .map(|row| parsed(&row, "role"))
        .transpose()
}

pub(crate) async fn memberships(
    pool: &SqlitePool,
    user: UserId,
) -> Result<Vec<Membership>, StoreError> {
    let rows = sqlx::query(
        "SELECT m.seller_id, s.name, m.role FROM seller_member m
         JOIN seller s ON s.id = m.seller_id WHERE m.user_id = ? ORDER BY m.seller_id",
    )
    .bind(user.to_string())
    .fetch_all(pool)
    .await?;
    let membership = |row| {
        let seller_id = parsed(row, "seller_id")?;
        Ok(Membership {
            seller_id,
            seller_name: row.try_get("name")?,
            role: parsed(row, "role")?,
        })
    };
    rows.iter().map(membership).collect()
}
