//! What a product says: names, pictures, options, categories, and the terms it is found by.

use commerce_core::{catalog::ProductStatus, search};
use commerce_store::{
    StoreError,
    sql::{Field, Rows},
};
use signaling_wire::{ProductId, frame::shop::Localized};

use crate::{
    EditProduct, ServiceError,
    db::{
        sql::{Conn, get, query},
        variant,
    },
};

const TERMS: Rows = Rows::tuples(&[("term", Field::Id)]);

/// Replaces everything that a locked product says.
pub(crate) async fn rewrite(
    conn: &mut Conn,
    id: ProductId,
    edit: &EditProduct,
    status: ProductStatus,
    _now: i64,
) -> Result<(), ServiceError> {
    query("UPDATE product SET image_url = ?, status = ? WHERE id = ?")
        .bind(edit.image_url.clone())
        .bind(status.name())
        .bind(id.to_string())
        .execute(&mut *conn)
        .await?;
    for sql in [
        "DELETE FROM product_text WHERE product_id = ?",
        "DELETE FROM product_media WHERE product_id = ?",
        "DELETE FROM product_category WHERE product_id = ?",
        "DELETE FROM product_option_value WHERE product_id = ?",
        "DELETE FROM product_option WHERE product_id = ?",
    ] {
        query(sql).bind(id.to_string()).execute(&mut *conn).await?;
    }
    insert(conn, id, edit).await?;
    variant::relabel(conn, id, edit).await?;
    index(conn, id).await
}

/// Writes what a product says beside its own row.
pub(super) async fn insert(
    conn: &mut Conn,
    id: ProductId,
    texts: &EditProduct,
) -> Result<(), StoreError> {
    let words = [
        ("ko", &texts.title.ko, &texts.description.ko),
        ("en", &texts.title.en, &texts.description.en),
    ];
    for (locale, title, description) in words {
        query(
            "INSERT INTO product_text (product_id, locale, title, description) VALUES (?, ?, ?, ?)",
        )
        .bind(id.to_string())
        .bind(locale)
        .bind(title.trim().to_owned())
        .bind(description.trim().to_owned())
        .execute(&mut *conn)
        .await?;
    }
    for (no, media) in (0_i64..).zip(&texts.media) {
        query("INSERT INTO product_media (product_id, no, url, alt_ko, alt_en) VALUES (?, ?, ?, ?, ?)")
            .bind(id.to_string())
            .bind(no)
            .bind(media.url.clone())
            .bind(media.alt.ko.clone())
            .bind(media.alt.en.clone())
            .execute(&mut *conn)
            .await?;
    }
    for (no, option) in (0_i64..).zip(&texts.options) {
        named(
            conn,
            "INSERT INTO product_option (product_id, no, name_ko, name_en) VALUES (?, ?, ?, ?)",
            id,
            no,
            &option.name,
        )
        .await?;
        for (value_no, value) in (0_i64..).zip(&option.values) {
            query("INSERT INTO product_option_value (product_id, option_no, no, value_ko, value_en) VALUES (?, ?, ?, ?, ?)")
                .bind(id.to_string())
                .bind(no)
                .bind(value_no)
                .bind(value.ko.trim().to_owned())
                .bind(value.en.trim().to_owned())
                .execute(&mut *conn)
                .await?;
        }
    }
    let mut categories = texts.categories.clone();
    categories.sort_unstable();
    categories.dedup();
    for category in categories {
        query("INSERT INTO product_category (product_id, category_id) VALUES (?, ?)")
            .bind(id.to_string())
            .bind(category.to_string())
            .execute(&mut *conn)
            .await?;
    }
    Ok(())
}

async fn named(
    conn: &mut Conn,
    sql: &'static str,
    id: ProductId,
    no: i64,
    name: &Localized,
) -> Result<(), StoreError> {
    query(sql)
        .bind(id.to_string())
        .bind(no)
        .bind(name.ko.trim().to_owned())
        .bind(name.en.trim().to_owned())
        .execute(&mut *conn)
        .await?;
    Ok(())
}

/// Writes anew by which terms a product is found: its names first, then its numbers, then what is
/// said about it, as far as there is room.
pub(super) async fn index(conn: &mut Conn, id: ProductId) -> Result<(), ServiceError> {
    let rows = query("SELECT title, description FROM product_text WHERE product_id = ?")
        .bind(id.to_string())
        .fetch_all(&mut *conn)
        .await?;
    let mut texts: Vec<String> = Vec::new();
    for row in &rows {
        texts.push(get(row, "title")?);
    }
    let skus = query("SELECT sku FROM variant WHERE product_id = ? ORDER BY id LIMIT 100")
        .bind(id.to_string())
        .fetch_all(&mut *conn)
        .await?;
    for row in &skus {
        texts.push(get(row, "sku")?);
    }
    for row in &rows {
        texts.push(get(row, "description")?);
    }
    query("DELETE FROM product_term WHERE product_id = ?")
        .bind(id.to_string())
        .execute(&mut *conn)
        .await?;
    let terms: Vec<[String; 1]> = search::terms(texts.iter().map(String::as_str))
        .into_iter()
        .map(|term| [term])
        .collect();
    query("INSERT INTO product_term (term, product_id) SELECT j.term, ? FROM {rows}")
        .bind(id.to_string())
        .bind_rows(&TERMS, &terms)
        .execute(conn)
        .await?;
    Ok(())
}
