//! Adding variants to a product, and changing one.

use commerce_core::{Deed, catalog::VariantStatus};
use commerce_store::audit;
use serde_json::{Value, json};
use signaling_wire::{Money, ProductId, VariantId};

use super::{NewVariant, Variant, edit::check_terms};
use crate::{
    Actor, Commerce, ServiceError, admin::entry, db, limits, mint::mint, validation::Validation,
};

/// Changes of a variant; `None` keeps.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EditVariant {
    /// The seller's own number.
    pub sku: Option<String>,
    /// List price, in the currency that it has.
    pub price: Option<Money>,
    /// What it cost before; `Some(None)` shows nothing.
    pub compare_at: Option<Option<Money>>,
    /// Weight in grams.
    pub weight_g: Option<u32>,
    /// Most units in one order; `Some(None)` is the bound of every order.
    pub max_per_buyer: Option<Option<u32>>,
    /// Whether it is sold.
    pub status: Option<VariantStatus>,
}

impl Commerce {
    /// Adds a variant to a product that has options.
    ///
    /// # Errors
    /// Validation (also a choice that exists, or does not fit the options),
    /// [`ServiceError::Forbidden`], a number that is taken.
    pub async fn add_variant(
        &self,
        actor: Actor,
        product: ProductId,
        new: NewVariant,
    ) -> Result<Variant, ServiceError> {
        let mut validation = Validation::default();
        new.validate("", &mut validation);
        validation.done()?;
        self.authorize_product(actor, product, Deed::ManageProducts)
            .await?;
        let now = self.now_us();
        let id = mint!(VariantId, now);
        self.store()
            .transact(move |conn| {
                let new = new.clone();
                Box::pin(async move {
                    db::product::touch(conn, product, now).await?;
                    db::variant::add(conn, product, id, &new, actor.user, now).await
                })
            })
            .await?;
        self.variant(id).await
    }

    /// Changes a variant, if it still is in the version that the caller saw.
    ///
    /// # Errors
    /// Validation, [`ServiceError::Forbidden`], [`ServiceError::Outdated`], a number that is taken.
    pub async fn edit_variant(
        &self,
        actor: Actor,
        id: VariantId,
        version: u32,
        edit: EditVariant,
    ) -> Result<Variant, ServiceError> {
        let product = self.authorize_variant(actor, id).await?;
        let now = self.now_us();
        self.store()
            .transact(move |conn| {
                let edit = edit.clone();
                Box::pin(async move {
                    db::product::touch(conn, product, now).await?;
                    let mut variant = db::variant::find(&mut *conn, id).await?;
                    if variant.version != version {
                        return Err(ServiceError::Outdated);
                    }
                    let before = terms(&variant);
                    edit.apply(&mut variant)?;
                    db::variant::update(conn, product, &variant, now).await?;
                    let after = terms(&variant);
                    if before != after {
                        let detail = json!({ "from": before, "to": after });
                        let entry = entry(actor, "variant.terms_set", id, detail);
                        audit::record(conn, &entry, now).await?;
                    }
                    Ok::<_, ServiceError>(())
                })
            })
            .await?;
        self.variant(id).await
    }

    /// A variant.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`].
    pub(crate) async fn variant(&self, id: VariantId) -> Result<Variant, ServiceError> {
        db::variant::find(self.store().reader(), id).await
    }

    /// Refuses unless the caller may change the variant; returns its product.
    pub(crate) async fn authorize_variant(
        &self,
        actor: Actor,
        id: VariantId,
    ) -> Result<ProductId, ServiceError> {
        let place = db::variant::place(self.store().reader(), id).await?;
        let (product, seller) = place.ok_or(ServiceError::NotFound("variant"))?;
        self.authorize(actor, seller, Deed::ManageProducts).await?;
        Ok(product)
    }
}

/// What a variant costs, as the log keeps it.
fn terms(variant: &Variant) -> Value {
    json!({
        "price": variant.price, "compare_at": variant.compare_at,
        "max_per_buyer": variant.max_per_buyer, "status": variant.status,
    })
}

impl EditVariant {
    fn apply(self, variant: &mut Variant) -> Result<(), ServiceError> {
        let mut validation = Validation::default();
        if let Some(price) = self.price {
            validation.price(price, "/price");
            let same = price.currency == variant.price.currency;
            let detail = "differs from the product's";
            validation.check(same, "/price/currency", "currency", detail);
            variant.price = price;
        }
        if let Some(sku) = self.sku {
            validation.sku(&sku, "/sku");
            variant.sku = sku;
        }
        if let Some(weight) = self.weight_g {
            let light = weight <= limits::WEIGHT_G_MAX;
            validation.check(light, "/weight_g", "max", "is too much");
            variant.weight_g = weight;
        }
        variant.compare_at = self.compare_at.unwrap_or(variant.compare_at);
        variant.max_per_buyer = self.max_per_buyer.unwrap_or(variant.max_per_buyer);
        variant.status = self.status.unwrap_or(variant.status);
        check_terms(
            &mut validation,
            "",
            variant.price,
            variant.compare_at,
            variant.max_per_buyer,
        );
        validation.done()
    }
}
