//! What variants cost and whether they are sold: tables `variant` and `product`. The only source
//! of a price outside a timed sale.

use commerce_core::Refusal;
use commerce_store::StoreError;
use signaling_wire::{Money, ProductId, SellerId, VariantId, frame::shop::Localized};

use super::{
    label, maybe_count, money, parsed,
    sql::{Conn, On, Row, get, query},
    title,
};
use crate::ServiceError;

/// A variant as it is offered now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Offer {
    pub(crate) variant: VariantId,
    pub(crate) product: ProductId,
    pub(crate) seller: SellerId,
    pub(crate) title: Localized,
    pub(crate) label: Option<Localized>,
    pub(crate) sku: String,
    pub(crate) unit_price: Money,
    /// Most units in one order, if fewer than any order may have.
    pub(crate) max_per_buyer: Option<u32>,
    /// Whether the variant, its product and its seller are active.
    pub(crate) sold: bool,
}

macro_rules! columns {
    () => {
        "SELECT v.id, v.product_id, p.seller_id, v.label_ko, v.label_en, v.sku, v.price, v.currency,
                v.max_per_buyer, ko.title AS title_ko, en.title AS title_en,
                CASE WHEN v.status = 'active' AND p.status = 'active' AND s.status = 'active' THEN 1 ELSE 0 END AS sold
         FROM variant v
         JOIN product p ON p.id = v.product_id
         JOIN seller s ON s.id = p.seller_id
         JOIN product_text ko ON ko.product_id = p.id AND ko.locale = 'ko'
         JOIN product_text en ON en.product_id = p.id AND en.locale = 'en'"
    };
}

/// The offers of variants, in their order; unknown ones are absent.
pub(crate) async fn offers<'e>(
    on: impl Into<On<'e>>,
    variants: &[VariantId],
) -> Result<Vec<Offer>, StoreError> {
    let rows = query(concat!(columns!(), " WHERE v.id IN ({list})"))
        .bind_list(variants.iter().map(ToString::to_string))
        .fetch_all(on)
        .await?;
    let mut found = rows.iter().map(offer).collect::<Result<Vec<_>, _>>()?;
    found.sort_by_key(|offer| {
        variants
            .iter()
            .position(|variant| *variant == offer.variant)
    });
    Ok(found)
}

/// The offer of a variant that is sold.
pub(crate) async fn sold<'e>(
    on: impl Into<On<'e>>,
    variant: VariantId,
) -> Result<Offer, ServiceError> {
    let offer = offers(on, &[variant]).await?.pop();
    offer
        .filter(|offer| offer.sold)
        .ok_or(ServiceError::NotFound("variant"))
}

/// The variant that is meant: the one that was named, if it is the product's, or its only one.
pub(crate) async fn meant(
    conn: &mut Conn,
    product: ProductId,
    named: Option<VariantId>,
) -> Result<Offer, ServiceError> {
    let rows = query(concat!(
        columns!(),
        " WHERE v.product_id = ? AND v.status = 'active'"
    ))
    .bind(product.to_string())
    .fetch_all(&mut *conn)
    .await?;
    let mut offers = rows.iter().map(offer).collect::<Result<Vec<_>, _>>()?;
    match named {
        Some(named) => offers
            .into_iter()
            .find(|offer| offer.variant == named)
            .ok_or(ServiceError::NotFound("variant")),
        None if offers.len() > 1 => Err(Refusal::VariantRequired.into()),
        None => offers.pop().ok_or(ServiceError::NotFound("product")),
    }
}

fn offer(row: &Row) -> Result<Offer, StoreError> {
    Ok(Offer {
        variant: parsed(row, "id")?,
        product: parsed(row, "product_id")?,
        seller: parsed(row, "seller_id")?,
        title: title(row)?,
        label: label(row)?,
        sku: get(row, "sku")?,
        unit_price: money(row, "price")?,
        max_per_buyer: maybe_count(row, "max_per_buyer")?,
        sold: get::<i64>(row, "sold")? == 1,
    })
}
