//! Products of all sellers, in every state; taking one down and putting it back.

use commerce_core::catalog::ProductStatus;
use commerce_store::audit;
use serde_json::json;
use signaling_wire::{ProductId, SellerId};

use super::{check_reason, entry, for_administrators};
use crate::{Actor, Commerce, Page, Product, ProductSummary, ServiceError, db, page};

/// Which products are asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AdminProductFilter {
    /// In this state only.
    pub status: Option<ProductStatus>,
    /// Of this seller only.
    pub seller: Option<SellerId>,
}

impl Commerce {
    /// Products of all sellers, the newest first. For administrators.
    ///
    /// # Errors
    /// [`ServiceError::Forbidden`], a cursor that is none.
    pub async fn all_products(
        &self,
        actor: Actor,
        filter: AdminProductFilter,
        (cursor, limit): (Option<&str>, u32),
    ) -> Result<Page<ProductSummary>, ServiceError> {
        for_administrators(actor)?;
        let after = page::after::<ProductId>(cursor)?;
        let limit = page::clamp(limit);
        let rows = db::product::all(self.store().reader(), filter, after, limit + 1).await?;
        Ok(Page::cut(rows, limit, |product| product.id.to_string()))
    }

    /// Takes a product down, or puts it back as a draft of its seller. Sales that offer it are
    /// paused; what was sold stays sold. For administrators.
    ///
    /// # Errors
    /// [`ServiceError::Forbidden`], [`ServiceError::NotFound`].
    pub async fn block_product(
        &self,
        actor: Actor,
        id: ProductId,
        blocked: bool,
        reason: &str,
    ) -> Result<Product, ServiceError> {
        for_administrators(actor)?;
        check_reason(reason)?;
        let (now, reason) = (self.now_us(), reason.to_owned());
        self.store()
            .transact(move |conn| {
                Box::pin(async move {
                    let before = db::product::status(conn, id).await?;
                    if (before == ProductStatus::Blocked) == blocked {
                        return Ok(());
                    }
                    let (action, after) = match blocked {
                        true => ("product.taken_down", ProductStatus::Blocked),
                        false => ("product.put_back", ProductStatus::Draft),
                    };
                    db::product::touch(conn, id, now).await?;
                    db::product::set_status(conn, id, after).await?;
                    let detail = json!({ "from": before, "to": after, "reason": reason });
                    audit::record(conn, &entry(actor, action, id, detail), now).await?;
                    Ok::<_, ServiceError>(())
                })
            })
            .await?;
        if blocked {
            let open = db::sale::open_of_product(self.store().reader(), id).await?;
            self.pause_all(actor, open).await?;
        }
        self.product(Some(actor), id).await
    }
}
