//! Products: what sellers offer, in which variants, and how much of it lies on their shelves.
//!
//! Prices, limits and stock belong to the variants; a product shows the lowest price and the sum.
//! Drafts and archived products are seen by those who act for their seller, and by nobody else.

use commerce_core::{
    Deed,
    catalog::{Choice, ProductStatus, Rating, VariantStatus},
};
use serde::{Deserialize, Serialize};
use signaling_wire::{
    CategoryId, Money, ProductId, SellerId, VariantId,
    frame::shop::{self, Localized},
};

use crate::{Actor, Commerce, Page, ServiceError, db, page};

mod edit;
mod filter;
mod variant;

pub use edit::{EditProduct, NewProduct, NewVariant};
pub(crate) use filter::Search;
pub use filter::{ProductFilter, ProductSort};
pub use variant::EditVariant;

/// Units on the shelf, without what is allocated to sales.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct ShelfStock {
    /// Units that are there.
    pub on_hand: u32,
    /// Units that may be bought, or given to a sale.
    pub available: u32,
}

/// What buyers said, counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, utoipa::ToSchema)]
pub struct RatingView {
    /// Stars on average, 1 to 5; 0 while nobody said anything.
    pub average: f64,
    /// How many reviews.
    pub count: u32,
}

impl From<Rating> for RatingView {
    fn from(rating: Rating) -> Self {
        Self {
            average: f64::from(rating.hundredths()) / 100.0,
            count: rating.count,
        }
    }
}

/// A product as lists show it.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct ProductSummary {
    /// Its id.
    pub id: ProductId,
    /// Whose it is.
    pub seller_id: SellerId,
    /// Whether it is offered.
    pub status: ProductStatus,
    /// Its name.
    pub title: Localized,
    /// Path or address of its picture.
    pub image_url: String,
    /// Lowest list price of its variants.
    pub price: Money,
    /// Highest list price of its variants.
    pub price_max: Money,
    /// What buyers said.
    pub rating: RatingView,
    /// Units of all variants on the shelf.
    pub stock: ShelfStock,
    /// Its only variant; absent when there is something to choose.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variant_id: Option<VariantId>,
}

/// A product with everything about it.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Product {
    /// What lists show.
    #[serde(flatten)]
    pub summary: ProductSummary,
    /// More words about it.
    pub description: Localized,
    /// Pictures and films, in order.
    pub media: Vec<Media>,
    /// What can be chosen.
    pub options: Vec<ProductOption>,
    /// In what ways it can be bought.
    pub variants: Vec<Variant>,
    /// Where it is found.
    pub categories: Vec<CategoryId>,
    /// Rises with every change; the `ETag`.
    pub version: u32,
    /// When it was made, milliseconds since 1970.
    pub created_ms: u64,
    /// When it was last changed.
    pub updated_ms: u64,
}

/// A picture or film.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Media {
    /// Path of this site or https address.
    pub url: String,
    /// What it shows, for those who do not see it.
    pub alt: Localized,
}

/// Something that can be chosen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProductOption {
    /// "Size".
    pub name: Localized,
    /// "S", "M", "L".
    pub values: Vec<Localized>,
}

/// One way to buy a product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Variant {
    /// Its id.
    pub id: VariantId,
    /// The numbers of the values that it stands for, one per option.
    pub choice: Choice,
    /// The chosen values; absent when there is nothing to choose.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<Localized>,
    /// The seller's own number.
    pub sku: String,
    /// List price.
    pub price: Money,
    /// What it cost before, if that is shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compare_at: Option<Money>,
    /// Weight in grams.
    pub weight_g: u32,
    /// Most units in one order, if fewer than any order may have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_per_buyer: Option<u32>,
    /// Whether it is sold.
    pub status: VariantStatus,
    /// Units on the shelf.
    pub stock: ShelfStock,
    /// Rises with every change; the `ETag`.
    pub version: u32,
}

impl Product {
    /// Its id.
    pub fn id(&self) -> ProductId {
        self.summary.id
    }

    /// What cards show of it.
    pub fn seen(&self) -> shop::Product {
        let summary = &self.summary;
        let (title, image_url) = (summary.title.clone(), summary.image_url.clone());
        shop::Product {
            id: summary.id,
            title,
            image_url,
            price: summary.price,
            variant_id: summary.variant_id,
        }
    }
}

impl Commerce {
    /// Products by a filter, in its order.
    ///
    /// # Errors
    /// Validation, a cursor that is none, or a status that only the seller's people see
    /// ([`ServiceError::Forbidden`]).
    pub async fn list_products(
        &self,
        actor: Option<Actor>,
        filter: ProductFilter,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<Page<ProductSummary>, ServiceError> {
        if filter.status != ProductStatus::Active {
            let (Some(actor), Some(seller)) = (actor, filter.seller) else {
                return Err(ServiceError::Forbidden);
            };
            self.authorize(actor, seller, Deed::ShowCards).await?;
        }
        let limit = page::clamp(limit);
        let sort = filter.sort;
        let search = filter.checked(cursor)?;
        let rows = db::product::list(self.store().reader(), &search, limit + 1).await?;
        Ok(Page::cut(rows, limit, |product| sort.cursor(product)))
    }

    /// A product by its id.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`], also for what the caller may not see.
    pub async fn product(
        &self,
        actor: Option<Actor>,
        id: ProductId,
    ) -> Result<Product, ServiceError> {
        let missing = ServiceError::NotFound("product");
        let found = db::product::find(self.store().reader(), id).await?;
        let product = found.ok_or(missing)?;
        if product.summary.status != ProductStatus::Active {
            let actor = actor.ok_or(ServiceError::NotFound("product"))?;
            self.authorize(actor, product.summary.seller_id, Deed::ShowCards)
                .await
                .map_err(|error| error.hidden("product"))?;
        }
        Ok(product)
    }
}
