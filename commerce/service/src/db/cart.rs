//! Tables `cart` and `cart_item`. Prices come from the variants whenever a cart is read.

mod shown;

use commerce_core::shelf::Want;
use commerce_store::StoreError;
use signaling_wire::{CartId, UserId, VariantId, limits::ORDER_QUANTITY_MAX};

pub(crate) use self::shown::read;
use super::{
    count,
    offer::Offer,
    parsed,
    sql::{Conn, On, Reader, Row, either, get, query},
};
use crate::{CartOwner, ServiceError, cart::lines_max, limits, validation::Validation};

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
    .send(&mut *conn)
    .await?;
    Ok(id)
}

/// Adds units of a variant to the owner's cart, up to what one order may have; makes the cart with
/// `id` if there is none.
pub(crate) async fn put(
    conn: &mut Conn,
    owner: &CartOwner,
    id: CartId,
    offer: &Offer,
    quantity: u32,
    now: i64,
) -> Result<(), ServiceError> {
    let cart = match found(conn, owner, offer).await? {
        Some(found) => {
            found.takes_more()?;
            query("UPDATE cart SET updated_at = ? WHERE id = ?")
                .bind(now)
                .bind(found.cart.to_string())
                .send(&mut *conn)
                .await?;
            found.cart
        }
        None => open(conn, owner, id, now).await?,
    };
    either(
        "INSERT INTO cart_item (cart_id, variant_id, qty, seen_price, created_at)
         VALUES (?, ?, ?, ?, ?)
         ON CONFLICT (cart_id, variant_id) DO UPDATE SET seen_price = excluded.seen_price,
             qty = MIN(qty + excluded.qty, ?)",
        "INSERT INTO cart_item (cart_id, variant_id, qty, seen_price, created_at)
         VALUES (?, ?, ?, ?, ?)
         ON DUPLICATE KEY UPDATE seen_price = VALUES(seen_price),
             qty = LEAST(qty + VALUES(qty), ?)",
    )
    .bind(cart.to_string())
    .bind(offer.variant.to_string())
    .bind(quantity)
    .bind(offer.unit_price.amount)
    .bind(now)
    .bind(ORDER_QUANTITY_MAX)
    .send(&mut *conn)
    .await?;
    Ok(())
}

/// A cart into which something is to be put.
struct Found {
    cart: CartId,
    lines: i64,
    /// Lines in another currency.
    others: i64,
    /// Whether it is in there.
    has: bool,
}

impl Found {
    fn takes_more(&self) -> Result<(), ServiceError> {
        let mut validation = Validation::default();
        validation.check(
            self.others == 0,
            "/variant_id",
            "currency",
            "differs from what is in the cart",
        );
        validation.done()?;
        if !self.has && self.lines >= lines_max() {
            return Err(ServiceError::Conflict("Your cart is full."));
        }
        Ok(())
    }
}

/// The owner's cart, locked.
async fn found(
    conn: &mut Conn,
    owner: &CartOwner,
    offer: &Offer,
) -> Result<Option<Found>, StoreError> {
    macro_rules! of {
        ($owner:literal) => {
            concat!(
                "SELECT c.id,
                        (SELECT COUNT(*) FROM cart_item i WHERE i.cart_id = c.id) AS n,
                        (SELECT COUNT(*) FROM cart_item i JOIN variant v ON v.id = i.variant_id
                         WHERE i.cart_id = c.id AND v.currency <> ?) AS others,
                        EXISTS (SELECT 1 FROM cart_item i
                                WHERE i.cart_id = c.id AND i.variant_id = ?) AS has
                 FROM cart c WHERE c.",
                $owner,
                " = ? {for update}"
            )
        };
    }
    let (sql, name) = match owner {
        CartOwner::User(user) => (of!("user_id"), user.to_string()),
        CartOwner::Guest(hash) => (of!("token_hash"), hash.clone()),
    };
    let row = query(sql)
        .bind(offer.unit_price.currency.code())
        .bind(offer.variant.to_string())
        .bind(name)
        .fetch_optional(conn)
        .await?;
    let found = |row: Row| {
        Ok(Found {
            cart: parsed(&row, "id")?,
            lines: get(&row, "n")?,
            others: get(&row, "others")?,
            has: get::<i64>(&row, "has")? != 0,
        })
    };
    row.map(found).transpose()
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
        .send(&mut *conn)
        .await?;
    query("UPDATE cart SET coupon_key = NULL WHERE id = ?")
        .bind(cart.to_string())
        .send(&mut *conn)
        .await
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
    let theirs = lines_of(conn, from).await?;
    let mut own = lines_of(conn, into).await?;
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

async fn lines_of(conn: &mut Conn, cart: CartId) -> Result<Vec<(VariantId, u32, i64)>, StoreError> {
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
