//! Tables `seller` and `seller_member`.

mod record;

use commerce_core::MemberRole;
use commerce_store::{
    StoreError,
    sql::{self, Conn, Reader},
};
use signaling_wire::{SellerId, UserId};

pub(crate) use self::record::{lock, members, record, records, standing, update};
use super::parsed;
use crate::{Membership, Seller};

pub(crate) async fn owned(conn: &mut Conn, user: UserId) -> Result<i64, StoreError> {
    let sql = "SELECT COUNT(*) FROM seller WHERE owner_user_id = ?";
    sql::query(sql)
        .bind(user.to_string())
        .fetch_value(conn)
        .await
}

pub(crate) async fn insert(
    conn: &mut Conn,
    seller: &Seller,
    owner: UserId,
    now: i64,
) -> Result<(), StoreError> {
    sql::query(
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
    conn: &mut Conn,
    seller: SellerId,
    user: UserId,
    role: MemberRole,
    now: i64,
) -> Result<(), StoreError> {
    sql::either(
        "INSERT INTO seller_member (seller_id, user_id, role, created_at) VALUES (?, ?, ?, ?)
         ON CONFLICT (seller_id, user_id) DO UPDATE SET role = excluded.role",
        "INSERT INTO seller_member (seller_id, user_id, role, created_at) VALUES (?, ?, ?, ?)
         ON DUPLICATE KEY UPDATE role = VALUES(role)",
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
    pool: &Reader,
    user: UserId,
    seller: SellerId,
) -> Result<Option<MemberRole>, StoreError> {
    let sql = "SELECT role FROM seller_member WHERE seller_id = ? AND user_id = ?";
    let query = sql::query(sql)
        .bind(seller.to_string())
        .bind(user.to_string());
    query
        .fetch_optional(pool)
        .await?
        .map(|row| parsed(&row, "role"))
        .transpose()
}

/// The platform's share of the seller's sales, if it is not the site's.
pub(crate) async fn rate(conn: &mut Conn, seller: SellerId) -> Result<Option<i64>, StoreError> {
    sql::query("SELECT commission_bps FROM seller WHERE id = ?")
        .bind(seller.to_string())
        .fetch_value(conn)
        .await
}

pub(crate) async fn memberships(
    pool: &Reader,
    user: UserId,
) -> Result<Vec<Membership>, StoreError> {
    let rows = sql::query(
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
            seller_name: row.get("name")?,
            role: parsed(row, "role")?,
        })
    };
    rows.iter().map(membership).collect()
}
