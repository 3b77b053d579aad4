//! Coupons of all sellers and of the site.

use signaling_wire::CouponId;

use super::for_administrators;
use crate::{Actor, Commerce, Coupon, Page, ServiceError, db, page};

impl Commerce {
    /// Every coupon, the newest first. For administrators.
    ///
    /// # Errors
    /// [`ServiceError::Forbidden`], a cursor that is none.
    pub async fn all_coupons(
        &self,
        actor: Actor,
        (cursor, limit): (Option<&str>, u32),
    ) -> Result<Page<Coupon>, ServiceError> {
        for_administrators(actor)?;
        let after = page::after::<CouponId>(cursor)?;
        let limit = page::clamp(limit);
        let rows = db::coupon::all(self.store().reader(), after, limit + 1).await?;
        Ok(Page::cut(rows, limit, |coupon| coupon.id.to_string()))
    }
}
