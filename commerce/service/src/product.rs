//! Products and their stock on the shelf.

use commerce_core::{Deed, limits::UNITS_MAX};
use serde::Serialize;
use signaling_wire::{
    Money, ProductId, SellerId,
    frame::shop::{self, Localized},
};

use crate::{
    Actor, Commerce, Page, ServiceError, db, limits, mint::mint, page, validation::Validation,
};

/// Units on the shelf, without what is allocated to sales.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct ShelfStock {
    /// Units that are there.
    pub on_hand: u32,
    /// Units that may be given to a sale.
    pub available: u32,
}

/// A product of a seller.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Product {
    /// Its id.
    pub id: ProductId,
    /// Whose it is.
    pub seller_id: SellerId,
    /// Its name.
    pub title: Localized,
    /// Path or address of its picture.
    pub image_url: String,
    /// List price.
    pub price: Money,
    /// Units on the shelf.
    pub stock: ShelfStock,
}

impl Product {
    /// What cards show of it.
    pub fn seen(&self) -> shop::Product {
        let (title, image_url) = (self.title.clone(), self.image_url.clone());
        shop::Product {
            id: self.id,
            title,
            image_url,
            price: self.price,
        }
    }
}

/// A product to create.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewProduct {
    /// Whose it is.
    pub seller_id: SellerId,
    /// Its name.
    pub title: Localized,
    /// Path of this site or https address of its picture.
    pub image_url: String,
    /// List price.
    pub price: Money,
    /// Units that come in with it.
    pub stock: u32,
}

/// Which products to list, the newest first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ProductFilter {
    /// Only of this seller.
    pub seller: Option<SellerId>,
}

impl Commerce {
    /// Creates a product with its stock.
    ///
    /// # Errors
    /// Validation or [`ServiceError::Forbidden`].
    pub async fn create_product(
        &self,
        actor: Actor,
        new: NewProduct,
    ) -> Result<Product, ServiceError> {
        let mut validation = Validation::default();
        validation.localized(&new.title, "/title");
        validation.image(&new.image_url, "/image_url");
        validation.price(new.price, "/price");
        validation.check(new.stock <= UNITS_MAX, "/stock", "max", "is too much");
        validation.done()?;
        self.authorize(actor, new.seller_id, Deed::ManageProducts)
            .await?;
        let now = self.now_us();
        let id = mint!(ProductId, now);
        self.store()
            .transact(move |conn| {
                Box::pin(
                    async move { Ok(db::product::insert(conn, id, &new, actor.user, now).await?) },
                )
            })
            .await
            .map_err(|error: ServiceError| error.or_missing("seller"))?;
        self.product(id).await
    }

    /// Products, the newest first.
    ///
    /// # Errors
    /// The database, or a cursor that is none.
    pub async fn list_products(
        &self,
        filter: ProductFilter,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<Page<Product>, ServiceError> {
        let after = page::after::<ProductId>(cursor)?;
        let limit = page::clamp(limit);
        let rows = db::product::list(self.store().reader(), filter, after, limit + 1).await?;
        Ok(Page::cut(rows, limit, |product| product.id.to_string()))
    }

    /// A product by its id.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`].
    pub async fn product(&self, id: ProductId) -> Result<Product, ServiceError> {
        let found = db::product::find(self.store().reader(), id).await?;
        found.ok_or(ServiceError::NotFound("product"))
    }

    /// Changes the stock on the shelf by `delta` units.
    ///
    /// # Errors
    /// Validation (also when more would go than is there), or [`ServiceError::Forbidden`].
    pub async fn adjust_stock(
        &self,
        actor: Actor,
        product: ProductId,
        delta: i32,
        reason: &str,
    ) -> Result<Product, ServiceError> {
        let mut validation = Validation::default();
        let bounded = reason.chars().count() <= limits::REASON_CHARS_MAX;
        validation.check(bounded, "/reason", "max", "is too long");
        validation.check(delta != 0, "/delta", "range", "must not be 0");
        validation.done()?;
        self.authorize_product(actor, product, Deed::ManageProducts)
            .await?;
        let (now, reason) = (self.now_us(), reason.to_owned());
        self.store()
            .transact(move |conn| {
                Box::pin(db::stock::adjust_shelf(
                    conn,
                    product,
                    i64::from(delta),
                    reason,
                    actor.user,
                    now,
                ))
            })
            .await?;
        self.product(product).await
    }
}
