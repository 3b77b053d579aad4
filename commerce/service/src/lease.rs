//! Price leases: the price that a viewer saw is the price that they pay, for a moment.
//!
//! A lease names the sale, the variant, the price and its own end, signed with HMAC-SHA256. It is
//! no hold: stock, limits and the sale's state are judged as without it. Nothing is stored; whoever
//! has the key can read it again. A purchase without a lease pays what the database says.

use std::fmt;

use aws_lc_rs::hmac;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use commerce_core::{Demand, Refusal};
use commerce_store::clock;
use signaling_wire::{
    Currency, Money, ProductId, SaleId, VariantId,
    frame::shop::{Lease, Quote, SaleState},
};

use crate::{Commerce, ServiceError, db, limits};

/// What a signature is for: no other text that is ever signed begins so.
const PURPOSE: &str = "souk-lease-1";

/// Signs and checks leases. A copy of it can promise any price, so it never leaves the server.
#[derive(Clone)]
pub struct LeaseKey(hmac::Key);

impl fmt::Debug for LeaseKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LeaseKey(redacted)")
    }
}

impl Default for LeaseKey {
    /// A key of this process: leases end with it, some seconds before they would have.
    fn default() -> Self {
        Self::new(&rand::random::<[u8; 32]>())
    }
}

/// A price that was promised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Promise {
    sale: SaleId,
    product: ProductId,
    variant: VariantId,
    price: Money,
    expires_ms: u64,
}

impl LeaseKey {
    /// A key from a secret.
    pub fn new(secret: &[u8]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, secret))
    }

    fn sign(&self, promise: &Promise) -> String {
        let text = format!(
            "{PURPOSE}|{}|{}|{}|{}|{}|{}",
            promise.sale,
            promise.product,
            promise.variant,
            promise.price.amount,
            promise.price.currency.code(),
            promise.expires_ms
        );
        let seal = hmac::sign(&self.0, text.as_bytes());
        let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        format!("{}.{}", encode(text.as_bytes()), encode(seal.as_ref()))
    }

    /// Reads a lease; `None` for anything that this key did not sign. Seals are compared in
    /// constant time.
    pub(crate) fn read(&self, lease: &str) -> Option<Promise> {
        if lease.len() > limits::LEASE_CHARS_MAX {
            return None;
        }
        let (text, seal) = lease.split_once('.')?;
        let text = URL_SAFE_NO_PAD.decode(text).ok()?;
        let seal = URL_SAFE_NO_PAD.decode(seal).ok()?;
        hmac::verify(&self.0, &text, &seal).ok()?;
        let text = String::from_utf8(text).ok()?;
        let fields: Vec<&str> = text.split('|').collect();
        let [PURPOSE, sale, product, variant, amount, currency, expires] = fields[..] else {
            return None;
        };
        Some(Promise {
            sale: sale.parse().ok()?,
            product: product.parse().ok()?,
            variant: variant.parse().ok()?,
            price: Money {
                amount: amount.parse().ok()?,
                currency: currency.parse::<Currency>().ok()?,
            },
            expires_ms: expires.parse().ok()?,
        })
    }
}

/// What came with a purchase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Presented {
    /// No lease.
    Nothing,
    /// One that was signed here.
    Promise(Promise),
    /// Something else.
    Forgery,
}

impl Presented {
    /// The demand with the price that was promised. Asked only for purchases that are new: the
    /// repeat of one that was answered gets its answer again, whatever became of its lease.
    ///
    /// # Errors
    /// [`Refusal::OfferInvalid`] or [`Refusal::OfferExpired`].
    pub(crate) fn applied(
        self,
        demand: &Demand,
        sale: SaleId,
        now: i64,
    ) -> Result<Demand, Refusal> {
        let promise = match self {
            Self::Nothing => return Ok(*demand),
            Self::Forgery => return Err(Refusal::OfferInvalid),
            Self::Promise(promise) => promise,
        };
        let named = demand.variant.unwrap_or(promise.variant);
        let same =
            (sale, demand.product, named) == (promise.sale, promise.product, promise.variant);
        if !same {
            return Err(Refusal::OfferInvalid);
        }
        if promise.expires_ms <= clock::us_to_ms(now) {
            return Err(Refusal::OfferExpired);
        }
        Ok(Demand {
            variant: Some(promise.variant),
            promised: Some(promise.price),
            ..*demand
        })
    }
}

impl Commerce {
    /// Promises the price of one variant of a sale for some seconds.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`], a product that the sale does not have or that comes in several
    /// variants, or a sale that is over.
    pub async fn lease(&self, quote: &Quote) -> Result<Lease, ServiceError> {
        let found = db::sale::find(self.store().reader(), quote.sale_id).await?;
        let (sale, _) = found.ok_or(ServiceError::NotFound("sale"))?;
        if sale.state == SaleState::Closed {
            let (state, opens_ms) = (sale.state, None);
            return Err(Refusal::SaleNotOpen { state, opens_ms }.into());
        }
        let mut items = sale.items.iter().filter(|item| {
            item.product_id == quote.product_id
                && quote
                    .variant_id
                    .is_none_or(|variant| variant == item.variant_id)
        });
        let item = match (items.next(), items.next()) {
            (Some(only), None) => only,
            (None, _) => return Err(Refusal::NotInSale.into()),
            _ => return Err(Refusal::VariantRequired.into()),
        };
        let promise = Promise {
            sale: quote.sale_id,
            product: quote.product_id,
            variant: item.variant_id,
            price: item.price,
            expires_ms: clock::us_to_ms(self.now_us()) + limits::LEASE_SECONDS * 1_000,
        };
        Ok(Lease {
            key: quote.key.clone(),
            sale_id: promise.sale,
            product_id: promise.product,
            variant_id: promise.variant,
            unit_price: promise.price,
            expires_ms: promise.expires_ms,
            lease: self.config().lease_key.sign(&promise),
        })
    }

    /// What a text that came with a purchase is.
    pub(crate) fn presented(&self, lease: Option<&str>) -> Presented {
        match lease {
            None => Presented::Nothing,
            Some(text) => match self.config().lease_key.read(text) {
                Some(promise) => Presented::Promise(promise),
                None => Presented::Forgery,
            },
        }
    }
}

#[cfg(test)]
mod tests;
