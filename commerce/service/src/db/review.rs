//! Table `review`, and the counts that a product keeps of it, changed in the same transaction.

use commerce_core::catalog::Rating;
use commerce_store::StoreError;
use signaling_wire::{OrderLineId, ProductId, ReviewId, UserId};

use super::{
    count, ms, parsed, seq,
    sql::{Conn, Reader, Row, get, query},
};
use crate::{NewReview, Review, ServiceError};

/// Writes a review of a line that its buyer received, and counts it.
pub(crate) async fn insert(
    conn: &mut Conn,
    id: ReviewId,
    user: UserId,
    product: ProductId,
    new: &NewReview,
    now: i64,
) -> Result<(), ServiceError> {
    let line = received(conn, user, product, new.order_line_id).await?;
    query(
        "INSERT INTO review (id, order_line_id, product_id, user_id, rating, body, created_at, updated_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(id.to_string())
    .bind(line.to_string())
    .bind(product.to_string())
    .bind(user.to_string())
    .bind(new.rating)
    .bind(new.body.trim().to_owned())
    .bind(now)
    .bind(now)
    .execute(&mut *conn)
    .await?;
    query("UPDATE product SET rating_sum = rating_sum + ?, rating_count = rating_count + 1 WHERE id = ?")
        .bind(new.rating)
        .bind(product.to_string())
        .execute(&mut *conn)
        .await?;
    // The update locked the row, so this is what it made of it.
    let row = query("SELECT rating_sum, rating_count FROM product WHERE id = ?")
        .bind(product.to_string())
        .fetch_one(&mut *conn)
        .await?;
    let rating = Rating {
        sum: seq(&row, "rating_sum")?,
        count: count(&row, "rating_count")?,
    };
    query("UPDATE product SET rating = ? WHERE id = ?")
        .bind(rating.hundredths())
        .bind(product.to_string())
        .execute(&mut *conn)
        .await?;
    Ok(())
}

/// The line that a review may be about: the one that was named, or the oldest without one.
async fn received(
    conn: &mut Conn,
    user: UserId,
    product: ProductId,
    named: Option<OrderLineId>,
) -> Result<OrderLineId, ServiceError> {
    let named = named.map(|line| line.to_string());
    let rows = query(
        "SELECT l.id, CASE WHEN r.id IS NULL THEN 0 ELSE 1 END AS said
         FROM orders o
         JOIN order_line l ON l.order_id = o.id
         LEFT JOIN review r ON r.order_line_id = l.id
         WHERE o.buyer_id = ? AND l.product_id = ? AND o.status IN ('delivered', 'completed')
           AND (? IS NULL OR l.id = ?)
         ORDER BY said, l.id LIMIT 1",
    )
    .bind(user.to_string())
    .bind(product.to_string())
    .bind(named.clone())
    .bind(named)
    .fetch_all(&mut *conn)
    .await?;
    let row = rows.first().ok_or(ServiceError::Forbidden)?;
    match get::<i64>(row, "said")? {
        0 => Ok(parsed(row, "id")?),
        _ => Err(ServiceError::Conflict("You have said so already.")),
    }
}

pub(crate) async fn list(
    reader: &Reader,
    product: ProductId,
    after: Option<ReviewId>,
    limit: u32,
) -> Result<Vec<Review>, StoreError> {
    let after = after.map(|id| id.to_string());
    let rows = query(
        "SELECT r.id, r.product_id, u.display_name, r.rating, r.body, r.created_at
         FROM review r JOIN users u ON u.id = r.user_id
         WHERE r.product_id = ? AND r.status = 'published' AND (? IS NULL OR r.id < ?)
         ORDER BY r.id DESC LIMIT ?",
    )
    .bind(product.to_string())
    .bind(after.clone())
    .bind(after)
    .bind(limit)
    .fetch_all(reader)
    .await?;
    rows.iter().map(review).collect()
}

pub(crate) async fn find(reader: &Reader, id: ReviewId) -> Result<Option<Review>, StoreError> {
    let row = query(
        "SELECT r.id, r.product_id, u.display_name, r.rating, r.body, r.created_at
         FROM review r JOIN users u ON u.id = r.user_id WHERE r.id = ?",
    )
    .bind(id.to_string())
    .fetch_optional(reader)
    .await?;
    row.as_ref().map(review).transpose()
}

fn review(row: &Row) -> Result<Review, StoreError> {
    Ok(Review {
        id: parsed(row, "id")?,
        product_id: parsed(row, "product_id")?,
        author: get(row, "display_name")?,
        rating: count(row, "rating")?,
        body: get(row, "body")?,
        created_ms: ms(row, "created_at")?,
    })
}
