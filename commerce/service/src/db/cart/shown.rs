//! A cart as its owner sees it: with the prices and the stock of now.

use commerce_core::money::times;
use commerce_store::StoreError;
use signaling_wire::{Money, limits::ORDER_QUANTITY_MAX};

use crate::{
    CartItem, CartItemState, CartOwner,
    db::{
        count, label, maybe_count, money, parsed,
        sql::{Reader, Row, get, query},
        title,
    },
};

/// What is in the owner's cart, in the order in which it was put in, and the key of the coupon that
/// was entered.
pub(crate) async fn read(
    reader: &Reader,
    owner: &CartOwner,
) -> Result<(Vec<CartItem>, Option<String>), StoreError> {
    macro_rules! of {
        ($owner:literal) => {
            concat!(
                "SELECT c.coupon_key, i.variant_id, i.qty, i.seen_price, v.product_id, p.seller_id,
                        v.price, v.currency, v.max_per_buyer, v.label_ko, v.label_en, p.image_url,
                        ko.title AS title_ko, en.title AS title_en,
                        CASE WHEN v.status = 'active' AND p.status = 'active' AND EXISTS
                             (SELECT 1 FROM seller s
                              WHERE s.id = p.seller_id AND s.status = 'active')
                             THEN 1 ELSE 0 END AS sold,
                        (SELECT COALESCE(MAX(l.on_hand - l.held - l.committed), 0)
                         FROM stock_level l
                         WHERE l.variant_id = v.id AND l.sale_key = '') AS available
                 FROM cart c
                 LEFT JOIN cart_item i ON i.cart_id = c.id
                 LEFT JOIN variant v ON v.id = i.variant_id
                 LEFT JOIN product p ON p.id = v.product_id
                 LEFT JOIN product_text ko ON ko.product_id = p.id AND ko.locale = 'ko'
                 LEFT JOIN product_text en ON en.product_id = p.id AND en.locale = 'en'
                 WHERE c.",
                $owner,
                " = ? ORDER BY i.created_at, i.variant_id LIMIT 100"
            )
        };
    }
    let (sql, name) = match owner {
        CartOwner::User(user) => (of!("user_id"), user.to_string()),
        CartOwner::Guest(hash) => (of!("token_hash"), hash.clone()),
    };
    let rows = query(sql).bind(name).fetch_all(reader).await?;
    let Some(first) = rows.first() else {
        return Ok((Vec::new(), None));
    };
    let coupon = get(first, "coupon_key")?;
    // An empty cart is one row without a line.
    if get::<Option<String>>(first, "variant_id")?.is_none() {
        return Ok((Vec::new(), coupon));
    }
    let items = rows.iter().map(item).collect::<Result<_, _>>()?;
    Ok((items, coupon))
}

fn item(row: &Row) -> Result<CartItem, StoreError> {
    let unit_price = money(row, "price")?;
    let was = Money {
        amount: get(row, "seen_price")?,
        ..unit_price
    };
    let (quantity, available) = (count(row, "qty")?, count(row, "available")?);
    let max_per_buyer = maybe_count(row, "max_per_buyer")?.unwrap_or(ORDER_QUANTITY_MAX);
    let state = if get::<i64>(row, "sold")? == 0 {
        CartItemState::Gone
    } else if quantity > max_per_buyer {
        CartItemState::OverLimit
    } else if quantity > available {
        CartItemState::Short
    } else {
        CartItemState::Ok
    };
    Ok(CartItem {
        variant_id: parsed(row, "variant_id")?,
        product_id: parsed(row, "product_id")?,
        seller_id: parsed(row, "seller_id")?,
        title: title(row)?,
        label: label(row)?,
        image_url: get(row, "image_url")?,
        quantity,
        unit_price,
        was: Some(was).filter(|was| *was != unit_price),
        total: times(unit_price, quantity).map_err(StoreError::invalid)?,
        available,
        max_per_buyer,
        state,
    })
}
