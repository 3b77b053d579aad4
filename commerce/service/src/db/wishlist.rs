//! Table `wishlist_item`.

use commerce_store::StoreError;
use signaling_wire::{UserId, VariantId};

use super::{
    count as units, label, money, ms, parsed,
    sql::{Conn, Reader, get, query},
    title,
};
use crate::{ServiceError, Wish, limits};

pub(crate) async fn count(conn: &mut Conn, user: UserId) -> Result<i64, StoreError> {
    let row = query("SELECT COUNT(*) AS n FROM wishlist_item WHERE user_id = ?")
        .bind(user.to_string())
        .fetch_one(&mut *conn)
        .await?;
    get(&row, "n")
}

/// Puts a variant on the list, unless it is there.
pub(crate) async fn insert(
    conn: &mut Conn,
    user: UserId,
    variant: VariantId,
    now: i64,
) -> Result<(), ServiceError> {
    let sql = "INSERT INTO wishlist_item (user_id, variant_id, created_at) VALUES (?, ?, ?)";
    let done = query(sql)
        .bind(user.to_string())
        .bind(variant.to_string())
        .bind(now)
        .execute(&mut *conn)
        .await;
    match done {
        Err(error) if error.is_unique_violation() => Ok(()),
        other => other.map(|_| ()).map_err(ServiceError::from),
    }
}

pub(crate) async fn delete(
    conn: &mut Conn,
    user: UserId,
    variant: VariantId,
) -> Result<(), ServiceError> {
    query("DELETE FROM wishlist_item WHERE user_id = ? AND variant_id = ?")
        .bind(user.to_string())
        .bind(variant.to_string())
        .execute(&mut *conn)
        .await?;
    Ok(())
}

/// The wishes of a user, the latest first, with what they cost and whether they are there.
pub(crate) async fn list(reader: &Reader, user: UserId) -> Result<Vec<Wish>, StoreError> {
    let rows = query(
        "SELECT w.variant_id, w.created_at, v.product_id, v.price, v.currency, v.label_ko, v.label_en,
                p.image_url, ko.title AS title_ko, en.title AS title_en,
                CASE WHEN v.status = 'active' AND p.status = 'active' AND EXISTS
                     (SELECT 1 FROM seller s WHERE s.id = p.seller_id AND s.status = 'active')
                     THEN 1 ELSE 0 END AS sold,
                (SELECT COALESCE(MAX(l.on_hand - l.held - l.committed), 0) FROM stock_level l
                 WHERE l.variant_id = v.id AND l.sale_key = '') AS available
         FROM wishlist_item w
         JOIN variant v ON v.id = w.variant_id
         JOIN product p ON p.id = v.product_id
         JOIN product_text ko ON ko.product_id = p.id AND ko.locale = 'ko'
         JOIN product_text en ON en.product_id = p.id AND en.locale = 'en'
         WHERE w.user_id = ? ORDER BY w.created_at DESC, w.variant_id LIMIT ?",
    )
    .bind(user.to_string())
    .bind(limits::WISHES_MAX)
    .fetch_all(reader)
    .await?;
    rows.iter()
        .map(|row| {
            Ok(Wish {
                variant_id: parsed(row, "variant_id")?,
                product_id: parsed(row, "product_id")?,
                title: title(row)?,
                label: label(row)?,
                image_url: get(row, "image_url")?,
                price: money(row, "price")?,
                sold: get::<i64>(row, "sold")? == 1,
                available: units(row, "available")?,
                added_ms: ms(row, "created_at")?,
            })
        })
        .collect()
}
