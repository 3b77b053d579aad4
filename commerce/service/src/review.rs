//! What buyers say about what they received: once for each line of an order.

use serde::{Deserialize, Serialize};
use signaling_wire::{OrderLineId, ProductId, ReviewId};

use crate::{
    Actor, Commerce, Page, ServiceError, db, limits, mint::mint, page, validation::Validation,
};

/// A review, as everybody sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Review {
    /// Its id.
    pub id: ReviewId,
    /// Of what.
    pub product_id: ProductId,
    /// Who says so.
    pub author: String,
    /// Stars, 1 to 5.
    pub rating: u32,
    /// In words.
    pub body: String,
    /// When, milliseconds since 1970.
    pub created_ms: u64,
}

/// A review to write.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewReview {
    /// About which line of the caller's orders; absent, the oldest that has none.
    #[serde(default)]
    pub order_line_id: Option<OrderLineId>,
    /// Stars, 1 to 5.
    pub rating: u32,
    /// In words; may be empty.
    #[serde(default)]
    pub body: String,
}

impl Commerce {
    /// Reviews of a product, the newest first.
    ///
    /// # Errors
    /// The database, or a cursor that is none.
    pub async fn reviews(
        &self,
        product: ProductId,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<Page<Review>, ServiceError> {
        let after = page::after::<ReviewId>(cursor)?;
        let limit = page::clamp(limit);
        let reader = self.store().reader();
        let found = db::product::seller(reader, product).await?;
        found.ok_or(ServiceError::NotFound("product"))?;
        let rows = db::review::list(reader, product, after, limit + 1).await?;
        Ok(Page::cut(rows, limit, |review| review.id.to_string()))
    }

    /// Says something about a product that the caller bought and received.
    ///
    /// # Errors
    /// Validation, [`ServiceError::Forbidden`] without such an order, [`ServiceError::Conflict`]
    /// when everything has been said.
    pub async fn write_review(
        &self,
        actor: Actor,
        product: ProductId,
        new: NewReview,
    ) -> Result<Review, ServiceError> {
        let mut validation = Validation::default();
        let stars = (1..=5).contains(&new.rating);
        validation.check(stars, "/rating", "range", "must be 1 to 5");
        let bounded = new.body.chars().count() <= limits::REVIEW_CHARS_MAX;
        validation.check(bounded, "/body", "max", "is too long");
        validation.text(&new.body, "/body");
        validation.done()?;
        let now = self.now_us();
        let id = mint!(ReviewId, now);
        self.store()
            .transact(move |conn| {
                let new = new.clone();
                Box::pin(async move {
                    db::review::insert(conn, id, actor.user, product, &new, now).await
                })
            })
            .await
            .map_err(|error: ServiceError| error.or_taken("You have said so already."))?;
        let found = db::review::find(self.store().reader(), id).await?;
        found.ok_or(ServiceError::NotFound("review"))
    }
}
