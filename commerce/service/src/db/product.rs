//! Tables `product`, `product_text`, `product_term`, `product_category`, `product_media`,
//! `product_option` and `product_option_value`.

use commerce_core::catalog::{Choice, ProductStatus};
use commerce_store::StoreError;
use signaling_wire::{ProductId, SellerId, UserId, VariantId};

use super::{
    parsed,
    sql::{Conn, On, query},
    variant, word,
};
use crate::{NewProduct, ServiceError};

mod list;
mod read;
mod texts;

pub(crate) use list::{all, list};
pub(crate) use read::{find, find_in};
pub(crate) use texts::rewrite;

/// Writes a product with its variants and what comes in with them.
pub(crate) async fn insert(
    conn: &mut Conn,
    id: ProductId,
    new: &NewProduct,
    ids: &[VariantId],
    actor: UserId,
    now: i64,
) -> Result<(), ServiceError> {
    let currency = new
        .variants
        .first()
        .map_or("KRW", |first| first.price.currency.code());
    query(
        "INSERT INTO product (id, seller_id, image_url, currency, price, price_max, status, created_at, updated_at)
         VALUES (?, ?, ?, ?, 0, 0, ?, ?, ?)",
    )
    .bind(id.to_string())
    .bind(new.seller_id.to_string())
    .bind(new.texts.image_url.clone())
    .bind(currency)
    .bind(new.status.name())
    .bind(now)
    .bind(now)
    .execute(&mut *conn)
    .await?;
    texts::insert(conn, id, &new.texts).await?;
    for (variant, own) in new.variants.iter().zip(ids) {
        let label = new.texts.label(&variant.choice);
        let place = (id, new.seller_id);
        variant::insert(conn, place, *own, variant, label, actor, now).await?;
    }
    texts::index(conn, id).await?;
    reprice(conn, id).await
}

pub(crate) async fn seller<'e>(
    on: impl Into<On<'e>>,
    id: ProductId,
) -> Result<Option<SellerId>, StoreError> {
    let query = query("SELECT seller_id FROM product WHERE id = ?").bind(id.to_string());
    let row = query.fetch_optional(on).await?;
    row.map(|row| parsed(&row, "seller_id")).transpose()
}

/// Locks a product that still is in the version that somebody saw, and raises it; returns the
/// choices of its variants.
pub(crate) async fn lock(
    conn: &mut Conn,
    id: ProductId,
    version: u32,
    now: i64,
) -> Result<Vec<Choice>, ServiceError> {
    let done = query(
        "UPDATE product SET version = version + 1, updated_at = ? WHERE id = ? AND version = ?",
    )
    .bind(now)
    .bind(id.to_string())
    .bind(version)
    .execute(&mut *conn)
    .await?;
    if done.rows_affected() != 1 {
        return match seller(conn, id).await? {
            Some(_) => Err(ServiceError::Outdated),
            None => Err(ServiceError::NotFound("product")),
        };
    }
    let sql = "SELECT choice FROM variant WHERE product_id = ?";
    let rows = query(sql)
        .bind(id.to_string())
        .fetch_all(&mut *conn)
        .await?;
    rows.iter()
        .map(|row| Ok(word(row, "choice", Choice::parse)?))
        .collect()
}

/// Locks a product and raises its version, whichever it is.
pub(crate) async fn touch(conn: &mut Conn, id: ProductId, now: i64) -> Result<(), ServiceError> {
    let done = query("UPDATE product SET version = version + 1, updated_at = ? WHERE id = ?")
        .bind(now)
        .bind(id.to_string())
        .execute(&mut *conn)
        .await?;
    match done.rows_affected() {
        1 => Ok(()),
        _ => Err(ServiceError::NotFound("product")),
    }
}

/// Refuses to change whether a locked product is offered, if those who run the site took it down.
pub(crate) async fn assert_unblocked(conn: &mut Conn, id: ProductId) -> Result<(), ServiceError> {
    match status(conn, id).await? {
        ProductStatus::Blocked => Err(ServiceError::Conflict(
            "The product was taken down by those who run the site.",
        )),
        _ => Ok(()),
    }
}

/// Whether a product is offered, locked.
pub(crate) async fn status(conn: &mut Conn, id: ProductId) -> Result<ProductStatus, ServiceError> {
    let row = query("SELECT status FROM product WHERE id = ? {for update}")
        .bind(id.to_string())
        .fetch_optional(conn)
        .await?;
    let row = row.ok_or(ServiceError::NotFound("product"))?;
    Ok(word(&row, "status", ProductStatus::parse)?)
}

/// Sets whether a locked product is offered.
pub(crate) async fn set_status(
    conn: &mut Conn,
    id: ProductId,
    status: ProductStatus,
) -> Result<(), ServiceError> {
    query("UPDATE product SET status = ? WHERE id = ?")
        .bind(status.name())
        .bind(id.to_string())
        .execute(&mut *conn)
        .await?;
    Ok(())
}

/// Reads the range of a locked product's prices from its variants, of which one must be sold.
pub(crate) async fn reprice(conn: &mut Conn, id: ProductId) -> Result<(), ServiceError> {
    let row = query(
        "SELECT MIN(price) AS low, MAX(price) AS high FROM variant
         WHERE product_id = ? AND status = 'active'",
    )
    .bind(id.to_string())
    .fetch_one(&mut *conn)
    .await?;
    let range: (Option<i64>, Option<i64>) = (
        super::sql::get(&row, "low")?,
        super::sql::get(&row, "high")?,
    );
    let (Some(low), Some(high)) = range else {
        return Err(ServiceError::Conflict(
            "A product needs a variant that is sold; archive the product instead.",
        ));
    };
    query("UPDATE product SET price = ?, price_max = ? WHERE id = ?")
        .bind(low)
        .bind(high)
        .bind(id.to_string())
        .execute(&mut *conn)
        .await?;
    Ok(())
}
