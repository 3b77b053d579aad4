//! What a user would like to have.

use serde::Serialize;
use signaling_wire::{Money, ProductId, VariantId, frame::shop::Localized};

use crate::{Actor, Commerce, ServiceError, db, limits};

/// A variant on a wishlist, with what it costs now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Wish {
    /// Which variant.
    pub variant_id: VariantId,
    /// Of which product.
    pub product_id: ProductId,
    /// Its name.
    pub title: Localized,
    /// The chosen values; absent when there is nothing to choose.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<Localized>,
    /// Path or address of its picture.
    pub image_url: String,
    /// List price.
    pub price: Money,
    /// Whether it is sold at all.
    pub sold: bool,
    /// Units that one order could have.
    pub available: u32,
    /// Since when, milliseconds since 1970.
    pub added_ms: u64,
}

impl Commerce {
    /// The caller's wishes, the latest first.
    ///
    /// # Errors
    /// The database.
    pub async fn wishlist(&self, actor: Actor) -> Result<Vec<Wish>, ServiceError> {
        Ok(db::wishlist::list(self.store().reader(), actor.user).await?)
    }

    /// Puts a variant on the list; once is enough.
    ///
    /// # Errors
    /// An unknown variant, a full list.
    pub async fn wish(&self, actor: Actor, variant: VariantId) -> Result<(), ServiceError> {
        let now = self.now_us();
        self.store()
            .transact(move |conn| {
                Box::pin(async move {
                    if db::wishlist::count(conn, actor.user).await? >= limits::WISHES_MAX {
                        return Err(ServiceError::Conflict("Your wishlist is full."));
                    }
                    db::wishlist::insert(conn, actor.user, variant, now).await
                })
            })
            .await
            .map_err(|error: ServiceError| error.or_missing("variant"))
    }

    /// Takes a variant off the list.
    ///
    /// # Errors
    /// The database.
    pub async fn unwish(&self, actor: Actor, variant: VariantId) -> Result<(), ServiceError> {
        self.store()
            .transact(move |conn| {
                Box::pin(async move { db::wishlist::delete(conn, actor.user, variant).await })
            })
            .await
    }
}
