//! One product with everything about it: one statement per table, whatever the number of variants.

use commerce_store::StoreError;
use signaling_wire::{ProductId, frame::shop::Localized};

use super::list::{columns, summary};
use crate::{
    Media, Product, ProductOption, ServiceError,
    db::{
        count, ms, parsed,
        sql::{Conn, On, Row, get, query},
        variant,
    },
};

/// A product that must be there.
pub(crate) async fn find_in(conn: &mut Conn, id: ProductId) -> Result<Product, ServiceError> {
    let found = find(&mut *conn, id).await?;
    found.ok_or(ServiceError::NotFound("product"))
}

pub(crate) async fn find<'e>(
    on: impl Into<On<'e>>,
    id: ProductId,
) -> Result<Option<Product>, StoreError> {
    let mut on = on.into();
    let row = query(concat!(
        columns!("p.version, p.created_at, p.updated_at, ko.description AS about_ko, en.description AS about_en,"),
        " WHERE p.id = ?"
    ))
    .bind(id.to_string())
    .fetch_optional(on.again())
    .await?;
    let Some(row) = row else {
        return Ok(None);
    };
    Ok(Some(Product {
        summary: summary(&row)?,
        description: pair(&row, "about_ko", "about_en")?,
        media: media(on.again(), id).await?,
        options: options(on.again(), id).await?,
        variants: variant::of(on.again(), id).await?,
        categories: categories(on.again(), id).await?,
        version: count(&row, "version")?,
        created_ms: ms(&row, "created_at")?,
        updated_ms: ms(&row, "updated_at")?,
    }))
}

fn pair(row: &Row, ko: &str, en: &str) -> Result<Localized, StoreError> {
    Ok(Localized {
        ko: get(row, ko)?,
        en: get(row, en)?,
    })
}

async fn media(on: On<'_>, id: ProductId) -> Result<Vec<Media>, StoreError> {
    let sql = "SELECT url, alt_ko, alt_en FROM product_media WHERE product_id = ? ORDER BY no";
    let rows = query(sql).bind(id.to_string()).fetch_all(on).await?;
    rows.iter()
        .map(|row| {
            Ok(Media {
                url: get(row, "url")?,
                alt: pair(row, "alt_ko", "alt_en")?,
            })
        })
        .collect()
}

async fn options(on: On<'_>, id: ProductId) -> Result<Vec<ProductOption>, StoreError> {
    let rows = query(
        "SELECT o.no, o.name_ko, o.name_en, v.value_ko, v.value_en
         FROM product_option o
         JOIN product_option_value v ON v.product_id = o.product_id AND v.option_no = o.no
         WHERE o.product_id = ? ORDER BY o.no, v.no",
    )
    .bind(id.to_string())
    .fetch_all(on)
    .await?;
    let mut options: Vec<(u32, ProductOption)> = Vec::new();
    for row in &rows {
        let (no, value) = (count(row, "no")?, pair(row, "value_ko", "value_en")?);
        match options.last_mut() {
            Some((last, option)) if *last == no => option.values.push(value),
            _ => {
                let name = pair(row, "name_ko", "name_en")?;
                let values = vec![value];
                options.push((no, ProductOption { name, values }));
            }
        }
    }
    Ok(options.into_iter().map(|(_, option)| option).collect())
}

async fn categories(
    on: On<'_>,
    id: ProductId,
) -> Result<Vec<signaling_wire::CategoryId>, StoreError> {
    let sql = "SELECT category_id FROM product_category WHERE product_id = ? ORDER BY category_id";
    let rows = query(sql).bind(id.to_string()).fetch_all(on).await?;
    rows.iter().map(|row| parsed(row, "category_id")).collect()
}
