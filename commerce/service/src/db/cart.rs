//! Tables `cart` and `cart_item`. Prices come from the variants whenever a cart is read.

use commerce_core::{money::times, shelf::Want};
use commerce_store::StoreError;
use signaling_wire::{CartId, Money, UserId, VariantId, limits::ORDER_QUANTITY_MAX};

use super::{
    count, label, maybe_count, money,
    offer::Offer,
    parsed,
    sql::{Conn, On, Reader, Row, get, query},
    title,
};
use crate::{
    CartItem, CartItemState, CartOwner, ServiceError, cart::lines_max, limits,
    validation::Validation,
};

/// The two columns that name an owner, one of them NULL.
fn names(owner: &CartOwner) -> (Option<String>, Option<String>) {
    match owner {
        CartOwner::User(user) => (Some(user.to_string()), None),
        CartOwner::Guest(hash) => (None, Some(hash.clone())),
    }
}

async fn find<'e>(on: impl Into<On<'e>>, owner: &CartOwner) -> Result<Option<CartId>, StoreError> {
    let (sql, name) = match owner {
        CartOwner::User(user) => ("SELECT id FROM cart WHERE user_id = ?", user.to_string()),
        CartOwner::Guest(hash) => ("SELECT id FROM cart WHERE token_hash = ?", hash.clone()),
    };
    let row = query(sql).bind(name).fetch_optional(on).await?;
    row.map(|row| parsed(&row, "id")).transpose()
}

/// The owner's cart, made with `id` if there is none, and locked until the transaction ends.
pub(crate) async fn open(
    conn: &mut Conn,
    owner: &CartOwner,
    id: CartId,
    now: i64,
) -> Result<CartId, StoreError> {
    if let Some(cart) = find(&mut *conn, owner).await? {
        let kept = query("UPDATE cart SET updated_at = ? WHERE id = ?")
            .bind(now)
            .bind(cart.to_string())
            .execute(&mut *conn)
            .await?;
        // It may have been forgotten for its age in this very moment.
        if kept.rows_affected() > 0 {
            return Ok(cart);
        }
    }
    let (user, hash) = names(owner);
    query(
        "INSERT INTO cart (id, user_id, token_hash, created_at, updated_at) VALUES (?, ?, ?, ?, ?)",
    )
    .bind(id.to_string())
    .bind(user)
    .bind(hash)
    .bind(now)
    .bind(now)
    .execute(&mut *conn)
    .await?;
    Ok(id)
}

/// Adds units of a variant, up to what one order may have.
pub(crate) async fn put(
    conn: &mut Conn,
    cart: &CartId,
    offer: &Offer,
    quantity: u32,
    now: i64,
) -> Result<(), ServiceError> {
    let row = query(
        "SELECT COUNT(*) AS n, COALESCE(SUM(CASE WHEN v.currency <> ? THEN 1 ELSE 0 END), 0) AS others
         FROM cart_item i JOIN variant v ON v.id = i.variant_id WHERE i.cart_id = ?",
    )
    .bind(offer.unit_price.currency.code())
    .bind(cart.to_string())
    .fetch_one(&mut *conn)
    .await?;
    let mut validation = Validation::default();
    let same = get::<i64>(&row, "others")? == 0;
    validation.check(
        same,
        "/variant_id",
        "currency",
        "differs from what is in the cart",
    );
    validation.done()?;
    let done = query(
        "UPDATE cart_item SET seen_price = ?,
                qty = CASE WHEN qty + ? > ? THEN ? ELSE qty + ? END
         WHERE cart_id = ? AND variant_id = ?",
    )
    .bind(offer.unit_price.amount)
    .bind(quantity)
    .bind(ORDER_QUANTITY_MAX)
    .bind(ORDER_QUANTITY_MAX)
    .bind(quantity)
    .bind(cart.to_string())
    .bind(offer.variant.to_string())
    .execute(&mut *conn)
    .await?;
    if done.rows_affected() == 1 {
        return Ok(());
    }
    if get::<i64>(&row, "n")? >= lines_max() {
        return Err(ServiceError::Conflict("Your cart is full."));
    }
    query("INSERT INTO cart_item (cart_id, variant_id, qty, seen_price, created_at) VALUES (?, ?, ?, ?, ?)")
        .bind(cart.to_string())
        .bind(offer.variant.to_string())
        .bind(quantity)
        .bind(offer.unit_price.amount)
        .bind(now)
        .execute(&mut *conn)
        .await?;
    Ok(())
}

async fn known(conn: &mut Conn, owner: &CartOwner, now: i64) -> Result<CartId, ServiceError> {
    let cart = find(&mut *conn, owner).await?;
    let cart = cart.ok_or(ServiceError::NotFound("cart item"))?;
    Ok(open(conn, owner, cart, now).await?)
}

pub(crate) async fn change(
    conn: &mut Conn,
    owner: &CartOwner,
    variant: VariantId,
    quantity: u32,
    now: i64,
) -> Result<(), ServiceError> {
    let cart = known(conn, owner, now).await?;
    let done = query("UPDATE cart_item SET qty = ? WHERE cart_id = ? AND variant_id = ?")
        .bind(quantity)
        .bind(cart.to_string())
        .bind(variant.to_string())
        .execute(&mut *conn)
        .await?;
    match done.rows_affected() {
        1 => Ok(()),
        _ => Err(ServiceError::NotFound("cart item")),
    }
}

pub(crate) async fn remove(
    conn: &mut Conn,
    owner: &CartOwner,
    variant: VariantId,
    now: i64,
) -> Result<(), ServiceError> {
    let cart = known(conn, owner, now).await?;
    match take_out(conn, cart, variant).await? {
        1 => Ok(()),
        _ => Err(ServiceError::NotFound("cart item")),
    }
}

async fn take_out(conn: &mut Conn, cart: CartId, variant: VariantId) -> Result<u64, StoreError> {
    query("DELETE FROM cart_item WHERE cart_id = ? AND variant_id = ?")
        .bind(cart.to_string())
        .bind(variant.to_string())
        .execute(&mut *conn)
        .await
        .map(|done| done.rows_affected())
}

pub(crate) async fn set_coupon(
    conn: &mut Conn,
    owner: &CartOwner,
    key: Option<String>,
    now: i64,
) -> Result<(), ServiceError> {
    let Some(cart) = find(&mut *conn, owner).await? else {
        return match key {
            Some(_) => Err(ServiceError::NotFound("cart")),
            None => Ok(()),
        };
    };
    query("UPDATE cart SET coupon_key = ?, updated_at = ? WHERE id = ?")
        .bind(key)
        .bind(now)
        .bind(cart.to_string())
        .execute(&mut *conn)
        .await?;
    Ok(())
}

/// The coupon that was entered, by its key.
pub(crate) async fn coupon(
    reader: &Reader,
    owner: &CartOwner,
) -> Result<Option<String>, StoreError> {
    let Some(cart) = find(reader, owner).await? else {
        return Ok(None);
    };
    let row = query("SELECT coupon_key FROM cart WHERE id = ?")
        .bind(cart.to_string())
        .fetch_optional(reader)
        .await?;
    row.map_or(Ok(None), |row| get(&row, "coupon_key"))
}

/// What a checkout of the whole cart wants.
pub(crate) async fn lines(conn: &mut Conn, user: UserId) -> Result<Vec<Want>, StoreError> {
    let rows = query(
        "SELECT i.variant_id, i.qty FROM cart c JOIN cart_item i ON i.cart_id = c.id
         WHERE c.user_id = ? ORDER BY i.created_at, i.variant_id",
    )
    .bind(user.to_string())
    .fetch_all(&mut *conn)
    .await?;
    rows.iter()
        .map(|row| {
            Ok(Want {
                variant: parsed(row, "variant_id")?,
                quantity: count(row, "qty")?,
            })
        })
        .collect()
}

/// Takes what was ordered out of the cart, and the coupon with it.
pub(crate) async fn bought(
    conn: &mut Conn,
    user: UserId,
    variants: &[VariantId],
) -> Result<(), StoreError> {
    let Some(cart) = find(&mut *conn, &CartOwner::User(user)).await? else {
        return Ok(());
    };
    query("DELETE FROM cart_item WHERE cart_id = ? AND variant_id IN ({list})")
        .bind(cart.to_string())
        .bind_list(variants.iter().map(ToString::to_string))
        .execute(&mut *conn)
        .await?;
    query("UPDATE cart SET coupon_key = NULL WHERE id = ?")
        .bind(cart.to_string())
        .execute(&mut *conn)
        .await?;
    Ok(())
}

/// Puts a guest's lines into the user's cart: the greater number of units stays.
pub(crate) async fn merge(
    conn: &mut Conn,
    user: UserId,
    guest: &CartOwner,
    id: CartId,
    now: i64,
) -> Result<(), ServiceError> {
    let Some(from) = find(&mut *conn, guest).await? else {
        return Ok(());
    };
    let into = open(conn, &CartOwner::User(user), id, now).await?;
    // The greater number of units of what is in both; then what only the guest had.
    let theirs = read(conn, from).await?;
    let mut own = read(conn, into).await?;
    for (variant, qty, price) in theirs {
        if let Some((_, have, _)) = own.iter().find(|(known, ..)| *known == variant) {
            if qty > *have {
                query("UPDATE cart_item SET qty = ? WHERE cart_id = ? AND variant_id = ?")
                    .bind(qty)
                    .bind(into.to_string())
                    .bind(variant.to_string())
                    .execute(&mut *conn)
                    .await?;
            }
        } else if i64::try_from(own.len()).is_ok_and(|lines| lines < lines_max()) {
            query("INSERT INTO cart_item (cart_id, variant_id, qty, seen_price, created_at) VALUES (?, ?, ?, ?, ?)")
                .bind(into.to_string())
                .bind(variant.to_string())
                .bind(qty)
                .bind(price)
                .bind(now)
                .execute(&mut *conn)
                .await?;
            own.push((variant, qty, price));
        }
    }
    query("DELETE FROM cart_item WHERE cart_id = ?")
        .bind(from.to_string())
        .execute(&mut *conn)
        .await?;
    query("DELETE FROM cart WHERE id = ?")
        .bind(from.to_string())
        .execute(&mut *conn)
        .await?;
    Ok(())
}

async fn read(conn: &mut Conn, cart: CartId) -> Result<Vec<(VariantId, u32, i64)>, StoreError> {
    let rows = query(
        "SELECT variant_id, qty, seen_price FROM cart_item WHERE cart_id = ? ORDER BY variant_id",
    )
    .bind(cart.to_string())
    .fetch_all(&mut *conn)
    .await?;
    rows.iter()
        .map(|row| {
            Ok((
                parsed(row, "variant_id")?,
                count(row, "qty")?,
                get(row, "seen_price")?,
            ))
        })
        .collect()
}

/// Whether there are carts of guests that were last changed before this.
pub(crate) async fn has_old_guests(reader: &Reader, before: i64) -> Result<bool, StoreError> {
    let found = query("SELECT id FROM cart WHERE updated_at < ? AND user_id IS NULL LIMIT 1")
        .bind(before)
        .fetch_optional(reader)
        .await?;
    Ok(found.is_some())
}

/// Deletes carts of guests that were last changed before this, the oldest first, a bounded number
/// at a time; says how many.
pub(crate) async fn forget_guests(conn: &mut Conn, before: i64) -> Result<u64, StoreError> {
    let carts: Vec<String> = query(
        "SELECT id FROM cart WHERE user_id IS NULL AND updated_at < ?
         ORDER BY updated_at LIMIT ? {for update}",
    )
    .bind(before)
    .bind(limits::SWEEP_MAX)
    .fetch_values(&mut *conn)
    .await?;
    if carts.is_empty() {
        return Ok(0);
    }
    query("DELETE FROM cart_item WHERE cart_id IN ({list})")
        .bind_list(carts.clone())
        .execute(&mut *conn)
        .await?;
    let done = query("DELETE FROM cart WHERE id IN ({list})")
        .bind_list(carts)
        .execute(conn)
        .await?;
    Ok(done.rows_affected())
}

/// The lines of a cart, priced now.
pub(crate) async fn items(reader: &Reader, owner: &CartOwner) -> Result<Vec<CartItem>, StoreError> {
    let Some(cart) = find(reader, owner).await? else {
        return Ok(Vec::new());
    };
    let rows = query(
        "SELECT i.variant_id, i.qty, i.seen_price, v.product_id, p.seller_id, v.price, v.currency,
                v.max_per_buyer, v.label_ko, v.label_en, p.image_url,
                ko.title AS title_ko, en.title AS title_en,
                CASE WHEN v.status = 'active' AND p.status = 'active' AND EXISTS
                     (SELECT 1 FROM seller s WHERE s.id = p.seller_id AND s.status = 'active')
                     THEN 1 ELSE 0 END AS sold,
                (SELECT COALESCE(MAX(l.on_hand - l.held - l.committed), 0) FROM stock_level l
                 WHERE l.variant_id = v.id AND l.sale_key = '') AS available
         FROM cart_item i
         JOIN variant v ON v.id = i.variant_id
         JOIN product p ON p.id = v.product_id
         JOIN product_text ko ON ko.product_id = p.id AND ko.locale = 'ko'
         JOIN product_text en ON en.product_id = p.id AND en.locale = 'en'
         WHERE i.cart_id = ? ORDER BY i.created_at, i.variant_id LIMIT 100",
    )
    .bind(cart.to_string())
    .fetch_all(reader)
    .await?;
    rows.iter().map(item).collect()
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
