//! Sellers as those see them who run the site.

use commerce_core::MemberRole;
use commerce_store::{
    StoreError,
    sql::{self, Conn, Reader, Row},
};
use signaling_wire::{SellerId, UserId};

use crate::{
    SellerMember, SellerRecord, SellerStatus, ServiceError,
    db::{maybe_count, ms, parsed, word},
};

const RECORD: &str =
    "SELECT id, owner_user_id, name, status, commission_bps, created_at FROM seller WHERE id = ?";

/// Sellers, the newest first.
pub(crate) async fn records(
    pool: &Reader,
    status: Option<SellerStatus>,
    after: Option<SellerId>,
    limit: u32,
) -> Result<Vec<SellerRecord>, StoreError> {
    let mut query = sql::query(
        "SELECT id, owner_user_id, name, status, commission_bps, created_at FROM seller WHERE id < ?",
    )
    .bind(after.map_or_else(|| "slr_~".to_owned(), |id| id.to_string()));
    if let Some(status) = status {
        query = query.and("AND status = ?").bind(status.name());
    }
    let query = query.and("ORDER BY id DESC LIMIT ?").bind(limit);
    query.fetch_all(pool).await?.iter().map(of).collect()
}

/// A seller.
pub(crate) async fn record(
    pool: &Reader,
    id: SellerId,
) -> Result<Option<SellerRecord>, StoreError> {
    let query = sql::query(RECORD).bind(id.to_string());
    query
        .fetch_optional(pool)
        .await?
        .as_ref()
        .map(of)
        .transpose()
}

/// A seller, locked.
pub(crate) async fn lock(conn: &mut Conn, id: SellerId) -> Result<SellerRecord, ServiceError> {
    let query = sql::query(RECORD).and("{for update}").bind(id.to_string());
    let row = query.fetch_optional(conn).await?;
    Ok(of(&row.ok_or(ServiceError::NotFound("seller"))?)?)
}

/// Writes whether a locked seller may sell, and the site's share.
pub(crate) async fn update(
    conn: &mut Conn,
    seller: &SellerRecord,
    now: i64,
) -> Result<(), StoreError> {
    sql::query(
        "UPDATE seller SET status = ?, commission_bps = ?, updated_at = ?, version = version + 1
         WHERE id = ?",
    )
    .bind(seller.status.name())
    .bind(seller.commission_bps)
    .bind(now)
    .bind(seller.id.to_string())
    .execute(conn)
    .await?;
    Ok(())
}

/// Who acts for a seller.
pub(crate) async fn members(pool: &Reader, id: SellerId) -> Result<Vec<SellerMember>, StoreError> {
    let sql = "SELECT user_id, role, created_at FROM seller_member WHERE seller_id = ?
               ORDER BY created_at, user_id LIMIT 1000";
    let rows = sql::query(sql).bind(id.to_string()).fetch_all(pool).await?;
    let member = |row: &Row| {
        Ok(SellerMember {
            user_id: parsed(row, "user_id")?,
            role: parsed(row, "role")?,
            since_ms: ms(row, "created_at")?,
        })
    };
    rows.iter().map(member).collect()
}

/// What a user is for a seller, and whether the seller may sell.
pub(crate) async fn standing(
    pool: &Reader,
    user: UserId,
    id: SellerId,
) -> Result<Option<(MemberRole, SellerStatus)>, StoreError> {
    let row = sql::query(
        "SELECT m.role, s.status FROM seller_member m JOIN seller s ON s.id = m.seller_id
         WHERE m.seller_id = ? AND m.user_id = ?",
    )
    .bind(id.to_string())
    .bind(user.to_string())
    .fetch_optional(pool)
    .await?;
    let standing = |row: Row| {
        let status = word(&row, "status", SellerStatus::parse)?;
        Ok((parsed(&row, "role")?, status))
    };
    row.map(standing).transpose()
}

fn of(row: &Row) -> Result<SellerRecord, StoreError> {
    Ok(SellerRecord {
        id: parsed(row, "id")?,
        name: row.get("name")?,
        owner_id: parsed(row, "owner_user_id")?,
        status: word(row, "status", SellerStatus::parse)?,
        commission_bps: maybe_count(row, "commission_bps")?,
        created_ms: ms(row, "created_at")?,
    })
}
