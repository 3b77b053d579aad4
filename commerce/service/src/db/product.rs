//! Tables `product` and `product_text`, with the stock on the shelf.

use commerce_core::MovementKind;
use commerce_store::{
    StoreError,
    sql::{self, Conn, On, Reader, Row},
};
use signaling_wire::{Money, ProductId, SellerId, UserId};

use super::{count, money, parsed, stock, title};
use crate::{NewProduct, Product, ProductFilter, ShelfStock};

pub(crate) async fn insert(
    conn: &mut Conn,
    id: ProductId,
    new: &NewProduct,
    actor: UserId,
    now: i64,
) -> Result<(), StoreError> {
    sql::query(
        "INSERT INTO product (id, seller_id, image_url, price, currency, created_at, updated_at)
         VALUES (?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(id.to_string())
    .bind(new.seller_id.to_string())
    .bind(&new.image_url)
    .bind(new.price.amount)
    .bind(new.price.currency.code())
    .bind(now)
    .bind(now)
    .execute(&mut *conn)
    .await?;
    for (locale, title) in [("ko", &new.title.ko), ("en", &new.title.en)] {
        sql::query("INSERT INTO product_text (product_id, locale, title) VALUES (?, ?, ?)")
            .bind(id.to_string())
            .bind(locale)
            .bind(title.trim())
            .execute(&mut *conn)
            .await?;
    }
    let row = stock::insert_row(conn, id, None).await?;
    if new.stock > 0 {
        let units = i64::from(new.stock);
        stock::book_shelf(
            conn,
            row,
            MovementKind::Receive,
            units,
            "created",
            actor,
            now,
        )
        .await?;
    }
    Ok(())
}

pub(crate) async fn seller<'e>(
    executor: impl Into<On<'e>>,
    id: ProductId,
) -> Result<Option<SellerId>, StoreError> {
    let query = sql::query("SELECT seller_id FROM product WHERE id = ?").bind(id.to_string());
    let row = query.fetch_optional(executor).await?;
    row.map(|row| parsed(&row, "seller_id")).transpose()
}

/// The list price of a seller's product.
pub(crate) async fn price(
    conn: &mut Conn,
    seller: SellerId,
    id: ProductId,
) -> Result<Option<Money>, StoreError> {
    let sql =
        "SELECT price, currency FROM product WHERE id = ? AND seller_id = ? AND status = 'active'";
    let query = sql::query(sql)
        .bind(id.to_string())
        .bind(seller.to_string());
    query
        .fetch_optional(conn)
        .await?
        .map(|row| money(&row, "price"))
        .transpose()
}

pub(crate) async fn find(pool: &Reader, id: ProductId) -> Result<Option<Product>, StoreError> {
    let row = sql::query(
        "SELECT p.id, p.seller_id, p.image_url, p.price, p.currency, ko.title AS title_ko,
                en.title AS title_en, l.on_hand, l.on_hand - l.held - l.committed AS available
         FROM product p
         JOIN product_text ko ON ko.product_id = p.id AND ko.locale = 'ko'
         JOIN product_text en ON en.product_id = p.id AND en.locale = 'en'
         JOIN stock_level l ON l.product_id = p.id AND l.sale_key = ''
         WHERE p.id = ?",
    )
    .bind(id.to_string())
    .fetch_optional(pool)
    .await?;
    row.as_ref().map(product).transpose()
}

pub(crate) async fn list(
    pool: &Reader,
    filter: ProductFilter,
    after: Option<ProductId>,
    limit: u32,
) -> Result<Vec<Product>, StoreError> {
    let rows = sql::query(
        "SELECT p.id, p.seller_id, p.image_url, p.price, p.currency, ko.title AS title_ko,
                en.title AS title_en, l.on_hand, l.on_hand - l.held - l.committed AS available
         FROM product p
         JOIN product_text ko ON ko.product_id = p.id AND ko.locale = 'ko'
         JOIN product_text en ON en.product_id = p.id AND en.locale = 'en'
         JOIN stock_level l ON l.product_id = p.id AND l.sale_key = ''
         WHERE p.status = 'active' AND (? IS NULL OR p.seller_id = ?) AND (? IS NULL OR p.id < ?)
         ORDER BY p.id DESC LIMIT ?",
    )
    .bind(filter.seller.map(|id| id.to_string()))
    .bind(filter.seller.map(|id| id.to_string()))
    .bind(after.map(|id| id.to_string()))
    .bind(after.map(|id| id.to_string()))
    .bind(limit)
    .fetch_all(pool)
    .await?;
    rows.iter().map(product).collect()
}

fn product(row: &Row) -> Result<Product, StoreError> {
    let stock = ShelfStock {
        on_hand: count(row, "on_hand")?,
        available: count(row, "available")?,
    };
    Ok(Product {
        id: parsed(row, "id")?,
        seller_id: parsed(row, "seller_id")?,
        title: title(row)?,
        image_url: row.get("image_url")?,
        price: money(row, "price")?,
        stock,
    })
}
