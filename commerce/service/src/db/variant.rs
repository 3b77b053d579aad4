//! Table `variant`: how a product can be bought, and at which price.

use commerce_core::{
    MovementKind, Refusal,
    catalog::{Choice, VariantStatus},
    limits::VARIANTS_MAX,
};
use commerce_store::StoreError;
use signaling_wire::{Money, ProductId, SellerId, UserId, VariantId, frame::shop::Localized};

use super::{
    count, label, location, maybe_count, money, parsed, product,
    sql::{Conn, On, Row, get, query},
    stock, word,
};
use crate::{NewVariant, ServiceError, ShelfStock, Variant, validation::Validation};

macro_rules! columns {
    () => {
        "SELECT v.id, v.choice, v.label_ko, v.label_en, v.sku, v.price, v.compare_at, v.currency,
                v.weight_g, v.max_per_buyer, v.status, v.version,
                (SELECT CAST(COALESCE(SUM(l.on_hand), 0) AS SIGNED) FROM stock_level l
                 WHERE l.variant_id = v.id AND l.sale_key = '') AS on_hand,
                (SELECT CAST(COALESCE(SUM(l.on_hand - l.held - l.committed), 0) AS SIGNED)
                 FROM stock_level l WHERE l.variant_id = v.id AND l.sale_key = '') AS available
         FROM variant v"
    };
}

/// The variants of a product, in the order of their choices' making.
pub(crate) async fn of<'e>(
    on: impl Into<On<'e>>,
    product: ProductId,
) -> Result<Vec<Variant>, StoreError> {
    let rows = query(concat!(columns!(), " WHERE v.product_id = ? ORDER BY v.id"))
        .bind(product.to_string())
        .fetch_all(on)
        .await?;
    rows.iter().map(variant).collect()
}

pub(crate) async fn find<'e>(
    on: impl Into<On<'e>>,
    id: VariantId,
) -> Result<Variant, ServiceError> {
    let row = query(concat!(columns!(), " WHERE v.id = ?"))
        .bind(id.to_string())
        .fetch_optional(on)
        .await?;
    let row = row.ok_or(ServiceError::NotFound("variant"))?;
    Ok(variant(&row)?)
}

/// The product and the seller of a variant.
pub(crate) async fn place<'e>(
    on: impl Into<On<'e>>,
    id: VariantId,
) -> Result<Option<(ProductId, SellerId)>, StoreError> {
    let row = query(
        "SELECT v.product_id, p.seller_id FROM variant v JOIN product p ON p.id = v.product_id
         WHERE v.id = ?",
    )
    .bind(id.to_string())
    .fetch_optional(on)
    .await?;
    row.map(|row| Ok((parsed(&row, "product_id")?, parsed(&row, "seller_id")?)))
        .transpose()
}

/// The only variant of a product that is sold.
pub(crate) async fn only(conn: &mut Conn, product: ProductId) -> Result<VariantId, ServiceError> {
    let sql = "SELECT id FROM variant WHERE product_id = ? AND status = 'active' LIMIT 2";
    let rows = query(sql)
        .bind(product.to_string())
        .fetch_all(&mut *conn)
        .await?;
    match rows.as_slice() {
        [] => Err(ServiceError::NotFound("product")),
        [row] => Ok(parsed(row, "id")?),
        _ => Err(Refusal::VariantRequired.into()),
    }
}

/// A number of a seller's own is theirs alone, whatever its case.
fn sku_key(seller: SellerId, sku: &str) -> String {
    format!("{seller}:{}", sku.to_ascii_uppercase())
}

/// Writes a variant with its stock row, and the units that come in with it.
#[allow(clippy::too_many_arguments)]
pub(crate) async fn insert(
    conn: &mut Conn,
    (product, seller): (ProductId, SellerId),
    id: VariantId,
    new: &NewVariant,
    label: Option<Localized>,
    actor: UserId,
    now: i64,
) -> Result<(), ServiceError> {
    let sku = new.sku.clone().unwrap_or_else(|| id.to_string());
    query(
        "INSERT INTO variant (id, product_id, choice, label_ko, label_en, sku, sku_key, price,
                compare_at, currency, weight_g, max_per_buyer, created_at, updated_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(id.to_string())
    .bind(product.to_string())
    .bind(new.choice.text())
    .bind(label.as_ref().map(|label| label.ko.clone()))
    .bind(label.map(|label| label.en))
    .bind(sku.clone())
    .bind(sku_key(seller, &sku))
    .bind(new.price.amount)
    .bind(new.compare_at.map(|price| price.amount))
    .bind(new.price.currency.code())
    .bind(new.weight_g)
    .bind(new.max_per_buyer)
    .bind(now)
    .bind(now)
    .execute(&mut *conn)
    .await
    .map_err(|error| ServiceError::from(error).or_taken("The number or the choice is taken."))?;
    let location = location::first(conn, seller, now).await?;
    let row = stock::insert_row(conn, (product, id), location, None).await?;
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

/// Adds a variant to a product whose row the transaction has locked.
pub(crate) async fn add(
    conn: &mut Conn,
    product: ProductId,
    id: VariantId,
    new: &NewVariant,
    actor: UserId,
    now: i64,
) -> Result<(), ServiceError> {
    let known = product::find_in(conn, product).await?;
    let mut texts = crate::EditProduct::named(known.summary.title.clone(), String::new());
    texts.options.clone_from(&known.options);
    let values: Vec<usize> = known
        .options
        .iter()
        .map(|option| option.values.len())
        .collect();
    let mut validation = Validation::default();
    let fits = commerce_core::catalog::check(&values, std::slice::from_ref(&new.choice)).is_ok();
    let detail = "must name one value of every option";
    validation.check(fits, "/choice", "choice", detail);
    let room = known.variants.len() < VARIANTS_MAX;
    validation.check(room, "/choice", "max", "the product has too many variants");
    let currency = known.summary.price.currency;
    let same = new.price.currency == currency;
    let detail = "differs from the product's";
    validation.check(same, "/price/currency", "currency", detail);
    validation.done()?;
    let label = texts.label(&new.choice);
    let place = (product, known.summary.seller_id);
    insert(conn, place, id, new, label, actor, now).await?;
    product::reprice(conn, product).await
}

/// Writes the terms of a variant back; its product's row is locked.
pub(crate) async fn update(
    conn: &mut Conn,
    product: ProductId,
    variant: &Variant,
    now: i64,
) -> Result<(), ServiceError> {
    let seller = product::seller(&mut *conn, product).await?;
    let seller = seller.ok_or(ServiceError::NotFound("product"))?;
    query(
        "UPDATE variant SET sku = ?, sku_key = ?, price = ?, compare_at = ?, weight_g = ?,
                max_per_buyer = ?, status = ?, updated_at = ?, version = version + 1
         WHERE id = ? AND version = ?",
    )
    .bind(variant.sku.clone())
    .bind(sku_key(seller, &variant.sku))
    .bind(variant.price.amount)
    .bind(variant.compare_at.map(|price| price.amount))
    .bind(variant.weight_g)
    .bind(variant.max_per_buyer)
    .bind(variant.status.name())
    .bind(now)
    .bind(variant.id.to_string())
    .bind(variant.version)
    .execute(&mut *conn)
    .await
    .map_err(|error| ServiceError::from(error).or_taken("The number is taken."))?;
    product::reprice(conn, product).await
}

/// Says anew what the choices of a product's variants are called.
pub(crate) async fn relabel(
    conn: &mut Conn,
    product: ProductId,
    texts: &crate::EditProduct,
) -> Result<(), StoreError> {
    for variant in of(&mut *conn, product).await? {
        let label = texts.label(&variant.choice);
        query("UPDATE variant SET label_ko = ?, label_en = ? WHERE id = ?")
            .bind(label.as_ref().map(|label| label.ko.clone()))
            .bind(label.map(|label| label.en))
            .bind(variant.id.to_string())
            .execute(&mut *conn)
            .await?;
    }
    Ok(())
}

fn variant(row: &Row) -> Result<Variant, StoreError> {
    let price = money(row, "price")?;
    let compare_at: Option<i64> = get(row, "compare_at")?;
    Ok(Variant {
        id: parsed(row, "id")?,
        choice: word(row, "choice", Choice::parse)?,
        label: label(row)?,
        sku: get(row, "sku")?,
        price,
        compare_at: compare_at.map(|amount| Money { amount, ..price }),
        weight_g: count(row, "weight_g")?,
        max_per_buyer: maybe_count(row, "max_per_buyer")?,
        status: word(row, "status", VariantStatus::parse)?,
        stock: ShelfStock {
            on_hand: count(row, "on_hand")?,
            available: count(row, "available")?,
        },
        version: count(row, "version")?,
    })
}
