//! Carts: of an account, or of whoever holds a token. Prices are read anew whenever one is looked
//! at; what is in a cart is neither held nor promised.

use std::fmt::Write as _;

use commerce_core::coupon::{self, Line};
use serde::Serialize;
use sha2::{Digest, Sha256};
use signaling_wire::{
    CartId, Money, ProductId, SellerId, UserId, VariantId, frame::shop::Localized,
    limits::ORDER_QUANTITY_MAX,
};

use crate::{
    Commerce, ServiceError, db, limits,
    mint::{self, mint},
    validation::Validation,
};

/// Whose cart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CartOwner {
    /// Of an account.
    User(UserId),
    /// Of whoever holds the token; what is kept is its hash.
    Guest(String),
}

/// A cart, priced now.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Cart {
    /// What is in it, in the order in which it was put in.
    pub items: Vec<CartItem>,
    /// What everything that is sold costs; absent while the cart is empty.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subtotal: Option<Money>,
    /// What the coupon takes off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub discount: Option<Money>,
    /// What is left to pay, before shipping.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<Money>,
    /// The coupon that was entered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coupon: Option<CartCoupon>,
}

/// A coupon in a cart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct CartCoupon {
    /// Its code.
    pub code: String,
    /// Why it takes nothing off, if it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
}

/// A line of a cart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct CartItem {
    /// Which variant; also the line's name in paths.
    pub variant_id: VariantId,
    /// Of which product.
    pub product_id: ProductId,
    /// Whose.
    pub seller_id: SellerId,
    /// Its name.
    pub title: Localized,
    /// The chosen values; absent when there is nothing to choose.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<Localized>,
    /// Path or address of its picture.
    pub image_url: String,
    /// Units.
    pub quantity: u32,
    /// Price of one, now.
    pub unit_price: Money,
    /// Price of one when it was put in, if it was another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub was: Option<Money>,
    /// Price of all.
    pub total: Money,
    /// Units that one order could have now.
    pub available: u32,
    /// Most units in one order.
    pub max_per_buyer: u32,
    /// Whether the line could be ordered now.
    pub state: CartItemState,
}

/// Whether a line of a cart could be ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CartItemState {
    /// Yes.
    Ok,
    /// There are fewer units.
    Short,
    /// More than one buyer may have.
    OverLimit,
    /// No longer sold; it counts nothing.
    Gone,
}

impl CartOwner {
    /// A new token for somebody without an account: 128 random bits.
    pub fn token() -> String {
        format!("{:032x}", mint::random())
    }

    /// The owner that a token names; `None` if it is none.
    pub fn guest(token: &str) -> Option<Self> {
        let sound = token.len() == 32 && token.bytes().all(|b| b.is_ascii_hexdigit());
        sound.then(|| {
            let mut hash = String::with_capacity(64);
            for byte in Sha256::digest(token.as_bytes()) {
                let _ = write!(hash, "{byte:02x}");
            }
            Self::Guest(hash)
        })
    }
}

impl Commerce {
    /// A cart as it is now; an empty one if there is none.
    ///
    /// # Errors
    /// The database.
    pub async fn cart(&self, owner: &CartOwner) -> Result<Cart, ServiceError> {
        let reader = self.store().reader();
        let (items, code) = db::cart::read(reader, owner).await?;
        let lines: Vec<Line> = items.iter().filter_map(CartItem::line).collect();
        let Some(first) = lines.first() else {
            let coupon = code.map(|code| CartCoupon { code, reason: None });
            return Ok(Cart {
                items,
                subtotal: None,
                discount: None,
                total: None,
                coupon,
            });
        };
        let currency = first.total.currency;
        let whole = commerce_core::money::sum(currency, lines.iter().map(|line| line.total))
            .map_err(commerce_store::StoreError::invalid)?;
        let (mut off, mut shown) = (0, None);
        if let Some(code) = code {
            let buyer = match owner {
                CartOwner::User(user) => Some(*user),
                CartOwner::Guest(_) => None,
            };
            let quoted = db::coupon::look(reader, &code, buyer, &lines, self.now_us()).await?;
            let reason = quoted.as_ref().err().map(|why| why.name());
            off = quoted.map_or(0, |quote| quote.discounts.iter().sum());
            shown = Some(CartCoupon { code, reason });
        }
        let of = |amount| Some(Money { amount, currency });
        Ok(Cart {
            items,
            subtotal: Some(whole),
            discount: of(off).filter(|off| off.amount > 0),
            total: of(whole.amount - off),
            coupon: shown,
        })
    }

    /// Puts units of a variant into a cart, beside what is there.
    ///
    /// # Errors
    /// Validation, an unknown variant or one that is not sold, another currency, a full cart.
    pub async fn add_to_cart(
        &self,
        owner: CartOwner,
        variant: VariantId,
        quantity: u32,
    ) -> Result<(), ServiceError> {
        countable(quantity)?;
        let now = self.now_us();
        let id = mint!(CartId, now);
        // Read beside the writer: a cart holds nothing, and says anew what is sold whenever it is
        // looked at.
        let offer = db::offer::sold(self.store().reader(), variant).await?;
        self.store()
            .transact(move |conn| {
                Box::pin(
                    async move { db::cart::put(conn, &owner, id, &offer, quantity, now).await },
                )
            })
            .await
    }

    /// Changes the units of a line.
    ///
    /// # Errors
    /// Validation, a line that is not there.
    pub async fn change_cart(
        &self,
        owner: CartOwner,
        variant: VariantId,
        quantity: u32,
    ) -> Result<(), ServiceError> {
        countable(quantity)?;
        let now = self.now_us();
        self.store()
            .transact(move |conn| {
                let owner = owner.clone();
                Box::pin(
                    async move { db::cart::change(conn, &owner, variant, quantity, now).await },
                )
            })
            .await
    }

    /// Takes a line out.
    ///
    /// # Errors
    /// A line that is not there.
    pub async fn remove_from_cart(
        &self,
        owner: CartOwner,
        variant: VariantId,
    ) -> Result<(), ServiceError> {
        let now = self.now_us();
        self.store()
            .transact(move |conn| {
                let owner = owner.clone();
                Box::pin(async move { db::cart::remove(conn, &owner, variant, now).await })
            })
            .await
    }

    /// Enters a coupon, or takes it out. That it is entered counts nothing.
    ///
    /// # Errors
    /// [`commerce_core::Refusal::Coupon`] if it does not apply, an empty cart.
    pub async fn set_cart_coupon(
        &self,
        owner: CartOwner,
        code: Option<&str>,
    ) -> Result<(), ServiceError> {
        let refused = |why| ServiceError::Refused(commerce_core::Refusal::Coupon { why });
        let key = match code {
            Some(code) => {
                let key = coupon::code_key(code).ok_or_else(|| refused(coupon::Why::Unknown))?;
                let (items, _) = db::cart::read(self.store().reader(), &owner).await?;
                let lines: Vec<Line> = items.iter().filter_map(CartItem::line).collect();
                let buyer = match &owner {
                    CartOwner::User(user) => Some(*user),
                    CartOwner::Guest(_) => None,
                };
                let reader = self.store().reader();
                let quoted = db::coupon::look(reader, &key, buyer, &lines, self.now_us()).await?;
                quoted.map_err(refused)?;
                Some(key)
            }
            None => None,
        };
        let now = self.now_us();
        self.store()
            .transact(move |conn| {
                let (owner, key) = (owner.clone(), key.clone());
                Box::pin(async move { db::cart::set_coupon(conn, &owner, key, now).await })
            })
            .await
    }

    /// Puts what a guest had into the user's cart; the guest's is gone then. A variant that is in
    /// both has the greater number of units. Once is enough.
    ///
    /// # Errors
    /// The database.
    pub async fn merge_cart(&self, user: UserId, guest: CartOwner) -> Result<(), ServiceError> {
        if db::cart::read(self.store().reader(), &guest)
            .await?
            .0
            .is_empty()
        {
            return Ok(());
        }
        let now = self.now_us();
        let id = mint!(CartId, now);
        self.store()
            .transact(move |conn| {
                let guest = guest.clone();
                Box::pin(async move { db::cart::merge(conn, user, &guest, id, now).await })
            })
            .await
    }
}

fn countable(quantity: u32) -> Result<(), ServiceError> {
    let mut validation = Validation::default();
    let fits = (1..=ORDER_QUANTITY_MAX).contains(&quantity);
    validation.check(fits, "/quantity", "range", "must be 1 to 99");
    validation.done()
}

impl CartItem {
    /// What a coupon sees of it; nothing of what is gone.
    fn line(&self) -> Option<Line> {
        (self.state != CartItemState::Gone).then_some(Line {
            seller: self.seller_id,
            total: self.total,
        })
    }
}

/// Most lines of one cart.
pub(crate) const fn lines_max() -> i64 {
    limits::CART_LINES_MAX
}
